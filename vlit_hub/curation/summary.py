"""Side columns summed up per dataset: means and shares with intervals that never cut a group, entropies."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vlit_hub.curation.indicator import Column, Indicator
from vlit_hub.evaluation.intervals import Interval, mean_interval

if TYPE_CHECKING:
    import pyarrow as pa

RESAMPLES = 200
MOST = 20_000
"""Samples that an interval is resampled over; beyond, an even spread of them (the mean is of all)."""


@dataclass(frozen=True)
class Figure:
    """One column over one dataset."""

    dataset: str
    indicator: str
    principle: str
    column: str
    kind: str
    what: str
    better: str
    samples: int
    spoken: int
    """Samples that the indicator speaks of; all below is of these."""
    mean: Interval | None = None
    """Of shares, counts and flags."""
    entropy: float | None = None
    """Of names: 0 (one name only) .. 1 (all names that occur equally often); None with fewer than two names."""
    top: str = ""
    top_share: float | None = None
    names: dict[str, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``; what does not apply is left out."""
        found = {**vars(self), "mean": vars(self.mean) if self.mean else None}
        return {key: value for key, value in found.items() if value not in (None, "")}


def summarise(table: pa.Table, indicators: Sequence[Indicator]) -> list[Figure]:
    """One figure per dataset and column, datasets in order of appearance."""
    import pyarrow.compute as pc

    found = []
    for dataset in pc.unique(table["dataset"]).to_pylist():
        rows = table.filter(pc.equal(table["dataset"], dataset))
        for made in indicators:
            found += [_figure(dataset, made, column, rows) for column in made.columns]
    return found


def _figure(dataset: str, made: Indicator, column: Column, rows: pa.Table) -> Figure:
    spoken = rows.filter(rows[column.name].is_valid())
    facts = (dataset, made.name, made.principle, column.name, column.kind, column.what, column.better)
    if not len(spoken):
        return Figure(*facts, len(rows), 0)
    values = spoken[column.name].to_pylist()
    if column.kind == "name":
        names = dict(Counter(values).most_common())
        top, most = next(iter(names.items()))
        return Figure(
            *facts, len(rows), len(values), entropy=entropy(list(names.values())), top=top,
            top_share=most / len(values), names=names,
        )  # fmt: skip
    step = max(1, len(values) // MOST)
    interval = mean_interval(values[::step], spoken["group"].to_pylist()[::step], resamples=RESAMPLES)
    value = sum(values) / len(values)
    mean = Interval(value, min(interval.low, value), max(interval.high, value), len(values), interval.groups)
    return Figure(*facts, len(rows), len(values), mean=mean)


def entropy(counts: Sequence[int]) -> float | None:
    """Shannon entropy of counts over that of equal ones: 0..1; None for fewer than two."""
    if len(counts) < 2:
        return None
    total = sum(counts)
    return -sum(n / total * math.log(n / total) for n in counts if n) / math.log(len(counts))
