"""``vlit mix``: the table, the lock, and what it says of changes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.shards.make import sample, write
from vlit_hub.cli import app
from vlit_hub.shards import Index, write_measure

RUN = CliRunner()


def vlit(*arguments, code=0):
    done = RUN.invoke(app(), ["mix", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def home(tmp_path):
    for name, size in (("a", 20), ("b", 10)):
        index = Index(write(tmp_path / name, [sample(i) for i in range(size)]))
        ones = np.ones(size, int)
        columns = {"length": 7 * ones, "image_tokens": ones, "supervised": ones, "reason": 0 * ones}
        write_measure(index, "fp", columns, [""])
    (tmp_path / "MIX.yaml").write_text("sources: [a%50, {shards: b, weight: 3}]\n")
    return tmp_path


def test_json_and_lock(home):
    mix, lock = home / "MIX.yaml", home / "vlit.lock"
    found = json.loads(vlit(mix, "--lock", "--measure", "fp", "--json").stdout)
    assert found["sources"] == [
        {"name": "a", "matching": 20, "samples": 10, "samples_per_epoch": 10, "tokens_per_epoch": 70},
        {"name": "b", "matching": 10, "samples": 10, "samples_per_epoch": 30, "tokens_per_epoch": 210},
    ]
    assert (found["samples"], found["tokens"], found["lock"]) == (40, 280, str(lock))
    again = json.loads(vlit(lock, "--json", "--verify").stdout)
    assert again == found | {"lock": None}
    assert json.loads(lock.read_text())["fingerprint"] == found["fingerprint"]
    assert json.loads(vlit(mix, "--check", lock, "--measure", "fp", "--json").stdout) == again


def test_the_table_names_every_source(home):
    shown = vlit(home / "MIX.yaml").stdout
    assert "40 samples an epoch, epochised" in shown and "75.0%" in shown
    assert not (home / "vlit.lock").exists()


def test_what_was_changed_since_is_said(home):
    mix, lock = home / "MIX.yaml", home / "vlit.lock"
    vlit(mix, "--out", lock)
    mix.write_text("sources: [a%50, {shards: b, weight: 2}]\n")
    found = json.loads(vlit(mix, "--check", lock, "--json", code=1).stdout)
    assert found["error"] == "the mixture was changed since it was locked: sources.b.weight: 3 in the lock, 2 now"
    write(home / "b", [sample(i, 1) for i in range(10)])
    assert "these are not the locked shards: 1.revision: " in json.loads(vlit(lock, "--json", code=1).stdout)["error"]
    assert "is a lock already" in json.loads(vlit(lock, "--lock", "--json", code=1).stdout)["error"]
