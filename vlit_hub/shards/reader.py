"""The records of a split by their numbers, those in between read past and not converted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from vlit_hub.release import Outcome, Release

Heads = dict[str, dict[str, Any]]
"""File -> the facts beside its rows."""


class Reader:
    """One pass over a split of a release."""

    def __init__(self, release: Release, split: str) -> None:
        self.heads: Heads = {}
        self._at = 0
        self._first, self._stop = 0, math.inf
        self._source = release.read_some(split, self.heads, lambda: (self._first, self._stop))

    def records(self, first: int, stop: int | None) -> Iterator[Outcome]:
        """The outcomes of records ``first`` .. ``stop`` (None: to the end), which must lie ahead."""
        self._first, self._stop = first, math.inf if stop is None else stop
        while self._at < self._stop:
            try:
                outcome = next(self._source)
            except StopIteration:
                return
            self._at += 1
            if self._at > first and outcome is not None:
                yield outcome
