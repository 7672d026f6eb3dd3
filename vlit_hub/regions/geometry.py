"""Frames: pixels, 0..1 of the picture (norm), 0..1 of the picture padded to a centred square."""

from __future__ import annotations

import msgspec

from vlit_hub.schema import Region

Size = tuple[int, int]
"""(width, height) in pixels."""


def square_padding(size: Size) -> tuple[int, int, int]:
    """(left, top, side) of the picture inside its centred square, as LLaVA's and Shikra's expand2square paste it."""
    width, height = size
    side = max(width, height)
    return (side - width) // 2, (side - height) // 2, side


def square_to_norm(values: list[float], size: Size) -> list[float]:
    """Alternating x, y of the padded square (0..1) -> 0..1 of the picture."""
    left, top, side = square_padding(size)
    return [(v * side - (top if i % 2 else left)) / size[i % 2] for i, v in enumerate(values)]


def norm_to_square(values: list[float], size: Size) -> list[float]:
    """Alternating x, y of the picture (0..1) -> 0..1 of the padded square."""
    left, top, side = square_padding(size)
    return [(v * size[i % 2] + (top if i % 2 else left)) / side for i, v in enumerate(values)]


def pixel_to_norm(values: list[float], size: Size) -> list[float]:
    """Alternating x, y in pixels -> 0..1 of the picture."""
    return [v / size[i % 2] for i, v in enumerate(values)]


def norm_to_pixel(values: list[float], size: Size) -> list[float]:
    """Alternating x, y of the picture (0..1) -> pixels."""
    return [v * size[i % 2] for i, v in enumerate(values)]


def resolve(region: Region, size: Size) -> Region:
    """The region in frame norm, now that the size of its picture (width, height in pixels) is known."""
    if region.frame == "norm":
        return region
    to_norm = pixel_to_norm if region.frame == "pixel" else square_to_norm
    return msgspec.structs.replace(
        region,
        frame="norm",
        box=to_norm(region.box, size),
        points=[to_norm(ring, size) for ring in region.points],
    )


def box_of(region: Region) -> list[float] | None:
    """The box of a region in its own frame: given, or the bounds of its points; None for a bare mask or interval."""
    if region.box:
        return region.box
    xs = [x for ring in region.points for x in ring[0::2]]
    ys = [y for ring in region.points for y in ring[1::2]]
    return [min(xs), min(ys), max(xs), max(ys)] if xs else None
