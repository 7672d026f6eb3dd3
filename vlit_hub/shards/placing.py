"""Where the samples of a split go: shards, numbers, index and counts, decided batch by batch in order.

The same batches give the same files however they were made, cut or written.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from vlit_hub.shards import manifest as manifests
from vlit_hub.shards import tar
from vlit_hub.shards.batch import COUNTS, BatchIndex, Segment
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.index import MEDIA_DTYPE, ROW_DTYPE, TABLES, hash64
from vlit_hub.shards.manifest import ShardFile, Split
from vlit_hub.shards.npy import TableWriter

MAX_BYTES = 512 << 20
MAX_SAMPLES = 10_000
MediumKey = tuple[int, int, int]
"""Group, content, length."""


def prefix_of(name: str, subset: str, split: str) -> str:
    """``<name>-<subset>-<split>`` with every character that a key may not hold (dots among them) as ``_``."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"{name}-{subset}-{split}")


def shard_name(prefix: str, shard: int) -> str:
    """File name of a shard."""
    return f"{prefix}-{shard:06d}.tar"


def drop_split(folder: Path, prefix: str) -> None:
    """Take one split out of a folder: its entry in the manifest, its index, its shards and what a kill left of them.

    Another's shards stay where they are.
    """
    foreign = any(entry.foreign for entry in _entries(folder) if entry.prefix == prefix)
    manifests.replace_split(folder, prefix, None)
    shutil.rmtree(folder / "index" / prefix, ignore_errors=True)
    if not foreign:
        drop_shards(folder, prefix, 0)


def _entries(folder: Path) -> list[Split]:
    return manifests.load(folder).splits if (folder / manifests.NAME).exists() else []


def drop_shards(folder: Path, prefix: str, first: int) -> None:
    """Remove the shards of a split from number ``first`` on, their sidecars, and every unfinished one."""
    for path in folder.iterdir():
        match = re.fullmatch(rf"(\.?){re.escape(prefix)}-(\d{{6}})\.tar(\.tmp|\.idx)?", path.name)
        if match and (match[1] or int(match[2]) >= first):
            path.unlink()


class Placed(NamedTuple):
    """Where a batch goes."""

    segments: list[Segment]
    stored: set[tuple[int, int]]
    """(sample, position in its media) of what stands in a shard already."""


class State(msgspec.Struct):
    """All that the next placement depends on; what a build goes on from."""

    shard: int = 0
    size: int = 0
    """Bytes of the shard so far."""
    in_shard: int = 0
    number: int = 0
    """Samples of the split so far."""
    media: int = 0
    shared: int = 0
    counts: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    tables: dict[str, dict[str, int]] = msgspec.field(default_factory=lambda: {table: {} for table in (*TABLES, "ext")})
    members: list[str] = []


class Placing:
    """One split of a folder in the making. ``share``: a medium is stored once per group, later rows point to it.

    ``opening(shard)`` is called before a batch that begins a shard is taken in, ``finished()`` when one is whole.
    ``beside``: so many tars of another's are there, whose numbers come first; only texts are written, beside the index.
    """

    def __init__(
        self,
        folder: Path,
        key: tuple[str, str, str],
        *,
        max_bytes: int = MAX_BYTES,
        max_samples: int = MAX_SAMPLES,
        share: bool = False,
        beside: int | None = None,
        opening: Callable[[int], None] | None = None,
        finished: Callable[[], None] | None = None,
    ) -> None:
        self.folder, self.key = folder, key
        self.max_bytes, self.max_samples, self.share = max_bytes, max_samples, share
        self.prefix = prefix_of(*key)
        self.state = State()
        self.shards: list[ShardFile] = []
        self.facts: dict[str, Any] = {}
        self._beside = beside
        self._opening, self._finished = opening, finished
        self._pointers: dict[MediumKey, tuple[int, int]] = {}
        """Shard and offset of every medium that is stored, with ``share``: some 200 bytes each."""

    def start(self, state: State | None = None, shards: list[ShardFile] | None = None) -> None:
        """Drop what the folder held of the split; or go on from ``state``, at which ``shards`` were finished."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._refuse_clash()
        index = self.folder / "index" / self.prefix
        if state is not None:
            self.state, self.shards = state, list(shards or ())
        if self._beside is not None:
            manifests.replace_split(self.folder, self.prefix, None)
            self._drop_texts(index, state)
        elif state is None:
            drop_split(self.folder, self.prefix)
        else:
            drop_shards(self.folder, self.prefix, len(self.shards))
        index.mkdir(parents=True, exist_ok=True)
        self._rows = TableWriter(index / "rows.npy", ROW_DTYPE, self.state.number)
        self._media = TableWriter(index / "media.npy", MEDIA_DTYPE, self.state.media)
        if self.share and self.state.number:
            self._remember()

    def _drop_texts(self, index: Path, state: State | None) -> None:
        """Drop an index beside another's tars, or what lies behind ``state``: not the shard that it stands in."""
        assert self._beside is not None
        if state is None:
            self.state.shard = self._beside
            shutil.rmtree(index, ignore_errors=True)
            return
        for path in index.iterdir():
            match = re.fullmatch(r"\.?texts-(\d{6})\.tar(\.tmp)?", path.name)
            if match and int(match[1]) + self._beside >= state.shard + (state.in_shard > 0):
                path.unlink()

    def _refuse_clash(self) -> None:
        if len(f"{self.prefix}-{0:09d}.9999.webp") > tar.MAX_NAME:
            raise ValueError(f"{self.prefix}: too long for the {tar.MAX_NAME} bytes of a name in a tar")
        for entry in _entries(self.folder):
            if entry.prefix == self.prefix and entry.foreign != (self._beside is not None):
                raise ShardError(
                    f"{self.folder}: {self.prefix} is the name of {'indexed' if entry.foreign else 'built'} shards "
                    "there already; give another name or folder"
                )
            if entry.prefix == self.prefix and (entry.dataset, entry.subset, entry.split) != self.key:
                raise ShardError(
                    f"{self.folder}: {self.key} would overwrite {(entry.dataset, entry.subset, entry.split)}, "
                    f"whose files are named {self.prefix} too; use another folder"
                )

    def file(self, shard: int) -> str:
        """Path of a shard, relative to the folder."""
        if self._beside is None:
            return shard_name(self.prefix, shard)
        return f"index/{self.prefix}/texts-{shard - self._beside:06d}.tar"

    def path(self, shard: int) -> Path:
        """Where a finished shard lies."""
        return self.folder / self.file(shard)

    def close(self, shard: ShardFile) -> None:
        """Take in that the next shard in order is whole."""
        self.shards.append(shard)
        if self._finished:
            self._finished()

    def place(self, index: BatchIndex) -> Placed:
        """Take in the next batch."""
        if not index.sizes:
            return Placed([], set())
        rows = np.frombuffer(index.rows, ROW_DTYPE).copy()
        media = np.frombuffer(index.media, MEDIA_DTYPE).copy()
        owners = np.repeat(np.arange(len(rows)), rows["media"])
        keys = self._keys(index, rows, media, owners) if self.share else []
        stored, sizes = set[int](), index.sizes
        if self._beside is not None:
            stored = set(np.flatnonzero(media["present"]).tolist())
            sizes = [tar.BLOCK + size + -size % tar.BLOCK for size in rows["length"].tolist()]
        elif self.share:
            stored, sizes = self._stored(keys, media, owners, index.sizes)
        segments, shards, starts = self._fit(sizes)
        for segment in segments:
            if self._opening and segment.shard and not segment.offset:
                self._opening(segment.shard)
        self._fix(index, rows, media, shards, starts, owners)
        if self._beside is not None:
            for i in stored:
                media["shard"][i], media["offset"][i] = index.elsewhere[i]
        elif self.share:
            self._point(keys, media, stored)
        self._merge(index, rows, media, segments)
        self.state.shared += len(stored) if self.share else 0
        first = rows["media_start"].astype(np.int64) - (self.state.media - len(media))
        return Placed(segments, {(int(owners[i]), int(i - first[owners[i]])) for i in stored})

    def _fit(self, sizes: list[int]) -> tuple[list[Segment], np.ndarray, np.ndarray]:
        """Segments, and per sample its shard and the offset of its first header."""
        state = self.state
        shard, size, in_shard = state.shard, state.size, state.in_shard
        shards, starts = np.empty(len(sizes), np.int64), np.empty(len(sizes), np.int64)
        segments: list[Segment] = []
        first, begin = 0, size
        for i, add in enumerate(sizes):
            if in_shard and (in_shard >= self.max_samples or size + add + len(tar.END) > self.max_bytes):
                if i > first:
                    segments.append(Segment(shard, begin, size - begin, first, i, state.number + first))
                shard, size, in_shard, first, begin = shard + 1, 0, 0, i, 0
            shards[i], starts[i] = shard, size
            size += add
            in_shard += 1
        segments.append(Segment(shard, begin, size - begin, first, len(sizes), state.number + first))
        return segments, shards, starts

    def _fix(
        self, index: BatchIndex, rows: np.ndarray, media: np.ndarray, shards: np.ndarray, starts: np.ndarray,
        owners: np.ndarray,
    ) -> None:  # fmt: skip
        """Turn what rows count from 0 into places of the split."""
        rows["shard"] = shards
        rows["offset"] += starts.astype(np.uint64)
        rows["number"] = np.arange(self.state.number, self.state.number + len(rows))
        rows["media_start"] += np.uint64(self.state.media)
        for i, dataset in index.ungrouped:
            rows["group"][i] = self._alone(dataset, i)
        media["shard"] = shards[owners]
        media["offset"] += np.where(media["present"] > 0, starts[owners], 0).astype(np.uint64)
        for table in TABLES:
            rows[table] = self._codes(index, table)[rows[table]]
        if len(media):
            media["ext"] = self._codes(index, "ext")[media["ext"]]

    def _alone(self, dataset: str, i: int) -> int:
        """The group of a sample that has none: its own key."""
        return hash64(f"{dataset}\0{self.prefix}-{self.state.number + i:09d}".encode())

    def _codes(self, index: BatchIndex, table: str) -> np.ndarray:
        """The batch's codes of a table -> those of the split."""
        codes = self.state.tables[table]
        return np.array([codes.setdefault(text, len(codes)) for text in index.tables[table]], np.uint16)

    def _merge(self, index: BatchIndex, rows: np.ndarray, media: np.ndarray, segments: list[Segment]) -> None:
        state, last = self.state, segments[-1]
        begun = state.in_shard if last.shard == state.shard else 0
        state.size = last.offset + last.size
        state.in_shard = begun + last.stop - last.first
        state.shard = last.shard
        state.number += len(rows)
        state.media += len(media)
        state.counts = {name: state.counts[name] + index.counts[name] for name in COUNTS}
        if not index.members.issubset(state.members):
            state.members = sorted(index.members.union(state.members))
        self._rows.append(rows.tobytes())
        self._media.append(media.tobytes())

    # -- a medium once per group ---------------------------------------------------------------------------------------

    def _keys(self, index: BatchIndex, rows: np.ndarray, media: np.ndarray, owners: np.ndarray) -> list[MediumKey]:
        """What makes each medium the same as another; a sample without a group shares with itself only."""
        for i, dataset in index.ungrouped:
            rows["group"][i] = self._alone(dataset, i)
        columns = (rows["group"][owners], media["content"], media["length"])
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _stored(
        self, keys: list[MediumKey], media: np.ndarray, owners: np.ndarray, sizes: list[int]
    ) -> tuple[set[int], list[int]]:
        """Media rows whose bytes stand in a shard already, and the sizes of the samples without them."""
        sizes = list(sizes)
        seen: set[MediumKey] = set()
        stored: set[int] = set()
        left_out, last = 0, -1
        for i, (key, owner) in enumerate(zip(keys, owners.tolist(), strict=True)):
            left_out = left_out if owner == last else 0
            last = owner
            if not media["present"][i]:
                continue
            if key in self._pointers or key in seen:
                stored.add(i)
                space = tar.BLOCK + key[2] + -key[2] % tar.BLOCK
                sizes[owner] -= space
                left_out += space
            else:  # moves up to where those of its sample that are left out would have been
                media["offset"][i] -= np.uint64(left_out)
                seen.add(key)
        return stored, sizes

    def _point(self, keys: list[MediumKey], media: np.ndarray, stored: set[int]) -> None:
        """Fill the places of stored media, remember those of new ones."""
        for i, key in enumerate(keys):
            if i in stored:
                media["shard"][i], media["offset"][i] = self._pointers[key]
            elif media["present"][i]:
                self._pointers[key] = (int(media["shard"][i]), int(media["offset"][i]))

    def _remember(self) -> None:
        rows, media = self._rows.read(), self._media.read()
        groups = np.repeat(rows["group"], rows["media"])
        for i in np.flatnonzero(media["present"]):
            key = (int(groups[i]), int(media["content"][i]), int(media["length"][i]))
            self._pointers.setdefault(key, (int(media["shard"][i]), int(media["offset"][i])))

    # -- the end -------------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Bring the index so far to the disk."""
        self._rows.flush()
        self._media.flush()

    def finish(self) -> Split:
        """Close the index; the split's entry for the manifest, once all shards stand in ``shards``."""
        state = self.state
        return Split(
            dataset=self.key[0],
            subset=self.key[1],
            split=self.key[2],
            prefix=self.prefix,
            samples=state.number,
            bytes=sum(shard.bytes for shard in self.shards),
            counts=state.counts,
            shards=self.shards,
            rows=self._rows.close(),
            media=self._media.close(),
            tables={table: list(codes) for table, codes in state.tables.items()},
            members=state.members,
            facts=self.facts,
            shared=state.shared,
            foreign=self._beside is not None,
        )

    def discard(self) -> None:
        """Drop the index so far."""
        self._rows.discard()
        self._media.discard()

    def leave(self) -> None:
        """Close the index so far and leave it, to go on with later."""
        self._rows.leave()
        self._media.leave()
