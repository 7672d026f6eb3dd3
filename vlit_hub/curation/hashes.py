"""Fingerprints of pictures and texts that survive small changes: made once per shard, kept beside the index."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vlit_hub.curation.columns import Unit, Work
from vlit_hub.curation.facts import Facts, words_of
from vlit_hub.curation.neighbours import near_hashes

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
SIDE = 8
"""A thumbnail has SIDE x SIDE pixels of three bytes."""
PERMUTATIONS = 64
SCHEME = "affine32"
GRAM = 3
"""Words of a shingle that a signature is made of."""
MOST_DISTANCE = 8
"""Bits in which the hashes of a picture and of its resized or recompressed copy differ, at most (of 64)."""
MOST_COLOUR = 14.0
"""Difference of their thumbnails, 0..255, in the square with the largest one of a mean over three colours."""


def picture_hash(data: bytes) -> tuple[int, bytes] | None:
    """(64-bit perceptual hash (imagehash.phash), thumbnail of SIDE x SIDE x 3 bytes); None where it cannot be read."""
    import imagehash
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.format == "JPEG":
                opened.draft("RGB", (256, 256))
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    bits = imagehash.phash(picture).hash.reshape(-1)
    thumb = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return int("".join("1" if bit else "0" for bit in bits), 2), thumb.tobytes()


def alike(pairs: np.ndarray, thumbs: np.ndarray, most: float = MOST_COLOUR) -> np.ndarray:
    """Those of the pairs whose thumbnails (count, SIDE * SIDE * 3) agree too: a hash sees no colour, and little of
    pictures with much empty ground."""
    if not len(pairs):
        return pairs
    apart = np.abs(thumbs[pairs[:, 0]].astype(np.int16) - thumbs[pairs[:, 1]]).reshape(len(pairs), -1, 3)
    return pairs[apart.mean(axis=2).max(axis=1) <= most]


def near_pictures(hashes: np.ndarray, thumbs: np.ndarray, distance: int = MOST_DISTANCE) -> np.ndarray:
    """Pairs (i, j), i < j, of near duplicates; of equal pictures (hash and thumbnail) only the first is paired with
    others, and with each of its copies."""
    whole = np.concatenate([np.ascontiguousarray(hashes).view(np.uint8).reshape(-1, 8), thumbs], axis=1)
    _, first, own = np.unique(whole, axis=0, return_index=True, return_inverse=True)
    own = first[own.reshape(-1)]
    copies = np.flatnonzero(own != np.arange(len(own)))
    found = [np.stack([own[copies], copies], axis=1)]
    members: dict[int, list[int]] = {}
    for place in np.sort(first).tolist():
        members.setdefault(int(hashes[place]), []).append(place)
    values = np.array(list(members), np.uint64)
    near = [(int(values[i]), int(values[j])) for i, j in near_hashes(values, distance).tolist()]
    near += [(value, value) for value, places in members.items() if len(places) > 1]
    for a, b in near:
        pairs = np.array([(i, j) if i < j else (j, i) for i in members[a] for j in members[b] if a != b or i < j])
        found.append(alike(pairs.reshape(-1, 2), thumbs))
    return np.unique(np.concatenate(found).astype(np.int64), axis=0)


def signature(words: list[str]) -> bytes:
    """MinHash (datasketch) of the shingles of a text, PERMUTATIONS values of 4 bytes; empty for no words."""
    if not words:
        return b""
    from datasketch import MinHash

    last = max(1, len(words) - GRAM + 1)
    shingles = [" ".join(words[i : i + GRAM]).encode() for i in range(last)]
    made = MinHash(num_perm=PERMUTATIONS, permutations=_permutations(), scheme=SCHEME)
    made.update_batch(shingles)
    return made.hashvalues.astype("<u4").tobytes()


@cache
def _permutations() -> Any:
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, scheme=SCHEME).permutations


def text64(text: str) -> int:
    """64 bits of a text, without regard to case, punctuation and spaces."""
    plain = " ".join(words_of(text))
    return int.from_bytes(hashlib.blake2b(plain.encode(), digest_size=8).digest(), "big")


@dataclass(frozen=True)
class Hashing(Work):
    """The hashes of every sample: ``pictures`` (64 bits each), ``thumbs``, how many are ``unreadable``,
    ``signature`` of the whole dialogue, and 64 bits of its ``text``."""

    names: tuple[str, ...] = ()
    kind: str = "hashes"

    @property
    def fingerprint(self) -> str:
        return f"{VERSION:02d}"

    def _table(self, unit: Unit) -> pa.Table:
        import pyarrow as pa

        found: dict[str, list[Any]] = {name: [] for name in _TYPES}
        seen: dict[bytes, tuple[int, bytes] | None] = {}
        for number, row in enumerate(range(unit.start, unit.stop)):
            sample = self.store[row]
            facts = Facts(sample)
            hashes = []
            for blob in sample.images:
                data = blob.bytes if blob else None
                if data:
                    key = hashlib.sha256(data).digest()
                    if key not in seen:
                        seen[key] = picture_hash(data)
                    hashes.append(seen[key])
            read = [made for made in hashes if made is not None]
            texts = [text for pair in facts.rounds for text in pair]
            found["row"].append(number)
            found["pictures"].append([value for value, _ in read])
            found["thumbs"].append([thumb for _, thumb in read])
            found["unreadable"].append(len(hashes) - len(read))
            whole = "\n".join(texts)
            found["signature"].append(signature(words_of(whole)))
            found["text"].append(text64(whole))
        return pa.table({name: pa.array(found[name], kind) for name, kind in _types().items()})


_TYPES = ("row", "pictures", "thumbs", "unreadable", "signature", "text")


def _types() -> dict[str, Any]:
    import pyarrow as pa

    kinds = (pa.int64(), pa.list_(pa.uint64()), pa.list_(pa.binary()), pa.int64(), pa.binary(), pa.uint64())
    return dict(zip(_TYPES, kinds, strict=True))
