"""Boxes read out of answers, and how far they agree with the released one."""

from __future__ import annotations

from collections.abc import Sequence

from vlit_hub.regions import parse, resolve
from vlit_hub.schema import Region

THRESHOLD = 0.5
"""Intersection over union from which a box is right (acc@0.5 of RefCOCO)."""


def iou(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union of two boxes x1, y1, x2, y2; 0 where a box is empty."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(0.0, width) * max(0.0, height)
    whole = sum(max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1]) for box in (first, second)) - shared
    return shared / whole if whole > 0 else 0.0


def box_of(text: str, dialect: str, size: tuple[int, int]) -> list[float]:
    """The first box that an answer holds, 0..1 of the stored picture of ``size``; [] where it holds none."""
    for piece in parse(text, dialect):
        if not isinstance(piece, str) and piece[1]:
            return list(resolve(piece[1][0], size).box)
    return []


def region_iou(text: str, region: Region, dialect: str, size: tuple[int, int]) -> float:
    """Agreement of the first box of an answer with a region in frame norm; 0 without a box."""
    found = box_of(text, dialect, size)
    return iou(found, region.box) if found and region.box else 0.0
