"""Collect: COCO-form captions and instances become one :class:`Picture` each, with what may safely be claimed of it.

Layout (first that exists): ``captions.json`` + ``instances.json`` + ``images/``, or COCO's own
``annotations/{captions,instances}_train2014.json`` (train2017, val2014, val2017) beside the folder of that split.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from vlit_hub.curation.language import english
from vlit_hub.media import UnreadableMedia, image_size

SPLITS = ("train2014", "train2017", "val2014", "val2017")
LAYOUTS = (
    ("captions.json", "instances.json", "images"),
    *((f"annotations/captions_{s}.json", f"annotations/instances_{s}.json", s) for s in SPLITS),
)
MIN_INSIDE = 0.5
"""A box with less than this share of its area inside the picture is faulty; the others are clipped."""

Box = tuple[float, float, float, float]


class CollectError(ValueError):
    """The folder is not a COCO-form collection; the message names the files that are missing or wrong."""


@dataclass(frozen=True)
class Object:
    """One instance. ``box``: x1, y1, x2, y2 in pixels of the stored picture, inside it."""

    id: int
    label: str
    box: Box

    @property
    def centre(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    @property
    def area(self) -> float:
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


@dataclass(frozen=True)
class Picture:
    """One picture. ``crowds``: labels that a crowd box marks (present, not countable); ``faulty``: labels with a box
    that could not be used, or whose instances are not all annotated, of which nothing is counted or denied;
    ``relations``: (id of an object, "is on", id of another), ``attributes``: (id of an object, "brown"), as people say
    them."""

    id: int
    path: Path
    width: int
    height: int
    captions: tuple[str, ...] = ()
    objects: tuple[Object, ...] = ()
    crowds: frozenset[str] = frozenset()
    faulty: frozenset[str] = frozenset()
    relations: tuple[tuple[int, str, int], ...] = ()
    attributes: tuple[tuple[int, str], ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Label -> exact number of instances, for the labels without crowd or faulty boxes; sorted by label."""
        counted = Counter(item.label for item in self.objects)
        return {label: counted[label] for label in sorted(counted) if label not in self.crowds | self.faulty}

    @property
    def present(self) -> frozenset[str]:
        """Every label with any annotation."""
        return frozenset(item.label for item in self.objects) | self.crowds | self.faulty

    def share(self, item: Object) -> float:
        """Area of the object's box over the area of the picture, 0..1."""
        return item.area / (self.width * self.height)


@dataclass(frozen=True)
class Collection:
    """The pictures in order of id, the closed list of labels (empty where it is open: nothing can be called absent),
    what was found at fault (reason -> count), and whose pictures they are."""

    pictures: tuple[Picture, ...]
    labels: tuple[str, ...]
    issues: Mapping[str, int] = field(default_factory=dict)
    source: str = "COCO"

    def cooccurrence(self) -> dict[str, Counter[str]]:
        """Label -> other labels by the number of pictures that hold both."""
        together: dict[str, Counter[str]] = defaultdict(Counter)
        for picture in self.pictures:
            for label in picture.present:
                together[label].update(picture.present - {label})
        return dict(together)

    def frequency(self) -> Counter[str]:
        """Label -> number of pictures that hold it."""
        return Counter(label for picture in self.pictures for label in picture.present)


def collect(coco_dir: str | Path) -> Collection:
    """Read the collection under ``coco_dir``; raises CollectError where the folder or its JSON is not COCO-form.

    Left out and counted in ``issues``: pictures without a file, with an unsafe name, a wrong size or a repeated id,
    annotations of unknown pictures or classes, captions that are empty or in another language. Boxes that reach over
    the border are clipped.
    """
    root = Path(coco_dir)
    captions_file, instances_file, folder = _layout(root)
    captions, instances = _read(captions_file), _read(instances_file)
    issues: Counter[str] = Counter()
    names = _names(_rows(instances, "categories", instances_file), instances_file)
    spoken = _captions(_rows(captions, "annotations", captions_file), issues)
    boxes: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in _rows(instances, "annotations", instances_file):
        boxes[whole(row, "image_id")].append(row)
    records = _records(_rows(instances, "images", instances_file) + _rows(captions, "images", captions_file))
    pictures = []
    for identity in sorted(records):
        picture = _picture(records[identity], folder, spoken.get(identity, ()), boxes.get(identity, ()), names, issues)
        if picture is not None:
            pictures.append(picture)
    issues["annotation of an unknown picture"] += sum(len(rows) for i, rows in boxes.items() if i not in records)
    return Collection(tuple(pictures), tuple(sorted(set(names.values()))), _seen(issues))


def _seen(issues: Counter[str]) -> dict[str, int]:
    return {reason: issues[reason] for reason in sorted(issues) if issues[reason]}


def _layout(root: Path) -> tuple[Path, Path, Path]:
    for captions, instances, folder in LAYOUTS:
        if (root / captions).is_file() and (root / instances).is_file():
            return root / captions, root / instances, root / folder
    expected = "; ".join(f"{c} + {i} + {f}/" for c, i, f in LAYOUTS[:2])
    raise CollectError(f"{root}: no COCO-form collection here. Expected {expected} (or another COCO split)")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CollectError(f"{path}: not JSON ({error})") from None
    if not isinstance(data, dict):
        raise CollectError(f"{path}: expected an object with images and annotations, found {type(data).__name__}")
    return data


def _rows(data: Mapping[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    rows = data.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CollectError(f"{path}: {key!r} must be a list of objects")
    if key != "annotations" and not all(isinstance(row.get("id"), int) for row in rows):
        raise CollectError(f"{path}: an entry of {key!r} has no integer id")
    return rows


def _names(rows: Iterable[Mapping[str, Any]], path: Path) -> dict[int, str]:
    names = {row["id"]: row.get("name") for row in rows}
    if bad := [number for number, name in names.items() if not isinstance(name, str) or not name.strip()]:
        raise CollectError(f"{path}: class {bad[0]} of 'categories' has no name")
    return {number: str(name) for number, name in names.items()}


def whole(row: Mapping[str, Any], key: str) -> int:
    """A number of a row; -1 where it has none."""
    value = row.get(key)
    return value if isinstance(value, int) else -1


def _records(rows: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    records: dict[int, dict[str, Any]] = {}
    for row in rows:
        records.setdefault(row["id"], row)
    return records


def _captions(rows: Iterable[Mapping[str, Any]], issues: Counter[str]) -> dict[int, tuple[str, ...]]:
    spoken: dict[int, list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: whole(row, "id")):
        said = row.get("caption")
        if isinstance(said, str) and (text := " ".join(said.split())):
            spoken[whole(row, "image_id")].append(text)
        else:
            issues["empty caption"] += 1
    return {identity: tuple(english(texts, issues)) for identity, texts in spoken.items()}


def _picture(
    record: Mapping[str, Any],
    folder: Path,
    captions: tuple[str, ...],
    rows: Iterable[Mapping[str, Any]],
    names: Mapping[int, str],
    issues: Counter[str],
) -> Picture | None:
    name = PurePosixPath(str(record.get("file_name") or ""))
    if not name.name or name.is_absolute() or ".." in name.parts:
        issues["picture with an unsafe file name"] += 1
        return None
    path = folder / name
    if not path.is_file():
        issues["picture missing"] += 1
        return None
    width, height = record.get("width"), record.get("height")
    if (width, height) != _size(path):
        issues["picture unreadable, or of another size than its record"] += 1
        return None
    assert isinstance(width, int) and isinstance(height, int)
    objects, crowds, faulty = [], set(), set()
    for row in sorted(rows, key=lambda row: whole(row, "id")):
        label = names.get(whole(row, "category_id"))
        if label is None:
            issues["annotation of an unknown class"] += 1
            continue
        if row.get("iscrowd"):
            issues["crowd box"] += 1
            crowds.add(label)
            continue
        box = clip(row.get("bbox"), width, height)
        if box is None:
            issues["box outside the picture or empty"] += 1
            faulty.add(label)
            continue
        objects.append(Object(whole(row, "id"), label, box))
    if not captions:
        issues["picture without captions"] += 1
    return Picture(record["id"], path, width, height, captions, tuple(objects), frozenset(crowds), frozenset(faulty))


def clip(bbox: Any, width: int, height: int) -> Box | None:
    """COCO's [x, y, width, height] in pixels as corners inside the picture; None where it is no box, is empty, or lies
    less than MIN_INSIDE of its area inside."""
    if not isinstance(bbox, list) or len(bbox) != 4:
        return None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in bbox):
        return None
    x, y, w, h = (float(value) for value in bbox)
    x1, y1, x2, y2 = max(x, 0.0), max(y, 0.0), min(x + w, float(width)), min(y + h, float(height))
    if w <= 0 or h <= 0 or x2 <= x1 or y2 <= y1 or (x2 - x1) * (y2 - y1) < MIN_INSIDE * w * h:
        return None
    return x1, y1, x2, y2


def _size(path: Path) -> tuple[int, int] | None:
    try:
        return image_size(str(path))
    except UnreadableMedia:
        return None
