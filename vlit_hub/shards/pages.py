"""Leading fields of index rows, read 64 rows at a time: the plan deals in blocks of neighbours."""

from __future__ import annotations

import struct
from typing import Any

from vlit_hub.shards.npy import Table

SHIFT = 6
ROWS = 1 << SHIFT
"""Rows of a page: those of a block of the plan's order."""
MAX_PAGES = 512
"""Pages kept, about 3 MB; a window of the plan's order touches 16."""


class Pages:
    """``pages(row)``: the first fields of that row, those of ``codes``, as Python numbers.

    A memory map would do without the pages kept here, but random rows fault in the whole file. Raises IndexError.
    """

    def __init__(self, table: Table, codes: str) -> None:
        self._table, self._codes = table, codes
        self._size = table.dtype.itemsize
        self._pages: dict[int, bytes] = {}
        self._unpack = struct.Struct("<" + codes).unpack_from

    def __call__(self, row: int) -> tuple[Any, ...]:
        page = self._pages.get(row >> SHIFT) or self._load(row)
        return self._unpack(page, (row & ROWS - 1) * self._size)

    def _load(self, row: int) -> bytes:
        if not 0 <= row < self._table.rows:
            raise IndexError(f"row {row} of {self._table.rows} in {self._table.path}")
        start = row & -ROWS
        page = self._table.raw(start, min(ROWS, self._table.rows - start))
        while len(self._pages) >= MAX_PAGES:
            self._pages.pop(next(iter(self._pages)), None)
        self._pages[row >> SHIFT] = page
        return page

    def __reduce__(self) -> tuple[Any, ...]:
        return Pages, (self._table, self._codes)
