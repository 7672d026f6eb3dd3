"""What a folder of shards holds, counted: the numbers of a dataset card, and the facts of the scripts behind it.

Every number on a card names the command that gives it again::

    python -m vlit_hub.publishing.facts SHARDS [SECTION [INDEX]]

which prints one section of the facts (or all of them) as JSON; INDEX: the fingerprint of a subset or split of SHARDS.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from vlit_hub import registry
from vlit_hub.schema import COLUMNS, MODALITIES, Sample, from_json, text_of
from vlit_hub.shards import Index
from vlit_hub.shards import manifest as manifests
from vlit_hub.shards.index import fingerprint
from vlit_hub.shards.manifest import Split
from vlit_hub.shards.mixture import load_mixture
from vlit_hub.spec import DatasetSpec, Taxonomy

BUILD = "build.json"
"""Beside the manifest: what each ``vlit build`` into the folder reported; only BUILD_KEYS of it are published."""
BUILD_KEYS = (
    "name", "subset", "split", "options", "records", "converted", "partial", "quarantined", "samples", "reasons",
)  # fmt: skip
WITHHELD = "withheld_media"
"""File-level fact of a split: media that were there when it was built and are not published."""


@dataclass(frozen=True)
class Spread:
    """Of ``count`` whole numbers. Median and 95th percentile by nearest rank; all 0 where there are none."""

    count: int = 0
    least: int = 0
    median: int = 0
    p95: int = 0
    most: int = 0

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Spread:
        """From value -> how often it occurs."""
        values = sorted(counts)
        if not values:
            return cls()
        upto = np.cumsum([counts[value] for value in values])
        total = int(upto[-1])

        def rank(percent: int) -> int:
            return values[int(np.searchsorted(upto, -(-percent * total // 100)))]

        return cls(total, values[0], rank(50), rank(95), values[-1])


@dataclass(frozen=True)
class Part:
    """What its script says of one dataset in the folder; nothing here is measured."""

    name: str
    title: str
    paper: str
    arxiv: str
    year: int
    homepage: str
    hub_id: str
    licence: str
    """SPDX, or empty."""
    licence_stated: str
    terms: tuple[str, ...]
    generator: str
    picture_sources: tuple[str, ...]
    size: str
    size_source: str
    released: str
    obtain: str
    survey_category: str
    taxonomy: Taxonomy
    modalities: tuple[str, ...]

    @classmethod
    def of(cls, spec: DatasetSpec) -> Part:
        return cls(**{name: getattr(spec, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class SplitFacts:
    """One split. ``groups``: distinct native records or pictures; ``bytes``: of its shards; ``withheld``: type ->
    media that were there and are not published."""

    dataset: str
    subset: str
    split: str
    samples: int
    trainable: int
    groups: int
    pictures: int
    withheld: dict[str, int]
    shards: int
    bytes: int


@dataclass(frozen=True)
class DatasetFacts:
    """Everything a dataset card says. Counts run over all subsets and splits of the folder."""

    fingerprint: str
    parts: tuple[Part, ...]
    splits: tuple[SplitFacts, ...]
    text: dict[str, Spread]
    """messages per sample; characters per sample, per user message, per assistant message."""
    pictures: dict[str, Spread]
    """pictures per sample (missing ones too); width and height in pixels where known."""
    labels: dict[str, dict[str, int]]
    """task, instruction_type, ability, language -> value -> samples."""
    regions: dict[str, int]
    """kind -> regions."""
    spans: dict[str, int]
    """kind -> spans."""
    samples: dict[str, int]
    """samples: all, with regions, with unresolved regions, with missing media, without media."""
    media: dict[str, dict[str, int]]
    """type -> present, missing (not found when built), withheld (not published)."""
    builds: tuple[dict[str, Any], ...] = ()
    """Per split that was built: BUILD_KEYS of its report."""

    @property
    def total(self) -> int:
        """Samples of the folder."""
        return self.samples["all"]

    @property
    def withheld(self) -> dict[str, int]:
        """Dataset -> media that were there and are not published; datasets that have none are left out."""
        counts: Counter[str] = Counter()
        for split in self.splits:
            counts[split.dataset] += sum(split.withheld.values())
        return dict(+counts)

    def section(self, name: str) -> Any:
        """One section as plain data; raises KeyError naming the sections."""
        found = asdict(self)
        if name not in found:
            raise KeyError(f"no section {name!r}; there are {', '.join(found)}")
        return found[name]


@dataclass
class _Tally:
    text: dict[str, Counter[int]] = field(default_factory=dict)
    pictures: dict[str, Counter[int]] = field(default_factory=dict)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    regions: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    samples: Counter[str] = field(default_factory=Counter)
    present: Counter[str] = field(default_factory=Counter)
    absent: Counter[str] = field(default_factory=Counter)
    images: int = 0

    def __post_init__(self) -> None:
        self.text = {name: Counter() for name in ("messages", "sample", "user", "assistant")}
        self.pictures = {name: Counter() for name in ("per_sample", "width", "height")}
        self.labels = {name: Counter() for name in ("task", "instruction_type", "ability", "language")}

    def add(self, sample: Sample) -> None:
        lengths = [(message.role, len(text_of(message))) for message in sample.messages]
        self.text["messages"][len(lengths)] += 1
        self.text["sample"][sum(length for _, length in lengths)] += 1
        for role, length in lengths:
            if role in self.text:
                self.text[role][length] += 1
        for name, counter in self.labels.items():
            counter[getattr(sample, name)] += 1
        self.regions.update(region.kind for region in sample.regions)
        self.spans.update(span.kind for span in sample.spans)
        missing = self._media(sample)
        self.samples["all"] += 1
        self.samples["with_regions"] += bool(sample.regions)
        self.samples["with_unresolved_regions"] += any(region.frame != "norm" for region in sample.regions)
        self.samples["with_missing_media"] += missing
        self.samples["without_media"] += not sample.media

    def _media(self, sample: Sample) -> bool:
        """Counts the media; whether one is missing."""
        self.pictures["per_sample"][len(sample.images)] += 1
        for medium in sample.media:
            if medium.type == "image" and medium.width and medium.height:
                self.pictures["width"][medium.width] += 1
                self.pictures["height"][medium.height] += 1
        any_missing = False
        for kind, column in COLUMNS.items():
            blobs = getattr(sample, column)
            missing = sum(blob is None for blob in blobs)
            self.absent[kind] += missing
            self.present[kind] += len(blobs) - missing
            any_missing = any_missing or missing > 0
        return any_missing


def dataset_facts(shards_dir: str | Path, kept_back: Container[str] = (), *, index: str = "") -> DatasetFacts:
    """Count everything in a folder of shards, in one pass over its JSON members (no medium is read).

    The media of the datasets in ``kept_back`` are counted as withheld, as in an export that leaves them behind.
    ``index``: the fingerprint of what to count, the folder or a subset or split of it (a run's ``data.index``).
    A file in the folder's place is a mixture or its lock: the shards that it names.
    Raises ShardError for an unfinished folder, UnknownDataset where a dataset in it has no script, ValueError where
    nothing in it has that fingerprint.
    """
    if Path(shards_dir).is_file():
        found = Index(load_mixture(shards_dir).parts)
        if index and found.fingerprint != index:
            raise ValueError(f"the shards of {shards_dir} have index {found.fingerprint}, not {index}")
        return _facts_of(found, kept_back)
    return _facts_of(_selected(Path(shards_dir), index) if index else Index(shards_dir), kept_back)


def _selected(folder: Path, wanted: str) -> Index:
    """The folder, or the subset or split of it, whose index has that fingerprint."""
    splits = manifests.load(folder).splits
    subsets = (None, *dict.fromkeys(entry.subset for entry in splits))
    for subset, split in product(subsets, (None, *dict.fromkeys(entry.split for entry in splits))):
        chosen = tuple(s for s in splits if subset in (None, s.subset) and split in (None, s.split))
        if chosen and fingerprint(chosen) == wanted:
            return Index(folder, subset=subset, split=split)
    raise ValueError(
        f"{folder} has index {fingerprint(tuple(splits))}, and neither it nor a subset or split of it is {wanted}: give"
        " the shards that were used"
    )


def _facts_of(index: Index, kept_back: Container[str]) -> DatasetFacts:
    tally = _Tally()
    splits = tuple(_split_facts(index, number, tally, kept_back) for number in range(len(index.splits)))
    withheld: Counter[str] = sum((Counter(split.withheld) for split in splits), Counter())
    return DatasetFacts(
        fingerprint=index.fingerprint,
        parts=parts_of(index.splits),
        splits=splits,
        text={name: Spread.of(counts) for name, counts in tally.text.items()},
        pictures={name: Spread.of(counts) for name, counts in tally.pictures.items()},
        labels={name: dict(counts.most_common()) for name, counts in tally.labels.items()},
        regions=dict(tally.regions.most_common()),
        spans=dict(tally.spans.most_common()),
        samples=dict(tally.samples),
        media={
            kind: {
                "present": tally.present[kind],
                "missing": tally.absent[kind] - withheld[kind],
                "withheld": withheld[kind],
            }
            for kind in MODALITIES
            if tally.present[kind] or tally.absent[kind]
        },
        builds=tuple(_builds(index)),
    )


def parts_of(splits: Iterable[Split]) -> tuple[Part, ...]:
    """What the scripts say of the datasets of these splits, each once; raises UnknownDataset."""
    return tuple(Part.of(registry.get(name)) for name in dict.fromkeys(split.dataset for split in splits))


def without_media(sample: Sample) -> Sample:
    """The sample with every medium missing; ``media`` keeps references and sizes."""
    empty = {column: [None] * len(getattr(sample, column)) for column in COLUMNS.values()}
    return msgspec.structs.replace(sample, **empty)


def media_present(sample: Sample) -> Counter[str]:
    """Type -> media of the sample that are not missing."""
    return Counter(m.type for m in sample.media if getattr(sample, COLUMNS[m.type])[m.index] is not None)


def texts(index: Index, number: int) -> Iterator[Sample]:
    """The samples of split ``number`` of an index, in order, without the bytes of their media."""
    rows = slice(index.starts[number], index.starts[number + 1])
    columns = [index.column(name)[rows].tolist() for name in ("shard", "offset", "length")]
    current, file = -1, -1
    try:
        for shard, offset, length in zip(*columns, strict=True):
            if shard != current:
                if file >= 0:
                    os.close(file)
                current = shard
                file = os.open(index.shard(number, shard), os.O_RDONLY)
            yield from_json(os.pread(file, length, offset))
    finally:
        if file >= 0:
            os.close(file)


def build_reports(folder: Path) -> list[dict[str, Any]]:
    """The published part of each build's report; empty where the folder has none."""
    path = folder / BUILD
    reports = json.loads(path.read_bytes()) if path.exists() else []
    return [{key: report[key] for key in BUILD_KEYS if key in report} for report in reports]


def _builds(index: Index) -> Iterator[dict[str, Any]]:
    """The reports of the index's splits, and of those that gave no shards where it is a whole folder."""
    for root in dict.fromkeys(index.roots):
        here = (entry for entry, place in zip(index.splits, index.roots, strict=True) if place == root)
        known = {(entry.dataset, entry.subset, entry.split) for entry in here}
        whole = len(known) == len(manifests.load(root).splits)
        for report in build_reports(root):
            if whole or (report["name"], report["subset"], report["split"]) in known:
                yield report


def _split_facts(index: Index, number: int, tally: _Tally, kept_back: Container[str]) -> SplitFacts:
    split, pictures = index.splits[number], tally.present["image"]
    withheld = Counter(split.facts.get(WITHHELD, {}))
    for sample in texts(index, number):
        if split.dataset in kept_back:
            withheld += media_present(sample)
            sample = without_media(sample)
        tally.add(sample)
    rows = slice(index.starts[number], index.starts[number + 1])
    return SplitFacts(
        dataset=split.dataset,
        subset=split.subset,
        split=split.split,
        samples=split.samples,
        trainable=split.counts["trainable"],
        groups=len(np.unique(index.column("group")[rows])),
        pictures=tally.present["image"] - pictures,
        withheld=dict(withheld),
        shards=len(split.shards),
        bytes=split.bytes,
    )


def main(arguments: list[str]) -> None:
    """``SHARDS [SECTION [INDEX]]``: print the facts of a folder as JSON."""
    facts = dataset_facts(arguments[0], index="".join(arguments[2:3]))
    found = facts.section(arguments[1]) if arguments[1:] else asdict(facts)
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
