"""Curate: the steps of a recipe over built shards; every drop traced, a random selection of the same size beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from vlit_hub.curation import annotations as sources
from vlit_hub.curation.columns import Engine, Work, compute, one_process
from vlit_hub.curation.contamination import Pack, pictures_in, questions_in, questions_of
from vlit_hub.curation.hashes import PERMUTATIONS, SIDE, Hashing, near_pictures
from vlit_hub.curation.indicator import chosen
from vlit_hub.curation.neighbours import clusters, near_signatures
from vlit_hub.curation.recipe import Balance, Contamination, Duplicates, Keep, Recipe, RecipeError, Select
from vlit_hub.curation.spread import farthest, in_turns
from vlit_hub.shards import Store
from vlit_hub.shards.filters import NUMBERS, PICTURES, Filter, passing_pictures
from vlit_hub.shards.index import TABLES

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Drop:
    """One sample that went. ``of``: the row that stays in its place, or -1."""

    row: int
    dataset: str
    step: int
    rule: str
    value: str
    of: int = -1


@dataclass(frozen=True)
class Report:
    """``counts``: title of a step -> dataset -> samples after it, the first before any; ``overlap``: "a | b" -> sets of
    near pictures that both have."""

    fingerprint: str
    counts: list[tuple[str, dict[str, int]]]
    kept: int
    dropped: int
    unreadable: int
    """Pictures that no hash could be made of; they are nobody's copy."""
    overlap: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


class Curation:
    """A recipe at work. ``mask``: the rows that are left."""

    def __init__(self, recipe: Recipe, engine: Engine = one_process) -> None:
        self.recipe, self.engine = recipe, engine
        self.store = Store(list(recipe.shards))
        codes, names = self.store.index.codes("dataset")
        self.datasets = np.array(names, object)[codes]
        self.mask = np.ones(len(self.store), bool)
        self.drops: list[Drop] = []
        self.overlap: Counter[str] = Counter()
        self.draw = np.random.default_rng(recipe.seed)

    def run(self, progress: Callable[[str, int], None] | None = None) -> Report:
        """All steps; raises RecipeError where one does not fit the columns."""
        counts = [("all", self._counts())]
        for number, (step, title) in enumerate(zip(self.recipe.steps, self.recipe.titles, strict=True), 1):
            if progress:
                progress(title, number)
            before = len(self.drops)
            _STEPS[type(step)](self, step, number)
            self.mask[[drop.row for drop in self.drops[before:]]] = False
            counts.append((title, self._counts()))
        unreadable = sum(self.hashes["unreadable"].to_pylist()) if "hashes" in vars(self) else 0
        kept = int(self.mask.sum())
        overlap = dict(self.overlap.most_common())
        return Report(self.store.index.fingerprint, counts, kept, len(self.drops), unreadable, overlap)

    def random(self) -> np.ndarray:
        """The mask of a random selection, of each dataset as many samples as were kept."""
        draw, found = np.random.default_rng([self.recipe.seed, 1]), np.zeros(len(self.mask), bool)
        for name, count in self._counts().items():
            rows = np.flatnonzero(self.datasets == name)
            found[draw.choice(rows, count, replace=False)] = True
        return found

    # -- columns -------------------------------------------------------------------------------------------------------

    @cached_property
    def quality(self) -> pa.Table:
        known = sources.source(self.recipe.annotations) if self.recipe.annotations else None
        return compute(Work(self.store, tuple(made.name for made in chosen()), known), self.engine)

    @cached_property
    def hashes(self) -> pa.Table:
        return compute(Hashing(self.store), self.engine)

    def column(self, name: str, step: int) -> np.ndarray:
        """A column of the index or of quality; nan (of names None) where it says nothing."""
        if name in NUMBERS:
            return self.store.index.column(name)
        if name in PICTURES:
            raise RecipeError(f"step {step}: {name} is of pictures, not of samples: only `keep` takes it")
        computed = ["group", *(column.name for made in chosen() for column in made.columns)]
        if name in TABLES and name not in computed:
            codes, names = self.store.index.codes(name)
            return np.array(names, object)[codes]
        if name not in computed:
            known = ", ".join(dict.fromkeys((*NUMBERS, *PICTURES, *TABLES, *computed)))
            raise RecipeError(f"step {step}: no column {name!r}; there are: {known}")
        values = self.quality[name].combine_chunks()
        if str(values.type) == "string":
            return np.array(values.to_pylist(), object)
        return np.array([np.nan if value is None else float(value) for value in values.to_pylist()])

    @cached_property
    def pictures(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(row, hash, thumbnail) of every picture."""
        rows, values, thumbs = [], [], []
        columns = (self.hashes["pictures"].to_pylist(), self.hashes["thumbs"].to_pylist())
        for row, (hashes, found) in enumerate(zip(*columns, strict=True)):
            rows += [row] * len(hashes)
            values += hashes
            thumbs += found
        joined = np.frombuffer(b"".join(thumbs), np.uint8).reshape(-1, SIDE * SIDE * 3)
        return np.array(rows, np.int64), np.array(values, np.uint64), joined

    # -- steps ---------------------------------------------------------------------------------------------------------

    def keep(self, step: Keep, number: int) -> None:
        if step.filter.column in PICTURES:
            self._keep_sizes(step.filter, number)
            return
        values = self.column(step.filter.column, number)
        words = values.dtype.kind == "O"
        step.filter.check({step.filter.column: words}, measured=True)
        silent = np.array([value is None for value in values]) if words else np.isnan(values.astype(float))
        for row in np.flatnonzero(self.mask & ~silent & ~step.filter(values)).tolist():
            self._drop(row, number, str(step.filter), values[row])

    def _keep_sizes(self, filter_: Filter, number: int) -> None:
        """Pictures of every sample that is left must pass; the first that does not is traced."""
        filter_.check({}, measured=False)
        index = self.store.index
        for split, start in enumerate(index.starts[:-1]):
            for offset, rows in index.chunks(split):
                owners, values, passed = passing_pictures(index, split, rows, filter_)
                faults = dict(zip(owners[~passed][::-1].tolist(), values[~passed][::-1].tolist(), strict=True))
                for owner, value in sorted(faults.items()):
                    if self.mask[row := start + offset + owner]:
                        self._drop(row, number, str(filter_), value or "size unknown")

    def contamination(self, step: Contamination, number: int) -> None:
        rows, hashes, thumbs = self.pictures
        for pack in map(Pack.load, step.packs):
            found: dict[int, tuple[str, str]] = {}
            left = self.mask[rows]
            nearest = pictures_in(pack, hashes[left], thumbs[left], step.pictures)
            for row, bits in zip(rows[left].tolist(), nearest.tolist(), strict=True):
                if bits >= 0:
                    found.setdefault(row, (f"picture in {pack.name}", f"{bits} bits"))
            if len(pack.grams):
                for row in np.flatnonzero(self.mask).tolist():
                    share = 0.0 if row in found else questions_in(pack, questions_of(self.store[row]))
                    if share >= step.questions:
                        found[row] = f"question in {pack.name}", f"{share:.2f} of its n-grams"
            for row, (rule, value) in found.items():
                self._drop(row, number, rule, value)
            self.mask[list(found)] = False

    def duplicates(self, step: Duplicates, number: int) -> None:
        if step.pictures >= 0:
            self._same_pictures(step, number)
        else:
            self._same_texts(step, number)

    def _same_pictures(self, step: Duplicates, number: int) -> None:
        """Of the groups that share near pictures the first one stays."""
        rows, hashes, thumbs = self.pictures
        left = self.mask[rows]
        rows, hashes, thumbs = rows[left], hashes[left], thumbs[left]
        member = clusters(len(rows), near_pictures(hashes, thumbs, step.pictures))
        groups = self._groups()
        first: dict[int, int] = {}
        gone: dict[int, int] = {}
        for row, cluster in zip(rows.tolist(), member.tolist(), strict=True):
            holder = first.setdefault(cluster, row)
            if groups[holder] == groups[row]:
                continue
            pair = sorted({str(self.datasets[holder]), str(self.datasets[row])})
            if len(pair) == 2:
                self.overlap[" | ".join(pair)] += 1
            if not step.across or len(pair) == 2:
                gone.setdefault(row, holder)
        for row, holder in gone.items():
            self._drop(row, number, f"picture within {step.pictures} bits", "copy", holder)

    def _same_texts(self, step: Duplicates, number: int) -> None:
        rows = np.flatnonzero(self.mask)
        if step.exact:
            counts, contents = self.store.index.contents(rows)
            media = np.split(contents, np.cumsum(counts)[:-1])
            texts = self.hashes["text"].to_numpy()[rows]
            first: dict[tuple[object, ...], int] = {}
            keys = [(int(text), found.tobytes()) for text, found in zip(texts, media, strict=True)]
            pairs = np.array([(first.setdefault(key, i), i) for i, key in enumerate(keys)]).reshape(-1, 2)
            pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        else:
            raw = self.hashes["signature"].to_pylist()
            rows = np.array([row for row in rows.tolist() if raw[row]], np.int64)
            joined = b"".join(raw[row] for row in rows.tolist())
            pairs = near_signatures(np.frombuffer(joined, "<u4").reshape(-1, PERMUTATIONS), step.texts)
        member = clusters(len(rows), pairs)
        rule = "same words and pictures" if step.exact else f"text alike by {step.texts}"
        for place in np.flatnonzero(member != np.arange(len(rows))).tolist():
            row, holder = int(rows[place]), int(rows[member[place]])
            if not step.across or self.datasets[row] != self.datasets[holder]:
                self._drop(row, number, rule, "copy", holder)

    def balance(self, step: Balance, number: int) -> None:
        values = self.column(step.column, number)
        if values.dtype.kind != "O":
            raise RecipeError(f"step {number}: {step.column} is a number; only names can be balanced")
        rows = np.flatnonzero(self.mask & np.array([value is not None for value in values]))
        caps = cap_shares(Counter(values[rows].tolist()), step.most)
        for name, cap in caps.items():
            mine = rows[values[rows] == name]
            for row in np.sort(self.draw.permutation(mine)[cap:]).tolist():
                self._drop(row, number, f"{step.column} above {step.most:.0%}", name)

    def select(self, step: Select, number: int) -> None:
        rows = np.flatnonzero(self.mask)
        size = step.size(len(rows))
        if step.columns:
            columns = [self.column(name, number)[rows].tolist() for name in step.columns]
            taken = in_turns(list(zip(*columns, strict=True)), size, self.draw)
        else:
            taken = farthest(self.store, rows, size, step.embedding, self.draw)
        for row in np.setdiff1d(rows, rows[taken]).tolist():
            self._drop(row, number, f"beyond the budget of {size}", "")

    def _groups(self) -> np.ndarray:
        return self.store.index.column("group")

    def _drop(self, row: int, step: int, rule: str, value: object, of: int = -1) -> None:
        self.drops.append(Drop(row, str(self.datasets[row]), step, rule, str(value), of))

    def _counts(self) -> dict[str, int]:
        return {name: int(self.mask[self.datasets == name].sum()) for name in dict.fromkeys(self.datasets.tolist())}


_STEPS: dict[type, Callable[[Curation, Any, int], None]] = {
    Keep: Curation.keep,
    Contamination: Curation.contamination,
    Duplicates: Curation.duplicates,
    Balance: Curation.balance,
    Select: Curation.select,
}


def cap_shares(counts: Counter[str], most: float) -> dict[str, int]:
    """The largest numbers of each name of which none is above the share ``most`` of their sum; where there are too few
    names for that, equal ones."""
    caps = dict(counts)
    if len(caps) * most < 1 + 1e-9:
        return dict.fromkeys(caps, min(caps.values(), default=0))
    while True:
        total = sum(caps.values())
        large = max(caps, key=lambda name: (caps[name], name))
        allowed = int(most * total + 1e-9)
        if caps[large] <= allowed:
            return caps
        others = total - caps[large]
        caps[large] = min(caps[large] - 1, int(most * others / (1 - most) + 1e-9)) if most < 1 else caps[large]
