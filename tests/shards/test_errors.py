"""Broken folders: each fault has its own named error, or a counted skip."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

from tests.shards.make import sample, write
from vlit_hub.shards import Fetch, Index, Plan, ShardError, Skipped, Store, read_measure, write_measure

TAR = "demo-default-train-000000.tar"


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "shards", [sample(i, 2) for i in range(6)])


def fetch(*rows: int) -> Fetch:
    return Fetch([(row,) for row in rows], [], 0, True, (0, 0, len(rows)))


def corrupt(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def test_truncated_shard(folder):
    os.truncate(folder / TAR, 4000)
    with pytest.raises(
        ShardError,
        match=rf"demo, {TAR} at byte \d+, demo-default-train-000000005: .* has 4000 bytes, the manifest says \d+: it "
        "is truncated or was replaced",
    ):
        Store(folder)[5]


def test_missing_shard(folder):
    (folder / TAR).unlink()
    with pytest.raises(ShardError, match=f"demo, {TAR} at byte 512, demo-default-train-000000000: .*No such file"):
        Store(folder)[0]
    with pytest.raises(ShardError, match=f"{TAR} is missing"):
        Store(folder, verify=True)


def test_a_flipped_byte_is_found_by_verify_and_a_broken_json_on_reading(folder):
    store = Store(folder)
    corrupt(folder / TAR, store.index.row(3).offset, b"!")
    with pytest.raises(ShardError, match=rf"{TAR}: sha256 \w+, the manifest says \w+"):
        Store(folder, verify=True)
    with pytest.raises(ShardError, match=f"demo, {TAR} at byte {store.index.row(3).offset}, .*003: .*malformed"):
        store[3]
    assert store[4] == sample(4, 2)


def test_on_error_skip_puts_a_placeholder_in_the_slot(folder):
    store = Store(folder, on_error="skip")
    corrupt(folder / TAR, store.index.row(3).offset, b"!")
    asked = fetch(2, 3, 4)
    items, answered = store.__getitems__(asked)
    assert answered == asked
    assert (items[0], items[2]) == ([sample(2, 2)], [sample(4, 2)])
    (skipped,) = items[1]
    assert isinstance(skipped, Skipped)
    assert skipped.row == 3
    assert "demo-default-train-000000003" in skipped.reason
    with pytest.raises(ShardError):
        store[3]
    with pytest.raises(ShardError):
        Store(folder).__getitems__(asked)
    with pytest.raises(ValueError, match="on_error: 'ignore' is not one of: raise, skip"):
        Store(folder, on_error="ignore")


def test_index_of_another_build_with_as_many_rows(folder, tmp_path):
    other = write(tmp_path / "other", [sample(i, i % 3) for i in range(6)])
    for name in ("rows.npy", "media.npy"):
        shutil.copy(other / "index/demo-default-train" / name, folder / "index/demo-default-train" / name)
    with pytest.raises(ShardError, match=r"media.npy: \(5,\) rows|media.npy: \(6,\) rows"):
        Store(folder)
    shutil.copy(other / "manifest.json", folder / "manifest.json")
    with pytest.raises(ShardError, match="the manifest says"):
        Store(folder)[0]


def test_rows_that_point_elsewhere_are_noticed(folder):
    path = folder / "index/demo-default-train/rows.npy"
    rows = np.load(path)
    rows[["offset", "length"]] = rows[["offset", "length"]][::-1]
    np.save(path, rows)
    with pytest.raises(ShardError, match="found member .*000000005.json.* the index belongs to another build"):
        Store(folder)[0]
    with pytest.raises(ShardError, match="rows.npy: sha256"):
        Store(folder, verify=True)


def test_truncated_or_missing_table(folder):
    path = folder / "index/demo-default-train/rows.npy"
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(ShardError, match="rows.npy: .* it is truncated or belongs to another build"):
        Index(folder)
    path.write_bytes(b"")
    with pytest.raises(ShardError, match="rows.npy cannot be read"):
        Index(folder)


def test_unfinished_foreign_and_hostile_manifests(folder, tmp_path):
    with pytest.raises(ShardError, match="holds no manifest.json: not a finished folder of shards"):
        Store(tmp_path)
    manifest = folder / "manifest.json"
    good = manifest.read_text()
    manifest.write_text(good.replace(TAR, "../x.tar"))
    with pytest.raises(ShardError, match=r"'../x.tar' is no name of a file in this folder"):
        Store(folder)
    manifest.write_text(good.replace('"layout": 1', '"layout": 99'))
    with pytest.raises(ShardError, match="layout 99, schema 1; this version reads layout 1"):
        Store(folder)
    manifest.write_text(good[:-10])
    with pytest.raises(ShardError, match="manifest.json: "):
        Store(folder)


def columns(n, **given):
    return {"length": [5] * n, "image_tokens": [2] * n, "supervised": [1] * n, "reason": [0] * n} | given


def test_measure_round_trip_over_splits(folder):
    write(folder, [sample(i) for i in range(2)], split="val")
    train, both = Index(folder, split="train"), Index(folder)
    write_measure(Index(folder, split="val"), "abc", columns(2, reason=[1, 0], length=[0, 9]), ["", "no_room"])
    write_measure(
        train, "abc", columns(6, length=[1, 2, 3, 4, 0, 0], reason=[0, 0, 0, 0, 2, 1]), ["", "no_answer", "no_room"]
    )
    found = read_measure(both, "abc")
    assert found.length.tolist() == [1, 2, 3, 4, 0, 0, 0, 9]
    assert [found.reasons[code] for code in found.reason] == ["", "", "", "", "no_room", "no_answer", "no_room", ""]
    assert found.image_tokens.tolist() == [2] * 8
    with pytest.raises(ShardError, match="measure first; measured are: abc"):
        read_measure(both, "def")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"length": [5] * 5}, r"length: shape \(5,\), the index has 6 rows"),
        ({"length": [2**40] * 6}, "length: values do not fit int32"),
        ({"reason": [3, 0, 0, 0, 0, 0], "length": [0, 1, 1, 1, 1, 1]}, "must start with '' and name every code"),
        ({"length": [0, 1, 1, 1, 1, 1]}, "length: 0 for dropped samples and for those only"),
    ],
)
def test_wrong_measures_are_refused(folder, given, message):
    with pytest.raises(ValueError, match=message):
        write_measure(Index(folder), "abc", columns(6, **given), ["", "no_room"])


def test_a_rebuild_drops_the_measure_and_a_copied_one_is_refused(folder, tmp_path):
    write_measure(Index(folder), "abc", columns(6), [""])
    assert Plan(Index(folder), measure="abc").length((1, 2)) == 10
    kept = tmp_path / "kept"
    shutil.copytree(folder / "index/demo-default-train", kept)
    write(folder, [sample(i, 1) for i in range(6)])
    with pytest.raises(ShardError, match="measure first"):
        Plan(Index(folder), measure="abc")
    for path in kept.glob("measure-*"):
        shutil.copy(path, folder / "index/demo-default-train")
    with pytest.raises(ShardError, match="belongs to another build of these shards: measure again"):
        Plan(Index(folder), measure="abc")
