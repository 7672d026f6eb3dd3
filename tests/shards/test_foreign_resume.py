"""``vlit index`` interrupted, killed, by several processes: always the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.shards.make import files
from tests.shards.test_foreign import pair, tar
from vlit_hub.shards import ShardError, Store, foreign_index
from vlit_hub.shards.foreign_index import index_foreign
from vlit_hub.shards.lock import WORK

REPOSITORY = Path(__file__).parents[2]
TARS, EACH = 12, 40
SHAPE = {"max_bytes": 150_000, "sidecars": True}
"""Five tars of texts, cut in the middle of other tars."""
CHILD = """
import os, sys, time
from pathlib import Path
from vlit_hub.shards import energon, foreign_index

def held(*_):
    print("held", flush=True)
    while os.getppid() == parent:
        time.sleep(0.05)

folder, workers, last, parent = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], os.getppid()
foreign_index.EVERY = 0
energon.write = held
foreign_index.index_foreign(folder, workers=workers, max_bytes=150_000, sidecars=True,
    progress=lambda file, records: (print(file, flush=True), file == last and held()))
"""


def name(number: int) -> str:
    return f"part/{number:02d}.tar"


def made(folder: Path) -> Path:
    """Tars with a text of its own for each picture, some records without."""
    for number in range(TARS):
        keys = [f"k{number:02d}{at:03d}" for at in range(EACH)]
        groups = [pair(key, at, f"{key} {'word ' * (at % 9)}") if at % 11 else pair(key, at)[:1]
                  for at, key in enumerate(keys)]  # fmt: skip
        tar(folder / name(number), *(member for group in groups for member in group))
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, str]:
    """The files of a run in one piece by one process."""
    folder = made(tmp_path_factory.mktemp("whole"))
    report = index_foreign(folder, name="x", **SHAPE)
    assert (report.shards, report.resumed, report.records) == (TARS, 0, TARS * EACH)
    assert report.samples == report.records - report.skipped["neither a text nor a json with a caption"]
    store = Store(folder, verify=True)
    assert len(list(store)) == report.samples
    found = files(folder)
    assert sum("texts-" in path for path in found) == 5 and not (folder / WORK).exists()
    return found


@pytest.fixture(autouse=True)
def noted_at_every_tar(monkeypatch):
    monkeypatch.setattr(foreign_index, "EVERY", 0)


@pytest.mark.parametrize("workers", [2, 5])
def test_the_files_do_not_depend_on_the_number_of_workers(whole, tmp_path, workers):
    seen: list[str] = []
    report = index_foreign(
        made(tmp_path), name="x", workers=workers, progress=lambda file, records: seen.append(file), **SHAPE
    )
    assert files(tmp_path) == whole and report.shards == TARS
    assert seen == [name(number) for number in range(TARS)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_broken_tar_is_mended_and_the_run_goes_on(whole, tmp_path, workers):
    broken = made(tmp_path) / name(7)
    data = broken.read_bytes()
    broken.write_bytes(data[:9000])
    for _ in range(2):
        with pytest.raises(ShardError, match="part/07.tar: (truncated|no header)"):
            index_foreign(tmp_path, name="x", workers=workers, **SHAPE)
        assert not (tmp_path / "manifest.json").exists() or not json.loads(
            (tmp_path / "manifest.json").read_text()
        )["splits"]  # fmt: skip
    broken.write_bytes(data)
    report = index_foreign(tmp_path, name="x", **SHAPE)
    assert (report.resumed, report.shards) == (7, TARS) and files(tmp_path) == whole


@pytest.mark.parametrize("change", ["tar", "list", "option", "index"])
def test_other_inputs_begin_anew(whole, tmp_path, change):
    broken = made(tmp_path) / name(7)
    data = broken.read_bytes()
    broken.write_bytes(data[:9000])
    if change == "list":
        (tmp_path / "part" / "more.tar").write_bytes(data)
    with pytest.raises(ShardError, match="part/07.tar"):
        index_foreign(tmp_path, name="x", **SHAPE | ({"max_bytes": 70_000} if change == "option" else {}))
    broken.write_bytes(data)
    if change == "tar":
        os.utime(tmp_path / name(2))
    elif change == "list":
        (tmp_path / "part" / "more.tar").unlink()
    elif change == "index":
        for path in sorted((tmp_path / "index").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
    report = index_foreign(tmp_path, name="x", **SHAPE)
    assert report.resumed == 0 and files(tmp_path) == whole


def killed(folder: Path, tars: int, workers: int, pause: float) -> None:
    """Index in a child process and SIGKILL it once it has told of so many tars (TARS + 1: all but the sidecars)."""
    last = name(TARS - 1) if tars < TARS else ""
    command = [sys.executable, "-c", CHILD, str(folder), str(workers), last]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert child.stdout
    for _ in range(tars):
        assert child.stdout.readline()
    time.sleep(pause)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    child.stdout.close()


MOMENTS = [(1, 1, 1), *((tars, before, after) for tars in range(1, TARS + 2) for before, after in ((1, 2), (3, 1)))]


@pytest.mark.parametrize(
    ("tars", "before", "after"),
    [pytest.param(*moment, marks=[pytest.mark.slow] if number else []) for number, moment in enumerate(MOMENTS)],
)
def test_killed_and_gone_on_with(whole, tmp_path, tars, before, after):
    folder = made(tmp_path / "x")
    killed(folder, tars, before, random.uniform(0, 0.03))
    report = index_foreign(folder, workers=after, **SHAPE)
    assert report.resumed >= min(tars, TARS) and report.shards == TARS
    assert files(folder) == whole
