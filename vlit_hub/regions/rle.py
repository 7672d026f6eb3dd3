"""COCO's compressed run-length encoding, as far as a box needs it."""

from __future__ import annotations

from vlit_hub.schema import Mask


def runs(counts: str) -> list[int] | None:
    """Run lengths, background first, of compressed counts (pycocotools' rleFrString); None where they are broken."""
    found: list[int] = []
    value = shift = 0
    for letter in counts:
        code = ord(letter) - 48
        if not 0 <= code < 64 or shift > 40:
            return None
        value |= (code & 0x1F) << shift
        shift += 5
        if not code & 0x20:
            if code & 0x10:
                value -= 1 << shift
            found.append(value + found[-2] if len(found) > 2 else value)
            value = shift = 0
    return found if not shift and all(run >= 0 for run in found) else None


def mask_box(mask: Mask) -> list[float] | None:
    """x1, y1, x2, y2 in 0..1 around a mask; None for an empty mask, or counts that do not fill its size."""
    height, width = mask.size
    lengths = runs(mask.counts)
    if lengths is None or sum(lengths) != height * width:
        return None
    left, top, right, bottom = width, height, 0, 0
    at = 0
    for i, length in enumerate(lengths):
        if i % 2 and length:
            first, last = at, at + length - 1  # positions run down the columns
            left, right = min(left, first // height), max(right, last // height + 1)
            if first // height != last // height:
                top, bottom = 0, height
            else:
                top, bottom = min(top, first % height), max(bottom, last % height + 1)
        at += length
    return [left / width, top / height, right / width, bottom / height] if right else None
