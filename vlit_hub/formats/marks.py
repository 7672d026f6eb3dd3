"""Phrases marked in the text and tied to boxes by parallel index lists (Shikra's <ph_st>phrase<ph_ed>)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Media, Message, Part, Region, Sample
from vlit_hub.spec import BadRecord, Context

START, END = "<ph_st>", "<ph_ed>"


def marked_phrases(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str = "img_path",
    question: str = "question",
    question_boxes: str = "question_boxes_seq",
    reply: str = "cot_with_ans",
    reply_boxes: str = "answer_boxes_seq",
    answer: str = "answer",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record; the k-th ``<ph_ed>`` is tied to the k-th index list (none, one or several boxes).

    Boxes are pixels of the picture as stored. A missing ``<ph_st>`` gives a region part without a phrase; a number
    of marks that differs from the number of lists keeps the text, drops the ties and is reported. Follows shikra's
    mllm/dataset/single_image_dataset/gpt_gen.py:19-57.
    """
    boxes = _boxes(record.get("boxes", []))
    ref = text_field(record, image)
    if not ref:
        raise BadRecord(image, "empty")
    asked = _parts(record, question, question_boxes, len(boxes), ctx)
    said = _parts(record, reply, reply_boxes, len(boxes), ctx)
    short = record.get(answer)
    if short is not None and not isinstance(short, str):
        raise BadRecord(answer, f"expected text, found {short!r:.40}")
    yield Sample(
        messages=[
            Message(role="user", content=[Part("image", index=0), *asked]),
            Message(role="assistant", content=said),
        ],
        media=[Media(type="image", index=0, ref=ref)],
        regions=[Region(frame="pixel", box=box) for box in boxes],
        task="grounded_conversation",
        answers=[short] if short is not None else [],
        group=ref,
        meta=meta_json(record, meta_keys),
    )


def _boxes(value: Any) -> list[list[float]]:
    if not isinstance(value, list):
        raise BadRecord("boxes", f"expected a list of boxes, found {value!r:.40}")
    boxes = []
    for i, box in enumerate(value):
        if not isinstance(box, list) or len(box) != 4 or not all(type(v) in (int, float) for v in box):
            raise BadRecord(f"boxes[{i}]", f"expected [x1, y1, x2, y2], found {box!r:.60}")
        try:
            boxes.append([float(v) for v in box])
        except OverflowError:
            raise BadRecord(f"boxes[{i}]", "a number too large for a coordinate") from None
    return boxes


def _parts(record: Mapping[str, Any], key: str, boxes_key: str, count: int, ctx: Context) -> list[Part]:
    text = text_field(record, key)
    lists = record.get(boxes_key, [])
    if not isinstance(lists, list):
        raise BadRecord(boxes_key, f"expected a list of index lists, found {lists!r:.40}")
    for k, indices in enumerate(lists):
        if not isinstance(indices, list) or not all(type(i) is int and 0 <= i < count for i in indices):
            raise BadRecord(f"{boxes_key}[{k}]", f"{indices!r:.60} are not indices into the {count} boxes")
    pieces = text.split(END)
    if len(pieces) - 1 != len(lists):
        ctx.report(boxes_key, "the number of marks and of index lists differs; the text is kept without its boxes")
        return [Part(text=text.replace(START, "").replace(END, ""))]
    parts: list[Part] = []
    for piece, indices in zip(pieces, [*lists, None], strict=True):
        before, mark, phrase = piece.rpartition(START)
        if not mark or indices is None:
            before, phrase = piece, ""
        if (mark == "" and indices is not None) or START in before:
            ctx.report(key, "a phrase mark is not balanced")
        before = before.replace(START, "")
        if before:
            parts.append(Part(text=before))
        if indices is not None:
            parts.append(Part("region", text=phrase, regions=list(indices)))
    return parts
