"""Mixtures are read as they are written; a lock gives the same batches elsewhere or says what is not as it was."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import yaml

from tests.shards.make import sample, write
from vlit_hub.shards import Index, Packer, ShardError, Store, write_measure
from vlit_hub.shards.mixture import MixtureError, load_mixture, parse
from vlit_hub.shards.mixture_lock import Lock, LockError

DOCUMENT = """
seed: 7
mode: sampled
samples: 120
weights: sqrt
filters: [turns<=10]
packing: {tokens: 90, look_ahead: 40}
sources:
  - shards/a#30
  - {shards: shards/b, weight: 3, filters: [image_tokens>0], keep: kept.npy}
  - weight: 2
    weights: {temperature: 4}
    sources: [shards/c, {shards: shards/a, name: again, split: train}]
"""


def measure(folder, longest=40):
    index = Index(folder)
    n = np.arange(len(index))
    columns = {"length": 5 + n % longest, "image_tokens": n % 3, "supervised": n * 0 + 1, "reason": n * 0}
    write_measure(index, "fp", columns, [""])


@pytest.fixture
def home(tmp_path):
    """MIX.yaml beside shards/a, shards/b, shards/c, measured as fp."""
    for name, size in (("a", 60), ("b", 25), ("c", 10)):
        measure(write(tmp_path / "home" / "shards" / name, [sample(i, i % 2) for i in range(size)]))
    np.save(tmp_path / "home" / "kept.npy", np.arange(20))
    (tmp_path / "home" / "MIX.yaml").write_text(DOCUMENT)
    return tmp_path / "home"


def plan_of(path, root=None, measure="fp"):
    loaded = load_mixture(path, root)
    return loaded.plan(Index(loaded.parts), measure)


def lock(home):
    loaded = load_mixture(home / "MIX.yaml")
    index = Index(loaded.parts)
    made = Lock.of(loaded.plan(index, "fp"), index, loaded.document)
    made.save(home / "vlit.lock")
    return made


def test_a_mixture_is_what_it_says(home):
    loaded = load_mixture(home / "MIX.yaml")
    assert [str(part.path) for part in loaded.parts] == [str(home / "shards" / name) for name in ("a", "b", "c", "a")]
    assert (loaded.seed, loaded.packer) == (7, Packer(90, look_ahead=40))
    plan = plan_of(home / "MIX.yaml")
    shares = {share.name: share for share in plan.shares}
    assert {name: (share.matching, share.samples) for name, share in shares.items()} == {
        "a": (60, 30), "b": (13, 13), "c": (10, 10), "again": (60, 60)
    }  # fmt: skip
    weights = {"a": 30**0.5, "b": 3, "c": 2, "again": 2}
    inner = {"c": 10**0.25, "again": 60**0.25}
    total = sum(inner.values())
    weights |= {name: 2 * value / total for name, value in inner.items()}
    whole = 30**0.5 + 3 + 2
    assert all(abs(shares[name].samples_per_epoch - 120 * weights[name] / whole) < 1 for name in weights)
    assert plan.left_out == {"demo": {"image_tokens>0": 9, "not_kept": 3}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sourcs": []}, "MIX: no key 'sourcs'; nearest: sources"),
        ({"sources": []}, "MIX: sources is a list of at least one"),
        ({"sources": [{"name": "x"}]}, "MIX: source 1: `shards` names a folder"),
        ({"sources": ["a", {"sources": ["b"], "weigth": 1}]}, "MIX: source 2: no key 'weigth'; nearest: weight"),
        ({"weights": "cube"}, "weights 'cube' is not one of: size, sqrt, even, {temperature: T}"),
        ({"mode": "mixed"}, "MIX: mode 'mixed' is not one of: epochised, sampled"),
        ({"samples": 3}, "MIX: samples: an epochised blend is as long as its sources"),
        ({"packing": {"pictures": 3}}, "MIX: packing: a mapping with tokens and, as needed, pictures"),
        ({"packing": {"tokens": "many"}}, "MIX: packing: tokens is 'many', a whole number from 1 on is needed"),
        ({"samples": "all"}, "MIX: samples 'all' is no number"),
        ({"filters": {"turns": 3}}, "MIX: filters is a list of texts, not {'turns': 3}"),
        ({"sources": [{"shards": "a", "weight": "much"}]}, "MIX: source 1: weight 'much' is no number"),
        ({"sources": [3]}, "MIX: source 1: a mapping with shards, name, "),
        ({"packing": {"tokens": 3, "windows": 1}}, "MIX: packing: no key 'windows'"),
        ({"filters": ["turns"]}, "MIX: filter 'turns': write COLUMN OP VALUE"),
        ({"sources": ["x/a", "y/a"]}, "MIX: two sources are named a: give each a name of its own"),
        ({"sources": ["a%0"]}, "MIX: cap '%0': write #5000"),
    ],
)
def test_wrong_mixtures_are_refused_by_place(tmp_path, change, message):
    with pytest.raises(MixtureError) as caught:
        parse({"sources": ["a"]} | change, tmp_path, "MIX")
    assert message in str(caught.value)


def items(plan):
    return [list(item) for item, _ in plan.items((1, 0, 0))]


def test_a_lock_gives_the_same_batches_elsewhere_in_another_process(home, tmp_path):
    made = lock(home)
    expected = items(plan_of(home / "MIX.yaml"))
    assert made.sources[1].matching == 13 and made.plan["measure"] == "fp"
    shutil.copytree(home / "shards", tmp_path / "moved" / "data" / "shards")
    shutil.copy(home / "kept.npy", tmp_path / "moved" / "data")
    shutil.move(home, tmp_path / "gone")
    shutil.copy(tmp_path / "gone" / "vlit.lock", tmp_path / "moved")
    code = (
        "import json, sys; from vlit_hub.shards import Index; from vlit_hub.shards.mixture import load_mixture\n"
        "loaded = load_mixture(sys.argv[1], sys.argv[2]); plan = loaded.plan(Index(loaded.parts), 'fp')\n"
        "print(json.dumps([list(item) for item, _ in plan.items((1, 0, 0))]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "moved" / "vlit.lock"), str(tmp_path / "moved" / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"})
    assert json.loads(done.stdout) == expected


def test_an_absolute_path_is_looked_for_in_the_root_by_its_last_name(home, tmp_path):
    document = yaml.safe_load(DOCUMENT) | {"sources": [str(home / "shards" / "a")], "packing": None}
    (home / "MIX.yaml").write_text(yaml.safe_dump(document))
    lock(home)
    shutil.move(home / "shards", tmp_path / "elsewhere")
    assert len(plan_of(home / "vlit.lock", tmp_path / "elsewhere")) == 120
    with pytest.raises(ShardError, match="holds no manifest.json"):
        plan_of(home / "vlit.lock")


def changed(home, old, new):
    text = (home / "vlit.lock").read_text()
    assert old in text
    (home / "vlit.lock").write_text(text.replace(old, new, 1))


def test_changed_shards_are_refused_by_name(home):
    lock(home)
    write(home / "shards" / "b", [sample(i, (i + 1) % 2) for i in range(25)])
    with pytest.raises(LockError) as caught:
        plan_of(home / "vlit.lock")
    text = str(caught.value)
    assert "these are not the locked shards: 1.revision: " in text
    assert "1.splits.demo-default-train.shards.demo-default-train-000000.tar: '" in text and "' in the lock, '" in text
    assert "splits.demo-default-train.samples" not in text  # as many as before


def test_a_flipped_bit_is_found_by_verify(home):
    lock(home)
    tar = home / "shards" / "c" / "demo-default-train-000000.tar"
    data = bytearray(tar.read_bytes())
    data[600] ^= 1
    tar.write_bytes(data)
    with pytest.raises(ShardError, match="c/demo-default-train-000000.tar: sha256 .*, the manifest says"):
        Store(load_mixture(home / "vlit.lock").parts, verify=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda home: changed(home, '"weight": 3', '"weight": 4'), "sources.b.units_per_epoch: 34 in the lock, "),
        (lambda home: changed(home, "a#30", "a#31"), "sources.a.cap: '#30' in the lock, '#31' now"),
        (lambda home: changed(home, '"turns<=10"', '"turns<=11"'), "sources.a.filters.0: 'turns<=10' in the lock, "),
        (lambda home: changed(home, '"seed": 7', '"seed": 8'), "seed: 7 in the lock, 8 now"),
        (lambda home: np.save(home / "kept.npy", np.arange(1, 20)), "sources.b.keep: '"),
        (lambda home: measure(home / "shards" / "a", 41), "measured: '"),
    ],
)
def test_what_differs_is_named(home, change, message):
    made = lock(home)
    assert made.sources[1].samples_per_epoch == 34
    change(home)
    with pytest.raises((LockError, ValueError)) as caught:
        plan_of(home / "vlit.lock")
    assert message in str(caught.value)


def test_another_measure_is_refused(home):
    document = yaml.safe_load(DOCUMENT) | {"sources": ["shards/a"], "packing": None}
    (home / "MIX.yaml").write_text(yaml.safe_dump(document))
    lock(home)
    with pytest.raises(LockError, match=r"measure: 'fp' in the lock, None now; .*measure with the processor"):
        plan_of(home / "vlit.lock", measure=None)


def test_a_mixture_changed_since_is_named_key_by_key(home):
    made = lock(home)
    document = yaml.safe_load(DOCUMENT)
    made.check_mixture(document)
    document["sources"][1]["weight"] = 5
    del document["seed"]
    with pytest.raises(LockError) as caught:
        made.check_mixture(document)
    assert "sources.shards/b.weight: 3 in the lock, 5 now" in str(caught.value)
    assert "seed: 7 in the lock, 'absent' now" in str(caught.value)


def test_what_is_no_lock(home):
    (home / "vlit.lock").write_text("{}")
    with pytest.raises(LockError, match="vlit.lock is no lock: .*; write it with vlit mix MIX.yaml --lock"):
        load_mixture(home / "vlit.lock")
    lock(home)
    changed(home, '"lock": 1', '"lock": 9')
    with pytest.raises(LockError, match="a lock of version 9; this version reads 1: lock again"):
        load_mixture(home / "vlit.lock")
