"""The ``evaluate`` metric: loaded offline in a fresh process, its figures by hand and by brute force."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vlit_hub

METRIC = Path(vlit_hub.__file__).parent / "evaluation" / "metrics" / "vlit_short_answer"
CASE = {
    "predictions": ["Yes.", "no", "two", "The cat", "5", "blue"],
    "references": [["yes"], ["yes"], ["2", "couple"], ["dog", "cat"], ["4"], ["blue", "navy"]],
    "groups": ["p", "p", "q", "q", "r", "r"],
    "abilities": ["identity", "identity", "counting", "identity", "counting", "attributes"],
    "instruction_types": ["negative", "global", "global", "region", "global", "global"],
}
SCRIPT = """
import json, sys, evaluate
metric = evaluate.load(sys.argv[1])
case = json.loads(sys.argv[2])
print(json.dumps([metric.compute(**case), metric.compute(predictions=["a", "b"], references=[["A."], ["c"]])]))
metric.add_batch(predictions=["x"], references=[["x"]]); metric.add_batch(predictions=["y"], references=[["x"]])
print(json.dumps(metric.compute()))
try:
    metric.compute(predictions=["a"], references=[[]])
except ValueError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    home = str(tmp_path_factory.mktemp("hf"))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(METRIC), json.dumps(CASE)],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": home, "HF_MODULES_CACHE": f"{home}/modules"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_figures_by_hand(printed):
    (full, plain), batched, error = printed
    assert (full["accuracy"], full["n"]) == (4 / 6, 6)
    assert {name: (row["accuracy"], row["n"]) for name, row in full["abilities"].items()} == {
        "attributes": (1.0, 1),
        "counting": (0.5, 2),
        "identity": (2 / 3, 3),
    }
    assert {name: (row["accuracy"], row["n"]) for name, row in full["instruction_types"].items()} == {
        "global": (0.5, 4),
        "negative": (1.0, 1),
        "region": (1.0, 1),
    }
    assert (plain["accuracy"], plain["n"], "abilities" in plain) == (0.5, 2, False)
    assert (batched["accuracy"], batched["n"]) == (0.5, 2)
    assert "references[0] is empty" in error


def test_interval_is_that_of_all_resamples(printed):
    """Three groups: the 27 equally likely resamples can be listed."""
    (full, _), _, _ = printed
    shares = {"p": 1, "q": 2, "r": 1}
    means = sorted((shares[a] + shares[b] + shares[c]) / 6 for a in "pqr" for b in "pqr" for c in "pqr")
    assert full["low"] == pytest.approx(means[0]) and full["high"] == pytest.approx(means[26])
