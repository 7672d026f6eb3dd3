"""``vlit index DIR``: index and manifest for another's WebDataset folder, so that plan, store and stream read it.

The tars stay as they are. Each record becomes Samples once, here (foreign.py); their texts go into tars of our own
beside the index, ``index/<prefix>/texts-NNNNNN.tar``, and the index leads from there to the media in the other tars. So
reading takes the same way as with our own shards, and the media are never copied.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vlit_hub.shards import energon
from vlit_hub.shards import manifest as manifests
from vlit_hub.shards.batch import Batch
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.foreign import LeftOut, Mapper
from vlit_hub.shards.foreign_tar import Group, Tar
from vlit_hub.shards.lock import locked
from vlit_hub.shards.manifest import ShardFile
from vlit_hub.shards.placing import Placing
from vlit_hub.shards.writer import HELD, SAMPLES, InOrder


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
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        counters = {name: dict(getattr(self, name).most_common()) for name in ("skipped", "unknown_members")}
        return {**vars(self), **counters}


def index_foreign(
    folder: Path,
    *,
    name: str = "",
    split: str = "train",
    native: str = "",
    strict: bool = False,
    sidecars: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> IndexReport:
    """Index every tar below ``folder`` that is not ours. ``native`` as in foreign.py; ``sidecars``: energon's too.

    What was indexed under the same name and split is replaced. Raises ShardError for a tar that is truncated,
    compressed or broken, where no record gives a Sample, and with ``strict`` at the first one that is left out.
    """
    started = time.monotonic()
    name = name or re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-") or "foreign"
    report = IndexReport(name, split)
    with locked(folder):
        tars = _tars(folder)
        writing = _Writing(folder, report, tars, Mapper(folder, name, split, native), strict)
        for number, file in enumerate(tars):
            writing.read(number, file)
            if progress:
                progress(file, report.records)
        writing.finish()
        if sidecars:
            energon.write(folder, (_shard(folder, file, split) for file in tars))
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

    def __init__(self, folder: Path, report: IndexReport, tars: list[str], mapper: Mapper, strict: bool) -> None:
        self.folder, self.report, self.mapper, self.strict = folder, report, mapper, strict
        self.placing = Placing(folder, (report.name, "default", report.split), beside=len(tars))
        self.placing.start()
        self.placing.shards += [ShardFile(file, 0, 0, "") for file in tars]
        self.sink = InOrder(self.placing)
        self.batch = Batch()

    def read(self, number: int, file: str) -> None:
        """Take in one tar."""
        try:
            tar = Tar(self.folder / file)
            for group in tar.groups():
                self.report.records += 1
                self._take(group, number, file)
        except BaseException:
            self._discard()
            raise
        self.placing.shards[number] = ShardFile(file, 0, tar.size, tar.sha256)
        self.report.shards += 1
        self.report.bytes += tar.size
        self.report.skipped += tar.faults
        self.report.unknown_members += tar.unknown
        if self.strict and tar.faults:
            self._discard()
            raise ShardError(f"{self.folder / file}: {next(iter(tar.faults))}")

    def _take(self, group: Group, number: int, file: str) -> None:
        try:
            made = self.mapper.samples(group, file, self.report.records - 1)
        except LeftOut as reason:
            if self.strict:
                raise ShardError(f"{self.folder / file}: {group.key}: {reason}") from None
            self.report.skipped[_reason(str(reason))] += 1
            return
        for sample, members in made:
            self.batch.add(sample)
            self.batch.index.elsewhere += [(number, member.offset) if member else (0, 0) for member in members]
            self.report.samples += 1
        if len(self.batch) >= SAMPLES or self.batch.held >= HELD:
            self._flush()

    def _flush(self) -> None:
        self.sink.take(self.batch)
        self.batch = Batch()

    def finish(self) -> None:
        """Close the texts, write the manifest."""
        try:
            if not self.report.samples:
                raise ShardError(f"{self.folder}: no record gave a Sample: {_listed(self.report)}")
            self._flush()
            self.sink.close()
            facts = {"skipped": self.report.skipped, "unknown_members": self.report.unknown_members}
            self.placing.facts = {key: dict(sorted(value.items())) for key, value in facts.items() if value}
            manifests.replace_split(self.folder, self.placing.prefix, self.placing.finish())
        except BaseException:
            self._discard()
            raise

    def _discard(self) -> None:
        self.sink.discard()
        self.placing.discard()


def _reason(text: str) -> str:
    """A reason with indices and quoted values left out, so that equal faults count together."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\[.*?\]|\d+", "_", text)[:120]


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
