"""What an optimiser step trained on, per dataset: summed loss, supervised tokens, samples read and skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from vlit_hub.shards import Index

NATS, TOKENS, SAMPLES, SKIPPED = range(4)


class Tally:
    """Counts of this rank, float64 of shape (datasets, 4): nats, supervised tokens, samples, skipped.

    ``step`` is under way and becomes part of the others when :meth:`commit` says that its optimiser step is done.
    """

    def __init__(self, index: Index) -> None:
        self.codes, self.names = index.codes("dataset")
        self.clear()

    def clear(self) -> None:
        """All back to zero."""
        self.step, self.logged, self.kept = (torch.zeros(len(self.names), 4, dtype=torch.float64) for _ in range(3))

    def add(self, rows: Sequence[int], nats: Tensor, tokens: Tensor) -> None:
        """The samples of one micro-batch: rows of the index, and what each cost, shapes (samples,).

        A sample without a supervised token is one that could not be read: the plan has no others.
        """
        for code, cost, count in zip(self.codes[list(rows)].tolist(), nats.tolist(), tokens.tolist(), strict=True):
            self.step[code, NATS] += cost
            self.step[code, TOKENS] += count
            self.step[code, SAMPLES if count else SKIPPED] += 1

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
