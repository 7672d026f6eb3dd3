"""Shards -> samples, shuffled: samples a second beside webdataset, datasets, Megatron-Energon and mosaicml-streaming.

The same shared photographs in the same shards (re-packed into parquet, Arrow and MDS for those who read these), one
question and its answer each; one process, page cache warm, timed in fresh processes from opening the data to its last
sample, without imports. Undecoded: every text is decoded, pictures are bytes. Decoded: the central square, 336 pixels.
"""

from __future__ import annotations

import io
import math
import random
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import peers_streaming
from benchmarks.common import ROOT, Row, child, interleaved, main, peer_python
from benchmarks.normalising import WORDS

PHOTOS = ROOT.parent / "shared" / "coco" / "images"
SIDE = 336
SETS: dict[str, tuple[int, tuple[int, int], int]] = {
    "16 KB": (6_000, (300, 225), 16_000),
    "72 KB": (3_000, (640, 480), 72_000),
    "640x480": (280, (640, 480), 0),
    "1600x1200": (105, (1600, 1200), 0),
}
"""Name -> samples, size of the pictures, bytes of the pictures (0: as quality 90 gives)."""
BATCH = 32
PACKAGES = ("vlit_hub", "webdataset", "datasets", "pyarrow", "megatron-energon", "simplejpeg", "pillow", "torch")


def photographs(size: tuple[int, int], target: int) -> list[bytes]:
    """The shared photographs as JPEGs of that size, as near as can be to ``target`` bytes."""
    import PIL.Image

    files = sorted(PHOTOS.glob("*.jpg"))
    if not files:
        raise FileNotFoundError(f"{PHOTOS} holds no photographs")
    found = []
    for file in files:
        picture = PIL.Image.open(file).convert("RGB").resize(size, PIL.Image.Resampling.BICUBIC)
        tries = []
        for quality in range(10, 98, 4) if target else (90,):
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=quality)
            tries.append(out.getvalue())
        found.append(min(tries, key=lambda data: abs(len(data) - target)))
    return found


def write(name: str, folder: Path) -> None:
    """The shards of a set."""
    from vlit_hub.schema import Blob, Media, Message, Part, Sample
    from vlit_hub.shards import ShardWriter

    count, size, target = SETS[name]
    pictures, draw = photographs(size, target), random.Random(0)
    with ShardWriter(folder, "made", "default", "train", max_samples=1000) as writer:
        for i in range(count):
            question, answer = (" ".join(draw.choices(WORDS, k=k)).capitalize() + "." for k in (10, 35))
            data = pictures[i % len(pictures)] + i.to_bytes(8, "big")  # behind the end: each is another file
            user = Message("user", [Part("image", index=0), Part(text=question)])
            writer.write(
                Sample(
                    images=[Blob(bytes=data)],
                    messages=[user, Message("assistant", [Part(text=answer)])],
                    task="vqa",
                    media=[Media("image", 0, ref=f"{i:012d}.jpg", width=size[0], height=size[1])],
                    group=f"{i:012d}.jpg", id=str(i), dataset="made", subset="default", split="train",
                )
            )  # fmt: skip


# -- ours --------------------------------------------------------------------------------------------------------------


def _micro_batches(store: Any) -> Iterable:
    from vlit_hub.shards import Plan, StepSampler

    return StepSampler(Plan(store.index, tail="repeat"), global_batch=BATCH, micro_batch=BATCH, epochs=1)


def undecoded(folder: str, views: str = "") -> dict[str, float]:
    """StepSampler + Store.__getitems__."""
    from vlit_hub.shards import Store

    next(iter(_micro_batches(Store(folder))))  # imports

    def read() -> int:
        store = Store(folder, views=bool(views))
        return sum(len(store.__getitems__(fetch)[0]) for fetch in _micro_batches(store))

    return peers_streaming.rate(read)


def decoded(folder: str, mode: str) -> dict[str, float]:
    """As undecoded, with views, then decoded and resized in ``mode`` exact or fast."""
    import torch

    from vlit_hub.shards import Store

    torch.set_num_threads(1)
    collate = _Squares(mode == "fast")
    collate(([[Store(folder)[0]]], None))  # imports

    def read() -> int:
        store = Store(folder, views=True)
        return sum(len(collate(store.__getitems__(fetch))) for fetch in _micro_batches(store))

    return peers_streaming.rate(read)


class _Squares:
    """Collates a micro-batch into the central squares of its pictures, a uint8 tensor (samples, SIDE, SIDE, 3): what a
    worker hands over in shared memory."""

    def __init__(self, fast: bool) -> None:
        self.fast = fast

    def __call__(self, fetched: tuple[list, Any]) -> Any:
        import numpy as np
        import torch

        from vlit_hub.shards.decode import resized

        out = []
        for (sample,) in fetched[0]:
            box = peers_streaming.central(sample.media[0].width, sample.media[0].height)
            out.append(resized(sample.images[0].bytes, (SIDE, SIDE), box=box, fast=self.fast))
        return torch.from_numpy(np.stack(out))


def by_workers(folder: str, workers: str) -> dict[str, float]:
    """Exact decoding by DataLoader workers, twelve epochs."""
    import torch
    from torch.utils.data import DataLoader

    from vlit_hub.shards import Plan, StepSampler, Store

    torch.set_num_threads(1)
    store = Store(folder, views=True)
    sampler = StepSampler(Plan(store.index, tail="repeat"), global_batch=8, micro_batch=8, epochs=12)
    loader = DataLoader(store, batch_sampler=sampler, collate_fn=_Squares(False), num_workers=int(workers))
    batches = iter(loader)
    next(batches)  # the workers are up
    return peers_streaming.rate(lambda: sum(len(batch) for batch in batches), seconds=0)


# -- quality of decoding -----------------------------------------------------------------------------------------------


def quality() -> dict[str, float]:
    """Least PSNR (dB) of fast against exact over the shared photographs at 336 pixels, as they are and in both sizes of
    the sets; share of them that exact mode decodes and resizes bit for bit as Pillow does."""
    import numpy as np
    import PIL.Image

    from vlit_hub.shards.decode import resized

    least, equal = math.inf, []
    own = [file.read_bytes() for file in sorted(PHOTOS.glob("*.jpg"))]
    for data in [*own, *photographs(SETS["640x480"][1], 0), *photographs(SETS["1600x1200"][1], 0)]:
        picture = PIL.Image.open(io.BytesIO(data)).convert("RGB")
        box = peers_streaming.central(*picture.size)
        exact, fast = (resized(data, (SIDE, SIDE), box=box, fast=fast) for fast in (False, True))
        theirs = picture.resize((SIDE, SIDE), PIL.Image.Resampling.BICUBIC, box=box)
        equal.append(np.array_equal(exact, np.asarray(theirs)))
        error = np.square(exact.astype(float) - fast.astype(float)).mean()
        least = min(least, 10 * math.log10(255**2 / error) if error else math.inf)
    return {"psnr": least, "equal": sum(equal) / len(equal)}


# -- all rows ----------------------------------------------------------------------------------------------------------


def _undecoded_rows(work: Path) -> list[Row]:
    small, large = work / "16 KB", work / "72 KB"
    mosaic = peer_python("mosaicml-streaming")
    made = work / "made"
    child("benchmarks.peers_streaming", "prepare", str(small), str(made))
    if mosaic:
        child("benchmarks.peers_streaming", "prepare_mosaic", str(small), str(made), python=mosaic)
    peers = {
        "webdataset": "webdataset",
        "parquet": "datasets, parquet streaming",
        "arrow": "datasets, Arrow map-style",
        "energon": "megatron-energon",
    }
    ours, theirs = partial(child, "benchmarks.streaming"), partial(child, "benchmarks.peers_streaming")
    runs: dict[str, Callable[[], dict[str, float]]] = {
        "ours": partial(ours, "undecoded", str(small)),
        "views": partial(ours, "undecoded", str(small), "views"),
        "ours 72": partial(ours, "undecoded", str(large)),
        "webdataset 72": partial(theirs, "webdataset", str(large), str(made)),
    }
    runs |= {name: partial(theirs, name, str(small), str(made)) for name in peers}
    if mosaic:
        runs["mosaic"] = partial(theirs, "mosaic", str(small), str(made), python=mosaic)
    rates = dict(zip(runs, (found["rate"] for found in interleaved(list(runs.values()))), strict=True))
    what = "undecoded samples/s, 16 KB pictures"
    bars = {"webdataset": 10.0, "parquet": 5.0, "arrow": 3.0, "energon": 1.0}
    rows = [_row(what, rates["ours"], text, rates[name], bars[name]) for name, text in peers.items()]
    rows.append(_row(f"{what}, views", rates["views"], "webdataset", rates["webdataset"], 12.0))
    rows.append(
        _row("undecoded samples/s, 72 KB pictures", rates["ours 72"], "webdataset", rates["webdataset 72"], 5.0)
    )
    if mosaic:
        return [*rows, _row(what, rates["ours"], "mosaicml-streaming 0.13.0", rates["mosaic"], 1.0)]
    return [
        *rows,
        Row(what, rates["ours"], "mosaicml-streaming: not run, it cannot be installed here", None, math.nan, None),
    ]


def _row(what: str, ours: float, peer: str, theirs: float, bar: float | None) -> Row:
    return Row(what, ours, peer, theirs, ours / theirs, bar)


def _decoded_rows(work: Path) -> list[Row]:
    rows = []
    peer = "webdataset decode('pil') + resize"
    for name, fast_bar in (("640x480", 2.2), ("1600x1200", 3.5)):
        given = (
            ("streaming", "decoded", "fast"),
            ("streaming", "decoded", "exact"),
            ("peers_streaming", "webdataset_decoded"),
        )
        runs = [partial(child, f"benchmarks.{m}", f, str(work / name), *mode) for m, f, *mode in given]
        fast, exact, theirs = interleaved(runs)
        for mode, found, bar in (("fast", fast, fast_bar), ("exact", exact, 1.2)):
            rows.append(_row(f"decoded samples/s, {name} -> {SIDE}, {mode}", found["rate"], peer, theirs["rate"], bar))
    folder = str(work / "640x480")
    one, two = interleaved([partial(child, "benchmarks.streaming", "by_workers", folder, n) for n in "12"])
    rows.append(_row("decoded samples/s, 2 DataLoader workers", two["rate"], "1 worker", one["rate"], 1.7))
    found = child("benchmarks.streaming", "quality")
    rows.append(_row("least PSNR in dB, fast against exact", found["psnr"], "42 dB", 42.0, 1.0))
    rows.append(_row("share of pictures bit-equal to Pillow, exact", found["equal"], "all", 1.0, 1.0))
    return rows


def bench() -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in SETS:
            write(name, work / name)
        return [*_undecoded_rows(work), *_decoded_rows(work)]


if __name__ == "__main__":
    main("streaming", bench, PACKAGES)
