"""Dialects with marks of their own: location tokens, tags around phrases and boxes."""

from __future__ import annotations

import math
import re
from functools import partial

from vlit_hub.regions.convention import UNIT, Boxes, Dialect, Grid, bracketed, enclose, fours, phrase_in
from vlit_hub.regions.plain import decimals, numbers, read_grid

_PERCENT = Grid(100, 100, floors=True)
_INTERNVL = Grid(1000, 1000, floors=False)
_ASMV2 = Grid(1000, 999, floors=True)
_PVIT = Grid(1000, 1000, floors=False)
_LOCATION = Grid(1024, 1023, floors=True)
_PATCHES = 32

# -- MiniGPT-v2: <p>phrase</p> {<x1><y1><x2><y2>}<delim>{...}, int(v / size * 100) of the original picture -----------

_PERCENT_BOX = r"\{<\d+><\d+><\d+><\d+>\}"
_PERCENT_BOXES = rf"{_PERCENT_BOX}(?:<delim>{_PERCENT_BOX})*"
# Two branches and no optional phrase: both begin with a mark, which the search jumps to.
_PERCENT_LITERAL = re.compile(rf"{phrase_in('<p>', '</p>')} ?{_PERCENT_BOXES}|{_PERCENT_BOXES}")


def _write_percent(phrase: str, boxes: Boxes) -> str:
    said = enclose("<p>", phrase, "</p>")
    text = "<delim>".join("{" + "".join(f"<{code}>" for code in _PERCENT.codes(box)) + "}" for box in boxes)
    return f"{said} {text}" if said else text


def _read_percent(literal: str) -> tuple[str, Boxes]:
    codes = literal[literal.index("{<") + 2 : -2].replace(">}<delim>{<", "><").split("><")
    return "", fours(_PERCENT.shares(codes))


# -- InternVL: <ref>phrase</ref><box>[[x1, y1, x2, y2], ...]</box>; Qwen-VL: <box>(x1,y1),(x2,y2)</box>, read alike ---

_ROW = bracketed(r"\d+")
_ROWS = rf"\[{_ROW}(?:,\s*{_ROW})*\]"
_LIST_BOX = rf"<box>{_ROWS}</box>"
_CORNERS = r"<box>\(\d+,\s*\d+\),\s*\(\d+,\s*\d+\)</box>"
_REF = rf"(?:{phrase_in('<ref>', '</ref>')})?"
_REFBOX_LITERAL = re.compile(rf"{_REF}(?:{_LIST_BOX}|(?:{_CORNERS})+)")


def _write_refbox(phrase: str, boxes: Boxes, *, grid: Grid) -> str:
    rows = ", ".join("[" + ", ".join(map(str, grid.codes(box))) + "]" for box in boxes)
    return f"{enclose('<ref>', phrase, '</ref>')}<box>[{rows}]</box>"


# -- ASMv2: the same on the padded square, and <pred>relation</pred><box>subjects</box><box>objects</box> -------------

_ASMV2_LITERAL = re.compile(rf"{_REF}{_LIST_BOX}|{phrase_in('<pred>', '</pred>')}{_LIST_BOX}{_LIST_BOX}")


# -- PVIT: <Region><L1><L2><L3><L4></Region> in thousandths; its generation files write <Region>[0.1, ...]</Region> ---

_TOKENS = "<Region>" + r"<L\d{1,4}>" * 4 + "</Region>"
_PVIT_LITERAL = re.compile(rf"(?:{_TOKENS})+|(?:<Region>{bracketed(UNIT)}</Region>)+")


def _write_pvit(phrase: str, boxes: Boxes) -> str:
    text = "".join("<Region>" + "".join(f"<L{code}>" for code in _PVIT.codes(box)) + "</Region>" for box in boxes)
    return f"{phrase} {text}" if phrase else text


def _read_pvit(literal: str) -> tuple[str, Boxes]:
    return numbers(literal) if "[" in literal else read_grid(literal, grid=_PVIT)


# -- SVIT: <st>phrase<ed> [x1, y1, x2, y2], [...] ---------------------------------------------------------------------

_SVIT_BOX = bracketed(UNIT)
_SVIT_BOXES = rf"{_SVIT_BOX}(?:, ?{_SVIT_BOX})*"
_SVIT_LITERAL = re.compile(rf"{phrase_in('<st>', '<ed>')}\s?{_SVIT_BOXES}|{_SVIT_BOXES}")


def _write_svit(phrase: str, boxes: Boxes) -> str:
    return decimals(enclose("<st>", phrase, "<ed>"), boxes, joint=", ")


# -- KOSMOS-2: corners as cells of a 32 x 32 grid, row by row ---------------------------------------------------------

_DELIMITER = "</delimiter_of_multi_objects/>"
_PATCH = re.compile(r"patch_index_(\d{4})").findall
_PATCH_PAIR = r"<patch_index_\d{4}><patch_index_\d{4}>"
_KOSMOS_LITERAL = re.compile(
    rf"(?:{phrase_in('<phrase>', '</phrase>')})?<object>{_PATCH_PAIR}(?:{_DELIMITER}{_PATCH_PAIR})*</object>"
)


def _write_kosmos(phrase: str, boxes: Boxes) -> str:
    pairs = []
    for x1, y1, x2, y2 in boxes:
        left, top = _cell(x1), _cell(y1)
        right, bottom = max(_last_cell(x2), left), max(_last_cell(y2), top)
        pairs.append(f"<patch_index_{top * _PATCHES + left:04d}><patch_index_{bottom * _PATCHES + right:04d}>")
    return f"{enclose('<phrase>', phrase, '</phrase>')}<object>{_DELIMITER.join(pairs)}</object>"


def _cell(value: float) -> int:
    return min(max(math.floor(value * _PATCHES), 0), _PATCHES - 1)


def _last_cell(value: float) -> int:
    """The lower right corner on a cell's border belongs to the cell before it."""
    return min(max(math.ceil(value * _PATCHES - 1), 0), _PATCHES - 1)


def _read_kosmos(literal: str) -> tuple[str, Boxes]:
    boxes: Boxes = []
    cells = [divmod(int(index), _PATCHES) for index in _PATCH(literal)]
    for (top, left), (bottom, right) in zip(cells[::2], cells[1::2], strict=True):
        if max(top, bottom) >= _PATCHES:
            raise ValueError(f"a patch beyond the {_PATCHES} x {_PATCHES} grid")
        boxes.append([(cell + 0.5) / _PATCHES for cell in (left, top, right, bottom)])
    return "", boxes


# -- PaliGemma: <locY1><locX1><locY2><locX2> phrase ; <loc...> phrase, 1024 bins --------------------------------------

_LOC_BOX = r"<loc\d{4}>" * 4
_PALIGEMMA_LITERAL = re.compile(rf"{_LOC_BOX}(?: ; {_LOC_BOX})*")


def _write_paligemma(phrase: str, boxes: Boxes) -> str:
    label = f" {phrase}" if phrase else ""
    groups = ([_LOCATION.code(value) for value in (y1, x1, y2, x2)] for x1, y1, x2, y2 in boxes)
    return " ; ".join("".join(f"<loc{code:04d}>" for code in group) + label for group in groups)


def _read_paligemma(literal: str) -> tuple[str, Boxes]:
    return "", [[x1, y1, x2, y2] for y1, x1, y2, x2 in read_grid(literal, grid=_LOCATION)[1]]


MARKED = (
    Dialect(
        "percent",
        "norm",
        1e-2,
        _PERCENT_LITERAL,
        _write_percent,
        _read_percent,
        floors=True,
        needs="{<",
        marks=re.compile(r"\{<|<delim>|</?p>"),
    ),
    Dialect(
        "refbox",
        "norm",
        1e-3,
        _REFBOX_LITERAL,
        partial(_write_refbox, grid=_INTERNVL),
        partial(read_grid, grid=_INTERNVL),
        needs="<box>",
        marks=re.compile(r"</?(?:ref|box)>"),
    ),
    Dialect(
        "asmv2",
        "square",
        1e-3,
        _ASMV2_LITERAL,
        partial(_write_refbox, grid=_ASMV2),
        partial(read_grid, grid=_ASMV2),
        floors=True,
        needs="<box>",
        marks=re.compile(r"</?(?:ref|pred|box)>"),
    ),
    Dialect(
        "pvit",
        "norm",
        1e-3,
        _PVIT_LITERAL,
        _write_pvit,
        _read_pvit,
        needs="<Region>",
        marks=re.compile(r"</?Region>|<L\d+>"),
    ),
    Dialect("svit", "norm", 1e-3, _SVIT_LITERAL, _write_svit, numbers, needs="[", marks=re.compile(r"<st>|<ed>")),
    Dialect(
        "kosmos2",
        "norm",
        1 / _PATCHES,
        _KOSMOS_LITERAL,
        _write_kosmos,
        _read_kosmos,
        floors=True,
        needs="<object>",
        marks=re.compile(r"</?(?:phrase|object)>|<patch_index"),
    ),
    Dialect(
        "paligemma",
        "norm",
        1 / 1024,
        _PALIGEMMA_LITERAL,
        _write_paligemma,
        _read_paligemma,
        floors=True,
        beside="{boxes} {phrase}",
        needs="<loc",
        marks=re.compile(r"<loc\d+>"),
    ),
)
