"""Judged answers: ratings and critiques per turn (LVLM_NLF), labelled stretches of a response (M-HalDetect)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Media, Message, Part, Sample, Span
from vlit_hub.spec import BadRecord, Context

PLACEHOLDER = re.compile(r"\s*<image>\n?")


def judged_dialogue(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str = "image_id",
    caption: str = "caption",
    turns: str = "interaction",
    user: str = "user",
    model: str = "model",
    rating: str = "rating",
    critique: str = "critique NLF",
    flag: tuple[str, str] | None = None,
) -> Iterator[Sample]:
    """One Sample per record: every turn with its rating and critique as spans over the whole answer.

    Each user turn after the first is feedback on the answer before it, so only the last answer is train=true.
    ``flag``: (pattern of the file's path, key of meta that is then true).
    """
    items = record.get(turns)
    if not isinstance(items, list) or not items:
        raise BadRecord(turns, f"expected a list of turns, found {items!r:.40}")
    messages: list[Message] = []
    spans: list[Span] = []
    for i, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise BadRecord(f"{turns}[{i}]", f"expected an object, found {item!r:.40}")
        _known(item, (user, model, rating, critique), f"{turns}[{i}]")
        where = f"{turns}[{i}]"
        asked, said = _text(item, user, where), _text(item, model, where)
        messages += [
            Message("user", [Part(text=asked)]),
            Message("assistant", [Part(text=said)], train=i == len(items) - 1),
        ]
        spans += [Span(2 * i + 1, "rating", value=_text(item, rating, where))] if rating in item else []
        spans += [Span(2 * i + 1, "critique", value=_text(item, critique, where))] if critique in item else []
    ref = text_field(record, image)
    messages[0] = Message("user", [Part("image", index=0), *messages[0].content])
    yield Sample(
        messages=messages,
        media=[Media("image", 0, ref=ref, caption=text_field(record, caption) if caption in record else "")],
        spans=spans,
        task="feedback",
        group=ref,
        meta=meta_json({flag[1]: True}, [flag[1]]) if flag and re.search(flag[0], ctx.file) else "",
    )


def _text(item: Mapping[str, Any], key: str, where: str) -> str:
    try:
        return text_field(item, key)
    except BadRecord as fault:
        raise BadRecord(f"{where}.{key}", fault.reason) from None


def _known(item: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    if extra := set(item) - set(keys):
        raise BadRecord(where, f"unknown key {', '.join(sorted(map(str, extra)))}")


def labelled_response(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str = "image",
    question: str = "question",
    response: str = "response",
    annotations: str = "annotations",
    wrong: str = "INACCURATE",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record: the response with a span (code points, end exclusive) per labelled segment.

    A response with a segment labelled ``wrong`` is train=false. A segment's own text that is not what stands at its
    offsets is reported, the offsets count. Records without a picture stay, as text only.
    """
    asked, said = PLACEHOLDER.sub("", text_field(record, question), count=1), text_field(record, response)
    items = record.get(annotations, [])
    if not isinstance(items, list):
        raise BadRecord(annotations, f"expected a list of segments, found {items!r:.40}")
    spans = [_segment(item, said, f"{annotations}[{i}]", ctx) for i, item in enumerate(items)]
    ref = text_field(record, image) if record.get(image) is not None else ""
    if not ref:
        ctx.report(image, "absent")
    parts = [Part("image", index=0)] if ref else []
    good = all(span.value != wrong for span in spans)
    yield Sample(
        messages=[
            Message("user", [*parts, Part(text=asked)]),
            Message("assistant", [Part(text=said)], train=good),
        ],
        media=[Media("image", 0, ref=ref)] if ref else [],
        spans=spans,
        task="hallucination_detection",
        group=ref,
        meta=meta_json(record, meta_keys),
    )


def _segment(item: Any, said: str, where: str, ctx: Context) -> Span:
    if not isinstance(item, Mapping):
        raise BadRecord(where, f"expected an object, found {item!r:.40}")
    _known(item, ("start", "end", "text", "label"), where)
    start, end = item.get("start"), item.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start <= end <= len(said):
        raise BadRecord(f"{where}.end", f"{start!r:.20}..{end!r:.20} does not lie in the {len(said)} characters")
    label, text = _text(item, "label", where), _text(item, "text", where)
    if text != said[start:end]:
        ctx.report(f"{where}.text", f"not what stands at its offsets: {text[-60:]!r}")
    return Span(1, "hallucination", start, end, value=label)
