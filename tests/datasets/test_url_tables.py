"""A media root that is a table from URLs to files: every form, faults named, files in archives too."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from tests import rows
from tests.datasets.test_archives import pack
from tests.rows import grit_20m
from vlit_hub import registry
from vlit_hub.media_errors import UnsafePath
from vlit_hub.media_finder import MediaFinder
from vlit_hub.release import Release
from vlit_hub.schema import Blob
from vlit_hub.spec import MediaRule

URL = "https://example.org/two-dogs.jpg"
ROWS = [("https://x.org/b?c=1,2", "got/b.jpg"), (URL, "got/a 1.jpg"), ("ключ", "../out.jpg"), ("gone", "got/gone.jpg")]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))


def table(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [{"n": i, "file": file, "url": url} for i, (url, file) in enumerate(ROWS)]
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    else:
        mark = "\t" if path.suffix == ".tsv" else ","
        lines = [mark.join(f'"{cell}"' for cell in row) for row in [("url", "file"), *ROWS]]
        path.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["tsv", "csv", "jsonl", "parquet"])
def test_urls_are_looked_up_in_every_form(tmp_path: Path, form: str) -> None:
    path = table(tmp_path / "root" / f"urls.{form}")
    rows.write(path.parent, {"got/a 1.jpg": "3x2"})
    pack(path.parent / "got.tar", {"b.jpg": b"packed"})
    finder = MediaFinder(tmp_path, [MediaRule("web", ("{ref}", "images/{name}"))], str(path))
    assert finder.find("image", URL) == Blob(path=str(tmp_path / "root/got/a 1.jpg"))
    assert finder.find("image", "https://x.org/b?c=1,2") == Blob(bytes=b"packed")
    assert [finder.find("image", ref) for ref in ("gone", "got/a 1.jpg", "https://x.org/")] == [None] * 3
    with pytest.raises(UnsafePath, match="leads 'ключ' out of its folder"):
        finder.find("image", "ключ")
    before = finder.fingerprint()
    rows.write(path.parent, {"got/gone.jpg": "2x2"})
    assert finder.fingerprint() != before


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "link,file\nx,y\n"), ("a.tsv", "url,file\nx,y\n"), ("a.jsonl", '{"url": 1, "file": "x"}\n'),
     ("a.jsonl", "[]\n"), ("a.jsonl", "no\n"), ("a.csv", "url,file\nx\n"), ("a.parquet", "PAR1")],
)  # fmt: skip
def test_what_is_no_table_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match="expected the columns url and file"):
        MediaFinder(tmp_path, [MediaRule("web")], str(tmp_path / name))


@pytest.mark.parametrize("way", ["table", "shards", "folder"])
def test_grit_finds_its_pictures_by_url_and_as_img2dataset_stores_them(tmp_path: Path, way: str) -> None:
    raw = rows.write(tmp_path / "raw", {name: rows for name, rows in grit_20m.FILES.items() if "parquet" in name})
    picture = rows.write(tmp_path / "p", {"p.jpg": "200x100"}) / "p.jpg"
    root = tmp_path / "root"
    if way == "table":
        pack(root / "got.zip", {"a 1.jpg": picture.read_bytes()})
        root = table(root / "urls.tsv")
    elif way == "shards":
        pack(root / "00012.tar", {"000120007.jpg": picture.read_bytes(), "000120007.json": b"{}"})
    else:
        rows.write(root, {"00012/000120007.jpg": "200x100"})
    first = next(Release(registry.get("grit-20m"), raw, media_roots={"coyo": str(root)}).read("train")).samples[0]
    assert (first.media[0].ref, first.media[0].width) == (URL, 200)
    assert first.images[0] is not None
