"""The parquet reader: every row as it stands, flat memory over row groups, faults as rows; pickles are refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vlit_hub.formats import parquet
from vlit_hub.formats.readers import READERS, container_of
from vlit_hub.spec import BadRecord

ROWS = [{"id": i, "text": f"row {i}", "chunks": [[0.0, 1.5], []], "none": None} for i in range(1000)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet", row_group_size=300)
    return tmp_path / "a.parquet"


def test_rows_come_as_they_stand(file: Path) -> None:
    assert list(READERS[container_of(file)](file)) == list(enumerate(ROWS))


def test_one_slice_of_a_row_group_is_held_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "big.parquet"
    with pq.ParquetWriter(path, pa.schema([("text", pa.string())])) as writer:
        for i in range(40):
            writer.write_table(pa.table({"text": [f"{i} {k} " + "x" * 1000 for k in range(2000)]}))
    before, peak = pa.total_allocated_bytes(), 0
    for _ in parquet.read_parquet(path):
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert peak < 8 << 20  # the texts are 80 MB


@pytest.mark.parametrize("keep", [0, 100, -8])
def test_a_broken_file_is_one_bad_row(file: Path, keep: int) -> None:
    file.write_bytes(file.read_bytes()[:keep])
    ((row, fault),) = list(parquet.read_parquet(file))
    assert row == 0 and isinstance(fault, BadRecord) and fault.field == "file"


def test_damage_inside_gives_the_good_rows_first(file: Path) -> None:
    start = pq.ParquetFile(file).metadata.row_group(2).column(1).dictionary_page_offset
    data = bytearray(file.read_bytes())
    data[start : start + 200] = b"\xff" * 200
    file.write_bytes(bytes(data))
    found = list(parquet.read_parquet(file))
    assert [record for _, record in found[:600]] == ROWS[:600]
    assert len(found) == 601 and isinstance(found[600][1], BadRecord) and found[600][0] == 600


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    path = tmp_path / "boxes.pkl"
    path.write_bytes(pickle.dumps([Bomb()]))
    ((row, fault),) = list(READERS[container_of(path)](path))
    assert (row, fault.field) == (0, "file") and "boxes.jsonl" in fault.reason
    assert not (tmp_path / "ran").exists()
