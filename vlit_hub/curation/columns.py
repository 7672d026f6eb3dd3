"""Side columns: the values of every sample, one parquet file per shard beside the index, under a fingerprint."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vlit_hub import schema
from vlit_hub.curation.facts import Annotations, Facts
from vlit_hub.curation.indicator import Indicator, Values, chosen
from vlit_hub.release import paused_collector
from vlit_hub.shards import ShardError, Store
from vlit_hub.shards.manifest import write_atomic

if TYPE_CHECKING:
    import pyarrow as pa

KEPT = ("row", "group", "dataset")
"""Columns of the index that stand beside the values."""
BATCH = 16
"""Samples, pictures included, that are held together: indicator by indicator over them is faster."""
_NOTHING: Values = {}


@dataclass(frozen=True)
class Unit:
    """One piece of work: the samples of one shard, rows ``start`` .. ``stop`` of the index."""

    path: Path
    start: int
    stop: int


@dataclass(frozen=True)
class Work:
    """What is computed, for whoever computes it; picklable."""

    store: Store
    names: tuple[str, ...]
    annotations: Annotations | None = None
    kind: str = "quality"
    """Beginning of the folder that the files lie in."""
    models: tuple[tuple[str, str], ...] = ()
    """(name of an indicator's model, its id or folder)."""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over the indicators and their versions, schema, annotations and models; not over the
        shards."""
        parts = [(made.name, made.version) for made in self.indicators]
        known = self.annotations.fingerprint if self.annotations else ""
        return hashlib.sha256(repr((parts, known, schema.VERSION, *self.models)).encode()).hexdigest()[:16]

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        return chosen(self.names)

    def units(self) -> list[Unit]:
        """One per shard, in order of the rows."""
        index, found = self.store.index, []
        for number, split in enumerate(index.splits):
            folder = index.folder(number) / f"{self.kind}-{self.fingerprint}"
            start = index.starts[number]
            for shard in split.shards:
                name = f"{Path(shard.file).stem}-{shard.sha256[:16]}.parquet"
                found.append(Unit(folder / name, start, start + shard.samples))
                start += shard.samples
        return found

    def run(self, unit: Unit) -> int:
        """Compute one unit and write it whole; the number of samples."""
        write_atomic(unit.path, _parquet(self._table(unit)))
        return unit.stop - unit.start

    def _table(self, unit: Unit) -> pa.Table:
        import pyarrow as pa

        made = self.indicators
        values: dict[str, list[Any]] = {column.name: [] for each in made for column in each.columns}
        groups: list[str] = []
        datasets: list[str] = []
        models = dict(self.models)
        for start in range(unit.start, unit.stop, BATCH):
            with paused_collector():
                batch = []
                for row in range(start, min(start + BATCH, unit.stop)):
                    sample = self.store[row]
                    groups.append(f"{sample.dataset}\0{sample.group or row}")
                    datasets.append(sample.dataset)
                    batch.append(Facts(sample, self.annotations.of(sample) if self.annotations else None, models))
                for each in made:
                    run, annotated = each.run, each.annotated
                    found = [run(facts) if facts.annotation or not annotated else _NOTHING for facts in batch]
                    for column in each.columns:
                        name = column.name
                        values[name] += [value.get(name) for value in found]
        arrays: dict[str, Any] = {
            "row": pa.array(np.arange(unit.stop - unit.start), pa.int64()),
            "group": pa.array(groups, pa.string()),
            "dataset": pa.array(datasets, pa.string()),
        }
        types = {"share": pa.float64(), "count": pa.int64(), "flag": pa.bool_(), "name": pa.string()}
        columns = [column for each in made for column in each.columns]
        arrays |= {column.name: pa.array(values[column.name], types[column.kind]) for column in columns}
        return pa.table(arrays)


Engine = Callable[[Work, Sequence[Unit]], Iterable[int]]
"""Runs the units of a work, in any order; yields the samples of each one that is done."""


def one_process(work: Work, units: Sequence[Unit]) -> Iterator[int]:
    """The units one after another, here."""
    yield from map(work.run, units)


def processes(workers: int) -> Engine:
    """Several processes on this machine."""

    def engine(work: Work, units: Sequence[Unit]) -> Iterator[int]:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            for done in as_completed([pool.submit(work.run, unit) for unit in units]):
                yield done.result()

    return engine


def compute(work: Work, engine: Engine = one_process, progress: Callable[[int], None] | None = None) -> pa.Table:
    """The side columns of a store; what is already there is not computed again. ``progress`` takes samples done.

    A killed run goes on where it was: a shard's file appears whole or not at all. The result does not depend on the
    engine. Raises ShardError for a sample that cannot be read.
    """
    units = work.units()
    missing = [unit for unit in units if not unit.path.exists()]
    for folder in {unit.path.parent for unit in missing}:
        folder.mkdir(parents=True, exist_ok=True)
    done = sum(unit.stop - unit.start for unit in units) - sum(unit.stop - unit.start for unit in missing)
    for count in engine(work, missing):
        done += count
        if progress:
            progress(done)
    return read(work)


def read(work: Work) -> pa.Table:
    """The side columns as one table, ``row`` counted through; raises ShardError where they were not computed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for unit in work.units():
        if not unit.path.exists():
            raise ShardError(f"{unit.path} is missing: run `vlit quality` first")
        table = pq.read_table(unit.path)
        if len(table) != unit.stop - unit.start:
            raise ShardError(f"{unit.path} holds {len(table)} rows, the shard {unit.stop - unit.start}; delete it")
        tables.append(table.set_column(0, "row", pa.array(np.arange(unit.start, unit.stop))))
    return pa.concat_tables(tables)


def _parquet(table: pa.Table) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = pa.BufferOutputStream()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue().to_pybytes()
