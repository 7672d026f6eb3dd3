"""Dialogues whose questions and answers are numbers into lists of the same file (VisDial)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vlit_hub.formats.base_qa import reference
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context


def visual_dialog(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str,
    turns: str = "dialog",
    meta_keys: Sequence[str] = ("gt_index", "answer_options", "gt_relevance"),
) -> Iterator[Sample]:
    """One Sample per row: the rounds as turns, texts out of the tables ``questions`` and ``answers``.

    The round keys ``meta_keys`` (candidate answers, also numbers) are meta, aligned with the rounds. A last round
    without an answer ends with the user. Lists may hold texts in place of numbers.
    """
    ref = reference(image, record, ctx)
    rounds = record.get(turns)
    if not isinstance(rounds, list) or not rounds:
        raise BadRecord(turns, f"expected a list of rounds, found {rounds!r:.40}")
    messages: list[Message] = []
    for i, item in enumerate(rounds):
        if not isinstance(item, Mapping):
            raise BadRecord(f"{turns}[{i}]", f"expected an object, found {item!r:.40}")
        messages.append(Message("user", [Part(text=_looked_up(item, "question", ctx, f"{turns}[{i}]"))]))
        if item.get("answer") is not None or i < len(rounds) - 1:
            messages.append(Message("assistant", [Part(text=_looked_up(item, "answer", ctx, f"{turns}[{i}]"))]))
    messages[0] = Message("user", [Part("image", index=0), *messages[0].content])
    kept = [{key: item[key] for key in meta_keys if key in item} for item in rounds]
    yield Sample(
        messages=messages,
        media=[Media("image", 0, ref=ref, caption=text_field(record, "caption") if "caption" in record else "")],
        task="visual_dialog",
        group=ref,
        meta=meta_json({turns: kept}, [turns]) if any(kept) else "",
    )


def _looked_up(item: Mapping[str, Any], key: str, ctx: Context, where: str) -> str:
    value = item.get(key)
    text = ctx.tables[f"{key}s"].get(str(value)) if type(value) is int else value
    if not isinstance(text, str):
        raise BadRecord(f"{where}.{key}", f"{value!r:.40} is no number of the file's {key}s")
    return text
