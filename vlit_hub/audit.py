"""Audit by perturbation: does every value of a native record reach a typed column, or at least ``meta``?

Each leaf is changed in turn (text: one letter; number: +1; bool: flipped; null: a value) and the record converted
again; what changes in the samples tells where the leaf went.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from vlit_hub.release import Outcome, Release, convert
from vlit_hub.schema import Sample
from vlit_hub.spec import Context, Converter

FIRST = 200
"""Records audited from the start of each file; beyond them the rows of :func:`audited`."""

Path = tuple[str | int, ...]


@dataclass
class Audit:
    """Counts of leaves by where they went. ``dropped`` and ``clashes`` must be empty for a sound script."""

    records: int = 0
    typed: int = 0
    meta: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Field (indices left out) -> leaves that changed nothing."""
    clashes: Counter[str] = field(default_factory=Counter)
    """Field -> leaves that changed both meta and a typed column."""

    @property
    def typed_share(self) -> float:
        """Share of the leaves that reach a typed column."""
        total = self.typed + self.meta + self.dropped.total() + self.clashes.total()
        return self.typed / total if total else 1.0

    @property
    def sound(self) -> bool:
        """Whether no native value was dropped, and none went to two places."""
        return not self.dropped and not self.clashes

    def add(self, other: Audit) -> None:
        """Add the counts of another split."""
        self.records += other.records
        self.typed += other.typed
        self.meta += other.meta
        self.dropped += other.dropped
        self.clashes += other.clashes

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "records": self.records,
            "typed": self.typed,
            "meta": self.meta,
            "dropped": self.dropped.total(),
            "typed_share": round(self.typed_share, 4),
            "dropped_fields": dict(self.dropped),
            "clashes": dict(self.clashes),
        }


def audited(row: int) -> bool:
    """Whether a row is audited: the first 200 of a file and a fixed spread beyond (every 997th)."""
    return row < FIRST or row % 997 == 0


def audit(release: Release, split: str) -> Audit:
    """Audit one split of a release. Quarantined records are left out: they have no sample to compare."""
    report = Audit()
    for entry, path in release.files[split]:
        heads: dict[str, dict[str, Any]] = {}
        ctx = release.context(entry, path)
        for outcome in release.read_file(entry, path, heads):
            if outcome.samples and audited(outcome.row):
                ctx.row, ctx.key, ctx.head = outcome.row, outcome.key, heads[outcome.file]
                _audit_record(outcome, ctx, entry.convert, report)
    return report


def _audit_record(outcome: Outcome, ctx: Context, converter: Converter | None, report: Audit) -> None:
    report.records += 1
    try:
        record = copy.deepcopy(outcome.native)
    except RecursionError:
        return
    for path, value in leaves(record):
        _set(record, path, changed(value))
        where = classify(outcome, convert(record, ctx, converter), value)
        _set(record, path, value)
        name = ".".join(str(step) for step in path if not isinstance(step, int))
        if where == "typed":
            report.typed += 1
        elif where == "meta":
            report.meta += 1
        elif where == "dropped":  # of a failed child: the record stands whole in the quarantine
            report.dropped.update([] if outcome.bad else [name])
        else:
            report.clashes[name] += 1


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(path, value) of every text, number, bool and null of a record."""
    if isinstance(value, Mapping):
        for key in list(value):
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from leaves(item, (*path, i))
    else:
        yield path, value


def changed(value: Any) -> Any:
    """The value, minimally changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1 if value + 1 != value else 0
    if value is None:
        return "x"
    found = re.search(r"[^\W_](?=[\W_]*$)", value)
    if found is None:
        return f"{value}x"
    letter = found.group()
    other = ("0" if letter != "0" else "1") if letter.isdigit() else ("B" if letter.upper() != "B" else "C")
    return value[: found.start()] + (other.lower() if letter.islower() else other) + value[found.end() :]


def classify(before: Outcome, after: Outcome, value: Any) -> str:
    """typed, meta, dropped, or clash."""
    if len(after.bad) > len(before.bad) or len(after.samples) != len(before.samples):
        return "typed"
    pairs = list(zip(before.samples, after.samples, strict=True))
    typed = any(_typed(a) != _typed(b) for a, b in pairs)
    meta = any(a.meta != b.meta for a, b in pairs)
    if typed and meta:
        return "clash"
    if typed or meta:
        return "typed" if typed else "meta"
    told = [(outcome.reports, [str(fault) for fault in outcome.bad]) for outcome in (before, after)]
    if told[0] != told[1] or any(a.id != b.id and a.id == str(value) for a, b in pairs):
        return "typed"
    return "dropped"


def _typed(sample: Sample) -> Sample:
    regions = [msgspec.structs.replace(region, native="") for region in sample.regions]
    return msgspec.structs.replace(sample, id="", group="", meta="", regions=regions)


def _set(record: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        record = record[step]
    record[path[-1]] = value
