"""Dialects: how a text convention writes boxes. Each is a row of the table; parse and render are one loop over it.

A dialect's numbers live in one frame: ``norm`` (0..1 of the picture), ``square`` (0..1 of the padded square),
``pixel`` (the picture as stored) or ``resized`` (pixels after the model's own resize, which the caller gives).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from vlit_hub.regions.geometry import (
    Size,
    box_of,
    norm_to_pixel,
    norm_to_square,
    pixel_to_norm,
    resolve,
    square_to_norm,
)
from vlit_hub.schema import Frame, Region

Boxes = list[list[float]]
Resize = Callable[[int, int], tuple[int, int]]
"""(width, height) of the stored picture -> (width, height) that the model sees."""

_STORED: dict[str, Frame] = {"norm": "norm", "square": "square", "pixel": "pixel", "resized": "pixel"}
_NUMBER = r"-?\d+(?:\.\d+)?"
_DECIMAL = r"-?\d*\.\d+"


class RenderError(ValueError):
    """A region that a dialect cannot write: the message says why and what would be needed."""


@dataclass(frozen=True)
class Dialect:
    """One text convention. ``write(phrase, boxes)`` and ``read(literal)`` work in the dialect's own frame."""

    name: str
    frame: str
    """norm, square, pixel or resized."""
    quantum: float
    """Step of the written numbers, in the frame's own unit."""
    literal: re.Pattern[str]
    """Matches one written group of boxes."""
    write: Callable[[str, Boxes], str]
    read: Callable[[str], tuple[str, Boxes]]
    """Literal -> (phrase, boxes)."""


def _decimals(phrase: str, boxes: Boxes, *, digits: int, comma: str, joint: str) -> str:
    text = joint.join("[" + comma.join(f"{v:.{digits}f}" for v in box) + "]" for box in boxes)
    return f"{phrase} {text}" if phrase else text


def _shikra(phrase: str, boxes: Boxes) -> str:
    return phrase + "[" + ";".join(",".join(f"{v:.3f}" for v in box) for box in boxes) + "]"


def _integers(phrase: str, boxes: Boxes) -> str:
    return _decimals(phrase, boxes, digits=0, comma=", ", joint=" ")


def _numbers(literal: str) -> tuple[str, Boxes]:
    values = [float(v) for v in re.findall(_NUMBER, literal)]
    return "", [values[i : i + 4] for i in range(0, len(values), 4)]


def _write_xywh(phrase: str, boxes: Boxes) -> str:
    return _integers(phrase, [[x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in boxes])


def _read_xywh(literal: str) -> tuple[str, Boxes]:
    return "", [[x, y, x + w, y + h] for x, y, w, h in _numbers(literal)[1]]


def _write_json(phrase: str, boxes: Boxes) -> str:
    rows = [{"bbox_2d": [round(v) for v in box], "label": phrase} for box in boxes]
    return json.dumps(rows[0] if len(rows) == 1 else rows, ensure_ascii=False)


def _read_json(literal: str) -> tuple[str, Boxes]:
    rows = json.loads(literal)
    rows = rows if isinstance(rows, list) else [rows]
    return rows[0]["label"], [[float(v) for v in row["bbox_2d"]] for row in rows]


def _box(number: str, comma: str = r",\s*") -> str:
    return rf"\[{comma.join([number] * 4)}\]"


_JSON_BOX = r'\{"bbox_2d": \[' + ", ".join([r"\d+"] * 4) + r'\], "label": "(?:[^"\\]|\\.)*"\}'

DIALECTS: dict[str, Dialect] = {
    d.name: d
    for d in (
        Dialect(
            "float",
            "norm",
            1e-3,
            re.compile(rf"{_box(_DECIMAL)}(?: {_box(_DECIMAL)})*"),
            partial(_decimals, digits=3, comma=", ", joint=" "),
            _numbers,
        ),
        Dialect(
            "square",
            "square",
            1e-3,
            re.compile(rf"{_box(_DECIMAL)}(?: {_box(_DECIMAL)})*"),
            partial(_decimals, digits=3, comma=", ", joint=" "),
            _numbers,
        ),
        Dialect(
            "shikra",
            "square",
            1e-3,
            re.compile(rf"\[{','.join([_DECIMAL] * 4)}(?:;{','.join([_DECIMAL] * 4)})*\]"),
            _shikra,
            _numbers,
        ),
        Dialect("xyxy", "pixel", 1.0, re.compile(rf"{_box(_NUMBER)}(?: {_box(_NUMBER)})*"), _integers, _numbers),
        Dialect("xywh", "pixel", 1.0, re.compile(rf"{_box(_NUMBER)}(?: {_box(_NUMBER)})*"), _write_xywh, _read_xywh),
        Dialect(
            "qwen25-json",
            "resized",
            1.0,
            re.compile(rf"\[{_JSON_BOX}(?:, {_JSON_BOX})+\]|{_JSON_BOX}"),
            _write_json,
            _read_json,
        ),
    )
}


def dialect(name: str) -> Dialect:
    """The dialect of that name; ValueError names the known ones."""
    if name not in DIALECTS:
        raise ValueError(f"unknown region dialect {name!r}; known: {', '.join(DIALECTS)}")
    return DIALECTS[name]


def render(
    phrase: str, regions: Sequence[Region], name: str, size: Size | None = None, resize: Resize | None = None
) -> str:
    """``phrase`` grounded in ``regions``, as the dialect writes it.

    ``size``: (width, height) in pixels of the stored picture, needed by every frame but norm. A phrase without
    regions is the phrase. A region parsed from a non-canonical literal of the same dialect gives that literal back.
    Raises RenderError for an unresolved region, a mask or interval without a box, or a size that is missing.
    """
    rules = dialect(name)
    if not regions:
        return phrase
    boxes = [_boxed(region) for region in regions]
    native = regions[0].native
    if native and all(r.native == native for r in regions) and rules.literal.fullmatch(native):
        said, given = rules.read(native)
        if said == phrase or not said:
            back = [_to_norm(box, rules.frame, size, resize) for box in given]
            if len(back) == len(boxes) and all(_near(a, b) for a, b in zip(back, boxes, strict=True)):
                return f"{phrase} {native}" if phrase and not said else native
    return rules.write(phrase, [_from_norm(box, rules.frame, size, resize) for box in boxes])


@cache
def _matcher(name: str) -> re.Pattern[str]:
    return dialect(name).literal


def parse(text: str, name: str) -> list[str | tuple[str, list[Region]]]:
    """``text`` cut into plain strings and (phrase, regions): regions in the dialect's frame, literal in ``native``.

    The frame of the regions is norm, square or pixel (``resized`` pixels are pixels of the picture the model saw).
    Text that matches no literal stays text. Boxes whose corners are not ordered stay text too.
    """
    rules = dialect(name)
    frame: Frame = _STORED[rules.frame]
    out: list[str | tuple[str, list[Region]]] = []
    end = 0
    for match in _matcher(name).finditer(text):
        phrase, boxes = rules.read(match.group())
        if any(b[0] > b[2] or b[1] > b[3] for b in boxes):
            continue
        if match.start() > end:
            out.append(text[end : match.start()])
        out.append((phrase, [Region(frame=frame, box=box, native=match.group()) for box in boxes]))
        end = match.end()
    if end < len(text) or not out:
        out.append(text[end:])
    return out


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


__all__ = ["DIALECTS", "Dialect", "RenderError", "Resize", "dialect", "parse", "render", "resolve"]
