"""Outcomes of records -> a batch for the shards, with its counts and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from vlit_hub.release import Outcome
from vlit_hub.schema import Sample, blobs_of
from vlit_hub.shards.batch import Batch
from vlit_hub.shards.build_report import BuildReport, Key
from vlit_hub.shards.errors import MediumError
from vlit_hub.spec import BadRecord


@dataclass
class Converted:
    """What became of some records in a row."""

    report: BuildReport
    refused: list[str] = field(default_factory=list)
    """Lines for the quarantine."""
    fault: str = ""
    """The first refusal in words, for ``--strict``."""

    def take(self, outcome: Outcome, batch: Batch) -> None:
        """Add one outcome; its samples go to the batch."""
        report = self.report
        report.records += 1
        written = 0
        for sample, encoded in zip(outcome.samples, outcome.encoded, strict=True):
            try:
                batch.add(sample, encoded)
            except MediumError as error:
                outcome.bad.append(BadRecord("media", str(error)))
                continue
            written += 1
            if sample.media:
                report.missing_media += sum([column.count(None) for column in blobs_of(sample)])
            if sample.regions:
                report.unresolved_regions += _unresolved(sample)
        report.samples += written
        for name, reason in outcome.reports:
            report.reasons[reason_key(name, reason)] += 1
        if not outcome.bad:
            report.converted += 1
            return
        report.partial += written > 0
        report.quarantined += written == 0
        for bad in outcome.bad:
            self._refuse(outcome, bad)

    def _refuse(self, outcome: Outcome, bad: BadRecord) -> None:
        self.report.reasons[reason_key(bad.field, bad.reason)] += 1
        self.fault = self.fault or f"{outcome.file}, row {outcome.row}, {bad.field}: {bad.reason}"
        row: dict[str, Any] = dict(zip(("dataset", "subset", "split"), self.report.key, strict=True))
        row |= {"file": outcome.file, "row": outcome.row, "field": bad.field, "reason": bad.reason}
        row |= {"child": bad.child} if bad.child >= 0 else {}
        self.refused.append(_line(row, outcome.native))


def converted(key: Key, outcomes: Iterable[Outcome], batch: Batch, most: int | None = None) -> Converted:
    """Take outcomes until they end, or until the batch and its refusals hold ``most`` bytes."""
    found = Converted(BuildReport(*key))
    for outcome in outcomes:
        found.take(outcome, batch)
        if most is not None and batch.held + sum(map(len, found.refused)) > most:
            break
    return found


def _line(row: dict[str, Any], native: Any) -> str:
    """One row as JSON; ASCII, so that half surrogates stay writable. What JSON cannot say goes as Python writes it."""
    try:
        return json.dumps(row | {"native": native}, allow_nan=False) + "\n"
    except (ValueError, TypeError, RecursionError):
        return json.dumps(row | {"native": repr(native)[:10_000]}) + "\n"


def _unresolved(sample: Sample) -> int:
    return sum(region.frame != "norm" for region in sample.regions)


def reason_key(name: str, reason: str) -> str:
    """``field: reason`` with indices and quoted values left out, so that equal faults count together."""
    return re.sub(r"\[\d+\]", "[]", name) + ": " + re.sub(r"'[^']*'|\"[^\"]*\"|\[.*?\]|\d+", "_", reason)[:120]
