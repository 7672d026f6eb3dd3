"""``vlit index DIR``: index and manifest for another's WebDataset folder, so that plan, store and stream read it.

The tars stay as they are. Each record becomes Samples once, here (foreign.py); their texts go into tars of our own
beside the index, ``index/<prefix>/texts-NNNNNN.tar``, and the index leads from there to the media in the other tars. So
reading takes the same way as with our own shards, and the media are never copied.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vlit_hub.fingerprint import code_fingerprint
from vlit_hub.shards import energon
from vlit_hub.shards import manifest as manifests
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.foreign import Mapper
from vlit_hub.shards.foreign_read import Piece, Reading, in_order
from vlit_hub.shards.foreign_tar import Tar
from vlit_hub.shards.journal import Journal, Point
from vlit_hub.shards.lock import locked
from vlit_hub.shards.manifest import ShardFile
from vlit_hub.shards.placing import MAX_BYTES, Placing
from vlit_hub.shards.writer import InOrder

EVERY = 1.0
"""Seconds between two notes of how far it is; a kill loses no more, and the tar that is being read."""
COUNTED = ("shards", "records", "samples", "bytes", "skipped", "unknown_members")


@dataclass
class IndexReport:
    """What ``vlit index --json`` prints."""

    name: str
    split: str
    shards: int = 0
    records: int = 0
    """Records of the tars: members in a row that share a key."""
    samples: int = 0
    bytes: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Why a record or a member was left out -> how often."""
    unknown_members: Counter[str] = field(default_factory=Counter)
    """Extension -> members that are neither text nor media: never loaded."""
    resumed: int = 0
    """Shards that an interrupted run had read."""
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        counters = {name: dict(getattr(self, name).most_common()) for name in ("skipped", "unknown_members")}
        return {**vars(self), **counters}

    def counted(self) -> dict[str, Any]:
        """The counts, for the journal."""
        return {name: value for name, value in self.to_dict().items() if name in COUNTED}

    def take(self, counts: dict[str, Any]) -> None:
        """Go on from counts of an interrupted run."""
        for name in COUNTED:
            setattr(self, name, type(getattr(self, name))(counts[name]))
        self.resumed = self.shards


def index_foreign(
    folder: Path,
    *,
    name: str = "",
    split: str = "train",
    native: str = "",
    strict: bool = False,
    sidecars: bool = False,
    workers: int = 1,
    max_bytes: int = MAX_BYTES,
    progress: Callable[[str, int], None] | None = None,
) -> IndexReport:
    """Index every tar below ``folder`` that is not ours. ``native`` as in foreign.py; ``sidecars``: energon's too.

    What was indexed under the same name and split is replaced; an interrupted run over the same tars goes on behind the
    last one that it had read, and the files are those of a run that was not interrupted, whatever the number of
    ``workers`` (processes that read the tars); ``max_bytes``: of a tar of texts. Raises ShardError
    for a tar that is truncated, compressed or broken, where no record gives a Sample, and with ``strict`` at the first
    one that is left out.
    """
    started = time.monotonic()
    if workers < 1:
        raise ValueError(f"workers: {workers} is no number of processes")
    name = name or re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-") or "foreign"
    report = IndexReport(name, split)
    with locked(folder) as work:
        tars = _tars(folder)
        reading = Reading(folder, tuple(tars), Mapper(folder, name, split, native), strict)
        writing = _Writing(work, report, reading, max_bytes)
        writing.run(workers, progress)
        if sidecars:
            energon.write(folder, (_shard(folder, file, split) for file in tars))
        writing.journal.remove()
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _tars(folder: Path) -> list[str]:
    """Every tar below the folder that is not ours, relative; raises ShardError where there is none."""
    if not folder.is_dir():
        raise ShardError(f"{folder} is not a folder")
    ours = set()
    if (folder / manifests.NAME).exists():
        splits = manifests.load(folder).splits
        ours = {shard.file for entry in splits if not entry.foreign for shard in entry.shards}
    found = []
    for path in sorted(folder.rglob("*.tar")):
        file = path.relative_to(folder).as_posix()
        if file not in ours and not file.startswith("index/") and not path.name.startswith(".") and path.is_file():
            found.append(file)
    if not found:
        packed = sorted(folder.rglob("*.tar.*z*"))
        hint = f"; {packed[0].name} is compressed, unpack it first" if packed else ""
        raise ShardError(f"{folder}: no tar that is not indexed already{hint}")
    return found


class _Writing:
    """The texts and the index in the making."""

    def __init__(self, work: Path, report: IndexReport, reading: Reading, max_bytes: int) -> None:
        self.folder, self.report, self.reading = reading.folder, report, reading
        key = (report.name, "default", report.split)
        self.placing = Placing(self.folder, key, max_bytes=max_bytes, beside=len(reading.tars))
        self.journal = Journal(work, self.placing.prefix, _inputs(reading, key, max_bytes))
        self.sink = InOrder(self.placing)
        self.stamp = ""
        page = self.journal.read() if (self.folder / "index" / self.placing.prefix).is_dir() else None
        if page and self._stamped(page.point.report["shards"]) == page.point.report["stamp"]:
            self.report.take(page.point.report)
            self.stamp = page.point.report["stamp"]
            self.placing.start(page.point.placing, page.shards)
            self.sink.reopen()
        else:
            self.journal.remove()
            self.placing.start()
            self.placing.shards += [ShardFile(file, 0, 0, "") for file in reading.tars]
        self.saved = time.monotonic()

    def run(self, workers: int, progress: Callable[[str, int], None] | None) -> None:
        """Take in the tars that are left, write the manifest."""
        left = range(self.report.shards, len(self.reading.tars))
        try:
            with closing(in_order(self.reading, left, workers)) as tars:
                for number, pieces in tars:
                    self._one(number, pieces)
                    if progress:
                        progress(self.reading.tars[number], self.report.records)
            self._finish()
        except BaseException:
            self._stop()
            raise

    def _one(self, number: int, pieces: Iterable[Piece]) -> None:
        report, stamp = self.report, _stamp(self.folder / self.reading.tars[number])
        for piece in pieces:
            report.records += piece.records
            report.samples += len(piece.batch)
            report.skipped += piece.skipped
            report.unknown_members += piece.unknown
            self.sink.take(piece.batch)
            if piece.shard:
                self.placing.shards[number] = piece.shard
                report.shards += 1
                report.bytes += piece.shard.bytes
        self.stamp = _chained(self.stamp, stamp)
        if report.samples and (time.monotonic() - self.saved >= EVERY or report.shards == len(self.reading.tars)):
            self._save()

    def _save(self) -> None:
        self.sink.flush()
        self.placing.flush()
        counts = {**self.report.counted(), "stamp": self.stamp}
        self.journal.reached(Point(self.report.records, self.placing.state, counts), self.placing.shards)
        self.saved = time.monotonic()

    def _stamped(self, shards: int) -> str:
        """The stamp of the first tars as they are now."""
        stamp = ""
        for file in self.reading.tars[:shards]:
            stamp = _chained(stamp, _stamp(self.folder / file))
        return stamp

    def _finish(self) -> None:
        if not self.report.samples:
            raise ShardError(f"{self.folder}: no record gave a Sample: {_listed(self.report)}")
        self.sink.close()
        facts = {"skipped": self.report.skipped, "unknown_members": self.report.unknown_members}
        self.placing.facts = {key: dict(sorted(value.items())) for key, value in facts.items() if value}
        manifests.replace_split(self.folder, self.placing.prefix, self.placing.finish())

    def _stop(self) -> None:
        """Leave what can be gone on with; drop the rest."""
        if self.journal.path.exists():
            self.sink.leave()
            self.placing.leave()
        else:
            self.sink.discard()
            self.placing.discard()


def _inputs(reading: Reading, key: tuple[str, str, str], max_bytes: int) -> str:
    """Hash over all that the index depends on but the content of the tars."""
    code = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    parts = (code_fingerprint(reading.mapper.spec), b"".join(code), key, reading.tars, reading.strict, max_bytes)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _chained(before: str, stamp: str) -> str:
    return hashlib.sha256(f"{before}\0{stamp}".encode()).hexdigest()[:32]


def _listed(report: IndexReport) -> str:
    counts = report.skipped + report.unknown_members
    return ", ".join(f"{count} x {reason}" for reason, count in counts.most_common(5)) or "the tars are empty"


def _shard(folder: Path, file: str, split: str) -> energon.Shard:
    """A tar as energon's sidecars tell it."""
    tar = Tar(folder / file)
    samples = [
        energon.Sample(group.key, group.start, [(member.ext, member.offset, member.size) for member in group.members])
        for group in tar.groups()
    ]
    return energon.Shard(file, split, samples, tar.end)
