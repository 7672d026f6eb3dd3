"""What a build reports and refuses, kept beside the shards per (dataset, subset, split)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vlit_hub.audit import Audit
from vlit_hub.shards.errors import ShardError

QUARANTINE = "quarantine.jsonl"
REPORT = "build.json"
COUNTS = ("records", "converted", "partial", "quarantined", "samples", "missing_media", "unresolved_regions", "shards")
OPTIONAL = ("audit", "split", "options", "unchanged")
Key = tuple[str, str, str]
"""Dataset, subset, split."""


@dataclass
class BuildReport:
    """What ``vlit build --json`` prints; records = converted + partial + quarantined."""

    name: str
    subset: str
    split: str = ""
    """Empty for the sum over the splits of a build."""
    records: int = 0
    converted: int = 0
    partial: int = 0
    quarantined: int = 0
    samples: int = 0
    missing_media: int = 0
    unresolved_regions: int = 0
    shards: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    """Of the script, with their defaults."""
    reasons: Counter[str] = field(default_factory=Counter)
    """``field: reason`` (indices left out) -> how often, faults that stopped a conversion and those that did not."""
    unread: list[str] = field(default_factory=list)
    """Data files of the raw folder that no entry of the spec takes."""
    absent: list[str] = field(default_factory=list)
    """Files of the release that are not there."""
    unchanged: list[str] = field(default_factory=list)
    """Splits that stood there finished, of equal inputs: nothing was done."""
    seconds: float = 0.0
    peak_rss_mb: float = 0.0
    audit: Audit | None = None

    @property
    def key(self) -> Key:
        return self.name, self.subset, self.split

    def counted(self) -> dict[str, Any]:
        """Counts and reasons, as they are kept on disk."""
        return {name: getattr(self, name) for name in COUNTS} | {"reasons": dict(self.reasons.most_common())}

    def take(self, kept: dict[str, Any]) -> BuildReport:
        """Itself, with counts and reasons as :meth:`counted` gave them."""
        for name in COUNTS:
            setattr(self, name, kept[name])
        self.reasons = Counter(kept["reasons"])
        return self

    def add(self, part: BuildReport) -> None:
        """Add the counts of one split."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(part, name))
        self.reasons += part.reasons

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        found = {**vars(self), "reasons": dict(self.reasons.most_common())}
        if self.audit:
            found["audit"] = self.audit.to_dict()
        return {key: value for key, value in found.items() if key not in OPTIONAL or value}


def forget(folder: Path, key: Key) -> None:
    """Take what an earlier build left of a split out of quarantine and reports."""
    _rewrite(folder / QUARANTINE, [], key)
    _save(folder, [row for row in _reports(folder) if _key(row) != key])


def remember(folder: Path, report: BuildReport, refused: Path, inputs: str) -> None:
    """Keep the report of a split and the rows it refused (a file of JSON lines), in place of what was kept of it.

    ``inputs``: the fingerprint of all that the split depends on. No times are kept: equal inputs give equal files.
    """
    with open(refused, encoding="utf-8") as rows:
        _rewrite(folder / QUARANTINE, rows, report.key)
    mine: dict[str, Any] = {"name": report.name, "subset": report.subset, "split": report.split, "inputs": inputs}
    mine |= {"options": report.options} if report.options else {}
    mine |= report.counted()
    _save(folder, [*(row for row in _reports(folder) if _key(row) != report.key), mine])


def recall(folder: Path, key: Key, inputs: str) -> BuildReport | None:
    """The report of a split that was finished with equal inputs."""
    for row in _reports(folder):
        if _key(row) == key and row.get("inputs") == inputs:
            return BuildReport(*key).take(row)
    return None


def _key(row: dict[str, Any]) -> Key:
    return row["name"], row["subset"], row["split"]


def _rewrite(path: Path, more: Iterable[str], key: Key) -> None:
    """The file with ``more`` rows in place of those of ``key``, put in its place whole."""
    temporary = path.with_name(f".{path.name}.tmp")
    with open(temporary, "w", encoding="utf-8") as out:
        if path.exists():
            with open(path, encoding="utf-8") as rows:
                out.writelines(line for line in rows if _key_of(path, line) != key)
        out.writelines(more)
    temporary.replace(path)


def _key_of(path: Path, line: str) -> Key:
    try:
        row = json.loads(line)
        return row["dataset"], row["subset"], row["split"]
    except (ValueError, KeyError, TypeError):
        raise ShardError(f"{path} is not of this version; build into a new folder") from None


def _reports(folder: Path) -> list[dict[str, Any]]:
    path = folder / REPORT
    try:
        return json.loads(path.read_bytes()) if path.exists() else []
    except ValueError:
        raise ShardError(f"{path} is no JSON; build into a new folder") from None


def _save(folder: Path, reports: list[dict[str, Any]]) -> None:
    reports.sort(key=lambda row: (row["name"], row["subset"], row["split"]))
    temporary = folder / f".{REPORT}.tmp"
    temporary.write_text(json.dumps(reports, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(folder / REPORT)
