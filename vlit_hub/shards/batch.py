"""Samples made ready for the tars: the bytes of their members, and index rows whose places are not fixed yet."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from vlit_hub import schema
from vlit_hub.schema import COLUMNS, Blob, Sample
from vlit_hub.shards import tar
from vlit_hub.shards.errors import MediumError, ShardError
from vlit_hub.shards.index import ENDINGS, MEDIA_CODES, MEDIA_TYPES, ROW_CODES, TABLES, hash64

JOINED = 1 << 20
"""Bytes that are written at once."""
_row = struct.Struct("<" + ROW_CODES).pack
_media_row = struct.Struct("<" + MEDIA_CODES).pack
_coded = attrgetter(*TABLES)
COUNTS = (*MEDIA_TYPES, "missing_media", "unresolved_regions", "trainable")


class Member(NamedTuple):
    """One file of a sample: its name without the key, its bytes or the path that holds them, its size."""

    name: str
    data: bytes | str
    size: int


class Segment(NamedTuple):
    """Samples ``first`` .. ``stop`` of a batch that lie side by side in one shard."""

    shard: int
    offset: int
    size: int
    """Bytes."""
    first: int
    stop: int
    number: int
    """Sample number, in the split, of the first."""


@dataclass
class BatchIndex:
    """What the index needs of a batch. Its rows count shards, samples and media from 0, offsets within their sample."""

    rows: bytearray = field(default_factory=bytearray)
    media: bytearray = field(default_factory=bytearray)
    sizes: list[int] = field(default_factory=list)
    """Bytes of each sample in a tar, headers and padding included."""
    media_rows: int = 0
    elsewhere: list[tuple[int, int]] = field(default_factory=list)
    """(shard, offset) of every medium, where they lie in tars that are there already and are not written."""
    ungrouped: list[tuple[int, str]] = field(default_factory=list)
    """(sample, dataset) of those without a group: the key stands in for it."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    members: set[str] = field(default_factory=set)
    tables: dict[str, dict[str, int]] = field(default_factory=lambda: {table: {} for table in (*TABLES, "ext")})


class Batch:
    """Samples in the order in which they are written.

    Media are held as bytes until these are ``hold`` in sum; beyond, a medium that lies in a file is held by its path.
    """

    def __init__(self, hold: int | None = None) -> None:
        self.index = BatchIndex()
        self.samples: list[list[Member]] = []
        self.held = 0
        """Bytes of members in memory."""
        self._hold = hold
        self._combinations: dict[tuple[str, ...], list[int]] = {}

    def __len__(self) -> int:
        return len(self.samples)

    def add(self, sample: Sample, encoded: bytes | None = None) -> None:
        """Add one canonical sample (``canonical.validate``); ``encoded`` is its JSON without media, where it is known.

        Raises MediumError naming sample and medium where one cannot be read, is empty or too large for a tar; nothing
        of the sample is added then.
        """
        media = sample.media
        if len(media) != sum(map(len, schema.blobs_of(sample))):
            raise ValueError(f"sample {sample.id!r}: `media` has {len(media)} entries, one per medium is needed")
        blobs = [_read(sample, medium) for medium in range(len(media))]
        data = encoded or schema.to_json(schema.strip_media(sample))
        members = [Member("json", data, len(data))]
        size = tar.BLOCK + len(data) + -len(data) % tar.BLOCK
        self._row(sample, len(data), blobs.count(None))
        for position, (medium, found) in enumerate(zip(media, blobs, strict=True)):
            if found is None:
                self._media_row(medium, "", None, 0)
                continue
            name = f"{position}.{tar.extension(found, medium.ref)}"
            self._media_row(medium, name, found, size + tar.BLOCK)
            path = getattr(sample, COLUMNS[medium.type])[medium.index].path
            spill = self._hold is not None and path and self.held > self._hold
            members.append(Member(name, path if spill else found, len(found)))
            self.held += 0 if spill else len(found)
            size += tar.BLOCK + len(found) + -len(found) % tar.BLOCK
        self.held += len(data)
        for member in members:
            self.index.members.add(member.name)
        self.index.sizes.append(size)
        self.samples.append(members)

    def _row(self, sample: Sample, length: int, missing: int) -> None:
        index = self.index
        unresolved = sum([region.frame != "norm" for region in sample.regions])
        ending = _ending(sample)
        index.counts["missing_media"] += missing > 0
        index.counts["unresolved_regions"] += unresolved > 0
        index.counts["trainable"] += ending == "trained"
        if not sample.group:
            index.ungrouped.append((len(self.samples), sample.dataset))
        # In the order of Row's fields: by name, this would be a tenth of the time of writing a short sample.
        index.rows += _row(
            0,  # shard
            tar.BLOCK,  # offset
            length,
            0,  # number
            hash64(f"{sample.dataset}\0{sample.group}".encode()),
            index.media_rows,
            len(sample.media),
            len(sample.messages),  # turns
            _chars(sample),
            missing,
            unresolved,
            ENDINGS.index(ending),
            *self._row_codes(sample),
        )

    def _media_row(self, medium: schema.Media, name: str, data: bytes | None, offset: int) -> None:
        index = self.index
        index.counts[medium.type] += 1
        index.media_rows += 1
        # In the order of MediaRow's fields, as above.
        index.media += _media_row(
            MEDIA_TYPES.index(medium.type),
            self._code("ext", name.rpartition(".")[2]),
            data is not None,  # present
            0,  # shard
            offset,
            len(data or b""),
            medium.width or 0,
            medium.height or 0,
            hash64(data) if data is not None else 0,
        )

    def _row_codes(self, sample: Sample) -> list[int]:
        """Codes of the sample's values in TABLES; looked up once per combination of values."""
        values = _coded(sample)
        codes = self._combinations.get(values)
        if codes is None:
            codes = [self._code(table, value) for table, value in zip(TABLES, values, strict=True)]
            self._combinations[values] = codes
        return codes

    def _code(self, table: str, value: str) -> int:
        codes = self.index.tables[table]
        return codes.setdefault(value, len(codes))

    def drop(self, members: set[tuple[int, int]]) -> None:
        """Leave members out of the tars, by (sample, position in its media)."""
        for sample in {sample for sample, _ in members}:
            self.samples[sample] = [
                member
                for member in self.samples[sample]
                if member.name == "json" or (sample, int(member.name.partition(".")[0])) not in members
            ]

    def keep_texts(self, last: int) -> None:
        """Leave every medium of the ``last`` samples out of the tars and of memory."""
        for sample in range(len(self.samples) - last, len(self.samples)):
            self.samples[sample] = self.samples[sample][:1]

    def pieces(self, segment: Segment, prefix: str) -> Iterator[bytes]:
        """The bytes of a segment, about JOINED at a time."""
        parts: list[bytes] = []
        size = 0
        for sample in range(segment.first, segment.stop):
            key = f"{prefix}-{segment.number + sample - segment.first:09d}"
            for name, data, length in self.samples[sample]:
                whole = data if isinstance(data, bytes) else _again(data, length)
                parts += (tar.header(f"{key}.{name}", length), whole, tar.padding(length))
                size += length
                if size >= JOINED:
                    yield b"".join(parts)
                    parts, size = [], 0
        if parts:
            yield b"".join(parts)


def _chars(sample: Sample) -> int:
    chars = 0
    for message in sample.messages:
        for part in message.content:
            chars += len(part.text)
    return chars


def _read(sample: Sample, position: int) -> bytes | None:
    """The bytes of the medium at that position of ``media``; None where it is missing."""
    medium = sample.media[position]
    blob: Blob | None = getattr(sample, COLUMNS[medium.type])[medium.index]
    if blob is None:
        return None
    where = f"sample {sample.id!r}, {medium.type} {medium.index} ({medium.ref or blob.path or 'no name'})"
    data = blob.bytes
    if data is None and blob.path:
        try:
            data = Path(blob.path).read_bytes()
        except OSError as error:
            raise MediumError(f"{where}: {error.strerror or error}") from None
    if not data:
        raise MediumError(f"{where} is empty; a missing medium is None")
    if len(data) > tar.MAX_SIZE:
        raise MediumError(f"{where} has {len(data)} bytes; a tar takes files up to {tar.MAX_SIZE}")
    return data


def _again(path: str, size: int) -> bytes:
    data = Path(path).read_bytes()
    if len(data) != size:
        raise ShardError(f"{path} changed while it was written into a shard: build again")
    return data


def _ending(sample: Sample) -> str:
    last = sample.messages[-1] if sample.messages else None
    if last is None or last.role != "assistant":
        return "open"
    return "trained" if last.train else "untrained"
