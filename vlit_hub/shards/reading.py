"""Samples of one split out of its shards: one slice for the JSON, one per medium, no scan of the tar."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Protocol

from vlit_hub.schema import COLUMNS, Blob, Sample, from_json
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.index import MEDIA_CODES, ROW_CODES, Index, MediaRow, hash64
from vlit_hub.shards.pages import Pages
from vlit_hub.shards.provenance import Place
from vlit_hub.shards.tar import BLOCK, EXTENSIONS

ROW_HEAD = ROW_CODES[:7]
"""shard, offset, length, number, group, media_start, media."""
MEDIA_HEAD = MEDIA_CODES[:6]
"""type, ext, present, shard, offset, length."""
BEYOND = "lies beyond the end of its shard: the index belongs to another build"
CONTENT = MediaRow._fields.index("content")
TYPE_FLAG = 156
"""Where a tar header says what a member is; a plain file is 0 or NUL."""


class Bytes(Protocol):
    """What a shard is read by: slices of it. A slice beyond its end is short."""

    def __getitem__(self, part: slice, /) -> bytes: ...


Open = Callable[[int, int], tuple[Bytes, Bytes]]
COLUMN = {kind: attrgetter(column) for kind, column in COLUMNS.items()}


class SplitReader:
    """Reads samples of one split by their position in it.

    ``shards(split, number)`` gives (that tar, what media are sliced from). ``check``: whether the bytes of media are
    compared with the hash in the index. Raises ShardError, SchemaError, OSError or
    msgspec.DecodeError, none of which says where; the caller does.
    """

    def __init__(self, index: Index, split: int, shards: Open, max_bytes: int, check: bool) -> None:
        entry = index.splits[split]
        self._split, self._shards, self._max = split, shards, max_bytes
        rows, media = index.tables(split)
        self._rows, self._media = Pages(rows, ROW_HEAD), Pages(media, MEDIA_HEAD)
        self._prefix = entry.prefix.encode()
        self._content = Pages(media, MEDIA_CODES) if check else None
        self._unknown = {code: ext for code, ext in enumerate(entry.tables["ext"]) if ext not in EXTENSIONS}

    def read(self, row: int) -> tuple[Sample, Place]:
        """The complete sample, and where it lies."""
        shard, offset, length, number, _, first, media = self._rows(row)
        if length > self._max:
            raise ShardError(f"its JSON has {length} bytes, more than max_bytes {self._max}")
        tar, blobs = self._shards(self._split, shard)
        data = tar[offset - BLOCK : offset + length]
        if not data.startswith(b"%b-%09d.json\0" % (self._prefix, number)) or data[TYPE_FLAG] not in b"0\0":
            raise ShardError(f"found member {data[:64]!r} there: the index belongs to another build")
        if len(data) != length + BLOCK:
            raise ShardError(f"byte {offset + length} {BEYOND}")
        sample = from_json(data[BLOCK:])
        if len(sample.media) != media:
            raise ShardError(f"the index knows {media} media, the sample {len(sample.media)}: it is of another build")
        for medium in sample.media:
            _, ext, present, home, start, size = self._media(first)
            first += 1
            column, index = COLUMN[medium.type](sample), medium.index
            if not 0 <= index < len(column) or (column[index] is not None) != present:
                raise ShardError(f"index and sample disagree about {medium.type} {index}: of another build")
            if not present:
                continue
            length += size
            if ext in self._unknown or not size or length > self._max:
                raise ShardError(f"{medium.type} {index} {self._why_not(ext, size, length)}")
            blob = (blobs if home == shard else self._shards(self._split, home)[1])[start : start + size]
            if len(blob) != size:
                raise ShardError(f"{medium.type} {index} ends at byte {start + size}, which {BEYOND}")
            if self._content and self._content(first - 1)[CONTENT] != hash64(blob):
                raise ShardError(f"the bytes of {medium.type} {index} do not have the checksum of the index")
            column[index] = Blob(blob)  # a list that from_json has just made
        return sample, (self._split, shard, offset, number)

    def extents(self, row: int) -> list[tuple[int, int, int]]:
        """(shard, start, stop) of what :meth:`read` reads."""
        shard, offset, length, _, _, first, media = self._rows(row)
        found = [(shard, offset - BLOCK, offset + length)]
        for _, _, present, home, start, size in map(self._media, range(first, first + media)):
            found += [(home, start, start + size)] if present else []
        return found

    def _why_not(self, ext: int, length: int, total: int) -> str:
        if ext in self._unknown:
            return f"is a .{self._unknown[ext]}, which no decoder here reads; known: {', '.join(sorted(EXTENSIONS))}"
        return "is empty" if not length else f"makes a sample of more than max_bytes {self._max} ({total} bytes)"
