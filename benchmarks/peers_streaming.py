"""How the peers of benchmarks/streaming.py read the same samples. Imports nothing of ours but to re-pack them."""

from __future__ import annotations

import json
import os
import statistics
import tarfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # datasets would try the Hub for seconds
SIDE = 336
BUFFER = 1000
"""Samples in a shuffle buffer."""


def central(width: int, height: int) -> tuple[float, float, float, float]:
    """The largest square in the middle."""
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


def _tars(folder: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).glob("*.tar"))


def rate(read: Callable[[], int], seconds: float = 1.0) -> dict[str, float]:
    """Samples that ``read`` counts, per second and per second of processor: medians over as many reads as ``seconds``
    take, one at least."""
    rates: list[tuple[float, float]] = []
    began = time.perf_counter()
    while not rates or time.perf_counter() - began < seconds:
        started, busy = time.perf_counter(), time.process_time()
        count = read()
        rates.append((count / (time.perf_counter() - started), count / (time.process_time() - busy)))
    wall, cpu = (statistics.median(each) for each in zip(*rates, strict=True))
    return {"rate": wall, "cpu": cpu}


def _undecoded() -> Any:
    """Features of a Sample whose pictures are not decoded."""
    from datasets import Features, Image, List

    from vlit_hub.builder import FEATURES

    return Features({**FEATURES, "images": List(Image(decode=False))})


def prepare(folder: str, made: str) -> dict[str, float]:
    """The shards as parquet and Arrow below ``made``, and energon's sidecars beside them."""
    import datasets
    import pyarrow as pa
    import pyarrow.parquet as pq

    from vlit_hub import schema
    from vlit_hub.shards import Store, energon

    store, out = Store(folder), Path(made)
    out.mkdir()
    for number, start in enumerate(range(0, len(store), 2000)):
        rows = [store[row] for row in range(start, min(start + 2000, len(store)))]
        table = pa.Table.from_batches([schema.to_arrow(rows)])
        pq.write_table(table, out / f"{number:04d}.parquet", row_group_size=100)
    datasets.disable_progress_bars()
    arrow = datasets.Dataset.from_parquet(
        [str(path) for path in sorted(out.glob("*.parquet"))], features=_undecoded(), cache_dir=str(out / "cache")
    )
    arrow.save_to_disk(str(out / "arrow"))
    return {"samples": energon.write(Path(folder), energon.of_index(Path(folder)))}


def webdataset(folder: str, made: str) -> dict[str, float]:
    """WebDataset(...).shuffle(BUFFER).decode(): JSON decoded, pictures as bytes."""
    import webdataset as wds

    return rate(lambda: sum(1 for _ in wds.WebDataset(_tars(folder), shardshuffle=100).shuffle(BUFFER).decode()))


def webdataset_decoded(folder: str) -> dict[str, float]:
    """decode("pil"), then the shortest side to SIDE and the central square, as image processors do."""
    import numpy as np
    import webdataset as wds
    from PIL.Image import Resampling

    def square(sample: dict[str, Any]) -> Any:
        picture = sample["0.jpg"]
        scale = SIDE / min(picture.size)
        width, height = (max(SIDE, int(side * scale)) for side in picture.size)
        left, top = (width - SIDE) // 2, (height - SIDE) // 2
        picture = picture.resize((width, height), Resampling.BICUBIC)
        return np.asarray(picture.crop((left, top, left + SIDE, top + SIDE)))

    def read() -> int:
        source = iter(wds.WebDataset(_tars(folder), shardshuffle=100).shuffle(BUFFER).decode("pil").map(square))
        return sum(len(np.stack(batch)) for batch in iter(lambda: list(islice(source, 32)), []))

    return rate(read)


def parquet(folder: str, made: str) -> dict[str, float]:
    """load_dataset("parquet", streaming=True).shuffle(buffer_size=BUFFER)."""
    import datasets

    features = _undecoded()

    def read() -> int:
        files = [str(path) for path in sorted(Path(made).glob("*.parquet"))]
        source = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True, features=features)
        return sum(1 for _ in source.shuffle(seed=0, buffer_size=BUFFER))

    return rate(read)


def arrow(folder: str, made: str) -> dict[str, float]:
    """load_from_disk(...).shuffle(), iterated."""
    import datasets

    return rate(lambda: sum(1 for _ in datasets.load_from_disk(f"{made}/arrow").shuffle(seed=0)))


def energon(folder: str, made: str) -> dict[str, float]:
    """A CrudeWebdataset with a shuffle buffer, JSON decoded by its cooker; as many samples as an epoch has."""
    from megatron.energon import Cooker, DefaultTaskEncoder, WorkerConfig, get_loader, get_train_dataset, stateless

    @stateless
    def cook(sample: dict[str, Any]) -> dict[str, Any]:
        return dict(sample) | {"json": json.loads(sample["json"])}

    class Encoder(DefaultTaskEncoder):
        cookers = [Cooker(cook)]
        decoder = None

        def encode_sample(self, sample: Any) -> Any:
            return sample

        def batch(self, samples: Any) -> Any:
            return samples

        def encode_batch(self, batch: Any) -> Any:
            return batch

    counts = json.loads((Path(folder) / ".nv-meta" / ".info.json").read_text())["shard_counts"]

    def read() -> int:
        one = WorkerConfig(rank=0, world_size=1, num_workers=0)
        source = get_train_dataset(
            folder, split_part="train", worker_config=one, batch_size=32, task_encoder=Encoder(),
            shuffle_buffer_size=BUFFER, max_samples_per_sequence=100,
        )  # fmt: skip
        seen = 0
        for batch in get_loader(source):
            seen += len(batch)
            if seen >= sum(counts.values()):
                break
        return seen

    return rate(read)


def _members(folder: str) -> Iterator[dict[str, bytes]]:
    for path in _tars(folder):
        with tarfile.open(path) as tar:
            members: dict[str, bytes] = {}
            for member in tar:
                file = tar.extractfile(member)
                assert file is not None
                members[member.name.partition(".")[2]] = file.read()
                if len(members) == 2:
                    yield members
                    members = {}


def prepare_mosaic(folder: str, made: str) -> dict[str, float]:
    """The shards as MDS; runs in mosaicml-streaming's own environment."""
    from streaming import MDSWriter

    with MDSWriter(out=f"{made}/mds", columns={"json": "json", "0.jpg": "bytes"}) as writer:
        for members in _members(folder):
            writer.write({"json": json.loads(members["json"]), "0.jpg": members["0.jpg"]})
    return {}


def mosaic(folder: str, made: str) -> dict[str, float]:
    """StreamingDataset(shuffle=True) on local MDS; runs in mosaicml-streaming's own environment."""
    from streaming import StreamingDataset
    from streaming.base.util import clean_stale_shared_memory

    clean_stale_shared_memory()
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    return rate(lambda: sum(1 for _ in StreamingDataset(local=f"{made}/mds", shuffle=True, batch_size=32)))
