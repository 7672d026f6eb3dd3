"""Measured columns beside the index: what a processor made of each sample, under the processor's fingerprint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.index import Index, fingerprint
from vlit_hub.shards.manifest import write_atomic

COLUMNS = ("length", "image_tokens", "supervised", "reason")
DTYPE = np.dtype([("length", "<i4"), ("image_tokens", "<i4"), ("supervised", "<i4"), ("reason", "<u1")])


@dataclass(frozen=True)
class Measure:
    """Columns of shape (len(index),): tokens after truncation, image tokens, supervised tokens, reason of a drop.

    ``reason`` holds codes into ``reasons``; 0 (the empty string) means kept. A dropped sample has length 0.
    """

    length: np.ndarray
    image_tokens: np.ndarray
    supervised: np.ndarray
    reason: np.ndarray
    reasons: tuple[str, ...]


class _Note(msgspec.Struct, frozen=True):
    index: str
    reasons: list[str]


def write_measure(
    index: Index, fingerprint_: str, columns: Mapping[str, np.ndarray | Sequence[int]], reasons: Sequence[str]
) -> None:
    """Write the columns COLUMNS, each of shape (len(index),), under the fingerprint of processor and max_length.

    ``reasons[0]`` is the empty string (kept). Raises ValueError where shapes, codes or the rule that exactly the
    dropped samples have length 0 do not hold.
    """
    _check_name(fingerprint_)
    table = np.zeros(len(index), DTYPE)
    for name in COLUMNS:
        values = np.asarray(columns[name])
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
        part = table[index.starts[number] : index.starts[number + 1]]
        note = _Note(index=fingerprint((split,)), reasons=list(reasons))
        write_atomic(path.with_suffix(".json"), msgspec.json.encode(note))
        write_atomic(path, _npy(part))


def read_measure(index: Index, fingerprint_: str) -> Measure:
    """The columns written under this fingerprint; raises ShardError if a split has none, or those of another build."""
    _check_name(fingerprint_)
    names: dict[str, int] = {"": 0}
    parts = []
    for number, split in enumerate(index.splits):
        path = index.folder(number) / f"measure-{fingerprint_}.npy"
        try:
            note = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=_Note)
            table = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            known = sorted(file.stem.removeprefix("measure-") for file in path.parent.glob("measure-*.npy"))
            raise ShardError(f"{path} is missing: measure first; measured are: {', '.join(known) or 'none'}") from None
        if note.index != fingerprint((split,)) or table.dtype != DTYPE or table.shape != (split.samples,):
            raise ShardError(f"{path} belongs to another build of these shards: measure again")
        lookup = np.array([names.setdefault(reason, len(names)) for reason in note.reasons], DTYPE["reason"])
        table["reason"] = lookup[table["reason"]]
        parts.append(table)
    table = np.concatenate(parts)
    return Measure(**{name: np.ascontiguousarray(table[name]) for name in COLUMNS}, reasons=tuple(names))


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ValueError(f"fingerprint: {name!r} may hold letters, digits, _ and - only")


def _npy(table: np.ndarray) -> bytes:
    import io

    buffer = io.BytesIO()
    np.save(buffer, table, allow_pickle=False)
    return buffer.getvalue()
