"""``make prove``: run the slow tests, a process per file, and write docs/PROOF.md. ``python -m tests.prove FILES``: of
these alone.

Resumable per test: this module is also the pytest plugin that notes each result as it falls. What passed at this
commit is not run again; a test that takes its process down has failed, the others of its file go on in a new one. Exit
code 1 where one failed.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections import Counter
from datetime import date
from itertools import groupby
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
NOTES = REPO / ".prove.jsonl"
"""Lines {test, commit, result (due, begun, passed, skipped, FAILED), seconds}; the last of a test counts."""
COMMIT = "PROVE_COMMIT"
PYTEST = [sys.executable, "-m", "pytest", "-o", "addopts=", "-q"]


def note(test: str, commit: str, result: str, seconds: float = 0.0) -> None:
    with NOTES.open("a") as lines:
        lines.write(json.dumps({"test": test, "commit": commit, "result": result, "seconds": round(seconds, 1)}) + "\n")


def noted(commit: str) -> dict[str, dict[str, object]]:
    """Test -> its last note at this commit."""
    lines = map(json.loads, NOTES.read_text().splitlines()) if NOTES.exists() else ()
    return {line["test"]: line for line in lines if line["commit"] == commit}


# -- the plugin, in the process that runs the tests --------------------------------------------------------------------

_took: dict[str, float] = {}


def pytest_runtest_logstart(nodeid: str) -> None:
    if commit := os.environ.get(COMMIT):
        note(nodeid, commit, "begun")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    commit = os.environ.get(COMMIT)
    if not commit:
        return
    _took[report.nodeid] = _took.get(report.nodeid, 0.0) + report.duration
    if report.outcome != "passed" or report.when == "teardown":
        result = "FAILED" if report.outcome == "failed" else report.outcome
        if result == "FAILED" or noted(commit)[report.nodeid]["result"] == "begun":
            note(report.nodeid, commit, result, _took[report.nodeid])


# -- the command -------------------------------------------------------------------------------------------------------


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


def prove(file: str, tests: list[str], at: str) -> None:
    """Run tests of one file, in one process for as long as it lives."""
    while tests:
        for test in tests:
            note(test, at, "due")
        ran = subprocess.run([*PYTEST, "-p", "tests.prove", *tests], cwd=REPO, env={**os.environ, COMMIT: at})
        results = noted(at)
        for test in tests:
            if results[test]["result"] == "begun":
                note(test, at, "FAILED")
        left = [test for test in tests if results[test]["result"] == "due"]
        if left == tests:
            sys.exit(f"{file}: pytest ended with {ran.returncode} before the first test")
        tests = left


def write(at: str, tests: list[str]) -> bool:
    """docs/PROOF.md from the results at this commit; whether every test passed or was skipped."""
    results = noted(at)
    none = {"result": "not run", "seconds": ""}
    found = [{**none, "test": test, **results.get(test, {})} for test in sorted(tests)]
    count = Counter(item["result"] for item in found)
    lines = [
        "# Proof\n",
        f"The slow tests, `make prove`: {date.today()}, commit {at}, {platform.machine()}, "
        f"Python {platform.python_version()}: {', '.join(f'{n} {result}' for result, n in sorted(count.items()))}.\n",
        "| test | result | seconds |",
        "|---|---|---:|",
        *(f"| `{item['test']}` | {item['result']} | {item['seconds']} |" for item in found),
    ]
    (REPO / "docs" / "PROOF.md").write_text("\n".join(lines) + "\n")
    return set(count) <= {"passed", "skipped"}


def main(only: list[str]) -> int:
    at = commit()
    if "+" in at:
        NOTES.unlink(missing_ok=True)  # the tree may have changed since
    tests = collected()
    passed = {test for test, item in noted(at).items() if item["result"] == "passed"}
    for file, ids in groupby(tests, lambda test: test.partition("::")[0]):
        left = [test for test in ids if test not in passed]
        if left and (not only or file in only):
            print(f"{file}: {len(left)} tests", flush=True)
            prove(file, left, at)
    return int(not write(at, tests))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
