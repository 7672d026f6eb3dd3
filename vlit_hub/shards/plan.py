"""The order of training as a pure function of (seed, epoch, position): index and numpy, no torch, no tar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.index import ENDINGS, Index
from vlit_hub.shards.measured import read_measure
from vlit_hub.shards.permutation import ALGORITHM, BLOCK, WINDOW, Order

Item = tuple[int, ...]
"""Index rows: one sample, or one pack."""
Cursor = tuple[int, int, int]
"""Epoch, window (0 without packing), position in it: always of the next item."""
START: Cursor = (0, 0, 0)

REASONS = ("", "no_reply", "untrained_reply", "missing_media", "unresolved_regions")
"""Why the index alone leaves a sample out: it ends without an assistant's message; that message has train=false; a
medium is missing; a region is in pixels of a picture of unknown size."""


@dataclass(frozen=True)
class Fetch:
    """One micro-batch of one rank, as a DataLoader hands it to the store."""

    items: list[Item]
    lengths: list[int]
    """Tokens of each item; empty if the plan is not measured."""
    step: int
    """Number of the global step."""
    last: bool
    """Whether it is this rank's last micro-batch of the step."""
    cursor: Cursor
    """Position after this global step."""


@dataclass(frozen=True)
class Skipped:
    """Stands in the place of a sample that could not be read, under ``on_error="skip"``."""

    row: int
    reason: str


class Plan:
    """Which rows are trained on, in which order. Deterministic and picklable.

    ``measure`` is the fingerprint under which the rows were measured: adds lengths, leaves out what was dropped.
    ``missing="raise"`` refuses missing media and unresolved regions instead of leaving those samples out.
    ``tail``: the items of an epoch that do not fill a global batch are dropped, or the batch is filled by repeating
    the epoch from its start.
    """

    def __init__(
        self,
        index: Index,
        *,
        seed: int = 0,
        measure: str | None = None,
        missing: Literal["drop", "raise"] = "drop",
        tail: Literal["drop", "repeat"] = "drop",
    ) -> None:
        if missing not in ("drop", "raise") or tail not in ("drop", "repeat"):
            raise ValueError(f"missing={missing!r} is drop or raise; tail={tail!r} is drop or repeat")
        self.seed, self.measure, self.missing, self.tail = seed, measure, missing, tail
        self.left_out: dict[str, dict[str, int]] = {}
        """Dataset -> reason -> samples that are not trained on."""
        self._lengths: np.ndarray | None = None
        self._rows = self._select(index)
        self._order = Order(len(self._rows), seed)
        parts = (ALGORITHM, BLOCK, WINDOW, index.fingerprint, measure, self._measured(), missing, seed, tail, "single")
        self.fingerprint: str = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
        """16 hexadecimal digits over index, measure, filters, seed, tail and packer."""

    def _select(self, index: Index) -> np.ndarray:
        """The rows that are trained on, ascending; fills ``left_out`` and the lengths."""
        ending, missing, unresolved = (index.column(name) for name in ("ending", "missing", "unresolved"))
        open_, untrained = (ending == ENDINGS.index(name) for name in ("open", "untrained"))
        why = np.select([open_, untrained, missing > 0, unresolved > 0], [1, 2, 3, 4], 0)
        reasons = list(REASONS)
        if self.missing == "raise" and (bad := np.flatnonzero(why >= 3)).size:
            raise ShardError(
                f"{index}: {bad.size} samples have missing media or unresolved regions (missing='raise'), the "
                f"first is row {bad[0]} ({reasons[why[bad[0]]]})"
            )
        if self.measure is not None:
            measured = read_measure(index, self.measure)
            reasons += measured.reasons[1:]
            why = np.where((why == 0) & (measured.reason > 0), measured.reason.astype(int) + len(REASONS) - 1, why)
            self._lengths = measured.length
        codes, names = index.codes("dataset")
        pairs, counts = np.unique(np.stack([codes, why])[:, why > 0], axis=1, return_counts=True)
        for (dataset, reason), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
            self.left_out.setdefault(names[dataset], {})[reasons[reason]] = count
        return np.flatnonzero(why == 0)

    def _measured(self) -> str:
        return "" if self._lengths is None else hashlib.sha256(self._lengths.tobytes()).hexdigest()

    @property
    def measured(self) -> bool:
        """Whether lengths are known."""
        return self._lengths is not None

    def __len__(self) -> int:
        """Samples of one epoch."""
        return len(self._rows)

    def items(self, cursor: Cursor = START) -> Iterator[tuple[Item, Cursor]]:
        """The items from ``cursor`` to the end of its epoch, each with the cursor of the item after it.

        Starts in O(1) time and memory, wherever the cursor stands. Raises ValueError for a cursor beyond the epoch.
        """
        epoch, window, position = cursor
        if epoch < 0 or window != 0 or not 0 <= position <= len(self):
            raise ValueError(f"cursor {cursor} is not one of this plan of {len(self)} items an epoch")
        if position == len(self):
            return
        for number in range(self._order.window_of(position), self._order.windows):
            start = self._order.start(number)
            rows = self._rows[self._order.rows(epoch, number)[max(position - start, 0) :]]
            for row in rows.tolist():
                position += 1
                yield (row,), (epoch, 0, position) if position < len(self) else (epoch + 1, 0, 0)

    def length(self, item: Item) -> int:
        """Tokens of an item after truncation; raises ValueError if the plan is not measured."""
        if self._lengths is None:
            raise ValueError("the plan is not measured: give it the fingerprint of a measure")
        return int(sum(self._lengths[row] for row in item))

    def steps(self, epoch: int, global_batch: int, *, start: Cursor | None = None) -> int:
        """Global steps of an epoch; with ``start``, a cursor in that epoch, those that remain."""
        items = len(self) - (start[2] if start is not None and start[0] == epoch else 0)
        full, rest = divmod(items, global_batch)
        return full + (1 if rest and self.tail == "repeat" else 0)

    def tail_items(self, epoch: int, global_batch: int) -> int:
        """Items of an epoch that the tail drops, or repeats, at this global batch."""
        rest = len(self) % global_batch
        return rest if self.tail == "drop" or not rest else global_batch - rest
