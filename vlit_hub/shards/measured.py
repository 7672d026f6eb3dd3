"""Measured columns beside the index: what a processor made of each sample, under the processor's fingerprint."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.index import Index, fingerprint
from vlit_hub.shards.manifest import write_atomic
from vlit_hub.shards.npy import Table, dtype_of

COLUMNS = ("length", "image_tokens", "supervised", "reason", "frames")
CODES = "iiiBi"
DTYPE = dtype_of(COLUMNS, CODES)


@dataclass(frozen=True)
class Measure:
    """Columns of shape (len(index),): tokens after truncation, image tokens, supervised tokens, reason of a drop,
    frames that are shown of all videos.

    ``reason`` holds codes into ``reasons``; 0 (the empty string) means kept. A dropped sample has length 0.
    """

    length: np.ndarray
    image_tokens: np.ndarray
    supervised: np.ndarray
    reason: np.ndarray
    frames: np.ndarray
    reasons: tuple[str, ...]


class _Note(msgspec.Struct, frozen=True):
    index: str
    reasons: list[str]
    sha256: str
    """Of the table."""


class Measured:
    """The same columns, read by row from their files; picklable.

    Raises ShardError if a split of the index has none under this fingerprint, or those of another build.
    """

    def __init__(self, index: Index, fingerprint_: str) -> None:
        _check_name(fingerprint_)
        names: dict[str, int] = {"": 0}
        self._starts = np.array(index.starts)
        self._tables: list[Table] = []
        self._codes: list[np.ndarray] = []
        """Per split: reason as written -> code into ``reasons``."""
        digest = hashlib.sha256()
        for number, split in enumerate(index.splits):
            path = index.folder(number) / f"measure-{fingerprint_}.npy"
            note = _read_note(path.with_suffix(".json"))
            if note.index != fingerprint((split,)):
                raise ShardError(f"{path} belongs to another build of these shards: measure again")
            self._tables.append(Table(path, DTYPE, CODES, split.samples))
            self._codes.append(np.array([names.setdefault(r, len(names)) for r in note.reasons], DTYPE["reason"]))
            digest.update(note.sha256.encode())
        self.reasons = tuple(names)
        self.digest = digest.hexdigest()[:16]
        """16 hexadecimal digits over all values."""

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The values of these index rows, in their order, as an array of DTYPE."""
        result = np.empty(len(rows), DTYPE)
        splits = np.searchsorted(self._starts, rows, side="right") - 1
        for split in np.unique(splits).tolist():
            here = splits == split
            result[here] = self._coded(split, self._tables[split].take(rows[here] - self._starts[split]))
        return result

    def chunks(self, split: int, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """As :meth:`Table.chunks`, of one split."""
        for first, rows in self._tables[split].chunks(start, stop):
            yield first, self._coded(split, rows)

    def length(self, row: int) -> int:
        """Tokens of one sample."""
        split = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._tables[split].read(row - int(self._starts[split]))[0][0]

    def _coded(self, split: int, rows: np.ndarray) -> np.ndarray:
        codes = self._codes[split]
        if not np.array_equal(codes, np.arange(len(codes))):
            rows["reason"] = codes[rows["reason"]]
        return rows


def write_measure(
    index: Index, fingerprint_: str, columns: Mapping[str, np.ndarray | Sequence[int]], reasons: Sequence[str]
) -> None:
    """Write the columns COLUMNS, each of shape (len(index),), under the fingerprint of processor and max_length.
    ``frames`` may be left out: 0.

    ``reasons[0]`` is the empty string (kept). Raises ValueError where shapes, codes or the rule that exactly the
    dropped samples have length 0 do not hold.
    """
    _check_name(fingerprint_)
    table = np.zeros(len(index), DTYPE)
    for name in COLUMNS:
        values = np.asarray(columns.get(name, 0 * table[name]) if name == "frames" else columns[name])
        if values.shape != (len(index),):
            raise ValueError(f"{name}: shape {values.shape}, the index has {len(index)} rows")
        table[name] = values
        if not np.array_equal(table[name], values):
            raise ValueError(f"{name}: values do not fit {DTYPE[name]}")
    if not reasons or reasons[0] or table["reason"].max(initial=0) >= len(reasons):
        raise ValueError(f"reasons: {list(reasons)} must start with '' and name every code")
    if not np.array_equal(table["reason"] > 0, table["length"] == 0):
        raise ValueError("length: 0 for dropped samples and for those only")
    for number, split in enumerate(index.splits):
        path = index.folder(number) / f"measure-{fingerprint_}.npy"
        data = _npy(table[index.starts[number] : index.starts[number + 1]])
        note = _Note(fingerprint((split,)), list(reasons), hashlib.sha256(data).hexdigest())
        write_atomic(path, data)
        write_atomic(path.with_suffix(".json"), msgspec.json.encode(note))


def read_measure(index: Index, fingerprint_: str) -> Measure:
    """The columns written under this fingerprint; raises ShardError as :class:`Measured` does."""
    found = Measured(index, fingerprint_)
    parts = {name: [np.empty(0, DTYPE[name])] for name in COLUMNS}
    for number, split in enumerate(index.splits):
        for _, rows in found.chunks(number, 0, split.samples):
            for name in COLUMNS:
                parts[name].append(rows[name].copy())
    return Measure(**{name: np.concatenate(parts[name]) for name in COLUMNS}, reasons=found.reasons)


def _read_note(path: Path) -> _Note:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Note)
    except FileNotFoundError:
        known = sorted(file.stem.removeprefix("measure-") for file in path.parent.glob("measure-*.json"))
        raise ShardError(f"{path} is missing: measure first; measured are: {', '.join(known) or 'none'}") from None
    except msgspec.DecodeError as error:
        raise ShardError(f"{path}: {error}: measure again") from None


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ValueError(f"fingerprint: {name!r} may hold letters, digits, _ and - only")


def _npy(table: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, table, allow_pickle=False)
    return buffer.getvalue()
