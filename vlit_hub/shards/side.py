"""Files beside the index that say more of its rows: which to keep, and columns that filters may name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vlit_hub.shards.errors import ShardError


def read_kept(path: Path, rows: int) -> np.ndarray:
    """The rows to keep of ``rows``, as a mask: a .npy of bool (rows,) or of row numbers, or a .parquet with a column
    ``row`` of numbers. Raises ShardError where it does not fit."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        names = pq.read_schema(path).names
        if "row" not in names:
            raise ShardError(f"{path}: kept rows need a column `row`; it has {', '.join(names)}")
        values = pq.read_table(path, columns=["row"])["row"].to_numpy()
    else:
        values = _load(path)
    if values.dtype == bool:
        if values.shape != (rows,):
            raise ShardError(f"{path}: a mask of shape {values.shape} for {rows} rows")
        return values
    return _scatter(path, np.ones(len(values), bool), values, rows, False)


def read_side(pattern: str | Path, rows: int) -> dict[str, np.ndarray]:
    """Columns of shape (rows,): a .npy under its own name, or the numbers and words of .parquet files (a file, a folder
    of them, or a pattern), in order or placed by a column ``row``; where that says nothing a number is nan, which no
    comparison passes, and a word is empty. Raises ShardError where they do not fit.
    """
    files = side_files(pattern)
    if files[0].suffix != ".parquet":
        columns: dict[str, np.ndarray] = {files[0].stem: _load(files[0])}
        places = None
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq
        import pyarrow.types as types

        table = pa.concat_tables([pq.read_table(file) for file in files], promote_options="default")
        places = table["row"].to_numpy() if "row" in table.column_names else None
        wanted = (types.is_integer, types.is_floating, types.is_boolean, types.is_string)
        columns = {
            field.name: table[field.name].to_numpy()
            for field in table.schema
            if field.name != "row" and any(test(field.type) for test in wanted)
        }
    if places is not None:
        return {name: _scatter(files[0], column, places, rows, np.nan) for name, column in columns.items()}
    for name, column in columns.items():
        if column.shape != (rows,):
            raise ShardError(f"{pattern}: column {name} of shape {column.shape} for {rows} rows")
    return columns


def side_files(pattern: str | Path) -> list[Path]:
    """The files of a side column, in order of their names; raises ShardError where there are none."""
    path = Path(pattern)
    if path.is_dir():
        found = sorted(path.rglob("*.parquet"))
    else:
        found = sorted(path.parent.parent.glob(f"{path.parent.name}/{path.name}")) if "*" in path.parts[-1] else [path]
    if not found or not all(file.is_file() for file in found):
        raise ShardError(f"{pattern}: no such file of columns")
    return found


def _load(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ShardError(f"{path} is no .npy of numbers: {error}") from None


def _scatter(path: Path, values: np.ndarray, places: np.ndarray, rows: int, empty: float) -> np.ndarray:
    if (
        places.ndim != 1
        or places.dtype.kind not in "iu"
        or (places.size and not 0 <= places.min() <= places.max() < rows)
    ):
        raise ShardError(f"{path}: rows are whole numbers from 0 to {rows - 1}; is it of other shards?")
    if values.dtype.kind == "O":
        result = np.full(rows, "", object)
    else:
        result = np.full(rows, empty, bool if empty is False else np.float64)
    result[places] = values
    return result
