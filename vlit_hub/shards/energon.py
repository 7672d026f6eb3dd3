"""The sidecars with which Megatron-Energon opens a folder of WebDataset shards as it is (energon 7.4, CrudeWebdataset).

X.tar.idx               little-endian u64: the offset of each sample's first header, then the end of the last
.nv-meta/.info.json     samples per shard
.nv-meta/split.yaml     split -> shards
.nv-meta/dataset.yaml   which of energon's classes reads it: samples are members by name, bytes
.nv-meta/index.sqlite   samples and their parts, for look-up by key; index.uuid names its content
"""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import yaml

from vlit_hub.shards import manifest as manifests
from vlit_hub.shards import tar
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.index import Index
from vlit_hub.shards.manifest import write_atomic

FOLDER = ".nv-meta"
VERSION = "7.4.1"
DATASET = {"__module__": "megatron.energon", "__class__": "CrudeWebdataset"}
TABLES = """
CREATE TABLE samples (tar_file_id INTEGER NOT NULL, sample_key TEXT NOT NULL UNIQUE, sample_index INTEGER NOT NULL,
    byte_offset INTEGER, byte_size INTEGER);
CREATE TABLE sample_parts (tar_file_id INTEGER, sample_index INTEGER, part_name TEXT, content_byte_offset INTEGER,
    content_byte_size INTEGER);
"""
INDICES = """
CREATE INDEX idx_samples_by_tar_and_idx ON samples(tar_file_id, sample_index);
CREATE INDEX idx_sample_parts_seq ON sample_parts(tar_file_id, sample_index, content_byte_offset);
CREATE INDEX idx_sample_parts_full ON sample_parts(tar_file_id, sample_index, part_name, content_byte_offset,
    content_byte_size);
"""


class Sample(NamedTuple):
    """One sample of a tar: its key, the offset of its first header, and (name, offset, length) of its members."""

    key: str
    start: int
    parts: list[tuple[str, int, int]]


class Shard(NamedTuple):
    """One tar of the folder; ``end``: the offset behind its last sample."""

    file: str
    split: str
    samples: Iterable[Sample]
    end: int


def of_index(folder: Path) -> Iterator[Shard]:
    """The shards that we wrote, from manifest and index; raises ShardError for a folder that holds others."""
    index = Index(folder)
    for number, entry in enumerate(index.splits):
        if entry.foreign:
            raise ShardError(f"{folder}: {entry.prefix} are another's shards; `vlit index --energon` writes theirs")
        first = index.starts[number]
        for at, shard in enumerate(entry.shards):
            rows = range(first, first + shard.samples)
            samples = _samples(index, number, at, rows)
            yield Shard(shard.file, entry.split, samples, shard.bytes - len(tar.END))
            first += shard.samples


def _samples(index: Index, split: int, shard: int, rows: range) -> Iterator[Sample]:
    entry = index.splits[split]
    for number in rows:
        row = index.row(number)
        start = row.offset - tar.BLOCK
        parts = [("json", row.offset, row.length)]
        for position, medium in enumerate(index.media_of(split, row)):
            # A shared one is a member of an earlier sample.
            if medium.present and medium.shard == shard and medium.offset > row.offset:
                parts.append((f"{position}.{entry.tables['ext'][medium.ext]}", medium.offset, medium.length))
        yield Sample(f"{entry.prefix}-{row.number:09d}", start, parts)


def write(folder: Path, shards: Iterable[Shard]) -> int:
    """Write all sidecars, those there were are replaced; the number of samples.

    Raises ShardError for a key that stands in two places: energon looks samples up by it.
    """
    meta = folder / FOLDER
    meta.mkdir(exist_ok=True)
    temporary = meta / ".index.sqlite.tmp"
    temporary.unlink(missing_ok=True)
    counts: dict[str, int] = {}
    splits: dict[str, list[str]] = {}
    database = sqlite3.connect(temporary)
    try:
        database.executescript(TABLES)
        for number, shard in enumerate(shards):
            splits.setdefault(shard.split, []).append(shard.file)
            counts[shard.file] = _one(database, folder / shard.file, number, shard)
        database.executescript(INDICES)
        database.commit()
    finally:
        database.close()
    os.replace(temporary, meta / "index.sqlite")
    content = json.dumps([manifests.sha256(meta / "index.sqlite"), counts])
    _write(meta / "index.uuid", str(uuid.uuid5(uuid.NAMESPACE_OID, content)))
    _write(meta / ".info.json", json.dumps({"energon_version": VERSION, "shard_counts": counts}, indent=2))
    _write(meta / "split.yaml", yaml.safe_dump({"split_parts": splits, "exclude": []}, sort_keys=False))
    _write(meta / "dataset.yaml", yaml.safe_dump(DATASET, sort_keys=False))
    return sum(counts.values())


def _one(database: sqlite3.Connection, path: Path, number: int, shard: Shard) -> int:
    """Rows and .idx of one tar."""
    starts: list[int] = []
    keys: list[str] = []
    parts: list[tuple[int, int, str, int, int]] = []
    for at, sample in enumerate(shard.samples):
        starts.append(sample.start)
        keys.append(sample.key)
        parts += [(number, at, *part) for part in sample.parts]
    ends = [*starts[1:], shard.end]
    for at, (key, start, end) in enumerate(zip(keys, starts, ends, strict=True)):
        try:
            database.execute("INSERT INTO samples VALUES (?, ?, ?, ?, ?)", (number, key, at, start, end - start))
        except sqlite3.IntegrityError:
            raise ShardError(
                f"{path}: the key {key!r} stands in an earlier place too; energon needs unique ones"
            ) from None
    database.executemany("INSERT INTO sample_parts VALUES (?, ?, ?, ?, ?)", parts)
    write_atomic(path.with_suffix(".tar.idx"), struct.pack(f"<{len(starts) + 1}Q", *starts, shard.end))
    return len(starts)


def _write(path: Path, text: str) -> None:
    write_atomic(path, text.encode())


def drop(folder: Path) -> None:
    """Take the sidecars of the whole folder away: after a shard was written anew they would lead astray."""
    for path in (folder / FOLDER).glob("*"):
        if path.name in ("index.sqlite", "index.uuid", ".info.json", "split.yaml", "dataset.yaml"):
            path.unlink()
    with suppress(OSError):  # of another's making
        (folder / FOLDER).rmdir()
