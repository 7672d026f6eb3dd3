"""``vlit build``: a raw release -> shards, index, manifest, quarantine and a report that adds up."""

from __future__ import annotations

import json
import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from vlit_hub.audit import Audit, audit
from vlit_hub.release import Outcome, Release, paused_collector
from vlit_hub.schema import Sample, blobs_of
from vlit_hub.shards import manifest as manifests
from vlit_hub.shards.build_report import QUARANTINE, BuildReport, forget, remember
from vlit_hub.shards.errors import MediumError
from vlit_hub.shards.writer import MAX_BYTES, ShardWriter, drop_split
from vlit_hub.spec import BadRecord, printable

MAX_FACT = 10_000
"""Characters of JSON of one file-level fact."""
BATCH = 500
"""Records converted at a time."""


class StrictError(ValueError):
    """``--strict``: the first record that could not be converted."""


def build(
    release: Release,
    out: Path,
    *,
    splits: list[str] | None = None,
    strict: bool = False,
    with_audit: bool = False,
    max_bytes: int = MAX_BYTES,
    progress: Callable[[str, int], None] | None = None,
) -> BuildReport:
    """Convert every record of ``splits`` (all by default) and write it to ``out``.

    What cannot be converted goes to ``quarantine.jsonl`` with file, row, field, reason and the native record, and is
    counted; with ``strict`` the first such record raises StrictError. What the folder held of the same splits is
    replaced; with all splits, what it held of the subset's others goes. ``progress(split, records)`` is called now
    and then.
    """
    started = time.monotonic()
    if unknown := set(splits or ()) - set(release.files):
        raise ValueError(f"no files of split {', '.join(sorted(unknown))}; found: {', '.join(release.files)}")
    options = dict(release.options)
    total = BuildReport(
        release.spec.name, release.subset, options=options, unread=release.unread, absent=release.absent
    )
    chosen = [split for split in release.files if not splits or split in splits]
    out.mkdir(parents=True, exist_ok=True)
    if not splits:
        _drop_others(out, total, chosen)
    for split in chosen:
        total.add(_build_split(release, out, split, strict, max_bytes, progress))
    if with_audit:
        total.audit = Audit()
        for split in chosen:
            total.audit.add(audit(release, split))
    total.seconds = round(time.monotonic() - started, 3)
    total.peak_rss_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    return total


def _build_split(
    release: Release, out: Path, split: str, strict: bool, max_bytes: int, progress: Callable[[str, int], None] | None
) -> BuildReport:
    report = BuildReport(release.spec.name, release.subset, split, options=dict(release.options))
    forget(out, report.key)
    refused = out / f".{QUARANTINE}.part"
    heads: dict[str, dict[str, Any]] = {}
    try:
        with (
            open(refused, "w", encoding="utf-8") as quarantine,
            ShardWriter(out, *report.key, max_bytes=max_bytes) as writer,
        ):
            sink = _Sink(report, quarantine, strict)
            outcomes = release.read(split, heads)
            before = -1
            while report.records > before:
                before = report.records
                with paused_collector():
                    for outcome in islice(outcomes, BATCH):
                        sink.take(outcome, writer)
                if progress:
                    progress(split, report.records)
            writer.facts = {file: _facts(head) for file, head in heads.items()}
        report.shards = len(writer.shards)
        remember(out, report, refused)
    finally:
        refused.unlink(missing_ok=True)
    return report


def _facts(head: dict[str, Any]) -> dict[str, Any]:
    """The keys that stand beside the rows, for the manifest; what is long is told by its size."""
    facts = {}
    for key, value in head.items():
        text = printable(json.dumps(value, ensure_ascii=False))
        facts[printable(key)] = json.loads(text) if len(text) <= MAX_FACT else f"{len(text)} characters, not kept"
    return facts


def _drop_others(out: Path, total: BuildReport, chosen: list[str]) -> None:
    """Take out splits of the subset that an earlier build wrote and that the release no longer has."""
    if not (out / manifests.NAME).exists():
        return
    for entry in manifests.load(out).splits:
        if (entry.dataset, entry.subset) == (total.name, total.subset) and entry.split not in chosen:
            drop_split(out, entry.prefix)
            forget(out, (entry.dataset, entry.subset, entry.split))


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
        if self.strict:
            raise StrictError(f"{outcome.file}, row {outcome.row}, {bad.field}: {bad.reason}")
        row: dict[str, Any] = dict(zip(("dataset", "subset", "split"), self.report.key, strict=True))
        row |= {"file": outcome.file, "row": outcome.row, "field": bad.field, "reason": bad.reason}
        row |= {"child": bad.child} if bad.child >= 0 else {}
        self.quarantine.write(_line(row, outcome.native))


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
