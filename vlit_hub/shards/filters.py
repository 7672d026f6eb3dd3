"""Predicates over index columns as data: ``turns<=10``, ``dataset in [llava-instruct-150k, svit]``, ``tokens<2048``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vlit_hub.shards.index import MEDIA_TYPES, TABLES, Index, ragged

NUMBERS = ("turns", "chars", "media", "missing", "unresolved")
"""Columns of the index that a filter may compare."""
PICTURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "width": lambda media: media["width"],
    "height": lambda media: media["height"],
    "pixels": lambda media: media["width"].astype(np.int64) * media["height"],
}
"""Name in a filter -> of media rows (:func:`passing_pictures`)."""
MEASURED = {"tokens": "length", "image_tokens": "image_tokens", "supervised_tokens": "supervised", "frames": "frames"}
"""Name in a filter -> measured column."""
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
Value = int | float | str | tuple[int | float | str, ...]
_FORM = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*(<=|>=|==|!=|<|>|\bnot\s+in\b|\bin\b)\s*(.+?)\s*", re.DOTALL)


class FilterError(ValueError):
    """A filter that cannot be read, or does not fit the columns; says what can stand there."""


@dataclass(frozen=True)
class Filter:
    """``column op value``; a side column (select.py) may be named like any other."""

    column: str
    op: str
    value: Value

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Raises FilterError naming the form that is asked for."""
        match = _FORM.fullmatch(text)
        if match is None:
            forms = ", ".join([*OPERATORS, "in", "not in"])
            raise FilterError(f"filter {text!r}: write COLUMN OP VALUE with one of {forms}, as in turns<=10")
        column, op, written = match[1], " ".join(match[2].split()), match[3]
        if op in ("in", "not in"):
            listed = written.removeprefix("[").removesuffix("]")
            return cls(column, op, tuple(_scalar(each) for each in listed.split(",") if each.strip()))
        return cls(column, op, _scalar(written))

    def __str__(self) -> str:
        if isinstance(self.value, tuple):
            return f"{self.column} {self.op} [{', '.join(map(str, self.value))}]"
        return f"{self.column}{self.op}{self.value}"

    def check(self, side: Mapping[str, bool], measured: bool) -> None:
        """Raise FilterError where there is no such column, or it cannot be compared so; ``side``: its columns, and
        whether they hold words."""
        if self.column in MEASURED and not measured:
            raise FilterError(f"filter {self}: {self.column} is known once the shards are measured; give a measure")
        known = (*NUMBERS, *PICTURES, *MEASURED, *TABLES, *side)
        if self.column not in known:
            raise FilterError(f"filter {self}: no column {self.column!r}; there are: {', '.join(known)}")
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        words = side.get(self.column, self.column in TABLES)
        if words and self.op in ("<", "<=", ">", ">="):
            raise FilterError(f"filter {self}: {self.column} is a word; compare it with ==, !=, in, not in")
        if any(isinstance(value, str) != words for value in values):
            raise FilterError(f"filter {self}: {self.column} is a {'word' if words else 'number'}")

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Which of the values pass, bool of the same shape."""
        if isinstance(self.value, tuple):
            found = np.isin(values, np.array(self.value))
            return found if self.op == "in" else ~found
        return np.asarray(OPERATORS[self.op](values, self.value))


def passing_pictures(
    index: Index, split: int, rows: np.ndarray, filter_: Filter
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures of rows of a split (ROW_DTYPE): (position in ``rows``, value, whether it passes) of each.

    All pictures of a sample must pass, which one of unknown size (value 0) never does.
    """
    counts = rows["media"].astype(np.int64)
    media = index.tables(split)[1].take(ragged(rows["media_start"].astype(np.int64), counts))
    shown = media["type"] == MEDIA_TYPES.index("image")
    owners, media = np.repeat(np.arange(len(rows)), counts)[shown], media[shown]
    known = (media["width"] > 0) & (media["height"] > 0)
    values = np.where(known, PICTURES[filter_.column](media), 0)
    return owners, values, known & filter_(values)


def _scalar(text: str) -> int | float | str:
    """A number where it is one, else the word, without quotes."""
    text = text.strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip("'\"")
