"""Collect from built shards: pictures with labelled boxes, of any dataset, beside a COCO-form folder (collect.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from vlit_hub.curation.collect import Box, CollectError, Collection, Object, Picture, clip
from vlit_hub.curation.language import english
from vlit_hub.media import UnreadableMedia, image_size
from vlit_hub.schema import Blob, Region, Sample, text_of
from vlit_hub.shards.index import hash64

FIRST = 900_000_000_000
"""Of the numbers that pictures get, in order of first appearance: COCO has none so high."""


@dataclass
class _Found:
    """What the samples tell of one picture; pixels of the stored picture."""

    data: bytes
    size: tuple[int, int]
    boxes: dict[tuple[str, Box], None] = field(default_factory=dict)
    captions: dict[str, None] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)


def collect_built(shards: str | Path, folder: str | Path, complete: bool = False) -> Collection:
    """The pictures of built shards that a labelled box lies in; their files are put into ``folder``.

    A picture is known by its bytes; what several samples tell of it is brought together: labelled boxes of known frame,
    captions (of the media, and answers of samples whose task is caption or description). ``complete``: every instance
    of every label that occurs is annotated on every picture, so things may be counted and called absent; without it
    nothing is. Raises CollectError where no picture has a labelled box. Left out and counted in ``issues``: pictures
    that are missing, unreadable or without such a box, regions without a label or a box, boxes outside the picture,
    captions in another language.
    """
    from vlit_hub.shards import Store

    store = Store(shards)
    issues: Counter[str] = Counter()
    found: dict[int, _Found] = {}
    for row in range(len(store)):
        _sample(store[row], found, issues)
    kept = [one for one in found.values() if one.boxes]
    issues["picture without a labelled box"] += len(found) - len(kept)
    if not kept:
        raise CollectError(f"{shards}: no picture with a labelled box in {len(store)} samples; {dict(+issues)}")
    Path(folder).mkdir(parents=True, exist_ok=True)
    labels = {label for one in kept for label, _ in one.boxes}
    pictures = tuple(_picture(FIRST + i, one, Path(folder), complete) for i, one in enumerate(kept))
    names = sorted({entry.dataset for entry in store.index.splits})
    counted = {reason: issues[reason] for reason in sorted(issues) if issues[reason]}
    return Collection(pictures, tuple(sorted(labels)) if complete else (), counted, "+".join(names))


def _sample(sample: Sample, found: dict[int, _Found], issues: Counter[str]) -> None:
    here = [_one(blob, found, issues) for blob in sample.images]
    for region in sample.regions:
        one = here[region.index] if region.modality == "image" and region.index < len(here) else None
        if one is not None:
            _box(region, one, issues)
    for medium in sample.media:
        if medium.type == "image" and medium.caption and (one := here[medium.index]) is not None:
            _say(one, [medium.caption], issues)
    if sample.task in ("caption", "description") and len(here) == 1 and here[0] is not None:
        said = [text_of(m) for m in sample.messages if m.role == "assistant" and m.train]
        _say(here[0], [*said, *sample.answers], issues)


def _one(blob: Blob | None, found: dict[int, _Found], issues: Counter[str]) -> _Found | None:
    if blob is None or blob.bytes is None:
        issues["picture missing"] += 1
        return None
    key = hash64(blob.bytes)
    if key not in found:
        try:
            found[key] = _Found(blob.bytes, image_size(blob.bytes))
        except UnreadableMedia:
            issues["picture unreadable"] += 1
            return None
    return found[key]


def _box(region: Region, one: _Found, issues: Counter[str]) -> None:
    label = " ".join(region.label.lower().split())
    if not label or len(region.box) != 4 or region.frame != "norm":
        issues["region without a label" if not label else "region without a box of known frame"] += 1
        return
    width, height = one.size
    x1, y1, x2, y2 = region.box
    box = clip([x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height], width, height)
    if box is None:
        issues["box outside the picture or empty"] += 1
        one.faulty.add(label)
        return
    one.boxes[label, (round(box[0], 2), round(box[1], 2), round(box[2], 2), round(box[3], 2))] = None


def _say(one: _Found, texts: Iterable[str], issues: Counter[str]) -> None:
    new = dict.fromkeys(said for text in texts if (said := " ".join(text.split())) and said not in one.captions)
    one.captions.update(dict.fromkeys(english(new, issues)))


def _picture(number: int, one: _Found, folder: Path, complete: bool) -> Picture:
    path = folder / str(number)
    path.write_bytes(one.data)
    objects = tuple(Object(i, label, box) for i, (label, box) in enumerate(one.boxes, 1))
    unsure = one.faulty if complete else {item.label for item in objects} | one.faulty
    return Picture(number, path, *one.size, tuple(one.captions), objects, faulty=frozenset(unsure))
