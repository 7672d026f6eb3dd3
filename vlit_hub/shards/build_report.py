"""What a build reports and refuses, kept beside the shards per (dataset, subset, split)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vlit_hub.audit import Audit
from vlit_hub.shards.errors import ShardError

QUARANTINE = "quarantine.jsonl"
REPORT = "build.json"
COUNTS = ("records", "converted", "partial", "quarantined", "samples", "missing_media", "unresolved_regions", "shards")
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
    seconds: float = 0.0
    peak_rss_mb: float = 0.0
    audit: Audit | None = None

    @property
    def key(self) -> Key:
        return self.name, self.subset, self.split

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
        return {key: value for key, value in found.items() if key not in ("audit", "split", "options") or value}


def forget(folder: Path, key: Key) -> None:
    """Take what an earlier build left of a split out of quarantine and reports."""
    _rewrite(folder / QUARANTINE, [], lambda row: (row["dataset"], row["subset"], row["split"]) != key)
    reports = [row for row in _reports(folder) if (row["name"], row["subset"], row["split"]) != key]
    _save(folder, reports)


def remember(folder: Path, report: BuildReport, refused: Path) -> None:
    """Keep the report of a split and the rows it refused (a file of JSON lines, which goes)."""
    with open(refused, encoding="utf-8") as rows:
        _rewrite(folder / QUARANTINE, rows, lambda row: True)
    refused.unlink()
    mine: dict[str, Any] = {"name": report.name, "subset": report.subset, "split": report.split}
    mine |= {"options": report.options} if report.options else {}
    mine |= {name: getattr(report, name) for name in COUNTS} | {"reasons": dict(report.reasons.most_common())}
    _save(folder, [*_reports(folder), mine])


def _rewrite(path: Path, more: Any, keep: Callable[[dict[str, Any]], bool]) -> None:
    """The file with the rows to keep and ``more`` rows, put in its place whole."""
    temporary = path.with_name(f".{path.name}.tmp")
    with open(temporary, "w", encoding="utf-8") as out:
        if path.exists():
            with open(path, encoding="utf-8") as rows:
                out.writelines(line for line in rows if _kept(path, line, keep))
        out.writelines(more)
    temporary.replace(path)


def _kept(path: Path, line: str, keep: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        return keep(json.loads(line))
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
