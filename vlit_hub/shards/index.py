"""The index of a folder of shards: one fixed-width row per sample and per medium, beside the tars.

    index/<prefix>/rows.npy      one :class:`Row` per sample
    index/<prefix>/media.npy     one :class:`MediaRow` per medium, those of a sample side by side in order of `media`
    index/<prefix>/measure-<fingerprint>.npy and .json       measured columns (measured.py)

An :class:`Index` is the concatenation of the selected splits of one or several folders; a row number counts through
them.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vlit_hub.shards import manifest as manifests
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.manifest import Split
from vlit_hub.shards.npy import Table, dtype_of
from vlit_hub.shards.remote import Remote, is_remote

TABLES = ("task", "instruction_type", "ability", "language", "dataset", "subset", "split")
"""Row columns that are codes into ``Split.tables``; so is ``ext`` of the media."""
MEDIA_TYPES = ("image", "video", "audio", "point_cloud")
ENDINGS = ("trained", "open", "untrained")
"""``Row.ending``: last message is an assistant's with train=true; is no assistant's; has train=false."""


class Row(NamedTuple):
    """What the plan needs to know of a sample."""

    shard: int
    """Number of the shard in its split."""
    offset: int
    """Byte offset of the JSON in the tar."""
    length: int
    """Bytes of the JSON."""
    number: int
    """Sample number in its split; makes the key."""
    group: int
    """First 8 bytes of the SHA-256 of dataset, NUL, group (or the key where there is none)."""
    media_start: int
    media: int
    """Media of the sample, missing ones too."""
    turns: int
    """Messages of any role."""
    chars: int
    """Code points of all texts."""
    missing: int
    """Missing media."""
    unresolved: int
    """Regions whose frame is not norm."""
    ending: int
    """Position in ENDINGS."""
    task: int
    instruction_type: int
    ability: int
    language: int
    dataset: int
    subset: int
    split: int


ROW_CODES = "IQIQQQIIIIIB" + "H" * len(TABLES)
ROW_DTYPE = dtype_of(Row._fields, ROW_CODES)


class MediaRow(NamedTuple):
    """Where one medium lies. A missing one has present 0, length 0."""

    type: int
    """Position in MEDIA_TYPES."""
    ext: int
    """Code into ``Split.tables["ext"]``."""
    present: int
    shard: int
    offset: int
    length: int
    width: int
    """Pixels; 0 unknown."""
    height: int
    content: int
    """First 8 bytes (big-endian) of the SHA-256 of the bytes."""


MEDIA_CODES = "BHBIQQiiQ"
MEDIA_DTYPE = dtype_of(MediaRow._fields, MEDIA_CODES)


def ragged(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """start, start + 1, .. (count of them) for each of ``starts``, side by side, int64."""
    ends = np.cumsum(counts)
    return np.repeat(starts - (ends - counts), counts) + np.arange(int(ends[-1]) if len(ends) else 0)


def hash64(data: bytes) -> int:
    """First 8 bytes of the SHA-256, big-endian."""
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big")


class Shards(NamedTuple):
    """A folder of shards, or one subset or split of it."""

    path: str | Path | Remote
    """A string with a scheme (https://, hf://) is a URL."""
    subset: str | None = None
    split: str | None = None


Folder = str | Path | Remote | Shards
"""What an index is made of."""


class Index:
    """Rows of the selected splits of one or several folders, numbered through: folders in the order given, their
    splits in order of prefixes. Picklable; safe to read from several processes.

    ``split`` and ``subset`` choose from every folder given as a plain path. Raises ShardError where a folder is
    unfinished, a table does not fit the manifest, or a folder has nothing of the split or subset asked for.
    """

    def __init__(
        self,
        path: Folder | Sequence[Folder],
        *,
        split: str | None = None,
        subset: str | None = None,
    ) -> None:
        given = [path] if isinstance(path, Folder) else path
        self.parts = tuple(_part(part, subset or None, split or None) for part in given)
        if not self.parts:
            raise ValueError("an index needs at least one folder of shards")
        folders = [part.path.localise() if isinstance(part.path, Remote) else Path(part.path) for part in self.parts]
        chosen = [_chosen(part, folder) for part, folder in zip(self.parts, folders, strict=True)]
        self.splits: tuple[Split, ...] = tuple(entry for entries in chosen for entry in entries)
        counts = [len(entries) for entries in chosen]
        self.roots = tuple(folder for folder, count in zip(folders, counts, strict=True) for _ in range(count))
        """The folder of each split; that of the manifest and the index of a remote one."""
        urls = [part.path if isinstance(part.path, Remote) else None for part in self.parts]
        self.remotes = tuple(url for url, count in zip(urls, counts, strict=True) for _ in range(count))
        """Where the shards of each split are, if not in its folder."""
        self.starts = (0, *accumulate(entry.samples for entry in self.splits))
        """First row of each split, then the number of rows."""
        firsts = (0, *accumulate(map(len, chosen)))
        self._firsts = firsts
        self.part_starts = tuple(self.starts[first] for first in firsts)
        """First row of each part, then the number of rows."""
        self._rows = [
            Table(self.folder(number) / "rows.npy", ROW_DTYPE, ROW_CODES, entry.rows.rows)
            for number, entry in enumerate(self.splits)
        ]
        self._media = [
            Table(self.folder(number) / "media.npy", MEDIA_DTYPE, MEDIA_CODES, entry.media.rows)
            for number, entry in enumerate(self.splits)
        ]

    @property
    def path(self) -> Path:
        """The folder; raises ValueError where there are several."""
        if len(self.parts) > 1:
            raise ValueError(f"this needs one folder of shards, not {len(self.parts)}: {self}")
        return self.roots[0]

    def __str__(self) -> str:
        return ", ".join(str(part.path) for part in self.parts)

    def folder(self, split: int) -> Path:
        """Where the index of a split lies, by its position in ``splits``."""
        return self.roots[split] / "index" / self.splits[split].prefix

    def part_of(self, split: int) -> int:
        """The part that a split belongs to."""
        return bisect_right(self._firsts, split) - 1

    def shard(self, split: int, shard: int) -> Path:
        """The tar of that number in a split."""
        return self.roots[split] / self.splits[split].shards[shard].file

    def tables(self, split: int) -> tuple[Table, Table]:
        """The rows and the media of a split."""
        return self._rows[split], self._media[split]

    def __len__(self) -> int:
        return self.starts[-1]

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over the checksums of all shards and tables."""
        return fingerprint(self.splits)

    def locate(self, row: int) -> tuple[int, int]:
        """(position in ``splits``, row in that split); raises IndexError."""
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} of {len(self)} in {self}")
        split = bisect_right(self.starts, row) - 1
        return split, row - self.starts[split]

    def row(self, row: int) -> Row:
        """The row of one sample."""
        split, local = self.locate(row)
        return Row._make(self._rows[split].read(local)[0])

    def media(self, row: int) -> list[MediaRow]:
        """The rows of a sample's media, in order of its ``media``."""
        split, local = self.locate(row)
        entry = Row._make(self._rows[split].read(local)[0])
        return self.media_of(split, entry)

    def media_of(self, split: int, row: Row) -> list[MediaRow]:
        """As :meth:`media`, for a row that was already read."""
        return [MediaRow._make(values) for values in self._media[split].read(row.media_start, row.media)]

    def chunks(self, split: int) -> Iterator[tuple[int, np.ndarray]]:
        """(first row in the split, rows as an array of ROW_DTYPE), one after another; the array is reused."""
        return self._rows[split].chunks()

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The rows of these numbers, in their order, as an array of ROW_DTYPE."""
        return self._take(rows, self._rows, ROW_DTYPE, rows)

    def contents(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(media of each row, their content hashes side by side); a missing medium hashes to 0."""
        counts, media = self.take_media(rows)
        return counts, media["content"]

    def take_media(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(media of each row, their rows side by side as an array of MEDIA_DTYPE)."""
        found = self.take(rows)
        counts = found["media"].astype(np.int64)
        places = ragged(found["media_start"].astype(np.int64), counts)
        return counts, self._take(places, self._media, MEDIA_DTYPE, np.repeat(rows, counts))

    def _take(self, places: np.ndarray, tables: list[Table], dtype: np.dtype, rows: np.ndarray) -> np.ndarray:
        result = np.empty(len(places), dtype)
        splits = np.searchsorted(self.starts, rows, side="right") - 1
        for split in np.unique(splits).tolist():
            here = splits == split
            offset = self.starts[split] if places is rows else 0
            result[here] = tables[split].take(places[here] - offset)
        return result

    def column(self, name: str) -> np.ndarray:
        """A numeric column of :class:`Row`, shape (len(self),)."""
        return np.concatenate([table.column(name) for table in self._rows])

    def codes(self, name: str) -> tuple[np.ndarray, list[str]]:
        """A column of strings as (codes of shape (len(self),), the strings), over all splits."""
        names: dict[str, int] = {}
        columns = []
        for entry, table in zip(self.splits, self._rows, strict=True):
            lookup = [names.setdefault(text, len(names)) for text in entry.tables[name]]
            columns.append(np.array(lookup, np.int64)[table.column(name)])
        return np.concatenate(columns), list(names)

    def verify(self) -> None:
        """Read every table and every shard that is here and compare checksums; raises ShardError naming the file."""
        for number, entry in enumerate(self.splits):
            shards = [] if self.remotes[number] else entry.shards
            files = [(self.shard(number, i), shard.sha256) for i, shard in enumerate(shards)]
            files += [(self.folder(number) / "rows.npy", entry.rows.sha256)]
            files += [(self.folder(number) / "media.npy", entry.media.sha256)]
            for path, expected in files:
                if not path.exists():
                    raise ShardError(f"{path} is missing")
                if (found := manifests.sha256(path)) != expected:
                    raise ShardError(f"{path}: sha256 {found}, the manifest says {expected}")


def _part(given: Folder, subset: str | None, split: str | None) -> Shards:
    part = given if isinstance(given, Shards) else Shards(given, subset, split)
    if isinstance(part.path, Remote):
        return part
    return part._replace(path=Remote(str(part.path)) if is_remote(part.path) else Path(part.path))


def _chosen(part: Shards, folder: Path) -> list[Split]:
    found = manifests.load(folder).splits
    chosen = [entry for entry in found if part.split in (None, entry.split) and part.subset in (None, entry.subset)]
    if not chosen:
        known = ", ".join(f"{entry.subset}/{entry.split}" for entry in found) or "nothing"
        raise ShardError(f"{part.path}: no shards of subset {part.subset!r}, split {part.split!r}; it holds {known}")
    if isinstance(part.path, Remote):
        for entry in chosen:
            part.path.fetch_index(entry, folder)
    return chosen


def fingerprint(splits: tuple[Split, ...]) -> str:
    """16 hexadecimal digits over the checksums of all shards and tables of these splits, in order."""
    digest = hashlib.sha256()
    for entry in splits:
        sums = [shard.sha256 for shard in entry.shards]
        digest.update("\n".join([entry.prefix, *sums, entry.rows.sha256, entry.media.sha256, ""]).encode())
    return digest.hexdigest()[:16]
