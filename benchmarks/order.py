"""The order of training: how well it shuffles, what a start anywhere costs, how full packs are.

Over a synthetic index (no tars: a plan reads none), in fresh processes.
"""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np

ROWS = 10_000_000
SHUFFLED = 300_000
PER_SHARD = 10_000
BATCH = 256


def synthetic(folder: Path, rows: int) -> None:
    """The index of so many samples with a picture each, five to a group, lengths as of conversations about pictures;
    measured under the name ``made``."""
    from vlit_hub.shards import manifest
    from vlit_hub.shards.index import MEDIA_DTYPE, ROW_DTYPE, TABLES
    from vlit_hub.shards.manifest import IndexFile, ShardFile, Split
    from vlit_hub.shards.measured import DTYPE

    prefix = "made-default-train"
    index = folder / "index" / prefix
    index.mkdir(parents=True)
    numbers = np.arange(rows)
    table = np.lib.format.open_memmap(index / "rows.npy", "w+", ROW_DTYPE, (rows,))
    table["shard"], table["number"], table["media_start"] = numbers // PER_SHARD, numbers, numbers
    table["group"], table["media"], table["turns"], table["length"] = numbers // 5, 1, 2, 1000
    media = np.lib.format.open_memmap(index / "media.npy", "w+", MEDIA_DTYPE, (rows,))
    media["present"], media["content"] = 1, numbers // 5 + 1
    measured = np.lib.format.open_memmap(index / "measure-made.npy", "w+", DTYPE, (rows,))
    draw = np.random.default_rng(0)
    for start in range(0, rows, 1 << 20):
        size = min(1 << 20, rows - start)
        text = np.clip(draw.lognormal(5.2, 0.8, size), 12, 1800).astype(np.int32)
        measured["length"][start : start + size] = 576 * (draw.random(size) < 0.85) + text
        measured["supervised"][start : start + size] = text // 2
    for each in (table, media, measured):
        each.flush()
    shards = [ShardFile(f"{prefix}-{i:06d}.tar", PER_SHARD, 0, f"{i:064x}") for i in range(-(-rows // PER_SHARD))]
    whole = IndexFile(rows, "0" * 64)
    tables = {name: ["made"] for name in TABLES} | {"ext": ["jpg"]}
    split = Split("made", "default", "train", prefix, rows, 0, {}, shards, whole, whole, tables, [])
    manifest.replace_split(folder, prefix, split)
    from vlit_hub.shards.index import fingerprint

    note = {"index": fingerprint((split,)), "reasons": [""], "sha256": f"{rows:064x}"}
    (index / "measure-made.json").write_bytes(msgspec.json.encode(note))


def start(folder: str, share: str, packed: str = "") -> dict[str, float]:
    """Open the index, plan, and take the first batch at this share of the epoch: seconds and peak RSS in MB."""
    began = time.perf_counter()
    from vlit_hub.shards.index import Index
    from vlit_hub.shards.packer import Packer
    from vlit_hub.shards.plan import Plan

    plan = Plan(Index(folder), measure="made", packer=Packer(4096) if packed else None)
    place = int(float(share) * len(plan))
    cursor = (0, place // 1000, 0) if packed else (0, 0, place)
    planned = time.perf_counter()
    batch = list(islice(plan.items(cursor), BATCH))
    lengths = [plan.length(item) for item, _ in batch]
    done = time.perf_counter()
    assert len(lengths) == BATCH
    return {"seconds": done - began, "first": done - planned, "rss": peak_mb()}


def peak_mb() -> float:
    """Peak resident memory of this process alone; ``ru_maxrss`` starts from that of the process it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
