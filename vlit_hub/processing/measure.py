"""Lengths of all samples of a store under one processor and max_length, written beside the index for the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vlit_hub.processing.processor import VLITProcessor
from vlit_hub.processing.truncation import REASONS, Encoded
from vlit_hub.schema import Sample
from vlit_hub.shards import Fetch, Measure, ShardError, Skipped, Store, read_measure, write_measure

CODES = ("", *REASONS)
"""Code of a drop reason = its position."""
UNREADABLE = "unreadable_sample"
CHUNK = 64
"""Samples tokenised together."""


@dataclass(frozen=True)
class Measured:
    """What came out: ``fingerprint`` is what a Plan takes as ``measure``; token counts are sums over kept samples."""

    fingerprint: str
    samples: int
    kept: int
    tokens: int
    image_tokens: int
    supervised: int
    dropped: dict[str, dict[str, int]]
    """Dataset -> reason -> samples."""


def measure(
    store: Store, processor: VLITProcessor, max_length: int, *, progress: Callable[[int], None] | None = None
) -> Measured:
    """Encode every sample (no picture is decoded) and write lengths, image tokens, supervised tokens, drop reasons.

    Lengths are after truncation; a dropped sample has length 0. Columns that are already there under the same
    fingerprint are used. ``progress`` is called with the number of samples done. A sample that cannot be read is
    dropped if ``store.on_error`` is "skip"; if it is "raise", one that was dropped so is read again, and raises.
    Raises ValueError where no picture was kept because ``max_length`` is smaller than one.
    """
    fingerprint = processor.fingerprint(max_length)
    table = _known(store, fingerprint)
    rows = range(len(store)) if table is None else np.flatnonzero(table[:, 3] == CODES.index(UNREADABLE)).tolist()
    if table is not None and (store.on_error == "skip" or not rows):
        return summarise(store, fingerprint, read_measure(store.index, fingerprint))
    table = np.zeros((len(store), 5), np.int64) if table is None else table
    done = 0
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        items, _ = store.__getitems__(Fetch([(row,) for row in chunk], [], 0, True, (0, 0, 0)))
        table[list(chunk)] = _columns([sample for item in items for sample in item], processor, max_length)
        for _ in chunk:
            done += 1
            if progress:
                progress(done)
    _refuse_short(table, processor, max_length)
    names = ("length", "image_tokens", "supervised", "reason", "frames")
    write_measure(store.index, fingerprint, {name: table[:, i] for i, name in enumerate(names)}, CODES)
    return summarise(store, fingerprint, read_measure(store.index, fingerprint))


def _known(store: Store, fingerprint: str) -> np.ndarray | None:
    """What was measured before as rows of :func:`_columns`, shape (samples, 5); None where that is not whole."""
    try:
        found = read_measure(store.index, fingerprint)
    except ShardError:
        return None
    codes = np.array([CODES.index(reason) for reason in found.reasons])
    columns = [found.length, found.image_tokens, found.supervised, codes[found.reason], found.frames]
    return np.stack(columns, axis=1).astype(np.int64)


def _columns(
    samples: Sequence[Sample | Skipped], processor: VLITProcessor, max_length: int
) -> list[tuple[int, int, int, int, int]]:
    made = iter(processor.encode_all([s for s in samples if not isinstance(s, Skipped)], max_length))
    encoded = [Encoded(dropped=UNREADABLE) if isinstance(s, Skipped) else next(made) for s in samples]
    return [(e.length, sum(e.picture_tokens), e.supervised, CODES.index(e.dropped), e.frames_shown) for e in encoded]


def _refuse_short(table: np.ndarray, processor: VLITProcessor, max_length: int) -> None:
    too_long = int((table[:, 3] == CODES.index("too_long")).sum())
    if too_long and not table[:, 1].any() and max_length <= (least := processor.least_picture()):
        raise ValueError(
            f"max_length {max_length} is smaller than one picture, which takes {least} tokens at least: "
            f"{too_long} samples would be left out; set max_length higher"
        )


def summarise(store: Store, fingerprint: str, columns: Measure) -> Measured:
    """The sums of measured columns."""
    codes, names = store.index.codes("dataset")
    pairs = Counter(zip(codes.tolist(), columns.reason.tolist(), strict=True))
    dropped: dict[str, dict[str, int]] = {}
    for (code, reason), count in sorted(pairs.items()):
        if reason:
            dropped.setdefault(names[code], {})[columns.reasons[reason]] = count
    return Measured(
        fingerprint=fingerprint,
        samples=len(store),
        kept=int((columns.reason == 0).sum()),
        tokens=int(columns.length.sum()),
        image_tokens=int(columns.image_tokens.sum()),
        supervised=int(columns.supervised.sum()),
        dropped=dropped,
    )
