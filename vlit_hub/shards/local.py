"""Shards of a folder on this machine, as memory maps."""

from __future__ import annotations

import mmap
import os
from typing import Any

from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.index import Index
from vlit_hub.shards.reading import Bytes

MAX_OPEN = 256
"""Shards that a process holds open at once."""
KEPT = 16 << 20
"""Bytes of a block whose release makes glibc keep what is freed: else every batch of copied pictures goes back to the
kernel and is faulted in again, half the time of reading 72 KB ones. The dynamic threshold of mallopt(3)."""


class LocalShards:
    """The tars of an index; each is checked against the size in the manifest when it is opened. Picklable."""

    def __init__(self, index: Index, views: bool) -> None:
        self.index, self.views = index, views
        self._open: dict[tuple[int, int], tuple[Bytes, Bytes]] = {}

    def open(self, split: int, shard: int) -> tuple[Bytes, Bytes]:
        """(the tar, what media are sliced from: the same, or a view of it)."""
        return self._open.get((split, shard)) or self._map(split, shard)

    def _map(self, split: int, shard: int) -> tuple[Bytes, Bytes]:
        shards = self.index.splits[split].shards
        if shard >= len(shards):
            raise ShardError(f"there is no shard {shard}: the index belongs to another build")
        path, size = self.index.shard(split, shard), shards[shard].bytes
        with open(path, "rb") as file:
            if (found := os.fstat(file.fileno()).st_size) != size:
                raise ShardError(f"{path} has {found} bytes, the manifest says {size}: it is truncated or was replaced")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        while len(self._open) >= MAX_OPEN:
            # Only forgotten, not closed: a view or another thread may still read it.
            del self._open[next(iter(self._open))]
        if not self._open and not self.views:
            bytes(KEPT)  # never touched: costs two system calls
        view: Any = memoryview(mapped) if self.views else mapped
        self._open[split, shard] = (mapped, view)
        return mapped, view

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_open": {}}
