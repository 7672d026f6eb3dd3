"""Rows of a parquet file, and the refusal of pickles. Memory stays flat: a slice of one row group at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vlit_hub.formats.window import WHOLE, Window
from vlit_hub.spec import BadRecord

BATCH = 256
"""Rows held at a time."""


def read_parquet(
    path: Path, rows: str = "", head: dict[str, Any] | None = None, window: Window = WHOLE
) -> Iterator[tuple[int, Mapping[str, Any] | BadRecord]]:
    """The rows as dictionaries of plain values; row groups are streamed, those before the window never opened.

    A file that is no parquet, or breaks in the middle, yields its good rows, then one BadRecord; so does a window, of
    what it opens.
    """
    import pyarrow
    import pyarrow.parquet

    number = 0
    total = 1
    try:
        with pyarrow.parquet.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
            total = max(file.metadata.num_rows, 1)
            for group in range(file.num_row_groups):
                last = number + file.metadata.row_group(group).num_rows - 1
                if window.before(last, last / total):
                    number = last + 1
                    continue
                for batch in file.iter_batches(BATCH, row_groups=[group], use_threads=False):
                    last = number + len(batch) - 1
                    if window.before(last, last / total):
                        number = last + 1
                        continue
                    records = batch.to_pylist()
                    if not window.before(number, number / total) and not window.behind(last, last / total):
                        yield from enumerate(records, number)
                        number = last + 1
                        continue
                    for record in records:
                        if window.behind(number, number / total):
                            return
                        if not window.before(number, number / total):
                            yield number, record
                        number += 1
    except (pyarrow.ArrowException, OSError) as error:
        if not window.before(number, number / total):
            yield number, BadRecord("file", f"broken parquet after row {number}: {error}"[:300])


def rows_of(path: Path) -> int:
    """How many rows a parquet file says it has; 0 of one that cannot be read, whose fault its reader tells."""
    import pyarrow
    import pyarrow.parquet

    try:
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    except (pyarrow.ArrowException, OSError):
        return 0


def refuse_pickle(
    path: Path, rows: str = "", head: dict[str, Any] | None = None, window: Window = WHOLE
) -> Iterator[tuple[int, BadRecord]]:
    """One BadRecord: a pickle runs code when it is read, so it never is."""
    if not window.before(0, 0.0):
        yield (
            0,
            BadRecord(
                "file",
                f"a pickle is never loaded: write its rows as JSON lines, arrays as lists, to {path.stem}.jsonl in a"
                " process that you trust with it (`vlit info` tells the keys)",
            ),
        )
