"""Run every benchmark and write benchmarks/RESULTS.md."""

from __future__ import annotations

import importlib
import platform
import subprocess
from datetime import date
from pathlib import Path

from benchmarks.common import markdown

MODULES = (
    "normalising", "formats", "writing", "order", "streaming", "curation", "publishing", "training", "evaluation",
)  # fmt: skip


def run_all() -> bool:
    """Whether every bar was met."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    lines = [f"# Results\n\n{date.today()}, commit {commit}, {platform.machine()}, Python {platform.python_version()}"]
    fine = True
    for name in MODULES:
        rows = importlib.import_module(f"benchmarks.{name}").bench()
        fine = fine and all(row.ok for row in rows)
        lines += [f"\n## {name}\n", *markdown(rows)]
    text = "\n".join(lines) + "\n"
    (Path(__file__).parent / "RESULTS.md").write_text(text)
    print(text)
    return fine


if __name__ == "__main__":
    raise SystemExit(not run_all())
