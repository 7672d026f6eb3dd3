"""Megatron-Energon itself opens our folders, and others', with the sidecars that we write."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shards.make import sample, write
from tests.shards.test_build import raw, release
from tests.shards.test_foreign import pair, tar
from vlit_hub.schema import to_json
from vlit_hub.shards import ShardError, Store, from_members
from vlit_hub.shards import energon as sidecars
from vlit_hub.shards.build import build
from vlit_hub.shards.foreign_index import index_foreign

READ = """
import base64, json, sys
from megatron.energon import Cooker, DefaultTaskEncoder, WorkerConfig, get_loader, get_val_dataset, stateless

@stateless
def cook(sample):
    return dict(sample)

class Encoder(DefaultTaskEncoder):
    cookers = [Cooker(cook)]
    decoder = None
    def encode_sample(self, sample):
        return sample
    def batch(self, samples):
        return samples
    def encode_batch(self, batch):
        return batch

one = WorkerConfig(rank=0, world_size=1, num_workers=0)
for folder in sys.argv[2:]:
    loader = get_loader(get_val_dataset(folder, split_part=sys.argv[1], worker_config=one, batch_size=3,
                                        task_encoder=Encoder()))
    for batch in loader:
        for sample in batch:
            found = {k: base64.b64encode(v).decode() for k, v in sample.items() if isinstance(v, bytes)}
            print(json.dumps([folder, sample["__key__"], found]), flush=True)
"""


def read(split: str, *folders: Path) -> list[dict[str, dict[str, bytes]]]:
    """Per folder: key -> members of every sample that energon gives, in a process of its own."""
    command = [sys.executable, "-c", READ, split, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len({(folder, key) for folder, key, _ in rows}) == len(rows)
    return [
        {
            key: {name: base64.b64decode(data) for name, data in members.items()}
            for place, key, members in rows
            if place == str(folder)
        }
        for folder in folders
    ]


def test_energon_reads_what_workers_wrote_and_what_others_did(tmp_path):
    ours, others = tmp_path / "out", tmp_path / "others"
    build(release(raw(tmp_path / "raw", 400)), ours, max_bytes=60_000, workers=2, sidecars=True)
    pictures = [pair("dir/1", 1), pair("2", 2), pair("3", 3)]
    tar(others / "sub" / "a.tar", *pictures[0], *pictures[1])
    tar(others / "b.tar", *pictures[2])
    index_foreign(others, sidecars=True)
    store = Store(ours)
    assert len(store.index.splits[0].shards) > 3 and len(Store(others)) == 3
    found, foreign = read("train", ours, others)
    assert {key: to_json(from_members(members)) for key, members in found.items()} == {
        store.provenance(row).key: to_json(store[row]) for row in range(len(store))
    }
    assert foreign == {
        key: {name.rpartition(".")[2]: data for name, data in members}
        for key, members in zip(("dir/1", "2", "3"), pictures, strict=True)
    }


def test_keys_that_repeat_over_shards_are_refused(tmp_path):
    tar(tmp_path / "a.tar", *pair("1", 1))
    tar(tmp_path / "b.tar", *pair("1", 2))
    assert index_foreign(tmp_path).samples == 2
    with pytest.raises(ShardError, match="b.tar: the key '1' stands in an earlier place too"):
        index_foreign(tmp_path, sidecars=True)


def test_sidecars_go_with_the_shards_they_describe(tmp_path):
    folder = raw(tmp_path / "raw", 30)
    build(release(folder), tmp_path / "out", sidecars=True)
    build(release(folder), tmp_path / "out")
    assert (tmp_path / "out" / ".nv-meta" / "index.sqlite").exists()
    (folder / "images" / "5.jpg").write_bytes((folder / "images" / "6.jpg").read_bytes())
    build(release(folder), tmp_path / "out")
    assert not (tmp_path / "out" / ".nv-meta").exists() and not list((tmp_path / "out").glob("*.idx"))


def test_equal_folders_get_equal_sidecars(tmp_path):
    kept = []
    for name in "ab":
        write(tmp_path / name, [sample(i, i % 3) for i in range(9)], per_shard=4)
        assert sidecars.write(tmp_path / name, sidecars.of_index(tmp_path / name)) == 9
        kept.append({path.name: path.read_bytes() for path in (tmp_path / name / ".nv-meta").iterdir()})
    assert kept[0] == kept[1] and len(kept[0]) == 5
