"""``construct``: a COCO-form folder becomes a raw release in the survey's own native format (coco-arc)."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from vlit_hub.construction.generate import (
    TYPES,
    Knowledge,
    Scene,
    global_dialogue,
    marked_objects,
    negative_dialogue,
    region_dialogue,
)
from vlit_hub.construction.paint import QUALITY, paint
from vlit_hub.construction.templates import Draw, Turn
from vlit_hub.curation.collect import Collection, Picture, collect

IMAGE_SOURCE = "COCO"
CONSTRUCTION_TIME = "1970-01-01T00:00:00Z"
"""A constant, so that two runs write the same bytes; pass ``construction_time`` for a dated release."""

HEAD = re.compile(r'\{"image_source": "COCO", "construction_time": "[^"]*", "annotations": \[\n')
"""How a native file of ours begins; a release from elsewhere has no such line break."""
PICTURE = re.compile(r"COCO_train2014_\d{12,}(_\d+)?\.(jpg|part)")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Report:
    """What was written: pictures used, records and turns per type, region pictures, and faults (reason -> count)."""

    pictures: int
    records: dict[str, int]
    turns: dict[str, int]
    region_pictures: int
    issues: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class Record:
    """One native record; ``box`` is set where a region picture of that name has to be painted."""

    picture: Picture
    kind: str
    name: str
    turns: list[Turn]
    box: tuple[float, float, float, float] | None = None

    def native(self) -> dict[str, Any]:
        """The record in coco-arc's form, roles ``human`` and ``gpt``."""
        said = [(role, text) for turn in self.turns for role, text in (("human", turn.question), ("gpt", turn.answer))]
        return {
            "img_ids": self.name,
            "instruction_type": self.kind,
            "conversations": [{"from": role, "value": text} for role, text in said],
        }


def construct(
    coco_dir: str | Path,
    out_dir: str | Path,
    *,
    types: Sequence[str] = TYPES,
    limit: int | None = None,
    seed: int = 0,
    construction_time: str = CONSTRUCTION_TIME,
    progress: Progress | None = None,
) -> Report:
    """Write ``<type>.json`` per type and ``images/`` under ``out_dir`` from the collection under ``coco_dir``.

    ``limit`` takes the first pictures in order of id. Same input, options and Pillow: same bytes, also in a folder that
    holds a former run, which goes first. ``progress`` is called with (pictures done, pictures in all). Raises
    CollectError for a folder that is not COCO-form, ValueError for an unknown type, FileExistsError where ``out_dir``
    holds anything that no former run wrote. Source: the survey's pipeline (arXiv 2311.08172); the templates are ours.
    """
    unknown = set(types) - set(TYPES)
    if unknown or not types:
        raise ValueError(f"types: {sorted(unknown) or 'none given'}; allowed: {', '.join(TYPES)}")
    collection = collect(coco_dir)
    pictures = collection.pictures[:limit]
    out = Path(out_dir)
    _clear(out)
    (out / "images").mkdir(parents=True, exist_ok=True)
    issues: Counter[str] = Counter()
    with ExitStack() as stack:
        files = {kind: stack.enter_context(_Native(out / f"{kind}.json", construction_time)) for kind in types}
        _write(
            _records(collection, pictures, types, seed, issues), files, out / "images", issues, len(pictures), progress
        )
    return Report(
        pictures=len(pictures),
        records={kind: file.records for kind, file in files.items()},
        turns={kind: file.turns for kind, file in files.items()},
        region_pictures=files["region"].records if "region" in files else 0,
        issues={**collection.issues, **{reason: issues[reason] for reason in sorted(issues)}},
    )


def _clear(out: Path) -> None:
    """Remove what a former run, whole or killed, left in ``out``; refuse, and touch nothing, where that is not all."""
    images = out / "images"
    found = [path for path in sorted(out.rglob("*")) if path != images or path.is_symlink() or not path.is_dir()]
    native = [path for path in found if path.parent == out and _is_native(path)]
    for path in found:
        ours = path in native or (native and path.parent == images and PICTURE.fullmatch(path.name))
        if not ours or path.is_symlink() or not path.is_file():
            raise FileExistsError(
                f"{out} holds {path.relative_to(out)}, not of a former run: construct into a new folder"
            )
    for path in found:
        path.unlink()


def _is_native(path: Path) -> bool:
    if path.name not in {f"{kind}.json{suffix}" for kind in TYPES for suffix in ("", ".part")} or not path.is_file():
        return False
    with open(path, encoding="utf-8", errors="replace") as file:
        start = file.read(1000)
    return bool(HEAD.match(start)) or (path.suffix == ".part" and not start)


def _write(
    records: Iterable[tuple[int, Record | None]],
    files: dict[str, _Native],
    images: Path,
    issues: Counter[str],
    total: int,
    progress: Progress | None,
) -> None:
    in_place: dict[str, bool] = {}  # of the current picture
    for done, record in records:
        if record is None:
            in_place.clear()
            if progress:
                progress(done, total)
            continue
        if record.name not in in_place:
            in_place[record.name] = _picture_file(record, images, issues)
        if in_place[record.name]:
            files[record.kind].add(record)


def _records(
    collection: Collection, pictures: Sequence[Picture], types: Sequence[str], seed: int, issues: Counter[str]
) -> Iterable[tuple[int, Record | None]]:
    """(pictures done, record), and (pictures done, None) after each picture."""
    knowledge = Knowledge.of(collection)
    for done, picture in enumerate(pictures, 1):
        scene = Scene(picture, knowledge)
        name = f"COCO_train2014_{picture.id:012d}"
        for kind in types:
            made = list(_of_kind(scene, kind, name, seed))
            if not made:
                issues[f"picture with nothing to say: {kind}"] += 1
            for record in made:
                yield done, record
        yield done, None


def _of_kind(scene: Scene, kind: str, name: str, seed: int) -> Iterable[Record]:
    picture, draw = scene.picture, Draw(seed, scene.picture.id, kind)
    if kind == "region":
        for k, item in enumerate(marked_objects(picture, draw)):
            turns = region_dialogue(scene, item, Draw(seed, picture.id, kind, k))
            yield Record(picture, kind, f"{name}_{k}.jpg", turns, item.box)
        return
    turns = global_dialogue(scene, draw) if kind == "global" else negative_dialogue(scene, draw)
    if turns:
        yield Record(picture, kind, f"{name}.jpg", turns)


def _picture_file(record: Record, images: Path, issues: Counter[str]) -> bool:
    """Put the record's picture into place; False (counted) where it cannot be decoded."""
    target = images / record.name
    partial = target.with_suffix(".part")
    try:
        if record.box is not None:
            paint(record.picture.path, partial, record.box)
        else:
            _copy(record.picture.path, partial)
    except OSError:
        issues["picture cannot be decoded"] += 1
        partial.unlink(missing_ok=True)
        return False
    os.replace(partial, target)
    return True


def _copy(source: Path, target: Path) -> None:
    from PIL import Image

    with Image.open(source) as picture:
        if picture.format != "JPEG":
            picture.convert("RGB").save(target, "JPEG", quality=QUALITY, subsampling=0)
            return
        picture.load()  # a truncated file raises here, before it is passed on
    shutil.copyfile(source, target)


class _Native:
    """Streams one native file; it appears under its name only when complete."""

    def __init__(self, path: Path, construction_time: str) -> None:
        self._path = path
        self._partial = path.with_suffix(".json.part")
        self._time = construction_time
        self._separator = "\n"
        self.records = 0
        self.turns = 0

    def __enter__(self) -> _Native:
        head = json.dumps({"image_source": IMAGE_SOURCE, "construction_time": self._time}, ensure_ascii=False)
        self._file: TextIO = self._partial.open("w", encoding="utf-8", newline="\n")
        self._file.write(head[:-1] + ', "annotations": [')
        return self

    def add(self, record: Record) -> None:
        self._file.write(self._separator + json.dumps(record.native(), ensure_ascii=False))
        self._separator = ",\n"
        self.records += 1
        self.turns += len(record.turns)

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        self._file.write("\n]}\n")
        self._file.close()
        if kind is None:
            os.replace(self._partial, self._path)
        else:
            self._partial.unlink(missing_ok=True)
