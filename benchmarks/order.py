"""The order of training: how well it shuffles, what a start anywhere costs, how full packs are.

Over a synthetic index (no tars: a plan reads none), in fresh processes.
"""

from __future__ import annotations

import tempfile
import time
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.common import Row, child, interleaved, main

ROWS = 10_000_000
SHUFFLED = 300_000
PER_SHARD = 1_000
BATCH = 256
PACK = 4096
PACKED = 50_000
"""Samples packed for the comparison."""


def synthetic(folder: Path, rows: int) -> None:
    """The index of so many samples with a picture each (one in a thousand is missing), five to a group, lengths as of
    conversations about pictures; measured under the name ``made``."""
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
    table["missing"][::1000] = 1
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
    counts = {"image": rows, "missing_media": -(-rows // 1000), "unresolved_regions": 0, "trainable": rows}
    whole = IndexFile(rows, "0" * 64)
    tables = {name: ["made"] for name in TABLES} | {"ext": ["jpg"]}
    split = Split("made", "default", "train", prefix, rows, 0, counts, shards, whole, whole, tables, [])
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

    plan = Plan(Index(folder), measure="made", packer=Packer(PACK) if packed else None)
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


def quality(rows: np.ndarray) -> dict[str, float]:
    """Of an order of range(len(rows)): correlation of neighbours, mean number of different 1/256-regions of the data in
    a batch of 256 (162 in a full shuffle)."""
    usable = len(rows) - len(rows) % BATCH
    regions = np.sort((rows[:usable] * 256 // len(rows)).reshape(-1, BATCH), axis=1)
    distinct = 1 + (np.diff(regions, axis=1) != 0).sum(axis=1)
    return {"correlation": abs(float(np.corrcoef(rows[:-1], rows[1:])[0, 1])), "regions": float(distinct.mean())}


def plan_order(folder: str) -> dict[str, float]:
    from vlit_hub.shards import Index, Plan

    began = time.perf_counter()
    rows = np.array([row for (row,), _ in Plan(Index(folder)).items()])
    rate = len(rows) / (time.perf_counter() - began)
    return quality(np.unique(rows, return_inverse=True)[1]) | {"rate": rate}  # numbered without those left out


def full_shuffle(folder: str) -> dict[str, float]:
    began = time.perf_counter()
    rows = np.random.default_rng(0).permutation(SHUFFLED)
    return quality(rows) | {"rate": len(rows) / (time.perf_counter() - began)}


def webdataset_order(folder: str) -> dict[str, float]:
    """Shards shuffled, then a buffer of 1,000, by webdataset itself; a shard's samples are their numbers alone."""
    import random

    import webdataset

    def numbers(shards):  # type: ignore[no-untyped-def]
        for shard in shards:
            yield from range(int(shard["url"]) * PER_SHARD, (int(shard["url"]) + 1) * PER_SHARD)

    began = time.perf_counter()
    shards = [str(number) for number in range(SHUFFLED // PER_SHARD)]
    draws = [webdataset.filters.shuffle(size, rng=random.Random(0)) for size in (len(shards), 1000)]
    pipeline = webdataset.DataPipeline(webdataset.SimpleShardList(shards), draws[0], numbers, draws[1])
    rows = np.fromiter(pipeline, np.int64)
    return quality(rows) | {"rate": len(rows) / (time.perf_counter() - began)}


def packed(folder: str) -> dict[str, float]:
    """Share of a pack's tokens that are taken, and samples packed a second, reading of lengths included."""
    from vlit_hub.shards import Index, Packer, Plan

    plan = Plan(Index(folder), measure="made", packer=Packer(PACK))
    tokens = samples = packs = 0
    began = time.perf_counter()
    for item, _ in plan.items():
        tokens, samples, packs = tokens + plan.length(item), samples + len(item), packs + 1
        if samples >= PACKED:
            break
    return {"taken": tokens / (packs * PACK), "rate": samples / (time.perf_counter() - began)}


def counted(folder: str) -> dict[str, float]:
    """Seconds to count the packs of an epoch of SHUFFLED samples, which only :meth:`Plan.steps` needs."""
    from vlit_hub.shards import Index, Packer, Plan

    plan = Plan(Index(folder), measure="made", packer=Packer(PACK), seed=time.time_ns())
    began = time.perf_counter()
    plan.steps(0, BATCH)
    return {"seconds": time.perf_counter() - began}


def trl_packed(folder: str) -> dict[str, float]:
    """The same lengths packed by TRL's best fit (which also moves the tokens, and packs no pictures)."""
    import datasets
    from trl.data_utils import pack_dataset

    datasets.disable_progress_bars()
    lengths = np.load(Path(folder) / "index" / "made-default-train" / "measure-made.npy")["length"][:PACKED]
    rows = datasets.Dataset.from_dict({"input_ids": [[0] * length for length in lengths.tolist()]})
    began = time.perf_counter()
    found = pack_dataset(rows, PACK, "bfd", map_kwargs={"batch_size": 1000})
    return {"taken": int(lengths.sum()) / (len(found) * PACK), "rate": PACKED / (time.perf_counter() - began)}


def bench() -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory() as work:
        large, small = Path(work) / "large", Path(work) / "small"
        synthetic(large, ROWS)
        synthetic(small, SHUFFLED)

        def run(function: str, folder: Path, *arguments: str) -> dict[str, float]:
            return child("benchmarks.order", function, str(folder), *arguments)

        orders = ("plan_order", "full_shuffle", "webdataset_order")
        plan, full, wds = interleaved([lambda name=name: run(name, small) for name in orders])
        early, late = interleaved([lambda share=share: run("start", large, share) for share in ("0.01", "0.9")], 5)
        packs_early, packs_late = interleaved(
            [lambda share=share: run("start", large, share, "packed") for share in ("0.01", "0.9")], 5
        )
        ours, theirs = interleaved([lambda name=name: run(name, small) for name in ("packed", "trl_packed")])
        steps = run("counted", small)
    buffer, limit = "webdataset: shards, then shuffle(1000)", 1 / 1.2
    return [
        Row("correlation of neighbours", plan["correlation"], "limit", 0.02, 0.02 / plan["correlation"], 1.0),
        Row("correlation of neighbours", plan["correlation"], buffer, wds["correlation"],
            wds["correlation"] / plan["correlation"], None),
        Row("correlation of neighbours", plan["correlation"], "full shuffle", full["correlation"],
            full["correlation"] / plan["correlation"], None),
        Row("different 1/256-regions in a batch of 256", plan["regions"], "limit", 120.0, plan["regions"] / 120, 1.0),
        Row("different 1/256-regions in a batch of 256", plan["regions"], buffer, wds["regions"],
            plan["regions"] / wds["regions"], None),
        Row("different 1/256-regions in a batch of 256", plan["regions"], "full shuffle", full["regions"],
            plan["regions"] / full["regions"], None),
        Row("rows ordered a second", plan["rate"], buffer, wds["rate"], plan["rate"] / wds["rate"], None),
        Row("seconds to the first batch, 10M rows, with imports", early["seconds"], "limit", 1.0,
            1 / early["seconds"], 1.0),
        Row("seconds to the first batch, 10M rows, packed", packs_early["seconds"], "limit", 1.0,
            1 / packs_early["seconds"], 1.0),
        Row("peak RSS in MB, 10M rows, packed", packs_early["rss"], "limit", 100.0, 100 / packs_early["rss"], 1.0),
        Row("seconds, start at 90 % of an epoch", late["seconds"], "start at 1 %", early["seconds"],
            early["seconds"] / late["seconds"], limit),
        Row("seconds, start at 90 % of an epoch, packed", packs_late["seconds"], "start at 1 %",
            packs_early["seconds"], packs_early["seconds"] / packs_late["seconds"], limit),
        Row("share of 4,096 tokens taken, 1,000 samples ahead", ours["taken"], "limit", 0.97, ours["taken"] / 0.97,
            1.0),
        Row("share of 4,096 tokens taken, 1,000 samples ahead", ours["taken"], "TRL pack_dataset(bfd)",
            theirs["taken"], ours["taken"] / theirs["taken"], None),
        Row("samples packed a second", ours["rate"], "TRL pack_dataset(bfd)", theirs["rate"],
            ours["rate"] / theirs["rate"], None),
        Row("seconds to count an epoch's packs, 300k samples", steps["seconds"], "none", None, 1.0, None),
    ]  # fmt: skip


if __name__ == "__main__":
    main("order", bench, ("vlit_hub", "webdataset", "trl", "datasets", "numpy"))
