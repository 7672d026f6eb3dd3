"""The one ``datasets`` builder behind every ``vlit/<name>``, and the Features derived from the field table."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import datasets
import pyarrow as pa
from datasets.builder import Key

from vlit_hub import registry
from vlit_hub.archives import cache_folder
from vlit_hub.download import download
from vlit_hub.download_http import DownloadError
from vlit_hub.fingerprint import code_fingerprint, input_fingerprint
from vlit_hub.formats.parquet import rows_of
from vlit_hub.formats.window import Window
from vlit_hub.release import Outcome, Release, paused_collector
from vlit_hub.schema import Blob, Sample, arrow_schema, bare, blobs_of, encoded_to_arrow, hints
from vlit_hub.spec import DatasetSpec

__all__ = ["FEATURES", "VLITBuilder", "VLITBuilderConfig", "code_fingerprint"]

log = logging.getLogger("vlit_hub")
_patched_for_streaming = True
"""``datasets`` need not exchange ``open`` and ``Path`` here, for which it would import scipy: we read local files."""
BATCH = 2000
"""Records per Arrow table, at most."""
BATCH_BYTES = 32 << 20
"""Bytes of media and text per Arrow table, about."""
PART = 1 << 18
"""Bytes of a file that make one part for the workers of ``num_proc``: of a few parts one worker gets most."""
PART_ROWS = 2000
"""Rows of a parquet file that do, however few bytes they were pressed into."""
MAX_PARTS = 64
STREAMED_PARTS = 4
"""Parts of a file when streaming, where each is read by itself and so passes over what lies before it."""


def _feature(hint: Any) -> Any:
    kind, _ = bare(hint)
    if get_origin(kind) is list:
        return datasets.List(_feature(get_args(kind)[0]))
    if get_origin(kind) is Literal:
        return datasets.Value("string")
    names = {str: "string", bool: "bool", float: "float64", bytes: "binary", int: "int32"}
    if kind in names:
        return datasets.Value(names[kind])
    return {name: _feature(inner) for name, inner in hints(kind).items()}


def _features() -> datasets.Features:
    columns = {name: _feature(hint) for name, hint in hints(Sample).items()}
    columns["images"] = datasets.List(datasets.Image())
    return datasets.Features(columns)


FEATURES = _features()
"""Columns of every ``vlit/<name>``: the field table of schema.py, pictures as ``datasets.Image``."""


@dataclass
class VLITBuilderConfig(datasets.BuilderConfig):
    """``name`` is the subset; ``data_dir`` the raw folder."""

    dataset: str = ""
    media_roots: Mapping[str, str] | str | None = None
    options: Mapping[str, Any] | None = None

    def release(self) -> Release:
        """The raw release that this config reads."""
        spec = registry.get(self.dataset)
        subset = "" if self.name == "default" and "default" not in spec.subsets else self.name
        raw = Path(self.data_dir) if self.data_dir is not None else _downloaded(spec, subset)
        return Release(spec, raw, subset, self.media_roots, self.options or {})

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None) -> str:
        """Names the cache folder: changes with any raw file, any medium, any option."""
        release = self.release()
        digest = hashlib.sha256(f"{input_fingerprint(release)}{custom_features!r}".encode())
        return f"{self.name}-{digest.hexdigest()[:16]}"


def _downloaded(spec: DatasetSpec, subset: str) -> Path:
    """The cached raw folder of a release, fetched once for each subset. Raises DownloadError."""
    raw = cache_folder() / "raw" / spec.name
    done = raw / f".{subset or spec.default_subset}.downloaded"
    if not done.exists():
        try:
            download(spec, raw, subset)
        except DownloadError as error:
            raise DownloadError(f"give data_dir=, the raw folder: {error}") from None
        done.touch()
    return raw


class VLITBuilder(datasets.ArrowBasedBuilder):
    """Reads any registered dataset from its raw folder. Quarantined records are counted in a warning, never silent."""

    BUILDER_CONFIG_CLASS = VLITBuilderConfig

    def _info(self) -> datasets.DatasetInfo:
        spec = registry.get(self.config.dataset)
        return datasets.DatasetInfo(
            description=spec.title, homepage=spec.homepage, license=spec.licence_stated, features=FEATURES
        )

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        """Large files are given to the workers in parts, which ``datasets`` hands out in order."""
        most = STREAMED_PARTS if dl_manager.is_streaming else MAX_PARTS
        generators = []
        for split, entries in self.config.release().files.items():
            parts = [
                (number, window)
                for number, (_, path) in enumerate(entries)
                for window in Window.shares(min(_parts(path), most))
            ]
            generators.append(datasets.SplitGenerator(name=split, gen_kwargs={"split": split, "parts": parts}))
        return generators

    def _generate_tables(self, split: str, parts: list[tuple[int, Window]]) -> Iterator[tuple[Key, pa.Table]]:
        """Tables of some parts of the split's files; one part may stand there twice."""
        release = self.config.release()
        for number, (position, window) in enumerate(_joined(parts)):
            entry, file = release.files[split][position]
            faults: Counter[str] = Counter()
            outcomes = release.read_file(entry, file, window=window)
            for batch in count():
                with paused_collector():
                    table = _next_table(outcomes, faults)
                if table is None:
                    break
                if len(table):
                    yield Key(number, batch), table
            if faults:
                reasons = "; ".join(f"{n} x {reason}" for reason, n in faults.most_common(3))
                log.warning(
                    "%s: %d records or parts of records of %s could not be converted (%s). `vlit check %s --raw %s`"
                    " lists each.", self.config.dataset, faults.total(), file.name, reasons,
                    self.config.dataset, release.raw,
                )  # fmt: skip


def _parts(path: Path) -> int:
    """How many parts the workers can share a file in."""
    rows = rows_of(path) if path.suffix == ".parquet" else 0
    return max(path.stat().st_size // PART, rows // PART_ROWS, 1)


def _joined(parts: list[tuple[int, Window]]) -> list[tuple[int, Window]]:
    """The parts, those of one file that follow each other as one: each is read from the start of its file."""
    joined: list[tuple[int, Window]] = []
    for position, window in parts:
        if joined and joined[-1][0] == position and joined[-1][1].joins(window):
            window = replace(window, begin=joined.pop()[1].begin)
        joined.append((position, window))
    return joined


def _next_table(outcomes: Iterator[Outcome], faults: Counter[str]) -> pa.Table | None:
    """The samples of the next records, maybe none, or None at the end; counts what could not be converted.

    Of each sample only its JSON and its media are kept: what is freed at once is still in the processor's cache.
    """
    encoded: list[bytes] = []
    blobs: list[tuple[list[Blob | None], ...]] = []
    read = size = 0
    for outcome in outcomes:
        read += 1
        for bad in outcome.bad:
            faults[f"{bad.field}: {bad.reason}"[:120]] += 1
        encoded += outcome.encoded
        size += sum(map(len, outcome.encoded))
        for sample in outcome.samples:
            columns = blobs_of(sample)
            blobs.append(columns)
            if any(map(any, columns)):
                size += sum([len(blob.bytes or b"") for column in columns for blob in column if blob])
        if read == BATCH or size > BATCH_BYTES:
            break
    if not read:
        return None
    return pa.Table.from_batches([encoded_to_arrow(encoded, blobs)] if encoded else [], schema=arrow_schema())
