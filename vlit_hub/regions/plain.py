"""Dialects without marks: brackets, bare numbers, JSON. The phrase stands beside the boxes."""

from __future__ import annotations

import json
import re
from functools import partial

from vlit_hub.regions.convention import NUMBER, UNIT, Boxes, Dialect, Grid, bracketed, fours

_NUMBERS = re.compile(rf"-?\d*\.\d+|{NUMBER}").findall
_DIGITS = re.compile(r"\d+").findall
_BINS_999 = Grid(1000, 999, floors=True)
_BINS_1000 = Grid(1000, 1000, floors=True)
_QWEN3 = Grid(1000, 1000, floors=False)


def decimals(phrase: str, boxes: Boxes, *, digits: int = 3, joint: str = " ") -> str:
    """``phrase [0.123, ...] [...]``."""
    text = joint.join("[" + ", ".join(f"{v:.{digits}f}" for v in box) + "]" for box in boxes)
    return f"{phrase} {text}" if phrase else text


def numbers(literal: str) -> tuple[str, Boxes]:
    """All numbers of a literal, four to a box."""
    return "", fours(list(map(float, _NUMBERS(literal))))


def _shikra(phrase: str, boxes: Boxes) -> str:
    return phrase + "[" + ";".join(",".join(f"{v:.3f}" for v in box) for box in boxes) + "]"


def _bare(phrase: str, boxes: Boxes) -> str:
    text = " ".join(str(round(v, 2)) for box in boxes for v in box)
    return f"{phrase} {text}" if phrase else text


def _write_xywh(phrase: str, boxes: Boxes) -> str:
    return decimals(phrase, [[x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in map(_whole, boxes)], digits=0)


def _whole(box: list[float]) -> list[int]:
    """Corners rounded first, so that x + width is a rounded corner too."""
    return [round(v) for v in box]


def _read_xywh(literal: str) -> tuple[str, Boxes]:
    return "", [[x, y, x + w, y + h] for x, y, w, h in numbers(literal)[1]]


def _write_grid(phrase: str, boxes: Boxes, *, grid: Grid) -> str:
    return decimals(phrase, [[float(code) for code in grid.codes(box)] for box in boxes], digits=0)


def read_grid(literal: str, *, grid: Grid) -> tuple[str, Boxes]:
    """All whole numbers of a literal on a grid, four to a box."""
    return "", fours(grid.shares(_DIGITS(literal)))


def _write_json(phrase: str, boxes: Boxes) -> str:
    rows = [{"bbox_2d": [round(v) for v in box], "label": phrase} for box in boxes]
    return json.dumps(rows[0] if len(rows) == 1 else rows, ensure_ascii=False)


def _read_json(literal: str) -> tuple[str, Boxes]:
    rows = json.loads(literal)
    rows = rows if isinstance(rows, list) else [rows]
    if len({row["label"] for row in rows}) > 1:
        raise ValueError("one group has one label")
    return rows[0]["label"], [[float(v) for v in row["bbox_2d"]] for row in rows]


def _write_grid_json(phrase: str, boxes: Boxes) -> str:
    return _write_json(phrase, [[float(code) for code in _QWEN3.codes(box)] for box in boxes])


def _read_grid_json(literal: str) -> tuple[str, Boxes]:
    phrase, boxes = _read_json(literal)
    return phrase, [_QWEN3.shares([f"{v:.0f}" for v in box]) for box in boxes]


def _several(box: str, joint: str = " ") -> re.Pattern[str]:
    return re.compile(rf"{box}(?:{joint}{box})*")


# At least one of the four has decimals: [0, 1, 1, 0] is a list, not a box.
_SHARES = rf"\[(?=[^\]]*\.\d){bracketed(UNIT)[2:]}"
_CODES = bracketed(r"\d{1,4}")
_JSON_BOX = r'\{"bbox_2d": \[' + ", ".join([r"\d+"] * 4) + r'\], "label": "(?:[^"\\]|\\.)*"\}'

PLAIN = (
    Dialect("float", "norm", 1e-3, _several(_SHARES), decimals, numbers, needs="["),
    Dialect("square", "square", 1e-3, _several(_SHARES), decimals, numbers, needs="["),
    Dialect(
        "shikra",
        "square",
        1e-3,
        re.compile(rf"\[(?=[^\]]*\.\d){','.join([UNIT] * 4)}(?:;{','.join([UNIT] * 4)})*\]"),
        _shikra,
        numbers,
        beside="{phrase}{boxes}",
        needs="[",
    ),
    Dialect("xyxy", "pixel", 1.0, _several(bracketed(NUMBER)), partial(decimals, digits=0), numbers, needs="["),
    Dialect("xywh", "pixel", 1.0, _several(bracketed(NUMBER)), _write_xywh, _read_xywh, needs="["),
    # MultiInstruct's "57.79 177.34 491.2 629.53"; the release prints floats in full, which native keeps.
    Dialect("bare", "pixel", 1e-2, _several(rf"{NUMBER} {NUMBER} {NUMBER} {NUMBER}"), _bare, numbers),
    # [0, 1000): 1000 bins.
    Dialect(
        "bin999",
        "norm",
        1e-3,
        _several(_CODES),
        partial(_write_grid, grid=_BINS_999),
        partial(read_grid, grid=_BINS_999),
        needs="[",
        floors=True,
    ),
    # Ferret: int(v / size * 1000), so that the far border is 1000.
    Dialect(
        "bin1000",
        "norm",
        1e-3,
        _several(_CODES),
        partial(_write_grid, grid=_BINS_1000),
        partial(read_grid, grid=_BINS_1000),
        needs="[",
        floors=True,
    ),
    # Qwen3-VL: the JSON of Qwen2.5-VL with thousandths of the picture instead of pixels.
    Dialect(
        "qwen3-json",
        "norm",
        1e-3,
        re.compile(rf"\[{_JSON_BOX}(?:, {_JSON_BOX})+\]|{_JSON_BOX}"),
        _write_grid_json,
        _read_grid_json,
    ),
    Dialect(
        "qwen25-json",
        "resized",
        1.0,
        re.compile(rf"\[{_JSON_BOX}(?:, {_JSON_BOX})+\]|{_JSON_BOX}"),
        _write_json,
        _read_json,
        needs='"bbox_2d"',
    ),
)
