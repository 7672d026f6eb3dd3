"""Sources of annotations: a COCO-form folder, or a built dataset whose samples carry labelled regions."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

from vlit_hub.curation.collect import Picture, collect
from vlit_hub.curation.facts import Annotation, Box
from vlit_hub.schema import Sample
from vlit_hub.shards.index import hash64

_COCO_ID = re.compile(r"\d{12}")


@dataclass(frozen=True)
class Table:
    """Annotations by the name of a picture (last part of its ref, without extension) and by its bytes (their 64-bit
    hash, as in the index)."""

    by_name: Mapping[str, Annotation] = field(default_factory=dict)
    by_content: Mapping[int, Annotation] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over all that is known."""
        digest = hashlib.sha256()
        for key, known in sorted([*self.by_name.items(), *self.by_content.items()], key=lambda pair: str(pair[0])):
            plain = (sorted(known.counts.items()), sorted(known.present), sorted(known.labels), known.captions)
            digest.update(repr((key, plain, sorted(known.boxes.items()))).encode())
        return digest.hexdigest()[:16]

    def of(self, sample: Sample) -> Annotation | None:
        """What is known of the one picture of a sample."""
        if len(sample.images) != 1 or sample.videos or sample.audios or sample.point_clouds:
            return None
        blob = sample.images[0]
        if self.by_content and blob is not None and blob.bytes is not None:
            if (known := self.by_content.get(hash64(blob.bytes))) is not None:
                return known
        refs = [medium.ref for medium in sample.media if medium.type == "image"]
        return self.by_name.get(name_of(refs[0])) if refs and self.by_name else None


@lru_cache(1024)
def name_of(ref: str) -> str:
    """The key of a picture: the COCO number in its file name, else the name without folder and extension."""
    stem = PurePosixPath(ref.split("?")[0]).stem
    numbers = _COCO_ID.findall(stem)
    return numbers[0] if numbers else stem


def of_picture(picture: Picture, labels: frozenset[str]) -> Annotation:
    """The annotation of one collected picture; of labels with faulty boxes nothing is known but that they may be
    there."""
    boxes: dict[str, list[Box]] = defaultdict(list)
    for item in picture.objects:
        x1, y1, x2, y2 = item.box
        w, h = picture.width, picture.height
        boxes[item.label].append((x1 / w, y1 / h, x2 / w, y2 / h))
    return Annotation(
        counts=picture.counts,
        present=picture.present,
        labels=labels,
        captions=picture.captions,
        boxes={label: tuple(found) for label, found in boxes.items()},
    )


def coco(folder: str | Path, captions: bool = True) -> Table:
    """The annotations of a COCO-form folder (collect.py), by the number in the file names."""
    collection = collect(folder)
    labels = frozenset(collection.labels)
    known = {name_of(picture.path.name): of_picture(picture, labels) for picture in collection.pictures}
    if not captions:
        known = {name: Annotation(a.counts, a.present, a.labels, (), a.boxes) for name, a in known.items()}
    return Table(by_name=known)


def built(shards: str | Path | Sequence[str | Path], complete: bool = False) -> Table:
    """The labelled regions of built samples, gathered by picture.

    ``complete``: every instance of every label that occurs is annotated on every picture, so counts are exact and what
    is not there is absent. Without it only what is there is known.
    """
    from vlit_hub.shards import Store

    store = Store([Path(p) for p in ([shards] if isinstance(shards, str | Path) else shards)])
    boxes: dict[int, dict[str, set[Box]]] = defaultdict(lambda: defaultdict(set))
    for row in range(len(store)):
        sample = store[row]
        for region in sample.regions:
            blob = sample.images[region.index] if region.modality == "image" else None
            if blob is not None and blob.bytes and region.label and region.frame == "norm" and len(region.box) == 4:
                x1, y1, x2, y2 = region.box
                boxes[hash64(blob.bytes)][region.label.lower()].add((x1, y1, x2, y2))
    labels = frozenset(label for found in boxes.values() for label in found) if complete else frozenset()
    return Table(by_content={content: _annotation(found, labels, complete) for content, found in boxes.items()})


def _annotation(found: Mapping[str, set[Box]], labels: frozenset[str], complete: bool) -> Annotation:
    counts = Counter({label: len(boxes) for label, boxes in found.items()}) if complete else {}
    return Annotation(counts, frozenset(found), labels, (), {label: tuple(sorted(b)) for label, b in found.items()})


SOURCES = {"coco": coco, "regions": built, "complete": lambda folder: built(folder, complete=True)}
"""``--annotations KIND:FOLDER``."""


def source(text: str) -> Table:
    """``coco:FOLDER``, ``regions:SHARDS`` (what is there) or ``complete:SHARDS`` (all there is); raises ValueError."""
    kind, colon, folder = text.partition(":")
    if not colon or kind not in SOURCES:
        raise ValueError(f"annotations {text!r}: write KIND:FOLDER with one of {', '.join(SOURCES)}")
    return SOURCES[kind](folder)
