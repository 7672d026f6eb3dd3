"""Rows into parquet files as the Hub's viewer likes them: small row groups, numbered files, constant memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

T = TypeVar("T")
ROW_GROUP_BYTES = 32 << 20
ROW_GROUP_ROWS = 1000
FILE_BYTES = 500 << 20


class ParquetFiles(Generic[T]):
    """Writes ``<folder>/<split>-NNNNN-of-NNNNN.parquet``; use as a context manager.

    ``table`` makes an Arrow table of ``schema`` out of buffered rows. ``add`` takes a row with its size in bytes: a
    row group ends before it would exceed ``group_bytes`` (a larger row is its own group), a file at ``file_bytes``.
    Files get their names when the block ends without an error; without rows there are none.
    """

    def __init__(
        self,
        folder: Path,
        split: str,
        schema: pa.Schema,
        table: Callable[[Sequence[T]], pa.Table],
        *,
        group_bytes: int = ROW_GROUP_BYTES,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        self.folder, self.split, self.schema, self.table = folder, split, schema, table
        self.group_bytes, self.file_bytes = group_bytes, file_bytes
        self.rows = 0
        self.files: list[Path] = []
        self._buffer: list[T] = []
        self._buffered = self._written = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> ParquetFiles[T]:
        for left in (
            *self.folder.glob(f".{self.split}-?????.tmp"),
            *self.folder.glob(f"{self.split}-?????-of-?????.parquet"),
        ):
            left.unlink()  # of a run that was killed
        return self

    def add(self, row: T, size: int) -> None:
        """Append one row of about ``size`` bytes."""
        if self._buffer and (self._buffered + size > self.group_bytes or len(self._buffer) == ROW_GROUP_ROWS):
            self._flush()
        self._buffer.append(row)
        self._buffered += size
        self.rows += 1

    def _flush(self) -> None:
        if self._writer and self._written + self._buffered > self.file_bytes:
            self._close_file()
        if self._writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.files.append(self.folder / f".{self.split}-{len(self.files):05d}.tmp")
            self._writer = pq.ParquetWriter(
                self.files[-1],
                self.schema,
                write_page_index=True,
                use_content_defined_chunking=True,
                **_encoding(self.schema),
            )
        self._writer.write_table(self.table(self._buffer), row_group_size=len(self._buffer))
        self._written += self._buffered
        self._buffer, self._buffered = [], 0

    def _close_file(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer, self._written = None, 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._buffer:
                self._flush()
            self._close_file()
        except BaseException:
            self._forget()
            raise
        if kind is not None:
            return self._forget()
        for number, path in enumerate(self.files):
            name = f"{self.split}-{number:05d}-of-{len(self.files):05d}.parquet"
            self.files[number] = path.rename(self.folder / name)

    def _forget(self) -> None:
        for path in self.files:
            path.unlink(missing_ok=True)

    @property
    def bytes(self) -> int:
        """Of the finished files."""
        return sum(path.stat().st_size for path in self.files)


def _encoding(schema: pa.Schema) -> dict[str, Any]:
    """Pictures are compressed already: neither compression nor dictionaries for columns of bytes."""
    file = io.BytesIO()
    pq.ParquetWriter(file, schema).close()
    columns = pq.ParquetFile(file).schema
    leaves = [columns.column(i) for i in range(len(columns))]
    text = [
        leaf.path for leaf in leaves if not (leaf.physical_type == "BYTE_ARRAY" and leaf.logical_type.type == "NONE")
    ]
    return {
        "use_dictionary": text,
        "compression": {leaf.path: "SNAPPY" if leaf.path in text else "NONE" for leaf in leaves},
    }
