"""``python -m tests.construction.show_endpoint COCO [PICTURES]``: the photographs' instructions, by the templates and
by a small language model behind `transformers serve`; killed, gone on with, built; the figures as JSON."""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.construction.local_model import Served, unpacked

SMALL = ("--shots", "2", "--max-tokens", "160", "--attempts", "2", "--temperature", "0.3", "--concurrency", "1")


def vlit(*arguments):
    return [str(Path(sys.executable).with_name("vlit")), *map(str, arguments), "--json"]


def said(command):
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def build(folder):
    found = said(vlit("build", "coco-arc", "--raw", folder / "out", "--out", folder / "shards"))
    return {key: found[key] for key in ("records", "converted", "partial", "quarantined", "missing_media", "unread")}


def answers(folder):
    """Replies on disk."""
    path = folder / "out.work" / "requests.sqlite"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=60)) as base:
        try:
            return base.execute("select count(*) from replies").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def by_templates(coco, folder):
    """Over all pictures."""
    return said(vlit("construct", "--coco", coco, "--out", folder / "out")), build(folder)


def by_model(coco, folder, server, pictures, kill_at, options=SMALL):
    """(replies on disk when killed, report of the run that goes on, report of the build). The first run is killed as
    soon as ``kill_at`` replies are on disk."""
    command = vlit(
        *("construct", "--coco", coco, "--out", folder / "out", "--limit", pictures),
        *("--endpoint", server.url, "--model", server.model.name, "--timeout", "600", *options),
    )
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while answers(folder) < kill_at:
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.1)
    process.kill()
    process.wait()
    known = answers(folder)
    assert not any((folder / "out").glob("*.json"))
    return known, said(command), build(folder)


def main(coco, pictures=4):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        report, built = by_templates(coco, folder / "templates")
        print(json.dumps({"templates": report, "build": built}, indent=2), flush=True)
        with Served(unpacked(folder)) as server:
            known, report, built = by_model(coco, folder / "model", server, pictures, kill_at=5)
        total = answers(folder / "model")
        print(json.dumps({"replies when killed": known, "replies in all": total, **report, "build": built}, indent=2))
        rows = (folder / "model" / "out.work" / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()
        for row in map(json.loads, rows):
            print(f"{row['img_ids']} {row['instruction_type']}: {row['reason'][:160]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
