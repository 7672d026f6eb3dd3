"""Samples -> plain WebDataset shards with an index and a manifest beside them."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import struct
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any

from vlit_hub import schema
from vlit_hub.schema import COLUMNS, Blob, Sample
from vlit_hub.shards import manifest as manifests
from vlit_hub.shards import tar
from vlit_hub.shards.errors import MediumError, ShardError
from vlit_hub.shards.index import (
    ENDINGS,
    MEDIA_CODES,
    MEDIA_DTYPE,
    MEDIA_TYPES,
    ROW_CODES,
    ROW_DTYPE,
    TABLES,
    MediaRow,
    hash64,
)
from vlit_hub.shards.manifest import ShardFile, Split
from vlit_hub.shards.npy import TableWriter

MAX_BYTES = 512 << 20
MAX_SAMPLES = 10_000
JOINED = 1 << 16
"""Bytes below which a member is written at once with its header."""
_row = struct.Struct("<" + ROW_CODES).pack
_media_row = struct.Struct("<" + MEDIA_CODES).pack
_coded = attrgetter(*TABLES)


def prefix_of(name: str, subset: str, split: str) -> str:
    """``<name>-<subset>-<split>`` with every character that a key may not hold (dots among them) as ``_``."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"{name}-{subset}-{split}")


def drop_split(folder: Path, prefix: str) -> None:
    """Take one split out of a folder: its entry in the manifest, its index, its shards and what a kill left of them."""
    manifests.replace_split(folder, prefix, None)
    shutil.rmtree(folder / "index" / prefix, ignore_errors=True)
    for path in folder.iterdir():
        if re.fullmatch(rf"\.?{re.escape(prefix)}-\d{{6}}\.tar(\.tmp)?", path.name):
            path.unlink()


class ShardWriter:
    """Writes one split of a dataset into ``out_dir``; several splits may share the folder, one after another.

    Use as a context manager. A shard is closed before it would exceed ``max_bytes``, or at ``max_samples``. What the
    folder held of this split is dropped at the start; its index and manifest entry appear when the block ends
    without an error. Equal samples give byte-identical files.
    """

    def __init__(
        self,
        out_dir: str | Path,
        name: str,
        subset: str,
        split: str,
        *,
        max_bytes: int = MAX_BYTES,
        max_samples: int = MAX_SAMPLES,
    ) -> None:
        self.folder = Path(out_dir)
        self.name, self.subset, self.split = name, subset, split
        self.max_bytes, self.max_samples = max_bytes, max_samples
        self.prefix = prefix_of(name, subset, split)
        self.facts: dict[str, Any] = {}
        """File-level facts for the manifest; to be filled before the block ends."""
        self.samples = 0
        self.bytes = 0
        """Bytes of all shards so far."""
        self.counts = dict.fromkeys((*MEDIA_TYPES, "missing_media", "unresolved_regions", "trainable"), 0)
        self.shards: list[ShardFile] = []
        self._shard: _Shard | None = None
        self._members: set[str] = set()
        self._tables: dict[str, dict[str, int]] = {table: {} for table in (*TABLES, "ext")}
        self._combinations: dict[tuple[str, ...], list[int]] = {}

    def __enter__(self) -> ShardWriter:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._refuse_clash()
        drop_split(self.folder, self.prefix)
        index = self.folder / "index" / self.prefix
        index.mkdir(parents=True)
        self._rows = TableWriter(index / "rows.npy", ROW_DTYPE)
        self._media = TableWriter(index / "media.npy", MEDIA_DTYPE)
        return self

    def _refuse_clash(self) -> None:
        if len(f"{self.prefix}-{0:09d}.9999.webp") > tar.MAX_NAME:
            raise ValueError(f"{self.prefix}: too long for the {tar.MAX_NAME} bytes of a name in a tar")
        if not (self.folder / manifests.NAME).exists():
            return
        for entry in manifests.load(self.folder).splits:
            mine = (self.name, self.subset, self.split)
            if entry.prefix == self.prefix and (entry.dataset, entry.subset, entry.split) != mine:
                raise ShardError(
                    f"{self.folder}: {mine} would overwrite {(entry.dataset, entry.subset, entry.split)}, "
                    f"whose files are named {self.prefix} too; use another folder"
                )

    def write(self, sample: Sample, encoded: bytes | None = None) -> str:
        """Add one canonical sample (``schema.validate``) and return its key.

        ``encoded``: its JSON without media, where the caller has it already. Blobs hold bytes, or the path of a file
        that is read here. Raises MediumError naming sample and medium where one cannot be read or is empty; nothing
        of the sample is written then, and the next one can follow.
        """
        if len(sample.media) != sum(map(len, schema.blobs_of(sample))):
            raise ValueError(f"sample {sample.id!r}: `media` has {len(sample.media)} entries, one per medium is needed")
        blobs = [_read(sample, medium) for medium in range(len(sample.media))]
        key = f"{self.prefix}-{self.samples:09d}"
        names = [
            "" if data is None else f"{i}.{tar.extension(data, sample.media[i].ref)}" for i, data in enumerate(blobs)
        ]
        members = [("json", encoded or schema.to_json(schema.strip_media(sample)))]
        members += [(name, data) for name, data in zip(names, blobs, strict=True) if data is not None]
        offsets = self._add(key, members)
        self._index(sample, key, names, blobs, offsets, len(members[0][1]))
        self._members.update(offsets)
        self.samples += 1
        return key

    def _add(self, key: str, members: list[tuple[str, bytes]]) -> dict[str, int]:
        """Append the members to a shard; member name -> offset of its bytes."""
        size = sum(tar.BLOCK + len(data) + -len(data) % tar.BLOCK for _, data in members)
        if self._shard and (
            self._shard.samples >= self.max_samples or self._shard.size + size + len(tar.END) > self.max_bytes
        ):
            self._close_shard()
        if self._shard is None:
            self._shard = _Shard(self.folder / f"{self.prefix}-{len(self.shards):06d}.tar")
        self._shard.samples += 1
        return {name: self._shard.add(f"{key}.{name}", data) for name, data in members}

    def _index(
        self,
        sample: Sample,
        key: str,
        names: list[str],
        blobs: list[bytes | None],
        offsets: dict[str, int],
        length: int,
    ) -> None:
        shard, start = len(self.shards), self._media.rows
        for medium, name, data in zip(sample.media, names, blobs, strict=True):
            self.counts[medium.type] += 1
            row = MediaRow(
                type=MEDIA_TYPES.index(medium.type),
                ext=self._code("ext", name.rpartition(".")[2]),
                present=int(data is not None),
                shard=shard,
                offset=offsets.get(name, 0),
                length=len(data or b""),
                width=medium.width or 0,
                height=medium.height or 0,
                content=hash64(data) if data is not None else 0,
            )
            self._media.append(_media_row(*row))
        missing = blobs.count(None)
        unresolved = sum([region.frame != "norm" for region in sample.regions])
        ending = _ending(sample)
        self.counts["missing_media"] += missing > 0
        self.counts["unresolved_regions"] += unresolved > 0
        self.counts["trainable"] += ending == "trained"
        # In the order of Row's fields: by name, this would be a tenth of the time of writing a short sample.
        self._rows.append(
            _row(
                shard,
                offsets["json"],
                length,
                self.samples,  # number
                hash64(f"{sample.dataset}\0{sample.group or key}".encode()),
                start,  # media_start
                len(blobs),  # media
                len(sample.messages),  # turns
                sum([len(part.text) for message in sample.messages for part in message.content]),  # chars
                missing,
                unresolved,
                ENDINGS.index(ending),
                *self._row_codes(sample),
            )
        )

    def _row_codes(self, sample: Sample) -> list[int]:
        """Codes of the sample's values in TABLES; looked up once per combination of values."""
        values = _coded(sample)
        codes = self._combinations.get(values)
        if codes is None:
            codes = [self._code(table, value) for table, value in zip(TABLES, values, strict=True)]
            self._combinations[values] = codes
        return codes

    def _code(self, table: str, value: str) -> int:
        codes = self._tables[table]
        return codes.setdefault(value, len(codes))

    def _close_shard(self) -> None:
        if self._shard is not None:
            self.shards.append(self._shard.close())
            self.bytes += self.shards[-1].bytes
            self._shard = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            if self._shard is not None:
                self._shard.discard()
            self._rows.discard()
            self._media.discard()
            return
        self._close_shard()
        split = Split(
            dataset=self.name,
            subset=self.subset,
            split=self.split,
            prefix=self.prefix,
            samples=self.samples,
            bytes=self.bytes,
            counts=self.counts,
            shards=self.shards,
            rows=self._rows.close(),
            media=self._media.close(),
            tables={table: list(codes) for table, codes in self._tables.items()},
            members=sorted(self._members),
            facts=self.facts,
        )
        manifests.replace_split(self.folder, self.prefix, split)


class _Shard:
    """One tar in the making, under a temporary name until it is closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples = self.size = 0
        self._sum = hashlib.sha256()
        self._temporary = path.with_name(f".{path.name}.tmp")
        self._file = open(self._temporary, "wb", buffering=1 << 20)

    def add(self, name: str, data: bytes) -> int:
        """Append one member; the offset of its bytes."""
        start = self.size + tar.BLOCK
        header, padding = tar.header(name, len(data)), tar.padding(len(data))
        if len(data) < JOINED:  # one call costs more than the copy of a short member
            self._write(b"".join((header, data, padding)))
        else:
            for chunk in (header, data, padding):
                self._write(chunk)
        return start

    def _write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._sum.update(chunk)
        self.size += len(chunk)

    def close(self) -> ShardFile:
        self._write(tar.END)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, self.path)
        return ShardFile(self.path.name, self.samples, self.size, self._sum.hexdigest())

    def discard(self) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def _read(sample: Sample, position: int) -> bytes | None:
    """The bytes of the medium at that position of ``media``; None where it is missing."""
    medium = sample.media[position]
    blob: Blob | None = getattr(sample, COLUMNS[medium.type])[medium.index]
    if blob is None:
        return None
    where = f"sample {sample.id!r}, {medium.type} {medium.index} ({medium.ref or blob.path or 'no name'})"
    data = blob.bytes
    if data is None and blob.path:
        try:
            data = Path(blob.path).read_bytes()
        except OSError as error:
            raise MediumError(f"{where}: {error.strerror or error}") from None
    if not data:
        raise MediumError(f"{where} is empty; a missing medium is None")
    return data


def _ending(sample: Sample) -> str:
    last = sample.messages[-1] if sample.messages else None
    if last is None or last.role != "assistant":
        return "open"
    return "trained" if last.train else "untrained"
