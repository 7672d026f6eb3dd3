"""Samples by row number, whole micro-batches at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import msgspec

from vlit_hub.schema import Sample, SchemaError
from vlit_hub.shards.errors import RemoteError, ShardError
from vlit_hub.shards.index import Folder, Index
from vlit_hub.shards.local import LocalShards
from vlit_hub.shards.patience import PATIENCE, Patience
from vlit_hub.shards.plan import Fetch, Skipped
from vlit_hub.shards.provenance import Place, Places, Provenance, provenance
from vlit_hub.shards.ranged import RangedShards
from vlit_hub.shards.reading import SplitReader

MAX_BYTES = 1 << 30
"""Bytes of one sample, media included."""
FAULTS = (ShardError, SchemaError, OSError, msgspec.DecodeError)


class Store:
    """The samples of one or several folders of shards (or of one subset or split of them), by row number of the index.

    A folder may be a URL (remote.py): its media are compared with the hashes of the index, as they pass a network.
    Picklable: DataLoader workers only read. ``on_error="skip"`` puts a :class:`Skipped` in the place of a sample that
    cannot be read, counts it in ``patience.skipped`` (dataset -> samples, of this process) and raises TooManyFailures
    where ``patience`` of one dataset fail in a row; ``"raise"`` raises ShardError, which names dataset, shard, offset
    and key. ``max_bytes``: a larger sample is such an error too. ``verify`` reads every shard once, here, and compares
    checksums.

    ``views``: media are memoryviews of the mapped shard in place of copied bytes. They do not pickle: decode in the
    worker (a collator that makes tensors does).
    """

    def __init__(
        self,
        path: Folder | Sequence[Folder],
        *,
        split: str | None = None,
        subset: str | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        verify: bool = False,
        views: bool = False,
        max_bytes: int = MAX_BYTES,
        patience: int = PATIENCE,
    ) -> None:
        if on_error not in ("raise", "skip"):
            raise ValueError(f"on_error: {on_error!r} is not one of: raise, skip")
        self.index = Index(path, split=split, subset=subset)
        self.on_error, self.patience = on_error, Patience(patience)
        self._local, self._ranged = LocalShards(self.index, views), RangedShards(self.index)
        self._readers = [
            SplitReader(self.index, number, self._ranged.open if remote else self._local.open, max_bytes, bool(remote))
            for number, remote in enumerate(self.index.remotes)
        ]
        self._first = self.index.starts[1]
        if verify:
            self.index.verify()
            self._ranged.verify()

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, row: int) -> Sample:
        """The complete sample, media as bytes; raises ShardError, or IndexError beyond the end."""
        return self._read(row)[0]

    def __getitems__(self, fetch: Fetch) -> tuple[list[list[Sample | Skipped]], Fetch]:
        """The samples of a micro-batch: outer list items, inner list the rows of an item; and the fetch, which now
        says where each lies."""
        read = self._read if self.on_error == "raise" else self._read_or_skip
        places: list[Place] = []
        items: list[list[Sample | Skipped]] = []
        for item in fetch.items:
            samples: list[Sample | Skipped] = []
            for row in item:
                sample, place = read(row)
                samples.append(sample)
                places.append(place)
            items.append(samples)
        return items, replace(fetch, where=Places(self.index.splits, places))

    def _read(self, row: int) -> tuple[Sample, Place]:
        try:
            if 0 <= row < self._first:  # most stores have one split
                return self._readers[0].read(row)
            split, local = self.index.locate(row)
            return self._readers[split].read(local)
        except FAULTS as error:
            return self._read_again(row, error)

    def _read_again(self, row: int, error: Exception) -> tuple[Sample, Place]:
        """A remote sample whose bytes are not what the index says is fetched once more; others raise."""
        split, local = self.index.locate(row)
        try:
            if self.index.remotes[split] is None or isinstance(error, RemoteError):
                raise error
            for shard, start, stop in self._readers[split].extents(local):
                self._ranged.drop(split, shard, start, stop)
            return self._readers[split].read(local)
        except FAULTS as error:
            kind = RemoteError if isinstance(error, RemoteError) else ShardError
            raise kind(f"{self.provenance(row)}: {error}") from None

    def _read_or_skip(self, row: int) -> tuple[Sample | Skipped, Place]:
        split, _ = self.index.locate(row)
        dataset = self.index.splits[split].dataset
        try:
            found = self._read(row)
        except ShardError as error:
            self.patience.failed(dataset, str(error))
            entry = self.index.row(row)
            return Skipped(row, str(error)), (split, entry.shard, entry.offset, entry.number)
        self.patience.succeeded(dataset)
        return found

    def provenance(self, row: int) -> Provenance:
        """(dataset, shard, offset, key) of a row."""
        split, _ = self.index.locate(row)
        entry = self.index.row(row)
        return provenance(self.index.splits[split], entry.shard, entry.offset, entry.number)
