"""Turns with their boxes in a parallel list: ``<bbox_location0>`` stands for the first box of its turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from vlit_hub.formats.conversations import dialogue, refs_of, turns_of
from vlit_hub.formats.fields import meta_json
from vlit_hub.formats.grounding import Size, list_field, mask_of, region_of, size_of
from vlit_hub.schema import Media, Part, Region, Sample
from vlit_hub.spec import BadRecord, Context

_NATIVE = re.compile(r"<bbox_location(\d+)>")
_PLACE = re.compile(r"<bbox_location(\d+)/(\d+)>")


def turn_boxes(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    boxes: str = "box_x1y1x2y2",
    masks: str = "masks",
    meta_keys: Iterable[str] = ("id",),
) -> Iterator[Sample]:
    """One Sample per record; boxes are pixels of the picture, one list per turn, masks (RLE) alike where given.

    A number without its box keeps its text; boxes that no text names stay regions; a number of lists that differs
    from that of the turns keeps the texts without boxes. All are reported. Follows ml-ferret's
    ferret/train/train.py:655-1105.
    """
    refs = refs_of(record, "image")
    if not refs:
        raise BadRecord("image", "absent or empty")
    size = size_of(record, "image_w", "image_h")
    turns = turns_of(record.get("conversations"))
    regions, numbers = _regions(record, boxes, masks, size)
    if len(list_field(record, boxes)) != len(turns):
        ctx.report(boxes, "the number of lists and of turns differs; the texts are kept without their boxes")
        numbers = {}
    # The turn is told in the text, because the text is all that is cut.
    told = [
        (role, _NATIVE.sub(rf"<bbox_location\1/{t}>", text) if "<bbox_location" in text else text)
        for t, (role, text) in enumerate(turns)
    ]
    messages, _ = dialogue(told, refs, ctx, cut=partial(_cut, numbers, ctx))
    named = {region for message in messages for part in message.content for region in part.regions}
    if len(named) < len(regions):
        ctx.report(boxes, "a box that no text names; it stays a region")
    yield Sample(
        messages=messages,
        media=[Media(type="image", index=0, ref=refs[0], width=size and size[0], height=size and size[1])],
        regions=regions,
        task="grounded_conversation",
        group=refs[0],
        meta=meta_json(record, meta_keys),
    )


def _cut(numbers: Mapping[tuple[int, int], int], ctx: Context, text: str, regions: list[Region]) -> list[Part]:
    """The parts of a text; ``numbers``: (turn, number in it) -> region."""
    parts: list[Part] = []
    before = ""
    at = 0
    for mark in _PLACE.finditer(text):
        before += text[at : mark.start()]
        at = mark.end()
        number = numbers.get((int(mark.group(2)), int(mark.group(1))))
        if number is None:
            ctx.report("conversations", "a box number without its box; its text is kept")
            before += f"<bbox_location{mark.group(1)}>"
            continue
        if before:
            parts.append(Part(text=before))
        parts.append(Part("region", regions=[number]))
        before = ""
    rest = before + text[at:]
    return [*parts, Part(text=rest)] if rest or not parts else parts


def _regions(
    record: Mapping[str, Any], boxes: str, masks: str, size: Size | None
) -> tuple[list[Region], dict[tuple[int, int], int]]:
    """All regions in order, and which one is the n-th of a turn."""
    regions: list[Region] = []
    numbers: dict[tuple[int, int], int] = {}
    told = list_field(record, masks)
    for t, row in enumerate(list_field(record, boxes)):
        if not isinstance(row, list):
            raise BadRecord(f"{boxes}[{t}]", f"expected a list of boxes, found {row!r:.40}")
        shapes = told[t] if t < len(told) else None
        if shapes and len(shapes) != len(row):
            raise BadRecord(f"{masks}[{t}]", f"{len(shapes)} masks for {len(row)} boxes")
        for n, box in enumerate(row):
            mask = mask_of(shapes[n], f"{masks}[{t}][{n}]") if shapes else None
            numbers[t, n] = len(regions)
            regions.append(region_of(box, f"{boxes}[{t}][{n}]", size=size, mask=mask))
    return regions, numbers
