"""Curation: all offline indicators on one core, near duplicates among a million; data-juicer on the same data."""

from __future__ import annotations

import json
import random
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.common import Row, child, interleaved, main, peer_python

SAMPLES = 20_000
ROUNDS = 2
MANY = 1_000_000
RATE, SECONDS, MEGABYTES = 5_000, 600, 4_096
"""The bars: samples a second, seconds and MB of both searches."""
THINGS = "dog cat person car bicycle bus chair cup bottle umbrella laptop bench horse boat bird".split()
REST = (
    "the a is on street with red standing near building while under table in front of window holds looks at sky two "
    "three large small old wooden green and it seems quiet there by side walking slowly across grass beside water"
).split()


def dialogues(seed: int = 0) -> list[list[tuple[str, str]]]:
    """SAMPLES dialogues of ROUNDS rounds, 12 to 60 words an answer, as of conversations about pictures; one in ten is
    a near copy of another."""
    rng, made = random.Random(seed), []
    for number in range(SAMPLES):
        if number % 10 == 9:
            first, *rest = made[rng.randrange(len(made))]
            made.append([(first[0], f"{first[1]} Indeed."), *rest])
            continue
        made.append([(_question(rng), _answer(rng)) for _ in range(ROUNDS)])
    return made


def _question(rng: random.Random) -> str:
    thing = rng.choice(THINGS)
    forms = ("What is the {0} doing?", "Is there a {0} in the image?", "How many {0}s are there?", "Describe the {0}.")
    return rng.choice(forms).format(thing)


def _answer(rng: random.Random) -> str:
    words = [rng.choice(THINGS) if rng.random() < 0.08 else rng.choice(REST) for _ in range(rng.randint(12, 60))]
    return " ".join(words).capitalize() + "."


def write(folder: str) -> dict[str, float]:
    """The dialogues as shards (no pictures: those are not read by these indicators) and as data-juicer's JSON lines."""
    from vlit_hub.schema import Media, Message, Part, Sample
    from vlit_hub.shards import ShardWriter

    with ShardWriter(Path(folder) / "shards", "made", "default", "train") as writer, (
        Path(folder) / "made.jsonl"
    ).open("w") as lines:
        for number, rounds in enumerate(dialogues()):
            messages = [
                Message(role=role, content=[Part(text=text)])
                for pair in rounds
                for role, text in zip(("user", "assistant"), pair, strict=True)
            ]
            media = [Media("image", 0, f"{number % 50:012d}.jpg")]
            one = Sample(
                messages=messages, images=[None], media=media, group=str(number), dataset="made", subset="default",
                split="train",
            )  # fmt: skip
            writer.write(one)
            lines.write(json.dumps({"text": "\n".join(text for pair in rounds for text in pair)}) + "\n")
    return {"samples": SAMPLES}


def indicators(folder: str, annotated: str = "", names: str = "") -> dict[str, float]:
    """Indicators (all, or those of ``names``) over the shards, read and written: samples per second, and per second of
    processor. Imports are not counted, as with the peer; pandas comes with pyarrow's first array."""
    import pyarrow as pa

    from vlit_hub.curation.annotations import Table
    from vlit_hub.curation.columns import Work, compute
    from vlit_hub.curation.facts import Annotation
    from vlit_hub.curation.indicator import chosen
    from vlit_hub.shards import Store

    rng, known = random.Random(0), {}
    for number in range(50 if annotated else 0):
        here = rng.sample(THINGS, 4)
        counts = {label: rng.randint(1, 4) for label in here}
        known[f"{number:012d}"] = Annotation(counts, frozenset(here), frozenset(THINGS))
    wanted = tuple(made.name for made in chosen(names.split() or None))
    work = Work(Store(Path(folder) / "shards"), wanted, Table(by_name=known) if annotated else None)
    for unit in work.units():
        unit.path.unlink(missing_ok=True)
    pa.array([0])
    started, busy = time.perf_counter(), time.process_time()
    count = len(compute(work))
    return {"rate": count / (time.perf_counter() - started), "cpu": count / (time.process_time() - busy)}


def near(folder: str) -> dict[str, float]:
    """Near text duplicates: signatures made and searched, samples per second."""
    import numpy as np

    from vlit_hub.curation.columns import compute
    from vlit_hub.curation.hashes import PERMUTATIONS, Hashing
    from vlit_hub.curation.neighbours import clusters, near_signatures
    from vlit_hub.shards import Store

    work = Hashing(Store(Path(folder) / "shards"))
    for unit in work.units():
        unit.path.unlink(missing_ok=True)
    started = time.perf_counter()
    table = compute(work)
    signatures = np.frombuffer(b"".join(table["signature"].to_pylist()), "<u4").reshape(-1, PERMUTATIONS)
    kept = len(np.unique(clusters(len(signatures), near_signatures(signatures, 0.7))))
    return {"rate": len(table) / (time.perf_counter() - started), "kept": kept}


def million() -> dict[str, float]:
    """MANY hashes and MANY signatures, a tenth of each near copies: seconds of both searches, peak RSS in MB."""
    import numpy as np

    from vlit_hub.curation.neighbours import near_hashes, near_signatures

    rng, tenth = np.random.default_rng(0), MANY // 10
    hashes = rng.integers(0, 2**64, MANY, dtype=np.uint64)
    flips = np.left_shift(np.uint64(1), rng.integers(0, 64, (tenth, 4), dtype=np.uint64))
    hashes[:tenth] = hashes[tenth : 2 * tenth] ^ np.bitwise_xor.reduce(flips, axis=1)
    signatures = rng.integers(0, 2**32, (MANY, 64), dtype=np.uint32)
    signatures[:tenth] = np.where(rng.random((tenth, 64)) < 0.9, signatures[tenth : 2 * tenth], signatures[:tenth])
    started = time.perf_counter()
    found = near_hashes(hashes, 6)
    between = time.perf_counter()
    alike = near_signatures(signatures, 0.7)
    done = time.perf_counter()
    assert len(found) >= tenth and len(alike) > 0.99 * tenth
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": done - started, "hashes": between - started, "signatures": done - between, "mb": peak}


def bench() -> list[Row]:
    """Every row."""
    module = "benchmarks.curation"
    with tempfile.TemporaryDirectory() as folder:
        child(module, "write", folder)
        plain, claims = interleaved([
            lambda: child(module, "indicators", folder),
            lambda: child(module, "indicators", folder, "annotated"),
        ])  # fmt: skip
        big = child(module, "million")
        return [
            Row("all indicators, samples/s of one core", plain["cpu"], "bar", RATE, plain["cpu"] / RATE, 1),
            Row("the same with claims against boxes", claims["cpu"], "bar", RATE, claims["cpu"] / RATE, 1),
            Row("1M + 1M near duplicates, s", big["seconds"], "bar", SECONDS, SECONDS / big["seconds"], 1),
            Row("the same, MB", big["mb"], "bar", MEGABYTES, MEGABYTES / big["mb"], 1),
            *_beside_data_juicer(folder),
        ]


def _beside_data_juicer(folder: str) -> list[Row]:
    """Near text duplicates (signatures of 64 permutations over shingles of 3 words, 0.7), and lengths and repetition of
    words, over the same texts; once each, as theirs takes minutes."""
    python, peers, rows = peer_python("data-juicer"), "benchmarks.peers_curation", []
    for what, mine, theirs in (
        ("near text duplicates", ("near", folder), "near"),
        ("lengths and repetition", ("indicators", folder, "", "turns repetition"), "lengths"),
    ):
        ours = child("benchmarks.curation", *mine)["rate"]
        if python is None:
            rows.append(Row(f"{what}, samples/s", ours, "data-juicer: not run", None, 1, None))
            continue
        found = child(peers, theirs, folder, python=python)["rate"]
        rows.append(Row(f"{what}, samples/s", ours, "data-juicer", found, ours / found, 2))
    return rows


if __name__ == "__main__":
    main("curation", bench, ("numpy", "datasketch", "imagehash", "pyarrow"))
