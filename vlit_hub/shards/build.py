"""``vlit build``: a raw release -> shards, index, manifest, quarantine and a report that adds up."""

from __future__ import annotations

import json
import re
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from vlit_hub.audit import Audit, audit
from vlit_hub.release import Outcome, Release, paused_collector
from vlit_hub.schema import COLUMNS, Sample
from vlit_hub.shards.errors import MediumError
from vlit_hub.shards.writer import ShardWriter
from vlit_hub.spec import BadRecord

QUARANTINE = "quarantine.jsonl"
REPORT = "build.json"
BATCH = 500
"""Records converted at a time."""


class StrictError(ValueError):
    """``--strict``: the first record that could not be converted."""


@dataclass
class BuildReport:
    """What ``vlit build --json`` prints; records = converted + partial + quarantined."""

    name: str
    subset: str
    records: int = 0
    converted: int = 0
    partial: int = 0
    quarantined: int = 0
    samples: int = 0
    unread: list[str] = field(default_factory=list)
    """Data files of the raw folder that no entry of the spec takes."""
    absent: list[str] = field(default_factory=list)
    """Files of the release that are not there."""
    reasons: Counter[str] = field(default_factory=Counter)
    """``field: reason`` (indices left out) -> how often, faults that stopped a conversion and those that did not."""
    missing_media: int = 0
    unresolved_regions: int = 0
    shards: int = 0
    seconds: float = 0.0
    peak_rss_mb: float = 0.0
    audit: Audit | None = None

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        found = {**vars(self), "reasons": dict(self.reasons.most_common())}
        return (
            found | {"audit": self.audit.to_dict()} if self.audit else {k: v for k, v in found.items() if k != "audit"}
        )


def build(
    release: Release,
    out: Path,
    *,
    splits: list[str] | None = None,
    strict: bool = False,
    with_audit: bool = False,
    max_bytes: int | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> BuildReport:
    """Convert every record of ``splits`` (all by default) and write it to ``out``.

    What cannot be converted goes to ``quarantine.jsonl`` with file, row, field, reason and the native record, and is
    counted; with ``strict`` the first such record raises StrictError. ``progress(split, records)`` is called now and
    then.
    """
    started = time.monotonic()
    report = BuildReport(release.spec.name, release.subset, unread=release.unread, absent=release.absent)
    if unknown := set(splits or ()) - set(release.files):
        raise ValueError(f"no files of split {', '.join(sorted(unknown))}; found: {', '.join(release.files)}")
    chosen = [split for split in release.files if not splits or split in splits]
    out.mkdir(parents=True, exist_ok=True)
    with open(out / f".{QUARANTINE}.tmp", "w", encoding="utf-8") as quarantine:
        quarantine.writelines(_others(out / QUARANTINE, report))
        for split in chosen:
            sink = _Sink(report, quarantine, strict)
            with ShardWriter(
                out, release.spec.name, release.subset, split, **({"max_bytes": max_bytes} if max_bytes else {})
            ) as writer:
                outcomes = release.read(split, writer.facts)
                before = -1
                while report.records > before:
                    before = report.records
                    with paused_collector():
                        for outcome in islice(outcomes, BATCH):
                            sink.take(outcome, writer)
                    if progress:
                        progress(split, report.records)
            report.shards += len(writer.shards)
    (out / f".{QUARANTINE}.tmp").replace(out / QUARANTINE)
    if with_audit:
        report.audit = Audit()
        for split in chosen:
            report.audit.add(audit(release, split))
    report.seconds = round(time.monotonic() - started, 3)
    report.peak_rss_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    _save(out / REPORT, report)
    return report


def _others(quarantine: Path, report: BuildReport) -> list[str]:
    """Quarantined rows of other datasets and subsets built into the same folder."""
    if not quarantine.exists():
        return []
    mine = (report.name, report.subset)
    with open(quarantine, encoding="utf-8") as lines:
        return [line for line in lines if ((row := json.loads(line))["dataset"], row["subset"]) != mine]


def _save(path: Path, report: BuildReport) -> None:
    """Put the report, without what differs from run to run, in its place in the folder's list of builds."""
    mine = {key: value for key, value in report.to_dict().items() if key not in ("seconds", "peak_rss_mb")}
    builds = json.loads(path.read_bytes()) if path.exists() else []
    builds = [build for build in builds if (build["name"], build["subset"]) != (report.name, report.subset)]
    text = json.dumps(sorted([*builds, mine], key=lambda b: (b["name"], b["subset"])), indent=2, ensure_ascii=False)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)


@dataclass
class _Sink:
    """Where the outcomes of one split go."""

    report: BuildReport
    quarantine: IO[str]
    strict: bool

    def take(self, outcome: Outcome, writer: ShardWriter) -> None:
        report = self.report
        report.records += 1
        written = 0
        for sample, encoded in zip(outcome.samples, outcome.encoded, strict=True):
            try:
                writer.write(sample, encoded)
            except MediumError as error:
                outcome.bad.append(BadRecord("media", str(error)))
                continue
            written += 1
            if sample.media:
                report.missing_media += sum(getattr(sample, column).count(None) for column in COLUMNS.values())
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
        if self.strict:
            raise StrictError(f"{outcome.file}, row {outcome.row}, {bad.field}: {bad.reason}")
        where = {"dataset": self.report.name, "subset": self.report.subset, "file": outcome.file, "row": outcome.row}
        row = where | {"field": bad.field, "reason": bad.reason, "native": outcome.native}
        # ASCII keeps half surrogates writable, as they stood in the release.
        self.quarantine.write(json.dumps(row) + "\n")


def _unresolved(sample: Sample) -> int:
    return sum(region.frame != "norm" for region in sample.regions)


def reason_key(name: str, reason: str) -> str:
    """``field: reason`` with indices and quoted values left out, so that equal faults count together."""
    return re.sub(r"\[\d+\]", "[]", name) + ": " + re.sub(r"'[^']*'|\"[^\"]*\"|\[.*?\]|\d+", "_", reason)[:120]
