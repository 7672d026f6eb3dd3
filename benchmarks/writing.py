"""Samples -> shards: samples a second beside ``webdataset.ShardWriter``, and a build by two workers beside one.

Both writers get the same Samples in memory and encode their JSON with the same function; ours adds index, manifest and
checksums, and brings every shard to the disk, which the peer leaves to the system. Everything is timed inside fresh
processes, without imports, to the end of the last file, after a sync: else ours would wait for what the peer left.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import normalising
from benchmarks.common import Row, child, interleaved, main

SIZES = {"text only": 0, "16 KB pictures": 16 << 10, "72 KB pictures": 72 << 10}
SAMPLES = {0: 20_000, 16 << 10: 8_000, 72 << 10: 3_000}
RECORDS = {"text only": 30_000, "pictures": 6_000}
REPEATS = 5


def _samples(size: int) -> Iterator:
    """Conversations of three turns, each with one made-up JPEG of ``size`` bytes (0: none)."""
    from vlit_hub.schema import Blob, Media, Message, Part, Sample

    draw = random.Random(0)
    block = draw.randbytes(size)
    for i in range(SAMPLES[size]):
        messages = []
        for turn in range(3):
            picture = [Part("image", index=0)] if size and not turn else []
            words = [" ".join(draw.choices(normalising.WORDS, k=k)) for k in (10, 35)]
            messages += [Message("user", [*picture, Part(text=words[0])]), Message("assistant", [Part(text=words[1])])]
        data = b"\xff\xd8\xff" + i.to_bytes(8, "big") + block[11:]
        yield Sample(
            images=[Blob(bytes=data)] if size else [],
            messages=messages,
            media=[Media("image", 0, ref=f"{i}.jpg", width=640, height=480)] if size else [],
            group=str(i), id=str(i), dataset="made", subset="default", split="train",
        )  # fmt: skip


def ours(size: str, out: str) -> dict[str, float]:
    """``ShardWriter`` of vlit_hub."""
    from vlit_hub.shards import ShardWriter

    samples = list(_samples(int(size)))
    os.sync()
    started = time.perf_counter()
    with ShardWriter(out, "made", "default", "train") as writer:
        for sample in samples:
            writer.write(sample)
    return {"rate": len(samples) / (time.perf_counter() - started)}


def theirs(size: str, out: str) -> dict[str, float]:
    """``webdataset.ShardWriter`` with the same members, no index and no checksums."""
    import webdataset

    from vlit_hub.schema import strip_media, to_json

    Path(out).mkdir()
    samples = list(_samples(int(size)))
    os.sync()
    started = time.perf_counter()
    with webdataset.ShardWriter(f"{out}/made-%06d.tar", maxcount=10_000, maxsize=512 << 20, verbose=0) as writer:
        for i, sample in enumerate(samples):
            pictures = {f"{k}.jpg": blob.bytes for k, blob in enumerate(sample.images)}
            writer.write({"__key__": f"made-default-train-{i:09d}", "json": to_json(strip_media(sample)), **pictures})
    return {"rate": len(samples) / (time.perf_counter() - started)}


def raw(folder: Path, pictures: bool) -> None:
    """A LLaVA release, with a 640x480 JPEG of noise for every record or without pictures."""
    folder.mkdir()
    normalising.write(folder, records=RECORDS["pictures" if pictures else "text only"])
    if pictures:
        import numpy as np
        import PIL.Image

        (folder / "images").mkdir()
        grain = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
        PIL.Image.fromarray(grain).resize((640, 480)).save(folder / "picture.jpg", quality=92)
        data = (folder / "picture.jpg").read_bytes()
        (folder / "picture.jpg").unlink()
        for i in range(RECORDS["pictures"]):
            (folder / "images" / f"{i:012d}.jpg").write_bytes(data + i.to_bytes(8, "big"))


def built(folder: str, out: str, workers: str) -> dict[str, float]:
    """``vlit build`` with so many workers."""
    from vlit_hub import registry
    from vlit_hub.release import Release
    from vlit_hub.shards.build import build

    os.sync()
    started = time.perf_counter()
    report = build(Release(registry.get("llava-instruct-150k"), Path(folder)), Path(out), workers=int(workers))
    assert report.converted == report.records
    return {"rate": report.records / (time.perf_counter() - started), "rss": report.peak_rss_mb}


def writers(work: Path) -> list[Row]:
    """Ours beside webdataset's writer."""
    rows = []
    for name, size in SIZES.items():
        number = iter(range(100))

        def run(function: str, size: int = size, number: Iterator[int] = number) -> dict[str, float]:
            return child("benchmarks.writing", function, str(size), str(work / f"{function}-{size}-{next(number)}"))

        mine, peer = interleaved([lambda: run("ours"), lambda: run("theirs")], REPEATS)
        what = f"samples/s written with index and checksums, {name}"
        rows.append(Row(what, mine["rate"], "webdataset.ShardWriter", peer["rate"], mine["rate"] / peer["rate"], 1.0))
    return rows


def workers(work: Path) -> list[Row]:
    """A build by two workers beside one; no bar where there is one core."""
    rows = []
    for name in RECORDS:
        raw(work / name, name == "pictures")
        number = iter(range(100))

        def run(count: int, name: str = name, number: Iterator[int] = number) -> dict[str, float]:
            out = work / f"out-{name}-{next(number)}"
            return child("benchmarks.writing", "built", str(work / name), str(out), str(count))

        two, one = interleaved([lambda: run(2), lambda: run(1)], REPEATS)
        bar = 1.5 if len(os.sched_getaffinity(0)) >= 2 else None
        what = f"records/s, raw -> shards by two workers, {name}"
        rows.append(Row(what, two["rate"], "one worker", one["rate"], two["rate"] / one["rate"], bar))
    return rows


def memory(work: Path) -> list[Row]:
    """Two workers on one line of a gigabyte."""
    (work / "big").mkdir()
    normalising.write(work / "big", size=normalising.BIG)
    found = child("benchmarks.writing", "built", str(work / "big"), str(work / "out-big"), "2")
    what = "peak RSS in MB of a process, 1 GB single-line array by two workers"
    return [Row(what, found["rss"], "600 MB", 600.0, 600 / found["rss"], 1.0)]


def bench() -> list[Row]:
    """All rows."""
    rows = []
    for part in (writers, workers, memory):
        with tempfile.TemporaryDirectory() as work:
            rows += part(Path(work))
    return rows


if __name__ == "__main__":
    main("writing", bench, ("vlit_hub", "webdataset", "msgspec"))
