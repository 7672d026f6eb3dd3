"""Pushing 20,000 samples with a picture each: ours from shards beside ``Dataset.push_to_hub`` of the same rows.

Both push the parquet form to one local Hub, each in a fresh process, timed without imports. Ours starts at the shards
(read, turned into parquet, hashed, sent, compared with the Hub, card included); theirs at an Arrow dataset that was
loaded before. Requests are counted by the Hub.
"""

from __future__ import annotations

import io
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import Row, child, interleaved, main

NAME = "llava-instruct-150k"
SAMPLES = 20_000
PICTURES = 250
"""Distinct ones; the samples' copies differ in their last bytes."""
TOKEN = "hf_local_write"


def pictures() -> list[bytes]:
    """JPEG files of 480 x 360 pixels, about 25 kB."""
    import numpy as np
    from PIL import Image

    draw, found = np.random.default_rng(0), []
    for _ in range(PICTURES):
        small = Image.fromarray(draw.integers(0, 255, (45, 60, 3), np.uint8))
        file = io.BytesIO()
        small.resize((480, 360), Image.Resampling.BICUBIC).save(file, "JPEG", quality=85)
        found.append(file.getvalue())
    return found


def make(shards: str, parquet: str) -> dict[str, float]:
    """The shards, and their parquet form, from which the peer's dataset is loaded."""
    from vlit_hub.publishing.export import export
    from vlit_hub.schema import Blob, Media, Message, Part, Sample
    from vlit_hub.shards import ShardWriter

    drawn = pictures()
    with ShardWriter(Path(shards), NAME, "default", "train") as writer:
        for i in range(SAMPLES):
            question = [Part(type="image", index=0), Part(text=f"What is in picture {i}?")]
            answer = [Part(text=f"Picture {i} shows coloured clouds, soft at the edges. " * 3)]
            sample = Sample(
                images=[Blob(bytes=drawn[i % PICTURES] + i.to_bytes(4, "big"))],
                messages=[Message("user", question), Message("assistant", answer)],
                media=[Media(type="image", index=0, ref=f"{i:08}.jpg", width=480, height=360)],
                group=str(i), id=str(i), dataset=NAME, subset="default", split="train",
            )  # fmt: skip
            writer.write(sample)
    report = export(shards, parquet, forms=("parquet",))
    return {"bytes": report.bytes}


def load(parquet: str, cache: str) -> dict[str, float]:
    """The peer's dataset into its cache, untimed."""
    from datasets import load_dataset

    return {"rows": len(load_dataset(parquet, split="train", cache_dir=cache))}  # type: ignore[arg-type]


def _seconds(started: float) -> dict[str, float]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - started, "rss": peak}


def ours(shards: str, endpoint: str, repo: str) -> dict[str, float]:
    """Shards -> a dataset on the Hub."""
    from vlit_hub.publishing.publish import Destination, publish_dataset

    started = time.perf_counter()
    publish_dataset(Path(shards), Destination(repo, endpoint=endpoint, token=TOKEN), forms=("parquet",))
    return _seconds(started)


def theirs(parquet: str, cache: str, repo: str) -> dict[str, float]:
    """Arrow dataset -> a dataset on the Hub."""
    import datasets

    datasets.disable_progress_bars()
    found = datasets.load_dataset(parquet, split="train", cache_dir=cache)
    started = time.perf_counter()
    found.push_to_hub(repo, split="train", token=TOKEN)
    return _seconds(started)


def bench() -> list[Row]:
    """All rows."""
    from vlit_hub.publishing.local_hub import LocalHub

    with tempfile.TemporaryDirectory() as work, LocalHub(Path(work, "hub")) as hub:
        shards, parquet, cache = (str(Path(work, name)) for name in ("shards", "parquet", "cache"))
        os.environ |= {"HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(Path(work, "home"))}
        made = child("benchmarks.publishing", "make", shards, parquet)
        child("benchmarks.publishing", "load", parquet, cache)
        number = iter(range(1000))

        def run(function: str, *arguments: str) -> dict[str, float]:
            before = sum(hub.requests.values())
            found = child("benchmarks.publishing", function, *arguments, f"local/push{next(number)}")
            shutil.rmtree(hub.root / "blobs")  # the next push sends everything again
            return {**found, "requests": sum(hub.requests.values()) - before}

        runs: list[Callable[[], dict[str, float]]] = [
            lambda: run("ours", shards, hub.endpoint), lambda: run("theirs", parquet, cache)
        ]  # fmt: skip
        mine, peer = interleaved(runs)
    what = f"pushing {SAMPLES:,} samples, {made['bytes'] / 1e6:,.0f} MB"
    name = "Dataset.push_to_hub"
    return [
        Row(f"seconds, {what}", mine["seconds"], name, peer["seconds"], peer["seconds"] / mine["seconds"], 1.0),
        Row(f"requests, {what}", mine["requests"], name, peer["requests"], peer["requests"] / mine["requests"], 1.0),
        Row(f"peak RSS in MB, {what}", mine["rss"], "500 MB", 500.0, 500 / mine["rss"], 1.0),
        Row(f"peak RSS in MB, {what}", mine["rss"], name, peer["rss"], peer["rss"] / mine["rss"], None),
    ]


if __name__ == "__main__":
    main("publishing", bench, ("vlit_hub", "datasets", "huggingface_hub", "pyarrow"))
