"""Texts that name the objects of a picture by number, with the boxes in a side file (VCR); lists of found boxes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.grounding import Size, list_field, number, region_of, size_of
from vlit_hub.formats.templates import draw
from vlit_hub.media_errors import UnreadableMedia
from vlit_hub.schema import Media, Message, Part, Region, Sample
from vlit_hub.spec import BadRecord, Context

_NUMBER = re.compile(r"\b\d+\b")


def numbered_objects(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    texts: Sequence[str] = ("question_orig", "answer_orig", "rationale_orig"),
    template: str = "why",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record ``{img_fn, metadata_fn, objects, ...}``: question and answer, then why, and the rationale.

    ``1`` in a text is the first of ``objects``, its box [x1, y1, x2, y2, score] (pixels) the first of ``boxes`` in the
    side file, which is named as the picture and stands below the media roots. Without that file (``objects`` then is
    meta), and for a number that no object has, the text stays as it is, reported. Follows GPT4RoI's
    gpt4roi/datasets/vcr.py:116-135,170-179.
    """
    ref, _, regions, size = objects_of(record, ctx)
    asked, said, why = (_cut(text_field(record, key), key, regions, ctx) for key in texts)
    more = Part(text=draw(template, f"{ctx.file}:{ctx.row}"))
    yield Sample(
        messages=[
            Message("user", [Part("image", index=0), *asked]),
            Message("assistant", said),
            Message("user", [more]),
            Message("assistant", why),
        ],
        media=[Media("image", 0, ref=ref, width=size and size[0], height=size and size[1])],
        regions=regions,
        task="reasoning",
        group=ref,
        meta=meta_json(record, meta_keys if regions else (*meta_keys, "objects")),
    )


VCR_META = tuple(
    "movie question answer_choices answer_label rationale_choices rationale_label img_id question_number annot_id"
    " match_fold match_index interesting_scores answer_likelihood answer_sources rationale_sources answer_match_iter"
    " rationale_match_iter".split()
)
VCR = partial(numbered_objects, meta_keys=VCR_META)


def found_boxes(record: Mapping[str, Any], ctx: Context, *, template: str = "detect_objects") -> Iterator[Sample]:
    """One Sample per record ``{filename, pred_bboxes: [[x1, y1, x2, y2, score]], labels}``, boxes 0..1.

    The labels are numbers of classes, which stand as the regions' labels; the reply is the regions without names.
    Follows GPT4RoI's gpt4roi/datasets/det_llava.py.
    """
    ref = text_field(record, "filename")
    boxes, labels = list_field(record, "pred_bboxes"), list_field(record, "labels")
    if not ref or not boxes or len(boxes) != len(labels) or not all(type(label) is int for label in labels):
        raise BadRecord("labels" if ref and boxes else "filename, pred_bboxes", "expected one class number per box")
    regions = []
    for i, (box, label) in enumerate(zip(boxes, labels, strict=True)):
        where = f"pred_bboxes[{i}]"
        if not isinstance(box, list) or len(box) != 5:
            raise BadRecord(where, f"expected [x1, y1, x2, y2, score], found {box!r:.60}")
        regions.append(region_of(box[:4], where, frame="norm", label=str(label), score=number(box[4], where)))
    asked = Part(text=draw(template, f"{ctx.file}:{ctx.row}"))
    said = Part("region", regions=list(range(len(regions))))
    yield Sample(
        messages=[Message("user", [Part("image", index=0), asked]), Message("assistant", [said])],
        media=[Media("image", 0, ref=ref)],
        regions=regions,
        task="detection",
        group=ref,
    )


def objects_of(record: Mapping[str, Any], ctx: Context) -> tuple[str, list[str], list[Region], Size | None]:
    """(picture, names of its objects, their regions, its size)."""
    ref = text_field(record, "img_fn")
    names = list_field(record, "objects")
    if not ref or not all(isinstance(name, str) for name in names):
        raise BadRecord("objects" if ref else "img_fn", "expected names" if ref else "empty")
    return ref, names, *_boxes(record, ref, names, ctx)


def _boxes(record: Mapping[str, Any], ref: str, names: Sequence[str], ctx: Context) -> tuple[list[Region], Size | None]:
    name = f"{ref.rpartition('.')[0]}.json"
    if text_field(record, "metadata_fn") != name:
        ctx.report("metadata_fn", "not the name of the picture, which counts")
    try:
        blob = ctx.media.find("image", name)
        if blob is None:
            ctx.report("metadata_fn", "not below the media roots: the numbers stay in the texts, without boxes")
            return [], None
        data = blob.bytes
        if data is None:
            with open(blob.path, "rb") as file:
                data = file.read(1 << 24)
        told = msgspec.json.decode(data)
    except UnreadableMedia as error:
        ctx.report("metadata_fn", f"{error}: the numbers stay in the texts, without boxes")
        return [], None
    except (msgspec.DecodeError, UnicodeDecodeError, OSError, RecursionError):
        raise BadRecord("metadata_fn", "the file is not JSON") from None
    boxes = list_field(told, "boxes") if isinstance(told, Mapping) else []
    if len(boxes) != len(names):
        ctx.report("objects", "their number is not that of the boxes; the numbers stay in the texts")
        return [], None
    size = size_of(told)
    return [
        region_of(
            box[:4] if isinstance(box, list) else box, f"boxes[{i}]", size=size, label=names[i], score=_score(box)
        )
        for i, box in enumerate(boxes)
    ], size


def _score(box: Any) -> float | None:
    return number(box[4], "boxes") if isinstance(box, list) and len(box) > 4 else None


def _cut(text: str, where: str, regions: Sequence[Region], ctx: Context) -> list[Part]:
    parts: list[Part] = []
    at = 0
    for match in _NUMBER.finditer(text) if regions else ():
        index = int(match.group()[:6]) - 1
        if not 0 <= index < len(regions):
            ctx.report(where, "a number that no object has; it stays text")
            continue
        if match.start() > at:
            parts.append(Part(text=text[at : match.start()]))
        parts.append(Part("region", text=regions[index].label, regions=[index]))
        at = match.end()
    return [*parts, Part(text=text[at:])] if at < len(text) or not parts else parts
