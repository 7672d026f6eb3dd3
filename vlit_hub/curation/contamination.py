"""Contamination: packs of a benchmark's picture hashes and question n-grams, and what of a training set is in them.

A pack holds no picture and no text: 64-bit hashes, 8 x 8 thumbnails, hashes of word n-grams. Questions shorter than an
n-gram are too common to tell anything and are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vlit_hub.curation.facts import WORD, text_of
from vlit_hub.curation.hashes import MOST_DISTANCE, SIDE, near_pictures, picture_hash
from vlit_hub.schema import Sample
from vlit_hub.shards import ShardError, Store
from vlit_hub.shards.manifest import write_atomic

GRAM = 8
"""Words of an n-gram of a question."""
LEAST_SHARE = 0.5
"""A question with at least this share of its n-grams in a pack is in it."""
FORM = b"vlit contamination pack 1"


@dataclass(frozen=True)
class Pack:
    """What is known of one benchmark. ``hashes`` (n,), ``thumbs`` (n, 192), ``grams`` sorted (m,)."""

    name: str
    hashes: np.ndarray
    thumbs: np.ndarray
    grams: np.ndarray

    def save(self, path: Path) -> None:
        """One .parquet of a row per kind."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({
            "name": [self.name],
            "hashes": [self.hashes.astype("<u8").tobytes()],
            "thumbs": [self.thumbs.tobytes()],
            "grams": [self.grams.astype("<u8").tobytes()],
        }).replace_schema_metadata({"form": FORM})  # fmt: skip
        out = pa.BufferOutputStream()
        pq.write_table(table, out, compression="zstd")
        write_atomic(path, out.getvalue().to_pybytes())

    @classmethod
    def load(cls, path: str | Path) -> Pack:
        """Raises ShardError for a file that is no pack."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise ShardError(f"{path} is no pack of `vlit contamination build`: {error}") from None
        if (table.schema.metadata or {}).get(b"form") != FORM:
            raise ShardError(f"{path} is no pack of `vlit contamination build` (or of another version): build it again")
        (row,) = table.to_pylist()
        thumbs = np.frombuffer(row["thumbs"], np.uint8).reshape(-1, SIDE * SIDE * 3)
        return cls(row["name"], np.frombuffer(row["hashes"], "<u8"), thumbs, np.frombuffer(row["grams"], "<u8"))


def grams(text: str) -> list[int]:
    """64-bit hashes of a question's n-grams of words; none where it has fewer than GRAM words."""
    words = WORD.findall(text.lower())
    pieces = (" ".join(words[i : i + GRAM]) for i in range(len(words) - GRAM + 1))
    return [int.from_bytes(hashlib.blake2b(piece.encode(), digest_size=8).digest(), "big") for piece in pieces]


def build(store: Store, name: str) -> Pack:
    """The pack of a benchmark that was built into shards; pictures that cannot be read are left out."""
    pictures: dict[bytes, tuple[int, bytes] | None] = {}
    found: set[int] = set()
    for row in range(len(store)):
        sample = store[row]
        for blob in sample.images:
            if blob is not None and blob.bytes:
                key = hashlib.sha256(blob.bytes).digest()
                if key not in pictures:
                    pictures[key] = picture_hash(blob.bytes)
        for question in questions_of(sample):
            found.update(grams(question))
    read = [made for made in pictures.values() if made is not None]
    thumbs = np.frombuffer(b"".join(thumb for _, thumb in read), np.uint8).reshape(-1, SIDE * SIDE * 3)
    hashes = np.array([value for value, _ in read], np.uint64)
    return Pack(name, hashes, thumbs, np.array(sorted(found), np.uint64))


def questions_of(sample: Sample) -> list[str]:
    """What is asked, of a sample that may end with a question too."""
    return [text_of(message) for message in sample.messages if message.role == "user"]


def pictures_in(pack: Pack, hashes: np.ndarray, thumbs: np.ndarray, distance: int = MOST_DISTANCE) -> np.ndarray:
    """For each of the pictures the smallest distance in bits to one of the pack that is alike; -1 for none."""
    if not len(hashes) or not len(pack.hashes):
        return np.full(len(hashes), -1, np.int64)
    whole = np.concatenate([np.ascontiguousarray(hashes).view(np.uint8).reshape(-1, 8), thumbs], axis=1)
    _, first, own = np.unique(whole, axis=0, return_index=True, return_inverse=True)
    theirs = len(pack.hashes)
    both = np.concatenate([pack.hashes, hashes[first]])
    pairs = near_pictures(both, np.concatenate([pack.thumbs, thumbs[first]]), distance)
    a, b = pairs[(pairs[:, 0] < theirs) & (pairs[:, 1] >= theirs)].T
    nearest = np.full(len(first), 99, np.int64)
    np.minimum.at(nearest, b - theirs, np.bitwise_count(both[a] ^ both[b]).astype(np.int64))
    return np.where(nearest == 99, -1, nearest)[own.reshape(-1)]


def questions_in(pack: Pack, questions: Sequence[str]) -> float:
    """The largest share of one question's n-grams that are in the pack."""
    best = 0.0
    for question in questions:
        if found := grams(question):
            best = max(best, float(np.isin(np.array(found, np.uint64), pack.grams).mean()))
    return best
