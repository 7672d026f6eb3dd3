"""What a dialect is: one row of the table in dialects.py, and the arithmetic that the rows share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

Boxes = list[list[float]]

NUMBER = r"-?\d+(?:\.\d+)?"
UNIT = r"-?(?:\d*\.\d+|[01])"
"""A number written as a share of the picture; 0 and 1 may stand without their decimals."""


class RenderError(ValueError):
    """A region that a dialect cannot write: the message says why and what would be needed."""


@dataclass(frozen=True)
class Dialect:
    """One text convention. ``write(phrase, boxes)`` and ``read(literal)`` work in the dialect's own frame."""

    name: str
    frame: str
    """norm, square, pixel or resized."""
    quantum: float
    """Step of the written numbers, in the frame's own unit: what is read back lies within half of it."""
    literal: re.Pattern[str]
    """Matches one written group of boxes; the group that took part in a match, where one did, is its phrase."""
    write: Callable[[str, Boxes], str]
    """RenderError where the phrase holds the dialect's own marks."""
    read: Callable[[str], tuple[str, Boxes]]
    """What stands behind a matched phrase, or the literal -> (phrase of its own, boxes); ValueError off the grid."""
    floors: bool = False
    """Whether numbers are cut (a bin, read as its centre) and not rounded (read as the value)."""
    beside: str = "{phrase} {boxes}"
    """How a phrase stands beside a literal that does not hold it."""
    needs: str = ""
    """What every literal holds: a text without it has none, and is not searched."""
    marks: re.Pattern[str] | None = None
    """What is left in the text where a group is malformed; None for dialects without marks."""


@dataclass(frozen=True)
class Grid:
    """Shares of the picture as whole numbers 0..``top``, ``steps`` to the picture."""

    steps: int
    top: int
    floors: bool

    def code(self, value: float) -> int:
        """The number written for a share; shares out of the picture are held at its border."""
        code = math.floor(value * self.steps) if self.floors else round(value * self.steps)
        return min(max(code, 0), self.top)

    @cached_property
    def written(self) -> dict[str, float]:
        """Number as it is written -> the share it stands for: the centre of a floored bin, at most 1."""
        half = 0.5 if self.floors else 0.0
        return {str(code): min((code + half) / self.steps, 1.0) for code in range(self.top + 1)}

    def codes(self, box: list[float]) -> list[int]:
        """The four numbers of a box, in its own order."""
        return [self.code(value) for value in box]

    def shares(self, codes: Sequence[str]) -> list[float]:
        """The shares of written numbers, which are digits; ValueError beyond ``top``."""
        written = self.written
        try:
            return [written[code] for code in codes]
        except KeyError:
            pass
        try:  # 007
            return [written[str(int(code))] for code in codes]
        except KeyError:
            raise ValueError(f"{', '.join(codes)}: not all on the grid 0..{self.top}") from None


def fours(values: list[float]) -> Boxes:
    """Numbers, four to a box."""
    return [values[i : i + 4] for i in range(0, len(values), 4)]


def bracketed(number: str, comma: str = r",\s*") -> str:
    """Pattern of ``[n, n, n, n]``."""
    return rf"\[{comma.join([number] * 4)}\]"


def phrase_in(opening: str, closing: str) -> str:
    """Pattern of a phrase between two marks (``<..>``), as a group; the phrase holds neither of them."""
    return rf"{opening}([^<]*(?:(?!{opening}|{closing})<[^<]*)*){closing}"


def enclose(opening: str, phrase: str, closing: str) -> str:
    """The phrase between its marks, nothing for an empty one; RenderError where it holds one of them."""
    if opening in phrase or closing in phrase:
        raise RenderError(f"the phrase {phrase!r:.60} holds the mark {opening} or {closing}")
    return f"{opening}{phrase}{closing}" if phrase else ""
