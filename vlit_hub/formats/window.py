"""Which rows of a file are read: what lets several workers share one file, and a stopped one go on in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Window:
    """Rows ``first`` (inclusive) to ``stop`` (exclusive, None: to the end) of those in the share ``begin``..``end``.

    The share is measured in what the reader has taken from the file when the row comes (0..1, in steps of a chunk or
    row), so consecutive shares give every row once and in order, faults included, whatever process reads them. Row
    numbers stay those of the whole file. What lies before the window is parsed at most, never converted.
    """

    first: int = 0
    stop: int | None = None
    begin: float = 0.0
    end: float = 1.0

    @staticmethod
    def shares(parts: int) -> list[Window]:
        """``parts`` windows of about equal bytes that make up the whole."""
        return [Window(begin=i / parts, end=(i + 1) / parts) for i in range(parts)]

    def joins(self, other: Window) -> bool:
        """Whether ``other`` is the share that follows."""
        return self.end == other.begin and (self.first, self.stop) == (other.first, other.stop) == (0, None)

    def behind(self, row: int, share: float) -> bool:
        """Whether a row, and so every later one, lies behind the window."""
        return (self.stop is not None and row >= self.stop) or (share >= self.end < 1)

    def before(self, row: int, share: float) -> bool:
        """Whether a row lies before the window."""
        return row < self.first or share < self.begin

    def cut(self, rows: Iterator[Any], share: Callable[[], float]) -> Iterator[Any]:
        """Those of ``rows`` (tuples that begin with the row number) that lie in the window."""
        if self == WHOLE:
            yield from rows
            return
        for row in rows:
            if self.behind(row[0], share()):
                return
            if not self.before(row[0], share()):
                yield row


WHOLE = Window()
