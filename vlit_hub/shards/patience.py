"""How many samples may be skipped."""

from __future__ import annotations

from collections import Counter

from vlit_hub.shards.errors import TooManyFailures

PATIENCE = 64
"""Samples of one dataset in a row that may be skipped."""


class Patience:
    """Counts skipped samples per dataset, in this process; raises TooManyFailures after ``limit`` of one in a row."""

    def __init__(self, limit: int = PATIENCE) -> None:
        if limit < 1:
            raise ValueError(f"patience: {limit} is not at least 1")
        self.limit = limit
        self.skipped: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()

    def failed(self, dataset: str, why: str) -> None:
        """A sample of that dataset is skipped."""
        self.skipped[dataset] += 1
        self._in_a_row[dataset] += 1
        if self._in_a_row[dataset] >= self.limit:
            raise TooManyFailures(f"{dataset}: {self.limit} samples in a row are unusable, the last is {why}")

    def succeeded(self, dataset: str) -> None:
        """One was not."""
        if self._in_a_row:
            self._in_a_row.pop(dataset, None)
