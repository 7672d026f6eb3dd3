"""Shards of a remote folder: slices out of a disk cache that fills by ranges, a block of the plan's order at a time."""

from __future__ import annotations

import hashlib

from vlit_hub.shards.chunks import CHUNK
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.index import Index
from vlit_hub.shards.pages import ROWS
from vlit_hub.shards.remote import Remote
from vlit_hub.shards.tar import BLOCK

MAX_RANGE = 16 << 20
"""Bytes asked for at once."""


class RangedShard:
    """One tar behind a URL, read like bytes: ``shard[start:stop]``."""

    def __init__(self, index: Index, split: int, shard: int, remote: Remote) -> None:
        self._index, self._split, self._shard, self._remote = index, split, shard, remote
        self._entry = index.splits[split].shards[shard]

    def __getitem__(self, part: slice) -> bytes:
        start, stop = part.start, min(part.stop, self._entry.bytes)
        if not 0 <= start < stop:
            return b""
        fetched: dict[int, bytes] = {}
        last = (stop - 1) // CHUNK
        pieces = []
        for number in range(start // CHUNK, last + 1):
            low, high = max(start - number * CHUNK, 0), min(stop - number * CHUNK, CHUNK)
            piece = None
            if number not in fetched:
                piece = self._cached(number, low, high)
                if piece is None:
                    fetched = self._fetch(number, last)
            pieces.append(fetched[number][low:high] if piece is None else piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def drop(self, start: int, stop: int) -> None:
        """Forget what is cached of these bytes."""
        for number in range(max(start, 0) // CHUNK, min(stop, self._entry.bytes) // CHUNK + 1):
            self._remote.chunks.drop(self._entry.sha256, number)

    def checksum(self) -> str:
        """sha256 of the whole shard, read through the cache."""
        digest = hashlib.sha256()
        for start in range(0, self._entry.bytes, MAX_RANGE):
            digest.update(self[start : start + MAX_RANGE])
        return digest.hexdigest()

    def _length(self, number: int) -> int:
        return min(CHUNK, self._entry.bytes - number * CHUNK)

    def _cached(self, number: int, low: int, high: int) -> bytes | None:
        return self._remote.chunks.read(self._entry.sha256, number, self._length(number), low, high)

    def _fetch(self, number: int, last: int) -> dict[int, bytes]:
        """Missing pieces from ``number`` on, to the end of the block of samples there or at least (as far as one range
        goes) to ``last``."""
        chunks, content = self._remote.chunks, self._entry.sha256
        with chunks.alone(content, number, self._remote.seconds):
            first, stop = self._block(number)
            wanted = range(min(first, number), max(stop, last + 1))
            missing = [n for n in wanted if not chunks.has(content, n, self._length(n))]
            if number not in missing:  # another process was faster
                whole = chunks.read(content, number, self._length(number), 0, self._length(number))
                if whole is not None:
                    return {number: whole}
                missing = [number]
            run = _run(missing, number)
            start, end = run.start * CHUNK, min(run.stop * CHUNK, self._entry.bytes)
            data = self._remote.fetch(self._entry.file, start, end, self._entry.bytes)
            result = {n: data[n * CHUNK - start : (n + 1) * CHUNK - start] for n in run}
            for n, piece in result.items():
                chunks.write(content, n, piece)
        return result

    def _block(self, number: int) -> tuple[int, int]:
        """First and end of the pieces that hold the ROWS neighbouring samples of the index around a piece."""
        rows = self._index.tables(self._split)[0]

        def place(row: int) -> tuple[int, int]:
            shard, offset, *_ = rows.read(row)[0]
            return shard, offset - BLOCK

        low, high = 0, rows.rows
        while low < high:  # the first row that begins behind the start of the piece
            middle = (low + high) // 2
            if place(middle) <= (self._shard, number * CHUNK):
                low = middle + 1
            else:
                high = middle
        first = max(low - 1, 0) & -ROWS
        stop = first + ROWS
        begin = place(first) if first < rows.rows else (self._shard, 0)
        end = place(stop) if stop < rows.rows else (self._shard + 1, 0)
        start_byte = begin[1] if begin[0] == self._shard else 0
        end_byte = end[1] if end[0] == self._shard else self._entry.bytes
        return start_byte // CHUNK, -(-end_byte // CHUNK)


def _run(missing: list[int], number: int) -> range:
    """The consecutive missing pieces around ``number``, no more than one range."""
    there, most = set(missing), MAX_RANGE // CHUNK
    first = last = number
    while last + 1 in there and last + 1 - first < most:
        last += 1
    while first - 1 in there and last + 1 - first < most:
        first -= 1
    return range(first, last + 1)


class RangedShards:
    """The tars of the remote splits of an index. Picklable."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def open(self, split: int, shard: int) -> tuple[RangedShard, RangedShard]:
        """One of them, twice, as LocalShards does; raises ShardError where the split has no shard of that number."""
        remote = self.index.remotes[split]
        if remote is None or shard >= len(self.index.splits[split].shards):
            raise ShardError(f"there is no shard {shard}: the index belongs to another build")
        found = RangedShard(self.index, split, shard, remote)
        return found, found

    def drop(self, split: int, shard: int, start: int, stop: int) -> None:
        """Forget what is cached of these bytes."""
        if shard < len(self.index.splits[split].shards):
            self.open(split, shard)[0].drop(start, stop)

    def verify(self) -> None:
        """Read every remote shard and compare checksums; raises ShardError naming the first that differs."""
        for split, remote in enumerate(self.index.remotes):
            for number, shard in enumerate(self.index.splits[split].shards if remote else ()):
                if (found := self.open(split, number)[0].checksum()) != shard.sha256:
                    raise ShardError(f"{remote}/{shard.file}: sha256 {found}, the manifest says {shard.sha256}")
