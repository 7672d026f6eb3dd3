"""Windows of a file give its rows once, in order, whatever breaks; decoding many objects at once changes nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

import vlit_hub
from vlit_hub import builder
from vlit_hub.formats import readers
from vlit_hub.formats.window import WHOLE, Window
from vlit_hub.spec import BadRecord

PARTS = (1, 2, 3, 7)
RECORDS = [{"id": i, "turns": [{"id": "a"}, {"id": "b", "t": "é}, {" * (i % 5)}], "x": i / 3} for i in range(60)]


def told(rows) -> list[tuple]:
    """Rows with faults as text, so that they compare (and NaN too)."""
    return [(n, str(record) if isinstance(record, BadRecord) else repr(record), *key) for n, record, *key in rows]


def write(folder: Path, container: str) -> Path:
    """60 rows with a few bad ones among them, in that container."""
    path = folder / f"a.{'json' if container == 'dict' else container}"
    lines = [json.dumps(record, ensure_ascii=False) for record in RECORDS]
    lines[20] = "[1, 2]"
    if container == "json":
        lines[30] = '{"id": NaN}'
        path.write_text('{"info": {"a": 1}, "rows": [' + ",\n".join(lines) + '], "n": 2}', encoding="utf-8")
    elif container == "dict":
        text = ", ".join(f'"k{i % 50}": {line}' for i, line in enumerate(lines))
        path.write_text('{"rows": {' + text + "}}", encoding="utf-8")
    elif container == "jsonl":
        lines[30] = "\n  \n{"
        path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    elif container == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(RECORDS), path, row_group_size=13)
    else:
        cells = [f'{i},"é\n""{i}"""' + ",x" * (i % 17 == 0) for i in range(3000)]
        text = "a,b\n" + "\n".join(cells) + "\n"
        path.write_text(text if container == "csv" else text.replace(",", "\t"), encoding="utf-8")
    return path


@pytest.mark.parametrize("chunk", [1, 100, 1000, 1 << 18])
@pytest.mark.parametrize("container", ["json", "dict", "jsonl", "csv", "tsv", "parquet"])
def test_shares_and_ranges_give_every_row_once_and_in_order(tmp_path: Path, monkeypatch, container, chunk) -> None:
    monkeypatch.setattr(readers, "CHUNK", chunk)
    path = write(tmp_path, container)
    read = readers.READERS[container]
    whole = told(read(path, "rows"))
    assert len(whole) >= 60
    for parts in PARTS:
        cut = [told(read(path, "rows", None, window)) for window in Window.shares(parts)]
        assert [row for part in cut for row in part] == whole
        assert parts == 1 or chunk > 1000 or sum(map(bool, cut)) > 1
    for first, stop in ((0, 5), (5, 31), (31, None), (200000, None)):
        found = told(read(path, "rows", None, Window(first, stop)))
        assert found == [row for row in whole if first <= row[0] < (stop or 10**9)]


@pytest.mark.parametrize("container", ["json", "dict", "jsonl", "csv"])
def test_shares_of_a_broken_file_tell_its_fault_once(tmp_path: Path, monkeypatch, container: str) -> None:
    monkeypatch.setattr(readers, "CHUNK", 64)
    path = write(tmp_path, container)
    text = path.read_text(encoding="utf-8")
    for cut in random.Random(0).sample(range(len(text)), 12):
        path.write_text(text[:cut], encoding="utf-8")
        whole = told(readers.READERS[container](path, "rows"))
        parts = [told(readers.READERS[container](path, "rows", None, window)) for window in Window.shares(3)]
        assert sum(parts, []) == whole


def test_facts_behind_the_rows_are_told_by_the_last_share(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(readers, "CHUNK", 64)
    path = write(tmp_path, "json")
    heads: list[dict] = [{}, {}]
    for head, window in zip(heads, Window.shares(2), strict=True):
        assert list(readers.read_json(path, "rows", head, window))
    assert heads == [{"info": {"a": 1}}, {"info": {"a": 1}, "n": 2}]


def test_neighbours_join() -> None:
    first, second, third = Window.shares(3)
    assert first.joins(second) and second.joins(third) and not first.joins(third)
    assert Window.shares(1) == [WHOLE] and not Window(1).joins(second)


SOUND = ('{"id": 1}', '{"id": 2, "o": [{"id": 3}, {"id": 4}]}', '{"id": "}, {\\"id\\""}', '{"a": 1}', "{}")
ODD = ('{"id": NaN}', '{"id": "\\ud83d"}', '{"id": "a\tb"}', '{"id": 1e400}', "7", "[]", '{"id": -0.0, "id": 1}')
BROKEN = ('{"id": "}, {', "{", "}", "]", '"', "\\", ",", "é", "\n", "\ud800", '{"id": 12345678901234567890123}')
FRAGMENTS = SOUND + ODD + BROKEN


def test_decoding_many_objects_at_once_equals_one_by_one(tmp_path: Path, monkeypatch) -> None:
    """Fuzzed arrays, sound and broken, at several chunk sizes: the same rows and the same fault, and it is used."""
    rng = random.Random(0)
    fast, used = readers._Text.objects, []
    path = tmp_path / "a.json"
    for number in range(600):
        pieces = rng.choices(FRAGMENTS[: rng.choice((2, 5, 12, len(FRAGMENTS)))], k=rng.randint(0, 12))
        text = "[" + rng.choice((", ", ",\n  ", ",")).join(pieces) + rng.choice(("]", "]", "", "]]"))
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        monkeypatch.setattr(readers, "CHUNK", rng.choice((1, 16, 64, 1 << 18)))
        monkeypatch.setattr(readers._Text, "objects", lambda text: [])
        slow = told(readers.read_json(path))
        monkeypatch.setattr(readers._Text, "objects", lambda text: used.append(fast(text)) or used[-1])
        assert told(readers.read_json(path)) == slow, (number, text)
    assert sum(map(bool, used)) > 100


def test_two_workers_share_one_file_and_give_the_same_samples_in_order(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(readers, "CHUNK", 1 << 10)
    monkeypatch.setattr(builder, "PART", 1 << 12)
    answer = {"from": "gpt", "value": "A."}
    records = [
        {"id": str(i), "image": "a.jpg", "conversations": [{"from": "human", "value": f"{i}?"}, answer]}
        for i in range(300)
    ]
    records[200]["conversations"] = []
    (tmp_path / "detail_23k.json").write_text(json.dumps(records))
    ways = {"data_dir": tmp_path, "split": "train"}
    name = "llava-instruct-150k"
    one, two = (vlit_hub.load_dataset(name, cache_dir=tmp_path / f"c{n}", num_proc=n, **ways) for n in (None, 2))
    assert len(one) == 299 and one["id"][250] == "detail_23k:251"
    streamed = vlit_hub.load_dataset(name, streaming=True, **ways)
    assert streamed.num_shards == builder.STREAMED_PARTS
    columns = ("id", "messages", "group")
    assert [one[c] for c in columns] == [two[c] for c in columns]
    assert [row["id"] for row in streamed] == one["id"]
    assert len(two.cache_files) == 2


def test_a_parquet_file_pressed_into_few_bytes_is_shared_by_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"a": ["same"] * (5 * builder.PART_ROWS)}), path)
    assert path.stat().st_size < builder.PART
    assert builder._parts(path) == 5
    path.write_bytes(b"no parquet")
    assert builder._parts(path) == 1
