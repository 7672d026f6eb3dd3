"""Shards of a dataset repository, through the real huggingface_hub client and the local Hub."""

from __future__ import annotations

import os
import subprocess
import sys

from huggingface_hub import HfApi, constants

from tests.shards.make import sample, write
from vlit_hub.publishing.local_hub import Faults, LocalHub

READ = """
import sys
from tests.shards.make import sample
from vlit_hub.shards import Plan, Remote, ShardError, StepSampler, Store
cache, count = sys.argv[1], int(sys.argv[2])
store = Store(Remote("hf://datasets/local/pets/shards", cache=cache, seconds=20))
rows = []
for fetch in StepSampler(Plan(store.index), global_batch=4, micro_batch=4, epochs=1):
    items, fetch = store.__getitems__(fetch)
    for (row,), (each,), where in zip(fetch.items, items, fetch.where):
        assert each == sample(row, row % 3) and where.key.endswith(f"{row:09d}")
        rows.append(row)
assert sorted(rows) == list(range(count)), rows
try:
    Store(Remote("hf://datasets/local/gone", cache=cache, seconds=5))
except ShardError as error:
    print(error)
"""


def test_an_epoch_from_the_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    folder = write(tmp_path / "shards", [sample(i, i % 3) for i in range(24)], per_shard=10)
    # huggingface_hub itself waits 1, 2, 4 ... seconds between tries: one fault is enough.
    faults = Faults(503, 4, ("resolve",))
    with LocalHub(tmp_path / "hub", faults=faults) as hub:
        api = HfApi(hub.endpoint, token="hf_local_write")
        api.create_repo("local/pets", repo_type="dataset", private=True)
        api.upload_folder(repo_id="local/pets", repo_type="dataset", folder_path=folder, path_in_repo="shards")
        environment = os.environ | {
            "HF_ENDPOINT": hub.endpoint,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": "hf_local_write",
            "HF_HUB_DISABLE_XET": "1",
        }
        command = [sys.executable, "-c", READ, str(tmp_path / "cache"), "24"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        assert "hf://datasets/local/gone/manifest.json: not there" in done.stdout
        assert "hf_local" not in done.stdout + done.stderr
        assert hub.requests["GET", "resolve"] >= 4
    assert not [path for path in (tmp_path / "cache").rglob("*") if "hf_local" in path.name]
