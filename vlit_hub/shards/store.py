"""Samples by row number: one read for the JSON, one per medium, no scan of the tar."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from vlit_hub import schema
from vlit_hub.schema import COLUMNS, Blob, Sample, SchemaError
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.index import Index, MediaRow, Row, Shards
from vlit_hub.shards.plan import Fetch, Skipped
from vlit_hub.shards.tar import BLOCK

MAX_OPEN = 256
"""Shards that a process holds open at once."""


class Provenance(NamedTuple):
    """Where a sample lies."""

    dataset: str
    shard: str
    offset: int
    """Bytes, of its JSON in the shard."""
    key: str

    def __str__(self) -> str:
        return f"{self.dataset}, {self.shard} at byte {self.offset}, {self.key}"


class Store:
    """The samples of one or several folders of shards (or of one subset or split of them), by row number of the index.

    Stateless and picklable: DataLoader workers only read. ``on_error="skip"`` puts a :class:`Skipped` in the place of
    a sample that cannot be read; ``"raise"`` raises ShardError, which names dataset, shard, offset and key.
    ``verify`` reads every shard once, here, and compares checksums.
    """

    def __init__(
        self,
        path: str | Path | Shards | Sequence[str | Path | Shards],
        *,
        split: str | None = None,
        subset: str | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        verify: bool = False,
    ) -> None:
        if on_error not in ("raise", "skip"):
            raise ValueError(f"on_error: {on_error!r} is not one of: raise, skip")
        self.index = Index(path, split=split, subset=subset)
        self.on_error = on_error
        self._files: dict[Path, FileIO] = {}
        if verify:
            self.index.verify()

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, row: int) -> Sample:
        """The complete sample, media as bytes; raises ShardError, or IndexError beyond the end."""
        split, local = self.index.locate(row)
        entry = self.index.row(row)
        where = self._provenance(split, entry)
        try:
            return self._sample(split, entry, where.key)
        except (ShardError, SchemaError, OSError, msgspec.DecodeError) as error:
            raise ShardError(f"{where}: {error}") from None

    def __getitems__(self, fetch: Fetch) -> tuple[list[list[Sample | Skipped]], Fetch]:
        """The samples of a micro-batch: outer list items, inner list the rows of an item; and the fetch itself."""
        return [[self._get(row) for row in item] for item in fetch.items], fetch

    def _get(self, row: int) -> Sample | Skipped:
        try:
            return self[row]
        except ShardError as error:
            if self.on_error == "raise":
                raise
            return Skipped(row, str(error))

    def provenance(self, row: int) -> Provenance:
        """(dataset, shard, offset, key) of a row."""
        split, _ = self.index.locate(row)
        return self._provenance(split, self.index.row(row))

    def _provenance(self, split: int, row: Row) -> Provenance:
        entry = self.index.splits[split]
        shard = entry.shards[row.shard].file if row.shard < len(entry.shards) else f"shard {row.shard}"
        return Provenance(entry.dataset, shard, row.offset, f"{entry.prefix}-{row.number:09d}")

    def _sample(self, split: int, row: Row, key: str) -> Sample:
        data = self._read(split, row.shard, row.offset - BLOCK, row.length + BLOCK)
        name = data[: len(key) + 6]
        if name != f"{key}.json\0".encode():
            raise ShardError(f"found member {name!r} there: the index belongs to another build")
        sample = schema.from_json(memoryview(data)[BLOCK:])
        if not row.media:
            return sample
        media = self.index.media_of(split, row)
        if len(media) != len(sample.media):
            raise ShardError(f"the index knows {len(media)} media, the sample {len(sample.media)}")
        return self._fill(split, sample, media)

    def _fill(self, split: int, sample: Sample, rows: list[MediaRow]) -> Sample:
        """Put the bytes of the media into their columns."""
        filled: dict[str, list[Blob | None]] = {}
        for medium, row in zip(sample.media, rows, strict=True):
            column = COLUMNS[medium.type]
            blobs = filled.setdefault(column, list(getattr(sample, column)))
            if not 0 <= medium.index < len(blobs) or (blobs[medium.index] is not None) != bool(row.present):
                raise ShardError(f"index and sample disagree about {medium.type} {medium.index}")
            if row.present:
                blobs[medium.index] = Blob(bytes=self._read(split, row.shard, row.offset, row.length))
        return msgspec.structs.replace(sample, **filled)

    def _read(self, split: int, shard: int, offset: int, length: int) -> bytes:
        """Bytes of a shard; the first read of a shard checks its size against the manifest."""
        entry = self.index.splits[split]
        if shard >= len(entry.shards):
            raise ShardError(f"there is no shard {shard}: the index belongs to another build")
        path = self.index.shard(split, shard)
        file = self._files.get(path) or self._open(path, entry.shards[shard].bytes)
        if offset < 0 or offset + length > entry.shards[shard].bytes:
            raise ShardError(f"bytes {offset} to {offset + length} do not lie in {path}: the index is of another build")
        data = os.pread(file.fileno(), length, offset)
        if len(data) != length:
            raise ShardError(f"{path} ends before byte {offset + length}")
        return data

    def _open(self, path: Path, size: int) -> FileIO:
        file = FileIO(path)
        if (found := os.fstat(file.fileno()).st_size) != size:
            raise ShardError(f"{path} has {found} bytes, the manifest says {size}: it is truncated or was replaced")
        while len(self._files) >= MAX_OPEN:
            # Only forgotten, not closed: another thread may be reading it.
            del self._files[next(iter(self._files))]
        self._files[path] = file
        return file

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_files": {}}
