"""The units of an epoch in order, from any place on: each source in its own permutation, the sources interleaved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from vlit_hub.shards.bitmap import Bitmap
from vlit_hub.shards.blend import Interleave
from vlit_hub.shards.index import MEDIA_TYPES, Index, ragged
from vlit_hub.shards.measured import Measured
from vlit_hub.shards.packer import COSTS, Packer
from vlit_hub.shards.permutation import Order
from vlit_hub.shards.select import Chosen


class Units(NamedTuple):
    """Units in order: the index rows of unit i are ``rows[offsets[i]:offsets[i + 1]]``."""

    rows: np.ndarray
    offsets: np.ndarray
    costs: np.ndarray
    """(units, len(COSTS)); without columns where nothing is packed."""


@dataclass(frozen=True)
class Costs:
    """Where the costs of units come from: what the packer has no budget for is not read and costs 0."""

    index: Index
    measured: Measured
    packer: Packer

    def of(self, rows: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """Costs of units, int32 of shape (units, len(COSTS))."""
        found = self.measured.take(rows)
        result = np.zeros((len(offsets) - 1, len(COSTS)), np.int32)
        result[:, 0] = _sums(found["length"], offsets)
        if self.packer.image_tokens is not None:
            result[:, 2] = _sums(found["image_tokens"], offsets)
        if self.packer.pictures is not None:
            result[:, 1] = self._pictures(rows, offsets, found["frames"])
        return result

    def _pictures(self, rows: np.ndarray, offsets: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Pictures of each unit, ``frames`` of the videos of each row among them; where groups are kept, those of
        different media (by content)."""
        counts, media = self.index.take_media(rows)
        owners = np.repeat(np.arange(len(rows)), counts)
        films = media["type"] == MEDIA_TYPES.index("video")
        of_row = np.bincount(owners[films], minlength=len(rows))
        weights = np.where(films, -(-frames[owners] // np.maximum(of_row[owners], 1)), 1)
        unit = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[owners]
        if self.packer.group:
            order = np.lexsort((-weights, media["content"], unit))
            unit, contents, weights = unit[order], media["content"][order], weights[order]
            same = (np.diff(unit) == 0) & (contents[1:] == contents[:-1])
            weights[1:][same] = 0
        return np.bincount(unit, weights, len(offsets) - 1).astype(np.int64)


def _sums(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Sums over the units, none of which is empty."""
    return np.add.reduceat(values.astype(np.int64), offsets[:-1]) if len(offsets) > 1 else np.zeros(0, np.int64)


class Reader:
    """The units of one source by ordinal, over its own epochs: ordinal k is place k % size of its epoch k // size."""

    def __init__(self, chosen: Chosen, groups: Bitmap | None, costs: Costs | None, *key: int | str) -> None:
        self.chosen, self.groups, self.costs = chosen, groups, costs
        self.size = len(chosen.rows) if groups is None else len(groups)
        self._order = Order(self.size, *key)
        self._held: tuple[tuple[int, int], Units] | None = None

    def take(self, ordinals: np.ndarray) -> Units:
        """The units of ascending ordinals."""
        epoch, place = np.divmod(ordinals, self.size)
        window, inner = self._order.places(place)
        cuts = np.flatnonzero((np.diff(epoch) != 0) | (np.diff(window) != 0)) + 1
        parts = []
        for piece in np.split(np.arange(len(ordinals)), cuts):
            if piece.size:
                parts.append(pick(self._window(int(epoch[piece[0]]), int(window[piece[0]])), inner[piece]))
        return parts[0] if len(parts) == 1 else joined(parts)

    def _window(self, epoch: int, window: int) -> Units:
        held = self._held
        if held is None or held[0] != (epoch, window):
            held = (epoch, window), self._load(self._order.rows(epoch, window))
            self._held = held
        return held[1]

    def _load(self, units: np.ndarray) -> Units:
        if self.groups is None:
            numbers, offsets = units, np.arange(len(units) + 1, dtype=np.int32)
        else:
            bounds = self.groups.select(np.stack([units, np.minimum(units + 1, self.size - 1)]))
            counts = np.where(units + 1 < self.size, bounds[1], len(self.chosen.rows)) - bounds[0]
            numbers, offsets = ragged(bounds[0], counts), _offsets(counts)
        rows = self.chosen.first + self.chosen.rows.select(numbers)
        costs = self.costs.of(rows, offsets) if self.costs else np.empty((len(units), 0), np.int32)
        return Units(rows, offsets, costs)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_held": None}


def pick(units: Units, numbers: np.ndarray) -> Units:
    """Some units, by number, in that order."""
    starts = units.offsets[numbers]
    counts = units.offsets[numbers + 1] - starts
    return Units(units.rows[ragged(starts, counts)], _offsets(counts), units.costs[numbers])


def _offsets(counts: np.ndarray) -> np.ndarray:
    return np.append(0, np.cumsum(counts)).astype(np.int32)


def joined(parts: Sequence[Units]) -> Units:
    """Units one after another."""
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    return Units(
        np.concatenate([part.rows for part in parts]),
        _offsets(counts),
        np.concatenate([part.costs for part in parts]),
    )


class UnitOrder:
    """The units of epochs: place -> source by the interleave, source and ordinal -> unit by its reader."""

    def __init__(self, readers: Sequence[Reader], quotas: Sequence[int], seed: int) -> None:
        self.readers, self.quotas = list(readers), list(quotas)
        self._interleave = Interleave(quotas, seed, "blend")

    def __len__(self) -> int:
        return self._interleave.total

    def take(self, epoch: int, start: int, stop: int) -> Units:
        """The units at places start .. stop of an epoch; costs no more anywhere in it."""
        source, before = self._interleave(epoch, start, stop)
        parts, places = [], []
        for number in np.unique(source).tolist():
            here = np.flatnonzero(source == number)
            ordinals = epoch * self.quotas[number] + before[here]
            ascending = np.argsort(ordinals, kind="stable")
            parts.append(self.readers[number].take(ordinals[ascending]))
            places.append(here[ascending])
        if not parts:
            return Units(np.empty(0, np.int64), np.zeros(1, np.int32), np.empty((0, 0), np.int32))
        whole = joined(parts) if len(parts) > 1 else parts[0]
        where = np.concatenate(places)
        return pick(whole, np.argsort(where, kind="stable"))
