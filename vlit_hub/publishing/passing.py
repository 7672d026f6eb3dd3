"""Every sample of a split in order, in constant memory: a memory map would count every page it has passed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import msgspec

from vlit_hub.schema import Sample, SchemaError
from vlit_hub.shards import ShardError, Store
from vlit_hub.shards.index import Index
from vlit_hub.shards.reading import SplitReader
from vlit_hub.shards.store import MAX_BYTES


def samples(store: Store, number: int) -> Iterator[Sample]:
    """The samples of split ``number``; raises ShardError naming the place."""
    start, count = store.index.starts[number], store.index.splits[number].samples
    if store.index.remotes[number] is not None:
        yield from map(store.__getitem__, range(start, start + count))
        return
    with closing(_Shards(store.index)) as shards:
        reader = SplitReader(store.index, number, shards.open, MAX_BYTES, False)
        for row in range(count):
            try:
                sample = reader.read(row)[0]
            except (ShardError, SchemaError, OSError, msgspec.DecodeError):
                sample = store[start + row]  # raises the same, and says where
            yield sample


class _File:
    """A tar by slices."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def __getitem__(self, part: slice) -> bytes:
        return os.pread(self.handle, part.stop - part.start, part.start)


class _Shards:
    """The tars of an index, two open at a time (a shared picture may lie in an earlier one)."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._open: dict[tuple[int, int], _File] = {}

    def open(self, split: int, shard: int) -> tuple[_File, _File]:
        found = self._open.get((split, shard))
        if found is None:
            if shard >= len(self.index.splits[split].shards):
                raise ShardError(f"there is no shard {shard}: the index belongs to another build")
            found = self._open[split, shard] = _File(os.open(self.index.shard(split, shard), os.O_RDONLY))
            while len(self._open) > 2:
                os.close(self._open.pop(next(iter(self._open))).handle)
        return found, found

    def close(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1].handle)
