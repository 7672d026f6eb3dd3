"""Raw release -> samples: records a second beside ``datasets.Dataset.from_generator`` fed with ``json.load``.

Both ends are timed inside fresh processes, without imports: ours from the raw file to finished shards (validated,
indexed, checksummed) and to a loaded Arrow dataset; theirs to a loaded Arrow dataset, once with the same normalised
rows as the generator's output, once with the records as they are (less work: no normalising, no checks; no bar).
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.common import Row, child, interleaved, main

NAME = "llava_instruct_150k.json"
RECORDS = 40_000
BIG = 1 << 30
WORDS = (
    "the bus is white and red a man sits on bench near tree two dogs while people walk along street under sky".split()
)


def write(folder: Path, records: int = 0, size: int = 0) -> None:
    """A single-line LLaVA array of ``records`` records, or of at least ``size`` bytes (then the same 1000 repeat)."""
    draw = random.Random(0)

    def sentence(words: int) -> str:
        return " ".join(draw.choices(WORDS, k=words)).capitalize() + "."

    def record(i: int) -> str:
        turns = []
        for turn in range(3):
            turns.append({"from": "human", "value": ("<image>\n" if turn == 0 else "") + sentence(10)})
            turns.append({"from": "gpt", "value": sentence(35)})
        return json.dumps({"id": f"{i:012d}", "image": f"{i:012d}.jpg", "conversations": turns})

    with open(folder / NAME, "w") as handle:
        handle.write("[" + record(0))
        if records:
            for i in range(1, records):
                handle.write(", " + record(i))
        else:
            block = "".join(", " + record(i) for i in range(1000))
            while handle.tell() < size:
                handle.write(block)
        handle.write("]")


def _seconds(records: int, started: float) -> dict[str, float]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rate": records / (time.perf_counter() - started), "rss": peak}


def ours_build(raw: str, out: str) -> dict[str, float]:
    """Raw file -> shards, index, manifest."""
    from vlit_hub import registry
    from vlit_hub.release import Release
    from vlit_hub.shards.build import build

    started = time.perf_counter()
    report = build(Release(registry.get("llava-instruct-150k"), Path(raw)), Path(out))
    assert report.converted == report.records
    return _seconds(report.records, started)


def ours_load(raw: str, out: str) -> dict[str, float]:
    """Raw file -> Arrow dataset."""
    import datasets

    import vlit_hub

    datasets.disable_progress_bars()
    started = time.perf_counter()
    found = vlit_hub.load_dataset("llava-instruct-150k", data_dir=raw, cache_dir=out, split="train")
    return _seconds(len(found), started)  # type: ignore[arg-type]


def normalised(raw: str) -> Iterator[dict[str, Any]]:
    """The same rows as ours, written by hand over ``json.load`` as one would without us (no checks, no media)."""
    with open(f"{raw}/{NAME}") as handle:
        for i, record in enumerate(json.load(handle)):
            messages = []
            for turn in record["conversations"]:
                text = {"type": "text", "text": turn["value"].removeprefix("<image>\n"), "index": -1, "regions": []}
                picture = {"type": "image", "text": "", "index": 0, "regions": []}
                content = [picture, text] if "<image>" in turn["value"] else [text]
                role = {"human": "user", "gpt": "assistant"}[turn["from"]]
                messages.append({"role": role, "content": content, "train": True, "tool_calls": ""})
            empty: dict[str, Any] = {key: [] for key in ("regions", "spans", "choices", "answers")}
            empty |= {key: [] for key in ("videos", "audios", "point_clouds")}
            media = {"type": "image", "index": 0, "ref": record["image"], "width": None, "height": None,
                     "start": None, "end": None, "caption": "", "clip": ""}  # fmt: skip
            yield empty | {
                "images": [None], "messages": messages, "media": [media], "task": "conversation", "language": "en",
                "instruction_type": "none", "ability": "none", "correct": -1, "tools": "", "group": record["image"],
                "id": f"llava_instruct_150k:{i}", "dataset": "llava-instruct-150k", "subset": "default",
                "split": "train", "meta": json.dumps({"id": record["id"]}),
            }  # fmt: skip


def _from_generator(generator: Any, raw: str, out: str, features: Any) -> dict[str, float]:
    import datasets

    datasets.disable_progress_bars()
    started = time.perf_counter()
    found = datasets.Dataset.from_generator(generator, gen_kwargs={"raw": raw}, features=features, cache_dir=out)
    return _seconds(len(found), started)


def theirs_same(raw: str, out: str) -> dict[str, float]:
    """``from_generator`` with the same normalised rows."""
    from vlit_hub.builder import FEATURES

    return _from_generator(normalised, raw, out, FEATURES)


def records_as_they_are(raw: str) -> Iterator[dict[str, Any]]:
    with open(f"{raw}/{NAME}") as handle:
        yield from json.load(handle)


def theirs_raw(raw: str, out: str) -> dict[str, float]:
    """``from_generator`` with the records as they are."""
    return _from_generator(records_as_they_are, raw, out, None)


def import_seconds() -> float:
    """Least of five times of ``import vlit_hub`` in a fresh process."""
    code = "import time; t = time.perf_counter(); import vlit_hub; print(time.perf_counter() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True) for _ in range(5)]
    return min(float(run.stdout) for run in runs)


def bench() -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        for name in ("raw", "big"):
            (folder / name).mkdir()
        write(folder / "raw", records=RECORDS)
        number = iter(range(1000))

        def run(function: str, raw: str = "raw") -> dict[str, float]:
            return child("benchmarks.normalising", function, str(folder / raw), str(folder / f"out{next(number)}"))

        names = ("ours_build", "ours_load", "theirs_same", "theirs_raw")
        built, loaded, same, as_is = interleaved([lambda name=name: run(name) for name in names])
        write(folder / "big", size=BIG)
        big = run("ours_build", "big")
    peer = "Dataset.from_generator + json.load"
    rows = [
        Row("records/s, raw -> Arrow dataset", loaded["rate"], f"{peer}, same rows", same["rate"],
            loaded["rate"] / same["rate"], 3.0),
        Row("records/s, raw -> shards with index and checksums", built["rate"], f"{peer}, same rows", same["rate"],
            built["rate"] / same["rate"], 3.0),
        Row("records/s, raw -> shards with index and checksums", built["rate"], f"{peer}, raw records", as_is["rate"],
            built["rate"] / as_is["rate"], None),
        Row("peak RSS in MB, building a 1 GB single-line array", big["rss"], "600 MB", 600.0, 600 / big["rss"], 1.0),
    ]  # fmt: skip
    seconds = import_seconds()
    return [*rows, Row("seconds, import vlit_hub", seconds, "0.3 s", 0.3, 0.3 / seconds, 1.0)]


if __name__ == "__main__":
    main("normalising", bench, ("vlit_hub", "datasets", "pyarrow", "msgspec"))
