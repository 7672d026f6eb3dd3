"""Rows of csv and tsv files, every cell as the text that stands there."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vlit_hub.formats.window import WHOLE, Window
from vlit_hub.spec import BadRecord

Row = tuple[int, "Mapping[str, Any] | BadRecord"]

MAX_CELL = 64 << 20
"""A cell longer than this many characters is refused: one record is never gigabytes."""


def read_csv(
    path: Path,
    rows: str = "",
    head: dict[str, Any] | None = None,
    window: Window = WHOLE,
    delimiter: str = ",",
) -> Iterator[Row]:
    """Rows of a csv file with a header, every cell as the text that stands there; a broken row is one bad row."""
    with open(path, "rb") as raw, io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="") as handle:
        size = max(os.fstat(raw.fileno()).st_size, 1)
        yield from window.cut(_csv_rows(handle, delimiter), lambda: raw.tell() / size)


def _csv_rows(handle: io.TextIOWrapper, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(handle, delimiter=delimiter, strict=True)
    names: list[str] | None = None
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield number, BadRecord("record", f"broken at line {reader.line_num}: {error}")
            number += 1
            continue
        if cells is None:
            break
        if names is None:
            names = cells
            if len(set(names)) != len(names):
                yield 0, BadRecord("header", f"a column name repeats: {', '.join(names)}")
                return
        elif cells:
            fault = BadRecord("record", f"{len(cells)} cells under {len(names)} columns", cells)
            yield number, dict(zip(names, cells, strict=True)) if len(cells) == len(names) else fault
            number += 1
    if names is None:
        yield 0, BadRecord("header", "the file is empty")


def read_tsv(path: Path, rows: str = "", head: dict[str, Any] | None = None, window: Window = WHOLE) -> Iterator[Row]:
    """Rows of a tab-separated file with a header."""
    return read_csv(path, window=window, delimiter="\t")
