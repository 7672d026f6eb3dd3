"""Row readers against the standard library, and against files that break."""

from __future__ import annotations

import json
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlit_hub.formats import readers
from vlit_hub.formats.fields import meta_json
from vlit_hub.spec import BadRecord

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=6)


@settings(max_examples=60, deadline=None)
@given(records=RECORDS, chunk=st.integers(1, 40), ascii=st.booleans(), indent=st.sampled_from([None, 2]))
def test_json_array_equals_json_load_at_any_chunk_size(tmp_path_factory, records, chunk, ascii, indent) -> None:
    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_text(json.dumps(records, ensure_ascii=ascii, indent=indent), encoding="utf-8", errors="surrogatepass")
    before, readers.CHUNK = readers.CHUNK, chunk
    try:
        found = list(readers.read_json(path))
    finally:
        readers.CHUNK = before
    assert found == list(enumerate(records))


def test_json_object_gives_rows_and_head(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"source": "COCO", "rows": [{"a": 1}, {"a": 2},], "n": 2}')
    head: dict = {}
    assert list(readers.read_json(path, "rows", head)) == [(0, {"a": 1}), (1, {"a": 2})]
    assert head == {"source": "COCO", "n": 2}


def test_a_bare_array_is_read_where_an_object_was_told(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(' [{"a": 1}]')
    assert list(readers.read_json(path, "rows")) == [(0, {"a": 1})]


@pytest.mark.parametrize(
    ("text", "rows", "fault"),
    [
        ('[{"a": 1}, {"a": ', 1, "character 17"),
        ('[{"a": 1}, {"a": 2]', 1, "character"),
        ('[{"a": 1} {"a": 2}]', 1, "expected ]"),
        ('[{"a": 1}][{"a": 2}]', 1, "something follows"),
        ('{"a": 1}', 0, "expected ["),
        ("", 0, "end of the file"),
        ('[{"a": 1}, 7]', 1, "expected an object"),
        ("[" * 100_000, 0, "nested too deeply"),
        ('[{"a": 1}, {"a": ' + "1" * 5000 + "}]", 1, "digits"),
    ],
)
def test_a_broken_array_gives_its_good_rows_then_one_fault(tmp_path: Path, text: str, rows: int, fault: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    found = [record for _, record in readers.read_json(path)]
    assert [record for record in found if not isinstance(record, BadRecord)] == [{"a": 1}] * rows
    (bad,) = (record for record in found if isinstance(record, BadRecord))
    assert fault in bad.reason


def test_bytes_that_are_not_utf8_stay_in_their_own_record(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'[{"a": "b"}, {"a": "\xff"}, {"a": "c"}]')
    assert [record["a"] for _, record in readers.read_json(path)] == ["b", "\udcff", "c"]
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\nb\n\xff\nc\n")
    assert [record["a"] for _, record in readers.read_csv(path)] == ["b", "\udcff", "c"]


def test_a_broken_csv_row_or_a_giant_line_costs_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,2\n"ca"p,x\n3,4\n')
    found = [record for _, record in readers.read_csv(path)]
    assert [record for record in found if isinstance(record, dict)] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert isinstance(found[1], BadRecord)
    monkeypatch.setattr(readers, "MAX_RECORD", 100)
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"a": "' + "x" * 1000 + '"}\n{"a": 2}\n')
    found = [record for _, record in readers.read_jsonl(path)]
    assert (found[0], found[2], len(found)) == ({"a": 1}, {"a": 2}, 3)
    assert isinstance(found[1], BadRecord) and "more than 100 bytes" in found[1].reason


@pytest.mark.parametrize(("name", "text"), [("a.json", '{"annotation": []}'), ("a.json", "{}"), ("a.csv", "")])
def test_a_file_without_its_rows_is_a_fault(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    ((_, bad),) = (readers.read_json if name == "a.json" else readers.read_csv)(path, "annotations")
    assert isinstance(bad, BadRecord)


def test_a_single_line_array_streams_in_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    record = json.dumps({"text": "x" * 1000})
    with open(path, "w") as handle:
        handle.write("[" + ",".join([record] * 40_000) + "]")
    assert path.stat().st_size > 40e6
    tracemalloc.start()
    assert sum(1 for _ in readers.read_json(path)) == 40_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6


def test_jsonl_names_the_broken_line_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\ufeff{"a": 1}\n\n{"a": NaN}\n[1]\n{"a": 2}', encoding="utf-8")
    found = dict(readers.read_jsonl(path))
    assert (found[0], found[3]) == ({"a": 1}, {"a": 2})
    assert isinstance(found[1], BadRecord) and isinstance(found[2], BadRecord)


def test_csv_cells_stay_text_and_short_rows_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\nNA,1\n"x,\ny",\n1,2,3\n', encoding="utf-8")
    found = [record for _, record in readers.read_csv(path)]
    assert found[:2] == [{"a": "NA", "b": "1"}, {"a": "x,\ny", "b": ""}]
    assert isinstance(found[2], BadRecord) and "3 cells under 2 columns" in found[2].reason


def test_random_cuts_never_hang_nor_lose_a_row(tmp_path: Path) -> None:
    rows = [json.dumps({"i": i, "t": 'é\\"]}' * 3}, ensure_ascii=False) for i in range(20)]
    text = "[" + ", ".join(rows) + "]"
    ends = [1 + sum(map(len, rows[: i + 1])) + 2 * i for i in range(20)]
    path = tmp_path / "a.json"
    for cut in random.Random(0).sample(range(len(text)), 40):
        path.write_text(text[:cut], encoding="utf-8")
        found = [record for _, record in readers.read_json(path)]
        good = [record for record in found if isinstance(record, dict)]
        assert [record["i"] for record in good] == [i for i in range(20) if ends[i] <= cut]
        assert isinstance(found[-1], BadRecord)


def test_meta_refuses_what_json_has_not_wherever_it_stands() -> None:
    nan = float("nan")
    for found in ({"a": 1, "b": nan}, {"a": None, "b": [1, {"c": [None, nan]}]}, {"b": {"c": -float("inf")}}):
        with pytest.raises(BadRecord, match="is no number") as raised:
            meta_json(found, ["a", "b"])
        assert raised.value.field == "b"
    assert meta_json({"a": [None, {"b": 0.5}], "c": "nan"}, ["a", "c"]) == '{"a":[null,{"b":0.5}],"c":"nan"}'


def test_keys_of_an_object_in_any_writing(tmp_path: Path) -> None:
    text = '{ "a" : {"n":1},"b\\"":{"n":2} , "\\u00e9"\n:\t{"n":3},"é":{"n":4},"a":{"n":5},"":{"n":6},"c\td":{"n":7}}'
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    rows = list(readers.read_dict(path))
    pairs = json.JSONDecoder(strict=False, object_pairs_hook=list).decode(text)
    assert [(key, list(record.items())) for _, record, key in rows] == pairs
