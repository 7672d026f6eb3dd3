"""Fixed-width tables as ``.npy`` files: appended to while their length is unknown, read row by row without a map."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.manifest import IndexFile, sha256

CHUNK = 1 << 14
"""Rows read at a time when all are: a chunk of them stays in the processor's cache."""
NEAR = 64
"""Rows between two that are wanted which cost less to read than a second call."""


def dtype_of(fields: tuple[str, ...], codes: str) -> np.dtype:
    """The packed little-endian dtype of a record with these ``struct`` codes."""
    return np.dtype([(name, "<" + code) for name, code in zip(fields, codes, strict=True)])


class TableWriter:
    """An ``.npy`` file that grows by packed rows and appears whole at :meth:`close`, or not at all.

    ``rows``: go on behind so many rows of what an interrupted writer of the same file left.
    """

    def __init__(self, path: Path, dtype: np.dtype, rows: int = 0) -> None:
        self.path = path
        self.rows = rows
        self._dtype = dtype
        self._temporary = path.with_name(f".{path.name}.tmp")
        if rows and path.exists():  # closed, but its owner did not come to its end
            os.replace(path, self._temporary)
        self._file = open(self._temporary, "r+b" if rows else "w+b")
        self._header_size = self._write_header()
        self._file.truncate(self._header_size + rows * dtype.itemsize)
        if self._file.seek(0, os.SEEK_END) != self._header_size + rows * dtype.itemsize:
            raise ShardError(f"{self._temporary} holds fewer than {rows} rows")

    def append(self, rows: bytes) -> None:
        """Add whole packed rows."""
        self._file.write(rows)
        self.rows += len(rows) // self._dtype.itemsize

    def close(self) -> IndexFile:
        """Write the final length into the header and put the file in its place."""
        self._file.seek(0)
        if self._write_header() != self._header_size:  # numpy pads the header for any number of rows
            raise ShardError(f"{self.path}: the header does not hold {self.rows} rows")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, self.path)
        return IndexFile(rows=self.rows, sha256=sha256(self.path))

    def flush(self) -> None:
        """Bring what was appended to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def read(self) -> np.ndarray:
        """All rows so far."""
        self._file.flush()
        return np.fromfile(self._temporary, self._dtype, self.rows, offset=self._header_size)

    def leave(self) -> None:
        """Close the unfinished file, to be gone on with by another writer."""
        self._file.close()

    def discard(self) -> None:
        """Drop what was written."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _write_header(self) -> int:
        shape = {"shape": (self.rows,), "fortran_order": False, "descr": np.lib.format.dtype_to_descr(self._dtype)}
        np.lib.format.write_array_header_1_0(self._file, shape)
        return self._file.tell()


class Table:
    """Rows of an ``.npy`` file, read by position (a memory map would fault in the whole file on random access).

    Raises ShardError where the file is not a table of ``rows`` rows of this dtype. Picklable.
    """

    def __init__(self, path: Path, dtype: np.dtype, codes: str, rows: int) -> None:
        self.path, self.dtype, self.rows = path, dtype, rows
        self._unpack = struct.Struct("<" + codes)
        self._open()

    def _open(self) -> None:
        try:
            self._file = open(self.path, "rb", buffering=0)
            np.lib.format.read_magic(self._file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(self._file)
        except (OSError, ValueError) as error:
            raise ShardError(f"index table {self.path} cannot be read: {error}") from None
        self._start = self._file.tell()
        expected = self._start + self.rows * self.dtype.itemsize
        size = os.fstat(self._file.fileno()).st_size
        if dtype != self.dtype or shape != (self.rows,) or size != expected:
            raise ShardError(
                f"index table {self.path}: {shape} rows in {size} bytes, expected {self.rows} in {expected}: "
                "it is truncated or belongs to another build"
            )

    def raw(self, start: int, count: int) -> bytes:
        """``count`` packed rows from ``start``."""
        size = self.dtype.itemsize
        data = os.pread(self._file.fileno(), count * size, self._start + start * size)
        if len(data) != count * size:
            raise ShardError(f"index table {self.path}: rows {start}..{start + count} lie beyond its end")
        return data

    def read(self, start: int, count: int = 1) -> list[tuple[Any, ...]]:
        """``count`` rows from ``start`` as tuples of Python numbers."""
        return list(self._unpack.iter_unpack(self.raw(start, count)))

    def column(self, name: str) -> np.ndarray:
        """One column of all rows, copied out in chunks; shape (rows,)."""
        result = np.empty(self.rows, self.dtype[name])
        for start, rows in self.chunks():
            result[start : start + len(rows)] = rows[name]
        return result

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """(first row, rows as an array of ``dtype``) from ``start`` to ``stop``, CHUNK at a time; the array is reused
        for the next chunk."""
        stop = self.rows if stop is None else stop
        buffer = np.empty(min(CHUNK, max(stop - start, 0)), self.dtype)
        for first in range(start, stop, CHUNK):
            part = buffer[: min(CHUNK, stop - first)]
            self._into(part, first)
            yield first, part

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The rows at these positions, in any order, as an array of ``dtype``; near ones are read in one go."""
        result = np.empty(len(rows), self.dtype)
        order = np.argsort(rows, kind="stable")
        ascending = rows[order]
        cuts = [0, *(np.flatnonzero(np.diff(ascending) > NEAR) + 1).tolist(), len(rows)]
        for first, last in pairwise(cuts):
            if first < last:
                places = ascending[first:last]
                block = np.empty(int(places[-1] - places[0]) + 1, self.dtype)
                self._into(block, int(places[0]))
                result[order[first:last]] = block[places - places[0]]
        return result

    def _into(self, rows: np.ndarray, first: int) -> None:
        offset = self._start + first * self.dtype.itemsize
        if os.preadv(self._file.fileno(), [rows.view(np.uint8).data], offset) != rows.nbytes:
            raise ShardError(f"index table {self.path}: rows {first}..{first + len(rows)} lie beyond its end")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_file", "_unpack")} | {
            "_codes": self._unpack.format[1:]
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._unpack = struct.Struct("<" + state.pop("_codes"))
        vars(self).update(state)
        self._open()
