"""What an optimiser step trained on, per dataset: summed loss, supervised tokens, samples read and skipped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from vlit_hub.shards import Index

MIXED = "mixed"
"""Under this name counts the loss of a pack that holds samples of several datasets."""
NATS, TOKENS, SAMPLES, SKIPPED = range(4)


class Tally:
    """Counts of this rank, float64 of shape (datasets + 1, 4): nats, supervised tokens, samples, skipped.

    ``step`` is under way and becomes part of the others when :meth:`commit` says that its optimiser step is done.
    """

    def __init__(self, index: Index) -> None:
        self.codes, names = index.codes("dataset")
        self.names = (*names, MIXED)
        self.clear()

    def clear(self) -> None:
        """All back to zero."""
        self.step, self.logged, self.kept = (torch.zeros(len(self.names), 4, dtype=torch.float64) for _ in range(3))

    def add(self, note: Mapping[str, Any], nats: Tensor, tokens: Tensor) -> None:
        """One micro-batch: the collator's note, and per item what it cost, shapes (items,)."""
        for item, cost, count in zip(note["rows"], nats.tolist(), tokens.tolist(), strict=True):
            codes = self.codes[list(item)].tolist()
            owner = codes[0] if len(set(codes)) == 1 else len(self.names) - 1
            self.step[owner, NATS] += cost
            self.step[owner, TOKENS] += count
        rows = [row for item in note["rows"] for row in item]
        for row, dataset in zip(rows, note["datasets"], strict=True):
            self.step[self.codes[row], SAMPLES if dataset else SKIPPED] += 1

    def commit(self) -> None:
        """The optimiser step is done."""
        self.logged += self.step
        self.kept += self.step
        self.step.zero_()

    def by_name(self, counts: Tensor, column: int) -> dict[str, float]:
        """Dataset -> count, where there is any."""
        values = counts[:, column].tolist()
        return {name: value for name, value in zip(self.names, values, strict=True) if value}


def added(base: Mapping[str, int], more: Mapping[str, float]) -> dict[str, int]:
    """Sum of two counts by name."""
    return {name: base.get(name, 0) + int(more.get(name, 0)) for name in sorted(base.keys() | more.keys())}
