"""The forms of a published folder that keep the schema: parquet, and the tars as they are."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from vlit_hub.builder import FEATURES
from vlit_hub.publishing.configs import Config, ConfigSplit, names
from vlit_hub.publishing.facts import BUILD, WITHHELD, build_reports, media_present, without_media
from vlit_hub.publishing.finished import Finished
from vlit_hub.publishing.passing import samples
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
    for row, sample in enumerate(samples(store, number), start):
        if split.dataset in terms:
            sample = without_media(sample)
        blobs = (blob for column in COLUMNS.values() for blob in getattr(sample, column))
        yield sample, int(lengths[row]) + sum(len(blob.bytes or b"") for blob in blobs if blob)


def parquet_form(store: Store, folder: Path, terms: Container[str], finished: Finished) -> list[Config]:
    """The parquet configs, one per (dataset, subset)."""
    schema = FEATURES.arrow_schema
    splits: dict[str, list[ConfigSplit]] = {}
    known = names(store.index.splits)
    for number, split in enumerate(store.index.splits):
        name = known[split.dataset, split.subset]
        place = f"data/{name}"
        step = f"{place}/{split.split}"
        if finished.get(step) is None:
            with ParquetFiles(folder / place, split.split, schema, partial(_sample_table, schema)) as files:
                for sample, size in published(store, number, terms):
                    files.add(sample, size)
            finished.note(step, [asdict(found) for found in config_split(split.split, place, files)])
        splits.setdefault(name, []).extend(ConfigSplit(**found) for found in finished.get(step))
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
    """The shards with index, manifest and build report; written anew where media stay behind or are shared by several
    samples (plain readers of tars find them in the first only), else linked. Splits that are there already stay."""
    source = store.index.path
    (out / "index").mkdir(parents=True, exist_ok=True)
    there = {split.prefix for split in manifests.load(out).splits} if (out / manifests.NAME).exists() else set()
    for number, split in enumerate(store.index.splits):
        if split.prefix in there:
            continue
        if split.dataset in terms or split.shared:
            _written_anew(store, number, out, split.dataset in terms)
            continue
        for shard in split.shards:
            _link(source / shard.file, out / shard.file)
        (out / "index" / split.prefix).mkdir(exist_ok=True)
        for name in ("rows.npy", "media.npy"):
            _link(store.index.folder(number) / name, out / "index" / split.prefix / name)
        manifests.replace_split(out, split.prefix, split)
    if reports := build_reports(source):
        (out / BUILD).write_text(json.dumps(reports, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _written_anew(store: Store, number: int, out: Path, bare: bool) -> None:
    """The split through the writer, ``bare`` without its media."""
    split = store.index.splits[number]
    withheld = Counter(split.facts.get(WITHHELD, {}))
    with ShardWriter(out, split.dataset, split.subset, split.split) as writer:
        for sample in samples(store, number):
            if bare:
                withheld += media_present(sample)
                sample = without_media(sample)
            writer.write(sample)
        writer.facts = {**split.facts, **({WITHHELD: dict(withheld)} if withheld else {})}


def _link(source: Path, target: Path) -> None:
    """A hard link (shards are replaced, never changed in place), or a copy on another file system."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
