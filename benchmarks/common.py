"""What the benchmarks share: measurements in fresh processes, interleaved, medians, one row per claim."""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

REPEATS = 3
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """One claim. ``ratio``: how many times better ours is; ``bar``: what the claim asks for (None: information)."""

    what: str
    ours: float
    peer: str
    theirs: float | None
    ratio: float
    bar: float | None

    @property
    def ok(self) -> bool:
        return self.bar is None or self.ratio >= self.bar


def child(module: str, function: str, *arguments: str, python: str = sys.executable) -> dict[str, float]:
    """``module.function(*arguments)`` in a fresh process; what it returns as JSON. Progress goes to stderr."""
    started = time.perf_counter()
    code = f"import json, sys, {module} as m; print('\\n@' + json.dumps(m.{function}(*sys.argv[1:])))"
    done = subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"{function}: {done.stderr[-2000:]}")
    found = json.loads(done.stdout.rpartition("\n@")[2])
    told = ", ".join(f"{name} {value:,.6g}" for name, value in found.items())
    what = " ".join([function, *(Path(argument).name for argument in arguments)])
    print(f"{time.perf_counter() - started:5.1f} s  {what}: {told}", file=sys.stderr, flush=True)
    return found


def peer_python(name: str) -> str | None:
    """The interpreter of a peer that does not install beside our pins: ``.peers/<name>``, made on demand from
    ``benchmarks/peers/<name>.txt``. None where it cannot be installed; the reason goes to stderr."""
    folder = ROOT / ".peers" / name
    python = str(folder / "bin" / "python")
    if not (folder / ".ready").exists():
        install = [python, "-m", "pip", "install", "-q", "-r", str(ROOT / "benchmarks" / "peers" / f"{name}.txt")]
        for command in ([sys.executable, "-m", "venv", str(folder)], install):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{name} is not run: {done.stderr[-500:]}", file=sys.stderr)
                return None
        (folder / ".ready").touch()
    return python


def interleaved(runs: Sequence[Callable[[], dict[str, float]]], repeats: int = REPEATS) -> list[dict[str, float]]:
    """Each run in turn, ``repeats`` times over; per run the median of every figure."""
    found: list[list[dict[str, float]]] = [[] for _ in runs]
    for _ in range(repeats):
        for results, run in zip(found, runs, strict=True):
            results.append(run())
    return [{key: statistics.median(r[key] for r in results) for key in results[0]} for results in found]


def main(name: str, bench: Callable[[], list[Row]], packages: Sequence[str]) -> None:
    """``python -m benchmarks.<name> [--json]``; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog=f"benchmarks.{name}")
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    rows = bench()
    if as_json:
        versions = {package: version(package) for package in packages}
        found = [asdict(row) | {"ratio": row.ratio if math.isfinite(row.ratio) else None} for row in rows]
        told = [each | {"ok": row.ok, "versions": versions} for each, row in zip(found, rows, strict=True)]
        print(json.dumps(told, indent=2))
    else:
        print("\n".join(markdown(rows)))
    raise SystemExit(not all(row.ok for row in rows))


def markdown(rows: Sequence[Row]) -> list[str]:
    """The rows as a Markdown table."""
    lines = ["| what | ours | peer | theirs | ratio | bar | ok |", "|---|---:|---|---:|---:|---:|---|"]
    for row in rows:
        theirs = "-" if row.theirs is None else f"{row.theirs:,.1f}"
        bar = "-" if row.bar is None else f">= {row.bar:g}"
        cells = (row.what, f"{row.ours:,.2f}", row.peer, theirs, f"{row.ratio:.2f}", bar, "yes" if row.ok else "NO")
        lines.append(f"| {' | '.join(cells)} |")
    return lines
