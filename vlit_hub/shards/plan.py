"""The order of training as a pure function of (seed, epoch, position): index and numpy, no torch, no tar."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from vlit_hub.shards.blend import Blend
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.filters import Filter
from vlit_hub.shards.index import Index
from vlit_hub.shards.manifest import sha256
from vlit_hub.shards.measured import Measured
from vlit_hub.shards.packer import Packer
from vlit_hub.shards.permutation import ALGORITHM, BLOCK, WINDOW, Permutation
from vlit_hub.shards.provenance import Provenance
from vlit_hub.shards.select import Chosen, Source, choose, left_out, starts_of_groups
from vlit_hub.shards.sequence import Costs, Reader, UnitOrder, Units, pick
from vlit_hub.shards.side import side_files

Item = tuple[int, ...]
"""Index rows: one sample, or one pack."""
Cursor = tuple[int, int, int]
"""Epoch, window (0 without packing), position in it: always of the next item."""
START: Cursor = (0, 0, 0)
_SPAN = 1024
"""Places looked up at a time without packing."""


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
    where: Sequence[Provenance] = field(default=(), compare=False, repr=False)
    """Of each sample, in order; filled by the store."""


@dataclass(frozen=True)
class Skipped:
    """Stands in the place of a sample that could not be read, under ``on_error="skip"``."""

    row: int
    reason: str


@dataclass(frozen=True)
class Share:
    """One source of a plan: samples it has (``matching`` before its cap), and of it in an epoch."""

    name: str
    matching: int
    samples: int
    samples_per_epoch: int
    tokens_per_epoch: int
    """Expected, by the mean of its samples; 0 if unmeasured."""

    @classmethod
    def of(cls, name: str, reader: Reader, quota: int) -> Share:
        """The share of a source that gives ``quota`` units an epoch."""
        chosen = reader.chosen
        has = len(chosen.rows)
        samples = round(quota * has / max(reader.size, 1))
        return cls(name, chosen.matching, has, samples, round(samples * chosen.tokens / max(has, 1)))


class Plan:
    """Which rows are trained on, in which order. Deterministic and picklable.

    ``measure`` is the fingerprint under which the rows were measured: adds lengths, leaves out what was dropped.
    ``missing="raise"`` refuses missing media and unresolved regions instead of leaving those samples out.
    ``tail``: the items of an epoch that do not fill a global batch are dropped, or the batch is filled by repeating
    the epoch from its start. ``filters`` hold for every source of ``blend``, which is all of the index by default.

    With a ``packer`` an item is a pack. Windows of ``packer.look_ahead`` samples are packed by themselves, so a place
    is found without packing what lies before it; :meth:`steps` alone needs the number of packs of every window. They
    are counted once per epoch (1.3 s per million samples) and kept beside the index, under the fingerprint.
    """

    def __init__(
        self,
        index: Index,
        *,
        seed: int = 0,
        measure: str | None = None,
        missing: Literal["drop", "raise"] = "drop",
        tail: Literal["drop", "repeat"] = "drop",
        filters: Sequence[Filter | str] = (),
        blend: Blend | None = None,
        packer: Packer | None = None,
    ) -> None:
        if missing not in ("drop", "raise") or tail not in ("drop", "repeat"):
            raise ValueError(f"missing={missing!r} is drop or raise; tail={tail!r} is drop or repeat")
        if packer and measure is None:
            raise ValueError("packing needs lengths: give the fingerprint of a measure")
        self.seed, self.measure, self.missing, self.tail, self.packer = seed, measure, missing, tail, packer
        self._measured = Measured(index, measure) if measure is not None else None
        self._costs = Costs(index, self._measured, packer) if packer and self._measured else None
        common = tuple(Filter.parse(each) if isinstance(each, str) else each for each in filters)
        blend = blend or Blend(tuple(Source(_name(index, part), part) for part in range(len(index.parts))))
        sources = [_filtered(source, common) for source in blend.leaves()]
        chosen = [choose(index, each, seed=seed, measured=self._measured, missing=missing) for each in sources]
        self._refuse_long(sources, [each.longest for each in chosen])
        self.left_out = left_out(chosen)
        """Dataset -> reason -> samples that are not trained on (those over a cap not counted)."""
        readers = [self._reader(index, *pair, len(sources)) for pair in zip(sources, chosen, strict=True)]
        wanted = blend.quotas([len(each.rows) for each in chosen])
        quotas = [
            round(samples * reader.size / max(len(each.rows), 1))  # units may be groups of samples
            for samples, reader, each in zip(wanted, readers, chosen, strict=True)
        ]
        self._order = UnitOrder(readers, quotas, seed)
        self.shares = [
            Share.of(source.name, reader, quota) for source, reader, quota in zip(sources, readers, quotas, strict=True)
        ]
        """Per source, in order."""
        self.facts: dict[str, Any] = self._facts(index, blend, sources)
        """What the fingerprint is made of; plain JSON."""
        text = json.dumps([ALGORITHM, BLOCK, WINDOW, self.facts], sort_keys=True)
        self.fingerprint: str = hashlib.sha256(text.encode()).hexdigest()[:16]
        """16 hexadecimal digits over index, measure, filters, weights, seed, tail and packer."""
        self._folder = index.folder(0)
        self._counts: dict[int, np.ndarray] = {}
        self._held: tuple[tuple[int, int], list[Item]] | None = None

    def _reader(self, index: Index, source: Source, chosen: Chosen, sources: int) -> Reader:
        groups = starts_of_groups(index, chosen) if self.packer and self.packer.group else None
        return Reader(chosen, groups, self._costs, self.seed, *([source.name] if sources > 1 else []))

    def _refuse_long(self, sources: Sequence[Source], longest: Sequence[int]) -> None:
        for source, tokens in zip(sources, longest, strict=True):
            if self.packer and tokens > self.packer.tokens:
                raise ValueError(
                    f"source {source.name}: its longest sample has {tokens} tokens, a pack {self.packer.tokens}: raise "
                    f"the packing's tokens, measure with a smaller max_length, or filter tokens<={self.packer.tokens}"
                )

    def _facts(self, index: Index, blend: Blend, sources: Sequence[Source]) -> dict[str, Any]:
        return {
            "index": index.fingerprint,
            "measure": self.measure,
            "measured": self._measured.digest if self._measured else None,
            "missing": self.missing,
            "seed": self.seed,
            "tail": self.tail,
            "mode": blend.mode,
            "samples": len(self),
            "packing": asdict(self.packer) if self.packer else None,
            "sources": [
                {
                    "name": source.name,
                    "part": source.part,
                    "filters": [str(each) for each in source.filters],
                    "cap": source.cap,
                    "keep": sha256(Path(source.keep)) if source.keep else "",
                    "side": [sha256(path) for file in source.side for path in side_files(file)],
                    "samples": share.samples,
                    "units_per_epoch": quota,
                }
                for source, share, quota in zip(sources, self.shares, self._order.quotas, strict=True)
            ],
        }

    @property
    def measured(self) -> bool:
        """Whether lengths are known."""
        return self._measured is not None

    def __len__(self) -> int:
        """Samples of one epoch."""
        return sum(share.samples_per_epoch for share in self.shares)

    @property
    def windows(self) -> int:
        """Windows of an epoch; 1 without packing."""
        return -(-len(self._order) // self.packer.look_ahead) if self.packer else 1

    def items(self, cursor: Cursor = START) -> Iterator[tuple[Item, Cursor]]:
        """The items from ``cursor`` to the end of its epoch, each with the cursor of the item after it.

        Starts in O(1) time and memory, wherever the cursor stands. Raises ValueError for a cursor beyond the epoch.
        """
        if min(cursor) < 0 or cursor[1] > self.windows:
            raise self._foreign(cursor)
        return self._packs(cursor) if self.packer else self._singles(cursor)

    def _singles(self, cursor: Cursor) -> Iterator[tuple[Item, Cursor]]:
        epoch, window, position = cursor
        total = len(self._order)
        if window or position > total:
            raise self._foreign(cursor)
        for start in range(position, total, _SPAN):
            stop = min(start + _SPAN, total)
            items = [(row,) for row in self._order.take(epoch, start, stop).rows.tolist()]
            cursors = [(epoch, 0, after) for after in range(start + 1, stop + 1)]
            if stop == total:
                cursors[-1] = (epoch + 1, 0, 0)
            yield from zip(items, cursors, strict=True)

    def _packs(self, cursor: Cursor) -> Iterator[tuple[Item, Cursor]]:
        epoch, first, position = cursor
        for window in range(first, self.windows):
            packs = self._window(epoch, window)
            if window == first and position > len(packs):
                raise self._foreign(cursor)
            for number in range(position if window == first else 0, len(packs)):
                after = (epoch, window, number + 1) if number + 1 < len(packs) else (epoch, window + 1, 0)
                yield packs[number], after if after[1] < self.windows else (epoch + 1, 0, 0)

    def _foreign(self, cursor: Cursor) -> ValueError:
        return ValueError(f"cursor {cursor} is not one of this plan of {len(self)} samples an epoch")

    def _window(self, epoch: int, window: int) -> list[Item]:
        """The packs of a window; their order is drawn, best fit would put the long samples first."""
        held = self._held
        if held is None or held[0] != (epoch, window):
            units = self._units(epoch, window)
            bins = self.packer.bins(units.costs) if self.packer else []
            rows, offsets = units.rows.tolist(), units.offsets.tolist()
            drawn = Permutation(len(bins), self.seed, epoch, "packs", window)(np.arange(len(bins)))
            packs = [
                tuple(row for unit in bins[number] for row in rows[offsets[unit] : offsets[unit + 1]])
                for number in drawn.tolist()
            ]
            held = (epoch, window), packs
            self._held = held
        return held[1]

    def _units(self, epoch: int, window: int) -> Units:
        """The units of a window, those of several samples that fit no pack cut into some that do."""
        assert self.packer and self._costs
        start = window * self.packer.look_ahead
        units = self._order.take(epoch, start, min(start + self.packer.look_ahead, len(self._order)))
        budgets = np.array([np.iinfo(np.int64).max if each is None else each for each in self.packer.budgets])
        over = (units.costs > budgets).any(axis=1)
        if not over.any():
            return units
        cut = pick(units, np.flatnonzero(over))
        costs = self._costs.of(cut.rows, np.arange(len(cut.rows) + 1))
        if (single := (costs > budgets).any(axis=1)).any():
            row = int(single.argmax())
            raise ShardError(
                f"row {cut.rows[row]} costs {costs[row].tolist()} (tokens, pictures, tokens of pictures), more than a "
                f"pack may: {self.packer.budgets}; raise the budget, or filter media or image_tokens"
            )
        offsets = [units.offsets[:-1]]
        for number, unit in enumerate(np.flatnonzero(over).tolist()):
            parts = self.packer.parts(costs[cut.offsets[number] : cut.offsets[number + 1]])
            offsets.append(units.offsets[unit] + np.array([start for start, _ in parts[1:]], np.int64))
        bounds = np.append(np.sort(np.concatenate(offsets)), len(units.rows))
        return Units(units.rows, bounds, self._costs.of(units.rows, bounds))

    def length(self, item: Item) -> int:
        """Tokens of an item after truncation; raises ValueError if the plan is not measured."""
        if self._measured is None:
            raise ValueError("the plan is not measured: give it the fingerprint of a measure")
        return sum(map(self._measured.length, item))

    def fills(self, count: int) -> bool:
        """Whether the first epoch has so many items; looks at no more of them."""
        return sum(1 for _ in islice(self.items(START), count)) == count

    def count(self, epoch: int) -> int:
        """Items of an epoch."""
        return int(self._packs_of(epoch).sum()) if self.packer else len(self._order)

    def steps(self, epoch: int, global_batch: int, *, start: Cursor | None = None) -> int:
        """Global steps of an epoch; with ``start``, a cursor in that epoch, those that remain."""
        items = self.count(epoch)
        if start is not None and start[0] == epoch:
            items -= start[2] + (int(self._packs_of(epoch)[: start[1]].sum()) if start[1] else 0)
        full, rest = divmod(items, global_batch)
        return full + (1 if rest and self.tail == "repeat" else 0)

    def tail_items(self, epoch: int, global_batch: int) -> int:
        """Items of an epoch that the tail drops, or repeats, at this global batch."""
        rest = self.count(epoch) % global_batch
        return rest if self.tail == "drop" or not rest else global_batch - rest

    def _packs_of(self, epoch: int) -> np.ndarray:
        """Packs of every window of an epoch, int64 (windows,); counted once, then read from beside the index."""
        assert self.packer
        if epoch not in self._counts:
            path = self._folder / f"packs-{self.fingerprint}-{epoch}.npy"
            try:
                found = np.load(path, allow_pickle=False)
            except (OSError, ValueError):
                found = np.empty(0, np.int64)
            if found.shape != (self.windows,):
                packs = (len(self.packer.bins(self._units(epoch, window).costs)) for window in range(self.windows))
                found = np.fromiter(packs, np.int64, self.windows)
                _keep(path, found)
            self._counts[epoch] = found
        return self._counts[epoch]

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_held": None}


def _keep(path: Path, values: np.ndarray) -> None:
    """Write it if the folder lets us; another rank may be at it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            np.save(file, values)
        os.replace(temporary, path)
    except OSError:
        pass


def _filtered(source: Source, common: tuple[Filter, ...]) -> Source:
    return replace(source, filters=(*common, *source.filters))


def _name(index: Index, part: int) -> str:
    return str(part) if len(index.parts) > 1 else ""
