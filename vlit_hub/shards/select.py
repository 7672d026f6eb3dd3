"""Which rows of an index a source gives: what cannot be trained on, filters, kept rows, caps; every drop is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vlit_hub.shards.bitmap import Bitmap
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.filters import MEASURED, PICTURES, Filter, passing_pictures
from vlit_hub.shards.index import ENDINGS, TABLES, Index
from vlit_hub.shards.manifest import Split
from vlit_hub.shards.measured import Measured
from vlit_hub.shards.npy import CHUNK
from vlit_hub.shards.permutation import Permutation
from vlit_hub.shards.side import read_kept, read_side

REASONS = ("", "no_reply", "untrained_reply", "missing_media", "unresolved_regions")
"""Why the index alone leaves a sample out: it ends without an assistant's message; that message has train=false; a
medium is missing; a region is in pixels of a picture of unknown size."""
NOT_KEPT = "not_kept"
_DRAWN = 1 << 16


@dataclass(frozen=True)
class Source:
    """The samples of one part of an index (``Index.parts``), chosen and weighted.

    ``cap``: ``#5000`` (so many samples) or ``%50`` (per cent), drawn once and for all by seed and name. ``keep``: a
    file of the rows to keep, ``side``: files of columns that filters may name (side.py);
    rows in them count within the part. ``weight`` as :class:`Blend` reads it.
    """

    name: str = ""
    part: int = 0
    filters: tuple[Filter, ...] = ()
    cap: str = ""
    keep: str = ""
    side: tuple[str, ...] = ()
    weight: float | None = None

    def __post_init__(self) -> None:
        if self.cap:
            parse_cap(self.cap)
        if self.weight is not None and not 0 <= self.weight < float("inf"):
            raise ValueError(f"source {self.name}: weight {self.weight} is no number from 0 on")


def parse_cap(cap: str) -> tuple[str, float]:
    """(``#`` or ``%``, number); raises ValueError."""
    kind, digits = cap[:1], cap[1:]
    try:
        number = int(digits) if kind == "#" else float(digits)
    except ValueError:
        number = -1
    if kind not in ("#", "%") or number <= 0 or (kind == "%" and number > 100):
        raise ValueError(f"cap {cap!r}: write #5000 for samples or %50 for per cent")
    return kind, number


@dataclass(frozen=True)
class Chosen:
    """What a source gives. Rows of the index are ``first`` + members of ``rows``."""

    first: int
    rows: Bitmap
    left_out: dict[str, dict[str, int]]
    """Dataset -> reason -> samples."""
    matching: int
    """Samples before the cap."""
    tokens: int
    """Of the chosen samples after truncation; 0 if unmeasured."""
    longest: int
    """Tokens of the longest of them."""


def choose(index: Index, source: Source, *, seed: int, measured: Measured | None, missing: str) -> Chosen:
    """Read the columns of the source's part once, in chunks.

    Raises FilterError for a filter that does not fit, ShardError where ``missing`` is "raise" and a sample has missing
    media or unresolved regions, or where a file of rows belongs elsewhere.
    """
    first, stop = index.part_starts[source.part], index.part_starts[source.part + 1]
    scan = _Scan(index, source, first, stop, measured)
    for filter_ in source.filters:
        filter_.check({name: column.dtype.kind == "O" for name, column in scan.side.items()}, measured is not None)
    scan.run()
    bad = sum(count for reasons in scan.left_out.values() for name, count in reasons.items() if name in REASONS[3:])
    if missing == "raise" and bad:
        raise ShardError(
            f"{index}: {bad} samples have missing media or unresolved regions (missing='raise'), the first is row "
            f"{scan.first_bad[0]} ({scan.first_bad[1]})"
        )
    matching = int(scan.mask.sum())
    if source.cap:
        scan.mask = _capped(scan.mask, source, seed)
        scan.count_tokens()
    return Chosen(first, Bitmap(scan.mask), scan.left_out, matching, scan.tokens, scan.longest)


class _Scan:
    """One pass over the rows of a part."""

    def __init__(self, index: Index, source: Source, first: int, stop: int, measured: Measured | None) -> None:
        self.index, self.source, self.first, self.measured = index, source, first, measured
        self.mask = np.zeros(stop - first, bool)
        self.kept = read_kept(Path(source.keep), len(self.mask)) if source.keep else None
        self.side = {name: column for file in source.side for name, column in read_side(file, len(self.mask)).items()}
        self.reasons = [*REASONS, *(measured.reasons[1:] if measured else ()), *map(str, source.filters), NOT_KEPT]
        self.left_out: dict[str, dict[str, int]] = {}
        self.first_bad = (-1, "")
        self.tokens = self.longest = 0

    def run(self) -> None:
        for split, start, rows, measured in self.chunks():
            here = slice(start - self.first, start - self.first + len(rows))
            why = np.zeros(len(rows), np.uint8 if len(self.reasons) < 256 else np.uint16)
            for code, bad in self._faults(split, rows, measured, here):
                if bad.any():
                    why[bad & (why == 0)] = code
            if why.any():
                self._count(split, start, rows, why)
            np.equal(why, 0, out=self.mask[here])
            self._add(measured, here)

    def chunks(self) -> Iterator[tuple[int, int, np.ndarray, np.ndarray | None]]:
        """(split, first row, rows, their measured values), over the part. Where the manifest says that nothing in the
        rows of a split can leave one out, they are not read: they come without columns."""
        stop = self.first + len(self.mask)
        for split, start in enumerate(self.index.starts[:-1]):
            if not self.first <= start < stop:
                continue
            size = self.index.splits[split].samples
            measured = self.measured.chunks(split, 0, size) if self.measured else None
            unread = ((at, np.empty(min(CHUNK, size - at), [])) for at in range(0, size, CHUNK))
            for offset, rows in self.index.chunks(split) if self._asks(split) else unread:
                yield split, start + offset, rows, next(measured)[1] if measured else None

    def _asks(self, split: int) -> bool:
        """Whether a column of the index decides about rows of this split."""
        known = (*self.side, *MEASURED)
        return not _all_fine(self.index.splits[split]) or any(each.column not in known for each in self.source.filters)

    def _faults(
        self, split: int, rows: np.ndarray, measured: np.ndarray | None, here: slice
    ) -> Iterator[tuple[int, np.ndarray]]:
        """(code of the reason, which rows it leaves out), in order of precedence."""
        if not _all_fine(self.index.splits[split]):
            if (ending := rows["ending"]).any():
                yield 1, ending == ENDINGS.index("open")
                yield 2, ending == ENDINGS.index("untrained")
            yield 3, rows["missing"] > 0
            yield 4, rows["unresolved"] > 0
        code = len(REASONS)
        if measured is not None and self.measured is not None:
            for reason in range(1, len(self.measured.reasons)):
                yield code + reason - 1, measured["reason"] == reason
            code += len(self.measured.reasons) - 1
        for filter_ in self.source.filters:
            yield code, ~self._passes(filter_, split, rows, measured, here)
            code += 1
        if self.kept is not None:
            yield code, ~self.kept[here]

    def _passes(
        self, filter_: Filter, split: int, rows: np.ndarray, measured: np.ndarray | None, here: slice
    ) -> np.ndarray:
        name = filter_.column
        if name in self.side:
            return filter_(self.side[name][here])
        if name in TABLES:
            words = np.array(self.index.splits[split].tables[name])
            return filter_(words)[rows[name]] if len(words) else np.zeros(len(rows), bool)
        if name in MEASURED and measured is not None:
            return filter_(measured[MEASURED[name]])
        if name in PICTURES:
            owners, _, passed = passing_pictures(self.index, split, rows, filter_)
            result = np.ones(len(rows), bool)
            result[owners[~passed]] = False
            return result
        return filter_(rows[name])

    def _count(self, split: int, start: int, rows: np.ndarray, why: np.ndarray) -> None:
        names = self.index.splits[split].tables["dataset"]
        out = np.flatnonzero(why)
        datasets = (rows[out] if rows.dtype.names else self.index.take(start + out))["dataset"]
        pairs, counts = np.unique(datasets.astype(np.int64) * len(self.reasons) + why[out], return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            dataset, code = divmod(pair, len(self.reasons))
            reasons = self.left_out.setdefault(names[dataset], {})
            reasons[self.reasons[code]] = reasons.get(self.reasons[code], 0) + count
        bad = np.flatnonzero((why == 3) | (why == 4))
        if bad.size and self.first_bad[0] < 0:
            self.first_bad = start + int(bad[0]), self.reasons[why[bad[0]]]

    def _add(self, measured: np.ndarray | None, here: slice) -> None:
        if measured is not None:
            lengths = measured["length"][self.mask[here]]
            self.tokens += int(lengths.sum(dtype=np.int64))
            self.longest = max(self.longest, int(lengths.max(initial=0)))

    def count_tokens(self) -> None:
        """Count them again, after the mask has changed."""
        if self.measured is None:
            return
        self.tokens = self.longest = 0
        for _, start, _, measured in self.chunks():
            assert measured is not None
            self._add(measured, slice(start - self.first, start - self.first + len(measured)))


def _all_fine(split: Split) -> bool:
    """Whether the index leaves none of its samples out."""
    counts = split.counts
    fine = counts.get("trainable") == split.samples
    return fine and counts.get("missing_media") == 0 and counts.get("unresolved_regions") == 0


def _capped(mask: np.ndarray, source: Source, seed: int) -> np.ndarray:
    members = Bitmap(mask)
    kind, number = parse_cap(source.cap)
    count = min(len(members), int(number) if kind == "#" else max(1, round(len(members) * number / 100)))
    result = np.zeros(len(mask), bool)
    drawn = Permutation(len(members), seed, "cap", source.name)
    for start in range(0, count, _DRAWN):
        result[members.select(drawn(np.arange(start, min(start + _DRAWN, count))))] = True
    return result


def starts_of_groups(index: Index, chosen: Chosen) -> Bitmap:
    """Members of ``chosen.rows`` (their numbers in it) at which another group begins than that of the member before."""
    result = np.zeros(len(chosen.rows), bool)
    last, done = None, 0
    for split, start in enumerate(index.starts[:-1]):
        if not chosen.first <= start < chosen.first + chosen.rows.size:
            continue
        for offset, rows in index.chunks(split):
            place = start - chosen.first + offset
            members = chosen.rows.select(np.arange(done, int(chosen.rows.rank(np.array(place + len(rows))))))
            groups = rows["group"][members - place]
            if groups.size:
                result[done] = groups[0] != last
                np.not_equal(groups[1:], groups[:-1], out=result[done + 1 : done + len(groups)])
                last, done = groups[-1], done + len(groups)
    return Bitmap(result)


def left_out(chosen: Sequence[Chosen]) -> dict[str, dict[str, int]]:
    """The sums over several sources."""
    total: dict[str, dict[str, int]] = {}
    for each in chosen:
        for dataset, reasons in each.left_out.items():
            sums = total.setdefault(dataset, {})
            for reason, count in reasons.items():
                sums[reason] = sums.get(reason, 0) + count
    return total
