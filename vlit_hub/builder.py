"""The one ``datasets`` builder behind every ``vlit/<name>``, and the Features derived from the field table."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import datasets
import pyarrow as pa
from datasets.builder import Key

from vlit_hub import registry
from vlit_hub.fingerprint import code_fingerprint, input_fingerprint
from vlit_hub.release import MissingFiles, Outcome, Release, how_to_get, paused_collector
from vlit_hub.schema import Sample, arrow_schema, bare, blobs_of, hints, to_arrow

__all__ = ["FEATURES", "VLITBuilder", "VLITBuilderConfig", "code_fingerprint"]

log = logging.getLogger("vlit_hub")
BATCH = 2000
"""Records per Arrow table."""
BATCH_BYTES = 1 << 26
"""Bytes of media in memory at which a table is closed early."""


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
        if self.data_dir is None:
            raise MissingFiles(how_to_get(spec, Path("data_dir"), self.name if self.name in spec.subsets else ""))
        subset = "" if self.name == "default" and "default" not in spec.subsets else self.name
        return Release(spec, Path(self.data_dir), subset, self.media_roots, self.options or {})

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None) -> str:
        """Names the cache folder: changes with any raw file, any medium, any option."""
        release = self.release()
        digest = hashlib.sha256(f"{input_fingerprint(release)}{custom_features!r}".encode())
        return f"{self.name}-{digest.hexdigest()[:16]}"


class VLITBuilder(datasets.ArrowBasedBuilder):
    """Reads any registered dataset from its raw folder. Quarantined records are counted in a warning, never silent."""

    BUILDER_CONFIG_CLASS = VLITBuilderConfig

    def _info(self) -> datasets.DatasetInfo:
        spec = registry.get(self.config.dataset)
        return datasets.DatasetInfo(
            description=spec.title, homepage=spec.homepage, license=spec.licence_stated, features=FEATURES
        )

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        files = self.config.release().files
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"split": split, "files": list(range(len(entries)))})
            for split, entries in files.items()
        ]

    def _generate_tables(self, split: str, files: list[int]) -> Iterator[tuple[Key, pa.Table]]:
        """Tables of some of the split's files, by their position among them: one file may stand there twice."""
        release = self.config.release()
        for number, position in enumerate(files):
            entry, file = release.files[split][position]
            faults: Counter[str] = Counter()
            outcomes = release.read_file(entry, file)
            for batch in count():
                with paused_collector():
                    read, table = _next_table(outcomes, faults)
                if table is not None:
                    yield Key(number, batch), table
                if not read:
                    break
            if faults:
                reasons = "; ".join(f"{n} x {reason}" for reason, n in faults.most_common(3))
                log.warning(
                    "%s: %d records or parts of records of %s could not be converted (%s). `vlit check %s --raw %s`"
                    " lists each.", self.config.dataset, faults.total(), file.name, reasons,
                    self.config.dataset, self.config.data_dir,
                )  # fmt: skip


def _next_table(outcomes: Iterator[Outcome], faults: Counter[str]) -> tuple[int, pa.Table | None]:
    """(records read, their samples as a table or None where none could be converted); counts what could not."""
    batch, held = [], 0
    for outcome in islice(outcomes, BATCH):
        batch.append(outcome)
        held += sum(
            len(blob.bytes or b"") for s in outcome.samples for column in blobs_of(s) for blob in column if blob
        )
        if held > BATCH_BYTES:
            break
    faults.update(f"{bad.field}: {bad.reason}"[:120] for outcome in batch for bad in outcome.bad)
    samples = [sample for outcome in batch for sample in outcome.samples]
    return len(batch), pa.Table.from_batches([to_arrow(samples)], schema=arrow_schema()) if samples else None
