"""On-disk look-ups over files of a release: what stands in a second file, found by key in flat memory."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import msgspec

from vlit_hub.formats.cells import read_csv, read_tsv
from vlit_hub.formats.readers import located
from vlit_hub.spec import BadRecord

Entry = tuple[str, int, int, int, bytes | str | None]
"""(key, file number, first byte, length, value): a short text, or the JSON of what the file has no byte to point at."""
SHORT = 256
"""Bytes of a text of a JSON file that the index holds itself."""

PARQUET_ROWS = 64
"""Rows of a parquet file read at a time."""


class Lookup(Mapping[str, Any]):
    """The entries of ``files`` by key, in a temporary sqlite index that is built at the first use.

    Of JSON files the index holds short texts and byte positions, so that a look-up into gigabytes of base64 copies
    nothing.
    ``rows``, ``key`` and ``value`` as in :class:`vlit_hub.spec.Table`. A key that repeats keeps its entries in the
    order of the files. A file that breaks keeps its good entries; what is then not found raises BadRecord.
    """

    def __init__(self, files: Sequence[Path], rows: str = "", key: str = "", value: str = "") -> None:
        self.files = tuple(files)
        self.rows, self.key, self.value = rows, key, value
        self._handles: dict[int, BinaryIO] = {}
        self._fault: BadRecord | None = None

    @cached_property
    def _index(self) -> sqlite3.Connection:
        self._folder = TemporaryDirectory(prefix="vlit-table-")
        index = sqlite3.connect(f"{self._folder.name}/index.sqlite", check_same_thread=False)
        index.execute("PRAGMA journal_mode = OFF")
        index.execute("PRAGMA synchronous = OFF")
        index.execute("CREATE TABLE entries (key TEXT, file INTEGER, start INTEGER, length INTEGER, value BLOB)")
        for number, path in enumerate(self.files):
            try:
                index.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", self._entries(number, path))
            except BadRecord as fault:
                self._fault = BadRecord(f"file {path.name}", fault.reason)
        index.execute("CREATE INDEX keys ON entries (key)")
        return index

    def _entries(self, number: int, path: Path) -> Iterator[Entry]:
        if path.suffix in (".parquet", ".csv", ".tsv"):
            rows = _parquet(path, self.value) if path.suffix == ".parquet" else _cells(path, self.key, self.value)
            for name, value in rows:
                yield name, number, 0, 0, msgspec.json.encode(value)
            return
        for name, value, start, end in located(path, self.rows):
            if self.key:
                if not isinstance(value, Mapping) or self.key not in value:
                    continue
                name = str(value[self.key])
            yield _storable(name), number, start, end - start, _short(value) if end - start <= SHORT else None

    def all(self, key: object) -> list[Any]:
        """Every entry of a key; [] where there is none."""
        query = "SELECT file, start, length, value FROM entries WHERE key = ? ORDER BY rowid"
        found = [self._value(*row) for row in self._index.execute(query, (_storable(str(key)),))]
        if self._fault and not found:
            raise self._fault
        return found

    def __getitem__(self, key: object) -> Any:
        if not self.files:
            raise KeyError(key)
        query = "SELECT file, start, length, value FROM entries WHERE key = ? ORDER BY rowid LIMIT 1"
        row = self._index.execute(query, (_storable(str(key)),)).fetchone()
        if row is None:
            raise self._fault or KeyError(key)
        return self._value(*row)

    def _value(self, file: int, start: int, length: int, value: bytes | str | None) -> Any:
        if value is not None:
            return value if type(value) is str else msgspec.json.decode(value)
        handle = self._handles.get(file)
        if handle is None:
            handle = self._handles[file] = open(self.files[file], "rb")  # noqa: SIM115
        data = os.pread(handle.fileno(), length, start)
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):  # what the row readers take: NaN, control characters
            return json.loads(data.decode(errors="surrogateescape"), strict=False)

    def __iter__(self) -> Iterator[str]:
        for (key,) in self._index.execute("SELECT key FROM entries GROUP BY key ORDER BY MIN(rowid)"):
            yield key

    def __len__(self) -> int:
        return self._index.execute("SELECT COUNT(DISTINCT key) FROM entries").fetchone()[0]


def _storable(key: str) -> str:
    """sqlite takes no half surrogates: they become question marks."""
    return key if key.isascii() else key.encode(errors="replace").decode()


def _short(value: Any) -> str | None:
    """A text that sqlite takes as it is; None for anything else."""
    return value if isinstance(value, str) and _storable(value) == value else None


def _cells(path: Path, key: str, value: str) -> Iterable[tuple[str, str]]:
    """(column ``key``, column ``value``) of each whole row of a table of cells."""
    for _, row in (read_tsv if path.suffix == ".tsv" else read_csv)(path):
        if not isinstance(row, BadRecord) and key in row and value in row:
            yield row[key], row[value]


def _parquet(path: Path, value: str) -> Iterable[tuple[str, Any]]:
    """(first other column, column ``value``) of each row."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        key = next(name for name in file.schema_arrow.names if name != value)
        for batch in file.iter_batches(PARQUET_ROWS, columns=[key, value]):
            yield from zip(map(str, batch[key].to_pylist()), batch[value].to_pylist(), strict=True)
