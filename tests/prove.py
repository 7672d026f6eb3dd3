"""``make prove``: run the slow tests one by one, resumable per test, and write docs/PROOF.md.

What passed at this commit is not run again; a stop at any point loses one test. Exit code 1 where one failed.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

REPO = Path(__file__).parents[1]
STATE = REPO / ".prove.json"
PYTEST = [sys.executable, "-m", "pytest", "-o", "addopts=", "-q"]


def collected() -> list[str]:
    """Ids of the slow tests."""
    command = [*PYTEST, "-m", "slow", "--collect-only", "tests"]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True)
    tests = [line for line in done.stdout.splitlines() if "::" in line]
    if done.returncode or not tests:
        sys.exit(f"the slow tests cannot be collected:\n{done.stdout[-3000:]}")
    return tests


def commit() -> str:
    """The commit, with a mark where the tree differs from it."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=REPO, capture_output=True, text=True).stdout
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/PROOF.md"],
        cwd=REPO, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return head.strip() + ("+changes" if changed.strip() else "")


def run(test: str) -> dict[str, object]:
    """Run one test in a process of its own."""
    began = time.monotonic()
    done = subprocess.run([*PYTEST, test], cwd=REPO, capture_output=True, text=True)
    result = {0: "passed", 5: "not found"}.get(done.returncode, "FAILED")
    if result == "passed" and " skipped" in done.stdout and " passed" not in done.stdout:
        result = "skipped"
    if result == "FAILED":
        print(done.stdout[-3000:])
    return {"result": result, "seconds": round(time.monotonic() - began, 1)}


def write(at: str, results: dict[str, dict[str, object]]) -> None:
    """docs/PROOF.md from the results of this commit."""
    lines = [
        "# Proof\n",
        f"The slow tests, `make prove`: {date.today()}, commit {at}, {platform.machine()}, "
        f"Python {platform.python_version()}.\n",
        "| test | result | seconds |",
        "|---|---|---:|",
        *(f"| `{test}` | {found['result']} | {found['seconds']} |" for test, found in sorted(results.items())),
    ]
    (REPO / "docs" / "PROOF.md").write_text("\n".join(lines) + "\n")


def main() -> int:
    at = commit()
    state = json.loads(STATE.read_text()) if STATE.exists() else {}
    results = state.get("results", {}) if state.get("commit") == at and "+" not in at else {}
    tests = collected()
    for number, test in enumerate(tests, 1):
        if results.get(test, {}).get("result") != "passed":
            print(f"[{number}/{len(tests)}] {test}", flush=True)
            results[test] = run(test)
            STATE.write_text(json.dumps({"commit": at, "results": results}))
            print(f"    {results[test]['result']} in {results[test]['seconds']} s", flush=True)
    write(at, {test: results[test] for test in tests})
    return int(any(results[test]["result"] not in ("passed", "skipped") for test in tests))


if __name__ == "__main__":
    sys.exit(main())
