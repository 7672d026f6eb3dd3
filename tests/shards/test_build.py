"""``build``: workers, kills, equal inputs, locks: always the same bytes."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import webdataset

from tests.shards.make import files
from tests.strategies import picture
from vlit_hub import registry
from vlit_hub.release import Release
from vlit_hub.shards import ShardError, Store, webdataset_pipeline
from vlit_hub.shards.build import StrictError, build
from vlit_hub.shards.lock import WORK, locked

REPOSITORY = Path(__file__).parents[2]
RECORDS = 2000
SMALL = 200_000
"""Bytes of a shard."""


def raw(folder: Path, records: int = RECORDS) -> Path:
    """A LLaVA release with pictures, one in nine missing, one record in seven faulty, and facts beside nothing."""
    (folder / "images").mkdir(parents=True)
    for i in range(40):
        (folder / "images" / f"{i}.jpg").write_bytes(picture(i, "JPEG"))
    (folder / "images" / "39.jpg").write_bytes(b"")
    rows = []
    for i in range(records):
        turns = [
            {"from": "human", "value": f"<image>\nWhat is {i}?"},
            {"from": "gpt", "value": f"It is {i}." * (i % 9)},
        ]
        turns = turns if i % 7 else [{"from": "robot", "value": "?"}]
        rows.append({"id": str(i), "image": f"{i % 44}.jpg", "conversations": turns})
    (folder / "llava_instruct_150k.json").write_text(json.dumps(rows))
    return folder


def release(folder: Path) -> Release:
    return Release(registry.get("llava-instruct-150k"), folder)


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    return raw(tmp_path_factory.mktemp("release") / "raw")


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory) -> dict[str, str]:
    """The files of an uninterrupted build in one process."""
    out = tmp_path_factory.mktemp("whole")
    report = build(release(source), out, max_bytes=SMALL)
    assert (report.records, report.quarantined) == (RECORDS, 286)
    assert report.shards > 10 and report.missing_media > 100 and report.samples == RECORDS - 286
    found = files(out)
    assert len(found) == report.shards + 5
    assert [row["row"] for row in map(json.loads, (out / "quarantine.jsonl").open())] == list(range(0, RECORDS, 7))
    return found


@pytest.mark.parametrize("workers", [2, 3])
def test_the_files_do_not_depend_on_the_number_of_workers(source, whole, tmp_path, workers):
    steps: list[int] = []
    report = build(
        release(source), tmp_path, max_bytes=SMALL, workers=workers, progress=lambda split, done: steps.append(done)
    )
    assert files(tmp_path) == whole
    assert (report.records, report.quarantined, report.samples) == (RECORDS, 286, RECORDS - 286)
    assert steps == sorted(steps) and steps[-1] == RECORDS
    assert len(list(Store(tmp_path, verify=True))) == RECORDS - 286


def test_a_finished_build_of_equal_inputs_is_recognised(source, whole, tmp_path):
    first = build(release(source), tmp_path, max_bytes=SMALL)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.tar")}
    again = build(release(source), tmp_path, max_bytes=SMALL, workers=2)
    assert (first.unchanged, again.unchanged) == ([], ["train"])
    assert again.counted() == first.counted()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.tar")} == times
    forced = build(release(source), tmp_path, max_bytes=SMALL, force=True)
    assert forced.unchanged == [] and files(tmp_path) == whole
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.tar")} != times


def test_a_lost_shard_is_built_again(source, whole, tmp_path):
    build(release(source), tmp_path, max_bytes=SMALL)
    next(tmp_path.glob("*-000003.tar")).unlink()
    assert build(release(source), tmp_path, max_bytes=SMALL).unchanged == []
    assert files(tmp_path) == whole


@pytest.mark.parametrize("change", ["record", "picture", "limit"])
def test_other_inputs_begin_anew(tmp_path, change):
    folder, out = raw(tmp_path / "raw", 30), tmp_path / "out"
    build(release(folder), out)
    limit = SMALL
    if change == "record":
        rows = folder / "llava_instruct_150k.json"
        rows.write_text(rows.read_text().replace("What is 5?", "What is it?"))
    elif change == "picture":
        (folder / "images" / "5.jpg").write_bytes(picture(77, "JPEG"))
    else:
        limit = 9000
    assert build(release(folder), out, max_bytes=limit).unchanged == []
    build(release(folder), tmp_path / "new", max_bytes=limit)
    assert files(out) == files(tmp_path / "new")


def test_the_folder_that_is_written_may_lie_in_the_raw_one(tmp_path):
    folder = raw(tmp_path / "raw", 30)
    build(release(folder), folder / "shards")
    assert build(release(folder), folder / "shards").unchanged == ["train"]


@pytest.mark.parametrize("workers", [1, 2])
def test_strict_stops_at_the_first_fault_whoever_finds_it(tmp_path, workers):
    folder = raw(tmp_path / "raw", 600)
    with pytest.raises(StrictError, match=r"llava_instruct_150k.json, row 0, conversations\[0\].from"):
        build(release(folder), tmp_path / "out", strict=True, workers=workers)
    assert not list((tmp_path / "out").glob("*.tar"))


def test_a_second_build_into_the_folder_is_refused(source, tmp_path):
    with locked(tmp_path), pytest.raises(ShardError, match=f"process {os.getpid()} is building into it"):
        build(release(source), tmp_path)
    assert not (tmp_path / WORK).exists()


def test_a_worker_that_is_killed_is_named_and_the_build_goes_on(source, whole, tmp_path):
    def kill(split: str, done: int) -> None:
        if done > RECORDS // 2:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)

    with pytest.raises(ShardError, match="a worker process ended with code -9 .* run the same command again"):
        build(release(source), tmp_path, max_bytes=SMALL, workers=2, progress=kill)
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.tar")}
    assert kept
    build(release(source), tmp_path, max_bytes=SMALL)
    assert files(tmp_path) == whole
    now = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.tar")}
    assert {name: now[name] for name in kept} == kept


def test_a_picture_is_stored_once_per_group(source, tmp_path):
    build(release(source), tmp_path / "plain", max_bytes=SMALL)
    plain = Store(tmp_path / "plain")
    sizes = set()
    for workers in (1, 2):
        out = tmp_path / str(workers)
        with pytest.raises(KeyboardInterrupt):
            build(release(source), out, max_bytes=SMALL, share_media=True, workers=workers, progress=_interrupt)
        build(release(source), out, max_bytes=SMALL, share_media=True, workers=workers)
        store = Store(out, verify=True)
        assert list(store) == list(plain)
        entry = store.index.splits[0]
        pictures = {(each.group, blob.bytes) for each in store for blob in each.images if blob}
        assert entry.counts["image"] - entry.counts["missing_media"] - entry.shared == len(pictures) < entry.shared
        sizes.add(entry.bytes)
    assert files(tmp_path / "1") == files(tmp_path / "2")
    assert sizes.pop() < plain.index.splits[0].bytes


def _interrupt(split: str, done: int) -> None:
    if done > RECORDS // 2:
        raise KeyboardInterrupt


def test_webdataset_reads_what_workers_wrote(source, tmp_path):
    build(release(source), tmp_path, max_bytes=SMALL, workers=2)
    urls = [str(path) for path in sorted(tmp_path.glob("*.tar"))]
    store = Store(tmp_path)
    assert list(webdataset_pipeline(urls)) == list(store)
    records = list(webdataset.WebDataset(urls, shardshuffle=False))
    assert [record["__key__"] for record in records] == [store.provenance(row).key for row in range(len(store))]


DATASETS = """
import json, sys
import datasets
features = datasets.Features.from_dict(json.load(open(sys.argv[1] + "/manifest.json"))["features"])
rows = datasets.load_dataset("webdataset", data_files=sys.argv[1] + "/*.tar", features=features, split="train")
print(json.dumps([[row["__key__"], row["json"]["id"]] for row in rows]))
"""


def test_datasets_reads_what_workers_wrote(source, tmp_path):
    out = tmp_path / "out"
    build(release(source), out, max_bytes=SMALL, workers=2)
    environment = os.environ | {"HF_HOME": str(tmp_path / "home"), "HF_DATASETS_OFFLINE": "1"}
    command = [sys.executable, "-c", DATASETS, str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    store = Store(out)
    assert json.loads(done.stdout) == [[store.provenance(row).key, each.id] for row, each in enumerate(store)]


CODE = f"""
import sys
from pathlib import Path
from tests.shards.test_build import release
from vlit_hub.shards.build import build
print("begins", flush=True)
build(release(Path(sys.argv[1])), Path(sys.argv[2]), max_bytes={SMALL}, workers=int(sys.argv[3]))
"""


def killed(source: Path, out: Path, workers: int, after: float) -> bool:
    """Build in a process group of its own, kill -9 the builder (not its workers); whether it was still at work."""
    command = [sys.executable, "-c", CODE, str(source), str(out), str(workers)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "begins\n"
        time.sleep(after)
        process.kill()
        return process.wait() == -signal.SIGKILL


def check_kills(source: Path, whole: dict[str, str], out: Path, workers: int, moments: list[float]) -> int:
    """Kill the same build at each of the moments, then let it end; how many kills came before its end."""
    hit = sum([killed(source, out, workers, moment) for moment in moments])
    build(release(source), out, max_bytes=SMALL, workers=workers)
    assert files(out) == whole
    return hit


def test_killed_and_resumed(source, whole, tmp_path):
    assert check_kills(source, whole, tmp_path, 2, [0.4]) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("seed", range(20))
def test_killed_at_a_random_moment_and_resumed(source, whole, tmp_path, workers, seed):
    started = time.monotonic()
    build(release(source), tmp_path / "timed", max_bytes=SMALL, workers=workers)
    seconds = time.monotonic() - started
    draw = random.Random(f"{seed}, {workers}")
    check_kills(source, whole, tmp_path / "out", workers, [draw.uniform(0, seconds)])
