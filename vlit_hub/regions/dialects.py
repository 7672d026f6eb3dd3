"""Dialects: how a text convention writes boxes. Each is a row of the table; parse and render are one loop over it.

A dialect's numbers live in one frame: ``norm`` (0..1 of the picture; grids over the stretched picture too),
``square`` (0..1 of the padded square), ``pixel`` (the picture as stored) or ``resized`` (pixels after the model's own
resize, which the caller gives). The rows stand in plain.py and marked.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from vlit_hub.regions.convention import Dialect, RenderError
from vlit_hub.regions.geometry import (
    Size,
    box_of,
    norm_to_pixel,
    norm_to_square,
    pixel_to_norm,
    resolve,
    square_to_norm,
)
from vlit_hub.regions.marked import MARKED
from vlit_hub.regions.plain import PLAIN
from vlit_hub.schema import Frame, Region

Resize = Callable[[int, int], tuple[int, int]]
"""(width, height) of the stored picture -> (width, height) that the model sees."""

_STORED: dict[str, Frame] = {"norm": "norm", "square": "square", "pixel": "pixel", "resized": "pixel"}

DIALECTS: dict[str, Dialect] = {row.name: row for row in (*PLAIN, *MARKED)}
PICTURE_DIALECTS = {"painted": "a red rectangle in the picture itself, made by vlit_hub.construction.paint"}
"""Conventions that change the picture: they are drawn, and no text is read or written in them."""


def dialect(name: str) -> Dialect:
    """The dialect of that name; ValueError names the known ones."""
    found = DIALECTS.get(name)
    if found is None:
        if name in PICTURE_DIALECTS:
            raise ValueError(f"region dialect {name!r} is no text: {PICTURE_DIALECTS[name]}")
        raise ValueError(f"unknown region dialect {name!r}; known: {', '.join(DIALECTS)}")
    return found


def render(
    phrase: str, regions: Sequence[Region], name: str, size: Size | None = None, resize: Resize | None = None
) -> str:
    """``phrase`` grounded in ``regions``, as the dialect writes it.

    ``size``: (width, height) in pixels of the stored picture, needed by every frame but norm. A phrase without
    regions is the phrase. A region parsed from a non-canonical literal of the same dialect gives that literal back.
    Raises RenderError for an unresolved region, a mask or interval without a box, a size that is missing, or a phrase
    that holds the dialect's own marks.
    """
    rules = dialect(name)
    if not regions:
        return phrase
    boxes = [_boxed(region) for region in regions]
    native = regions[0].native
    if native and all(r.native == native for r in regions) and (match := rules.literal.fullmatch(native)):
        said, given = _read(rules, match)
        if said == phrase or not said:
            back = [_to_norm(box, rules.frame, size, resize) for box in given]
            if len(back) == len(boxes) and all(_near(a, b) for a, b in zip(back, boxes, strict=True)):
                return native if said == phrase else rules.beside.format(phrase=phrase, boxes=native)
    return rules.write(phrase, [_from_norm(box, rules.frame, size, resize) for box in boxes])


def _read(rules: Dialect, match: re.Match[str]) -> tuple[str, list[list[float]]]:
    """What a matched literal says; no boxes where its numbers do not lie on the dialect's grid."""
    group = match.lastindex
    try:
        if group is None:
            return rules.read(match[0])
        return match[group], rules.read(match.string[match.end(group) : match.end()])[1]
    except ValueError:
        return "", []


def parse(text: str, name: str) -> list[str | tuple[str, list[Region]]]:
    """``text`` cut into plain strings and (phrase, regions): regions in the dialect's frame, literal in ``native``.

    The frame of the regions is norm, square or pixel (``resized`` pixels are pixels of the picture the model saw).
    Text that matches no literal stays text; so do boxes whose corners are not ordered or that leave the dialect's grid.
    """
    rules = DIALECTS.get(name) or dialect(name)
    if rules.needs not in text:
        return [text]
    frame: Frame = _STORED[rules.frame]
    out: list[str | tuple[str, list[Region]]] = []
    end = 0
    for match in rules.literal.finditer(text):
        phrase, boxes = _read(rules, match)
        for x1, y1, x2, y2 in boxes:
            if x1 > x2 or y1 > y2:
                boxes = []
                break
        if not boxes:
            continue
        literal, start = match[0], match.start()
        if start > end:
            out.append(text[end:start])
        out.append((phrase, [Region(frame=frame, box=box, native=literal) for box in boxes]))
        end = match.end()
    if end < len(text) or not out:
        out.append(text[end:])
    return out


def malformed(pieces: Sequence[str | tuple[str, list[Region]]], name: str) -> bool:
    """Whether marks of the dialect are left in the text of what :func:`parse` gave: a group was malformed."""
    marks = (DIALECTS.get(name) or dialect(name)).marks
    if marks is None:
        return False
    for piece in pieces:
        if isinstance(piece, str) and "<" in piece and marks.search(piece):  # every mark holds one
            return True
    return False


def _boxed(region: Region) -> list[float]:
    if region.frame != "norm":
        raise RenderError(f"the region is in frame {region.frame} and the size of its picture is not known")
    box = box_of(region)
    if box is None:
        raise RenderError(f"a region of kind {region.kind} without a box cannot be written as a box")
    return box


def _from_norm(box: list[float], frame: str, size: Size | None, resize: Resize | None) -> list[float]:
    if frame == "norm":
        return box
    if size is None:
        raise RenderError(f"a dialect in frame {frame} needs the size of the picture")
    if frame == "square":
        return norm_to_square(box, size)
    return norm_to_pixel(box, resize(*size) if frame == "resized" and resize else size)


def _to_norm(box: list[float], frame: str, size: Size | None, resize: Resize | None) -> list[float]:
    if frame == "norm":
        return box
    if size is None:
        raise RenderError(f"a dialect in frame {frame} needs the size of the picture")
    if frame == "square":
        return square_to_norm(box, size)
    return pixel_to_norm(box, resize(*size) if frame == "resized" and resize else size)


def _near(a: list[float], b: list[float]) -> bool:
    return all(abs(x - y) < 1e-9 for x, y in zip(a, b, strict=True))


__all__ = [
    "DIALECTS",
    "PICTURE_DIALECTS",
    "Dialect",
    "RenderError",
    "Resize",
    "dialect",
    "malformed",
    "parse",
    "render",
    "resolve",
]
