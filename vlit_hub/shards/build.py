"""``vlit build``: a raw release -> shards, index, manifest, quarantine and a report that adds up.

A build can be killed at any moment: the next one with the same inputs goes on, and the folder ends with the same bytes,
whatever the number of workers. ``journal.py`` tells what is kept for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from vlit_hub.audit import Audit, audit
from vlit_hub.fingerprint import code_fingerprint, input_fingerprint
from vlit_hub.release import Release, paused_collector
from vlit_hub.shards import energon
from vlit_hub.shards import manifest as manifests
from vlit_hub.shards.batch import Batch, BatchIndex
from vlit_hub.shards.build_report import BuildReport, Key, forget, recall, remember
from vlit_hub.shards.converted import Converted, converted
from vlit_hub.shards.journal import Journal, Point
from vlit_hub.shards.lock import locked
from vlit_hub.shards.manifest import Split
from vlit_hub.shards.placing import MAX_BYTES, Placed, Placing, drop_split, prefix_of
from vlit_hub.shards.reader import Heads, Reader
from vlit_hub.shards.workers import Workers
from vlit_hub.shards.writer import InOrder
from vlit_hub.spec import printable

MAX_FACT = 10_000
"""Characters of JSON of one file-level fact."""
BATCH = 256
"""Records converted at a time."""
HELD = 8 << 20
"""Bytes of a batch in memory."""
Progress = Callable[[str, int], None]


class StrictError(ValueError):
    """``--strict``: the first record that could not be converted."""


@dataclass(frozen=True)
class Settings:
    """How a release is built. Only those of the first three lines change the files."""

    max_bytes: int = MAX_BYTES
    share_media: bool = False
    strict: bool = False
    workers: int = 1
    progress: Progress | None = None


def build(
    release: Release,
    out: Path,
    *,
    splits: list[str] | None = None,
    strict: bool = False,
    with_audit: bool = False,
    max_bytes: int = MAX_BYTES,
    share_media: bool = False,
    workers: int = 1,
    sidecars: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Convert every record of ``splits`` (all by default) and write it to ``out``.

    What cannot be converted goes to ``quarantine.jsonl`` with file, row, field, reason and the native record, and is
    counted; with ``strict`` the first such record raises StrictError. A split that stands there finished, of equal
    inputs, is left as it is (``force``: built again); one that was interrupted goes on; else what the folder held of
    it is replaced. With all splits, what it held of the subset's others goes. ``workers``: processes that convert and
    write; the files do not depend on their number. ``sidecars``: those of energon too (energon.py).
    ``progress(split, records)`` is called now and then. Raises ShardError where another process builds into ``out``.
    """
    started = time.monotonic()
    if workers < 1:
        raise ValueError(f"workers: {workers} is no number of processes")
    if unknown := set(splits or ()) - set(release.files):
        raise ValueError(f"no files of split {', '.join(sorted(unknown))}; found: {', '.join(release.files)}")
    total = BuildReport(
        release.spec.name, release.subset, options=dict(release.options), unread=release.unread, absent=release.absent
    )
    chosen = [split for split in release.files if not splits or split in splits]
    settings = Settings(max_bytes, share_media, strict, workers, progress)
    with locked(out) as work:
        inputs = fingerprint(release, out, settings)
        if not splits:
            _drop_others(out, total, chosen)
        for split in chosen:
            _Build(release, out, work, split, inputs, settings).run(total, force)
        if len(total.unchanged) < len(chosen):
            energon.drop(out)
        if sidecars:
            energon.write(out, energon.of_index(out))
    if with_audit:
        total.audit = Audit()
        for split in chosen:
            total.audit.add(audit(release, split))
    total.seconds = round(time.monotonic() - started, 3)
    total.peak_rss_mb = round(max(_peak(resource.RUSAGE_SELF), _peak(resource.RUSAGE_CHILDREN)) / 1024, 1)
    return total


def fingerprint(release: Release, out: Path, settings: Settings) -> str:
    """Hash over all that the files of a build depend on: code, raw files, media, options, limits."""
    code = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    parts = (code_fingerprint(release.spec), input_fingerprint(release, out), release.subset, settings.max_bytes,
             settings.share_media, hashlib.sha256(b"".join(code)).hexdigest())  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss


def _drop_others(out: Path, total: BuildReport, chosen: list[str]) -> None:
    """Take out splits of the subset that an earlier build wrote and that the release no longer has."""
    if not (out / manifests.NAME).exists():
        return
    for entry in manifests.load(out).splits:
        if (entry.dataset, entry.subset) == (total.name, total.subset) and entry.split not in chosen:
            drop_split(out, entry.prefix)
            forget(out, (entry.dataset, entry.subset, entry.split))


class _Build:
    """One split: recognised as finished, gone on with, or begun."""

    def __init__(self, release: Release, out: Path, work: Path, split: str, inputs: str, settings: Settings) -> None:
        self.release, self.out, self.split, self.inputs, self.settings = release, out, split, inputs, settings
        self.key: Key = (release.spec.name, release.subset, split)
        self.report = BuildReport(*self.key, options=dict(release.options))
        self.journal = Journal(work, prefix_of(*self.key), inputs)
        self.placing = Placing(
            out,
            self.key,
            max_bytes=settings.max_bytes,
            share=settings.share_media,
            opening=self._opening,
            finished=self._finished,
        )

    def run(self, total: BuildReport, force: bool) -> None:
        """Bring the split to its end and add its counts."""
        report = recall(self.out, self.key, self.inputs)
        if report and not force and _stands(self.out, self.placing.prefix):
            total.unchanged.append(self.split)
            total.add(report)
        else:
            page = None if force else self.journal.read()
            if page and page.split:
                entry = page.split
                self.report.take(page.point.report)
            else:
                entry = self._write(page.point if page else None)
            manifests.replace_split(self.out, entry.prefix, entry)
            remember(self.out, self.report, self.journal.refused, self.inputs)
            total.add(self.report)
        self.journal.remove()

    def _write(self, point: Point | None) -> Split:
        """All shards and tables; the split's entry, which the journal keeps until it is in the manifest."""
        if point is None:
            self.journal.remove()
            forget(self.out, self.key)
            self.placing.start()
        else:
            self.report.take(point.report)
            self.placing.start(point.placing, self.journal.page.shards)
        self._refused = point.refused if point else 0
        with open(self.journal.refused, "a" if point else "w", encoding="ascii") as self._quarantine:
            self._quarantine.truncate(self._refused)
            try:
                heads = self._in_order() if self.settings.workers == 1 else self._by_workers()
            except BaseException:
                self.placing.leave()
                raise
        self.placing.facts = {file: _facts(head) for file, head in heads.items()}
        self.report.shards = len(self.placing.shards)
        entry = self.placing.finish()
        self.journal.whole(entry, self._point())
        return entry

    def _in_order(self) -> Heads:
        """Convert and write in this process."""
        reader = Reader(self.release, self.split)
        outcomes = reader.records(self.report.records, None)
        sink = InOrder(self.placing)
        before = -1
        try:
            while self.report.records > before:
                before = self.report.records
                with paused_collector():
                    batch = Batch()
                    found = converted(self.key, islice(outcomes, BATCH), batch, HELD)
                    self._check(found)
                    sink.take(batch)
                self._count(found)
            sink.close()
        except BaseException:
            sink.discard()
            raise
        return reader.heads

    def _by_workers(self) -> Heads:
        """Convert and write in other processes; only what must be in order is done here."""

        def take(found: Converted, index: BatchIndex) -> Placed:
            self._check(found)
            placed = self.placing.place(index)
            self._count(found)
            return placed

        with Workers(self.settings.workers, self.release, self.placing, BATCH, self.report.records) as workers:
            return workers.run(take)

    def _check(self, found: Converted) -> None:
        if self.settings.strict and found.fault:
            raise StrictError(found.fault)

    def _count(self, found: Converted) -> None:
        """Take in what became of a batch that was placed."""
        self.report.add(found.report)
        self._quarantine.writelines(found.refused)
        self._refused += sum(map(len, found.refused))
        if self.settings.progress:
            self.settings.progress(self.split, self.report.records)

    def _opening(self, shard: int) -> None:
        self.journal.opening(shard, self._point())

    def _finished(self) -> None:
        self.journal.finished(self.placing.shards, self._flush)

    def _flush(self) -> None:
        self.placing.flush()
        self._quarantine.flush()
        os.fsync(self._quarantine.fileno())

    def _point(self) -> Point:
        return Point(self.report.records, self.placing.state, self.report.counted(), self._refused)


def _stands(out: Path, prefix: str) -> bool:
    """Whether the manifest knows the split and its files are there, of the right sizes."""
    if not (out / manifests.NAME).exists():
        return False
    entry = next((entry for entry in manifests.load(out).splits if entry.prefix == prefix), None)
    if entry is None:
        return False
    try:
        sizes = [(out / shard.file).stat().st_size for shard in entry.shards]
        _ = [(out / "index" / prefix / name).stat() for name in ("rows.npy", "media.npy")]
    except OSError:
        return False
    return sizes == [shard.bytes for shard in entry.shards]


def _facts(head: dict[str, Any]) -> dict[str, Any]:
    """The keys that stand beside the rows, for the manifest; what is long is told by its size."""
    facts = {}
    for key, value in head.items():
        text = printable(json.dumps(value, ensure_ascii=False))
        facts[printable(key)] = json.loads(text) if len(text) <= MAX_FACT else f"{len(text)} characters, not kept"
    return facts
