"""The forms of a published folder that keep the schema: parquet, and the tars as they are."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from vlit_hub.builder import FEATURES
from vlit_hub.publishing.configs import Config, ConfigSplit, names
from vlit_hub.publishing.facts import BUILD, WITHHELD, build_reports, media_present, without_media
from vlit_hub.publishing.tables import ParquetFiles
from vlit_hub.schema import COLUMNS, Blob, Sample, to_arrow
from vlit_hub.shards import ShardWriter, Store
from vlit_hub.shards import manifest as manifests

IN_TARS_ONLY = ("videos", "audios", "point_clouds")
"""Columns whose parquet entries say present (no bytes) or missing (null), and no more."""


def published(store: Store, number: int, terms: Container[str]) -> Iterator[tuple[Sample, int]]:
    """The samples of split ``number`` as they are published, with their size in bytes."""
    split, start = store.index.splits[number], store.index.starts[number]
    lengths = store.index.column("length")
    for row in range(start, start + split.samples):
        sample = store[row]
        if split.dataset in terms:
            sample = without_media(sample)
        blobs = (blob for column in COLUMNS.values() for blob in getattr(sample, column))
        yield sample, int(lengths[row]) + sum(len(blob.bytes or b"") for blob in blobs if blob)


def parquet_form(store: Store, folder: Path, terms: Container[str]) -> list[Config]:
    """The parquet configs, one per (dataset, subset)."""
    schema = FEATURES.arrow_schema
    splits: dict[str, list[ConfigSplit]] = {}
    known = names(store.index.splits)
    for number, split in enumerate(store.index.splits):
        name = known[split.dataset, split.subset]
        place = f"data/{name}"
        with ParquetFiles(folder / place, split.split, schema, partial(_sample_table, schema)) as files:
            for sample, size in published(store, number, terms):
                files.add(sample, size)
        splits.setdefault(name, []).extend(config_split(split.split, place, files))
    return [Config(name, "parquet", tuple(found), FEATURES.to_dict()) for name, found in splits.items() if found]


def _sample_table(schema: pa.Schema, samples: Sequence[Sample]) -> pa.Table:
    empty = [
        msgspec.structs.replace(
            sample, **{name: [blob and Blob() for blob in getattr(sample, name)] for name in IN_TARS_ONLY}
        )
        for sample in samples
    ]
    return pa.Table.from_batches([to_arrow(empty)]).replace_schema_metadata(schema.metadata)


def config_split(split: str, place: str, files: ParquetFiles[Any]) -> list[ConfigSplit]:
    """The split that was written; nothing where it has no rows."""
    found = ConfigSplit(split, f"{place}/{split}-*.parquet", files.rows, len(files.files), files.bytes)
    return [found] if files.rows else []


def tar_form(store: Store, out: Path, terms: Container[str]) -> None:
    """The shards with index, manifest and build report; written anew where media stay behind, else linked."""
    source = store.index.path
    out.mkdir()
    (out / "index").mkdir()
    for number, split in enumerate(store.index.splits):
        if split.dataset in terms:
            _without_media(store, number, out)
            continue
        for shard in split.shards:
            _link(source / shard.file, out / shard.file)
        (out / "index" / split.prefix).mkdir()
        for name in ("rows.npy", "media.npy"):
            _link(store.index.folder(number) / name, out / "index" / split.prefix / name)
        manifests.replace_split(out, split.prefix, split)
    if reports := build_reports(source):
        (out / BUILD).write_text(json.dumps(reports, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _without_media(store: Store, number: int, out: Path) -> None:
    split, start = store.index.splits[number], store.index.starts[number]
    withheld = Counter(split.facts.get(WITHHELD, {}))
    with ShardWriter(out, split.dataset, split.subset, split.split) as writer:
        for row in range(start, start + split.samples):
            sample = store[row]
            withheld += media_present(sample)
            writer.write(without_media(sample))
        writer.facts = {**split.facts, WITHHELD: dict(withheld)}


def _link(source: Path, target: Path) -> None:
    """A hard link (shards are replaced, never changed in place), or a copy on another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
