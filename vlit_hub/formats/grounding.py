"""Phrases tied to regions: captions grounded by character spans, and the pieces that grounding converters share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vlit_hub.formats.fields import LARGEST, is_number, meta_json, text_field
from vlit_hub.formats.templates import draw
from vlit_hub.media_errors import UnreadableMedia
from vlit_hub.regions.geometry import pixel_to_norm
from vlit_hub.schema import Blob, Frame, Mask, Media, Message, Part, Region, Sample, Span
from vlit_hub.spec import BadRecord, Context

Size = tuple[int, int]
"""(width, height) in pixels."""
Tie = tuple[int, int, list[int]]
"""(start, end, regions): code points of a text, end exclusive, and indices into the sample's regions."""


def grounded_caption(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str = "url",
    file_key: str = "key",
    caption: str = "caption",
    lists: Sequence[str] = ("noun_chunks", "ref_exps"),
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record: a caption and rows of [start, end, x1, y1, x2, y2, score], boxes 0..1 of the picture.

    Regions stand in the order of ``lists``. ``file_key``: the name under which img2dataset stores the picture (flat,
    or below the first five letters), also the Sample's id. A span that does not lie in the caption keeps its region,
    untied, and is reported. Follows kosmos-2's data/prepare_grit.py and data/visualize_grit.py.
    """
    said = text_field(record, caption)
    ref = text_field(record, image)
    regions: list[Region] = []
    ties: list[Tie] = []
    for name in lists:
        for i, row in enumerate(list_field(record, name)):
            where = f"{name}[{i}]"
            if not isinstance(row, list) or len(row) != 7:
                raise BadRecord(where, f"expected [start, end, x1, y1, x2, y2, score], found {row!r:.60}")
            regions.append(region_of(row[2:6], where, frame="norm", score=number(row[6], where)))
            if (span := span_of(row[:2], len(said))) is None:
                ctx.report(where, f"{row[0]}..{row[1]} does not lie in the caption; the region is kept without it")
            else:
                ties.append((*span, [len(regions) - 1]))
    size = size_of(record)
    name = str(record.get(file_key) or "")
    yield grounded_sample(
        said,
        ties,
        regions,
        Media(type="image", index=0, ref=ref, width=size[0] if size else None, height=size[1] if size else None),
        ctx,
        blob=_stored(name, ctx),
        id=name,
        meta=meta_json(record, meta_keys),
    )


def grounded_sample(
    said: str,
    ties: Iterable[Tie],
    regions: list[Region],
    media: Media,
    ctx: Context,
    *,
    template: str = "caption_grounded",
    task: str = "grounded_caption",
    spans: Sequence[Span] = (),
    blob: Blob | None = None,
    id: str = "",
    meta: str = "",
) -> Sample:
    """A drawn instruction about one picture, answered by ``said`` with its phrases tied to ``regions``.

    ``spans`` are of message 1, beside those of groundings that overlap.
    """
    parts, more = ground(said, ties, 1)
    asked = Part(text=draw(template, f"{ctx.file}:{ctx.row}"))
    return Sample(
        images=[blob],
        messages=[Message("user", [Part("image", index=0), asked]), Message("assistant", parts)],
        media=[media],
        regions=regions,
        spans=[*more, *spans],
        task=task,
        group=media.ref,
        id=id,
        meta=meta,
    )


def ground(text: str, ties: Iterable[Tie], message: int) -> tuple[list[Part], list[Span]]:
    """The text as parts, and what overlaps as spans of that message.

    A disjoint subset of the spans becomes region parts: the earliest start, then the longest. Equal spans are one
    with several regions.
    """
    merged: dict[tuple[int, int], list[int]] = {}
    for start, end, regions in ties:
        held = merged.setdefault((start, end), [])
        held += [region for region in regions if region not in held]
    parts: list[Part] = []
    spans: list[Span] = []
    at = 0
    for (start, end), regions in sorted(merged.items(), key=lambda tie: (tie[0][0], -tie[0][1])):
        if start < at:
            spans.append(Span(message, "grounding", start, end, regions=regions))
            continue
        if start > at:
            parts.append(Part(text=text[at:start]))
        parts.append(Part("region", text=text[start:end], regions=regions))
        at = end
    if at < len(text) or not parts:
        parts.append(Part(text=text[at:]))
    return parts, spans


def find_phrase(text: str, phrase: str, start: int = 0) -> tuple[int, int] | None:
    """Where a phrase stands in a text, cases apart; None where it does not."""
    lowered = text.lower()
    if not phrase or len(lowered) != len(text):  # a letter whose lower case is longer: positions would shift
        lowered, phrase = text, phrase or "\0"
        at = lowered.find(phrase, start)
    else:
        at = lowered.find(phrase.lower(), start)
    return (at, at + len(phrase)) if at >= 0 else None


def region_of(
    box: Any,
    where: str,
    *,
    frame: Frame = "pixel",
    size: Size | None = None,
    form: str = "xyxy",
    mask: Mask | None = None,
    label: str = "",
    score: float | None = None,
) -> Region:
    """The region of a native box (``form``: xyxy or xywh), with a mask as its finest geometry where one is given.

    Pixels become norm where the record tells the ``size`` of the picture. BadRecord names ``where``.
    """
    if not isinstance(box, list) or len(box) != 4:
        raise BadRecord(where, f"expected four numbers, found {box!r:.60}")
    values = [value if type(value) is float and abs(value) < LARGEST else number(value, where) for value in box]
    if form == "xywh":
        values = [values[0], values[1], values[0] + values[2], values[1] + values[3]]
    if size and frame == "pixel":
        values, frame = pixel_to_norm(values, size), "norm"
    if mask is None:
        return Region(frame=frame, box=values, label=label, score=score)
    return Region(kind="mask", frame=frame, box=values, mask=mask, label=label, score=score)


def mask_of(value: Any, where: str) -> Mask:
    """COCO run-length encoding with compressed counts."""
    size = value.get("size") if isinstance(value, Mapping) else None
    counts = value.get("counts") if isinstance(value, Mapping) else None
    if not isinstance(size, list) or len(size) != 2 or not all(type(v) is int and 0 < v < 2**31 for v in size):
        raise BadRecord(where, f"expected an RLE with size [height, width], found {value!r:.60}")
    if not isinstance(counts, str):
        raise BadRecord(where, "expected compressed counts (text) of an RLE")
    return Mask(size=list(size), counts=counts)


def number(value: Any, where: str) -> float:
    """A finite number as float; BadRecord for anything else."""
    if not is_number(value):
        raise BadRecord(where, f"expected a number, found {repr(value)[:40]}")
    return float(value)


def list_field(record: Mapping[str, Any], key: str) -> list[Any]:
    """The list under ``key``; [] where it is absent or null."""
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRecord(key, f"expected a list, found {value!r:.40}")
    return value


def size_of(record: Mapping[str, Any], width: str = "width", height: str = "height") -> Size | None:
    """The picture's size as the record tells it; None where it does not."""
    found = record.get(width), record.get(height)
    if found == (None, None):
        return None
    if not all([type(value) is int and 0 < value < 2**31 for value in found]):
        raise BadRecord(f"{width}, {height}", f"no size of a picture: {found!r:.60}")
    return found  # type: ignore[return-value]


def numbers_of(value: Any, where: str) -> list[float]:
    """A list of finite numbers."""
    if not isinstance(value, list):
        raise BadRecord(where, f"expected a list of numbers, found {value!r:.40}")
    return [number(item, where) for item in value]


def span_of(value: Any, length: int) -> tuple[int, int] | None:
    """[start, end] or [[start, end], ...] (the first counts) as integers; None where they are no stretch of the text.

    Parquet holds them as floats.
    """
    if isinstance(value, list) and value and isinstance(value[0], list):
        value = value[0]
    if not isinstance(value, list) or len(value) != 2:
        return None
    start, end = value
    if not (is_number(start) and is_number(end) and 0 <= start < end <= length):
        return None
    whole = int(start), int(end)
    return whole if whole == (start, end) else None


def _stored(name: str, ctx: Context) -> Blob | None:
    for ref in (f"{name}.jpg", f"{name[:5]}/{name}.jpg") if name else ():
        try:
            if blob := ctx.media.find("image", ref):
                return blob
        except UnreadableMedia as error:
            ctx.report("key", f"missing: {error}")
            break
    return None
