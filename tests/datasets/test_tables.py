"""Look-up tables and keyed rows: every entry against json.load, memory flat, faults told."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from vlit_hub.formats import readers
from vlit_hub.formats.tables import Lookup
from vlit_hub.spec import BadRecord

ENTRIES = {"a": {"n": 1, "t": "é\n"}, "ключ": ["x", 2.5], "b": "/9j/", "ab": None, '"': {"n": 2}}


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
@pytest.mark.parametrize("head", ["", "\ufeff"])
@pytest.mark.parametrize("ascii", [True, False])
def test_every_key_gives_its_value(tmp_path: Path, monkeypatch, chunk: int, head: str, ascii: bool) -> None:
    monkeypatch.setattr(readers, "CHUNK", chunk)
    path = tmp_path / "a.json"
    path.write_text(head + json.dumps({"meta": [1], "data": {"x": ENTRIES}, "z": 1}, ensure_ascii=ascii, indent=1))
    table = Lookup([path], "data.x")
    assert dict(table) == ENTRIES and len(table) == 5 and list(table) == list(ENTRIES)
    assert table.get("c", "none") == "none" and table.all("c") == []


def test_lists_are_found_by_a_field_or_by_position(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    rows = [{"id": 7, "n": 1}, {"id": 8, "n": 2}, {"n": 3}, {"id": 7, "n": 4}]
    path.write_text(json.dumps({"rows": rows}))
    table = Lookup([path], "rows", "id")
    assert (table[7], table["8"], table.all(7)) == (rows[0], rows[1], [rows[0], rows[3]])
    assert [Lookup([path], "rows")[i] for i in range(4)] == rows


def test_parquet_gives_its_value_column_by_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pa.table({"base64": ["x", "y"], "__index_level_0__": ["i", "j"]}), path)
    assert dict(Lookup([path], value="base64")) == {"i": "x", "j": "y"}


def test_a_broken_file_keeps_its_good_entries_and_is_no_silent_miss(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1, "b": 2 "c": 3}')
    table = Lookup([tmp_path / "a.json"])
    assert (table["a"], table["b"]) == (1, 2)
    with pytest.raises(BadRecord, match="file a.json: malformed JSON"):
        table.get("c")


def test_memory_stays_flat_while_values_are_large(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    value = json.dumps("x" * 100_000)
    with open(path, "w") as handle:
        handle.write("{" + ",".join(f'"k{i}": {value}' for i in range(400)) + "}")
    tracemalloc.start()
    table = Lookup([path])
    assert len(table["k399"]) == 100_000 and len(table) == 400
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6


def test_keyed_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"meta": {"v": 1}, "data": {"k1": {"a": 1}, "k2": 5, "k3": {"a": 2},}, "n": 2}')
    head: dict = {}
    (_, first, key), (_, bad, _), third = readers.read_dict(path, "data", head)
    assert (first, key, third, head) == ({"a": 1}, "k1", (2, {"a": 2}, "k3"), {"meta": {"v": 1}, "n": 2})
    assert isinstance(bad, BadRecord)


def test_a_long_list_beside_the_rows_is_no_fact(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(readers, "MAX_FACT", 50)
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"short": [1, {"a": 2}], "long": ["x"] * 100, "rows": [{"a": 1}]}))
    head: dict = {}
    assert list(readers.read_json(path, "rows", head)) == [(0, {"a": 1})]
    assert head == {"short": [1, {"a": 2}]}


def test_short_texts_come_back_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    values = ["yes", "", "a\0b", "é\U0001f600", "\ud83d", "\\ud83d", "x" * 300, "\t", {"a": "b"}, 3, None, ["yes"]]
    path.write_text(json.dumps(values))
    table = Lookup([path])
    assert [table[i] for i in range(len(values))] == values == [table.all(i)[0] for i in range(len(values))]
