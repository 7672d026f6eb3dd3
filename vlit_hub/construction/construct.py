"""``construct``: a COCO-form folder becomes a raw release in the survey's own native format (coco-arc)."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from vlit_hub.construction.asked import Asked, Written, everything
from vlit_hub.construction.generate import TYPES
from vlit_hub.construction.paint import QUALITY, paint
from vlit_hub.construction.templates import VERSION
from vlit_hub.curation.collect import Collection, collect

CONSTRUCTION_TIME = "1970-01-01T00:00:00Z"
"""A constant, so that two runs write the same bytes; pass ``construction_time`` for a dated release."""

HEAD = re.compile(r'\{"image_source": "[^"]*", "construction_time": "[^"]*", "annotations": \[\n')
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


class Author(Protocol):
    """Writes the dialogues of a release; ``forms``: those of each picture and type; ``shots``: worked examples that it
    wants with each."""

    @property
    def forms(self) -> tuple[str, ...]: ...

    @property
    def shots(self) -> int: ...

    def write(self, work: Iterable[Asked], issues: Counter[str]) -> Iterator[tuple[Asked, Written | None]]:
        """What was written for each piece of work, in its order; None for what is not, which is counted."""


class Templates:
    """The author of a run without a model: our own wordings, filled from the annotations."""

    forms = ("conversation",)
    shots = 0

    def write(self, work: Iterable[Asked], issues: Counter[str]) -> Iterator[tuple[Asked, Written | None]]:
        """One dialogue each."""
        for asked in work:
            turns = asked.templated()
            if not turns:
                issues[f"picture with nothing to say: {asked.kind}"] += 1
            yield asked, Written(turns, f"templates@{VERSION}") if turns else None


TEMPLATES = Templates()


def native(asked: Asked, written: Written) -> dict[str, Any]:
    """The record in coco-arc's form, roles ``human`` and ``gpt``, and what wrote it."""
    said = [(role, text) for turn in written.turns for role, text in (("human", turn.question), ("gpt", turn.answer))]
    return {
        "img_ids": asked.file_name,
        "instruction_type": asked.kind,
        "conversations": [{"from": role, "value": text} for role, text in said],
        "prompt_version": written.prompt_version,
        "model": written.model,
    }


def construct(
    source: str | Path | Collection,
    out_dir: str | Path,
    *,
    types: Sequence[str] = TYPES,
    limit: int | None = None,
    seed: int = 0,
    construction_time: str = CONSTRUCTION_TIME,
    author: Author = TEMPLATES,
    progress: Progress | None = None,
) -> Report:
    """Write ``<type>.json`` per type and ``images/`` under ``out_dir`` from the collection under the folder
    ``source``, or given as it is (built.py).

    ``limit`` takes the first pictures in order of id. Same input, options and Pillow: same bytes, also in a folder that
    holds a former run, which goes first. ``author``: who writes, the templates or a model (author.py). ``progress`` is
    called with (pictures done, pictures in all). Raises CollectError for a folder that is not COCO-form, ValueError for
    an unknown type, FileExistsError where ``out_dir`` holds anything that no former run wrote. Source: the survey's
    pipeline (arXiv 2311.08172); the templates are ours.
    """
    unknown = set(types) - set(TYPES)
    if unknown or not types:
        raise ValueError(f"types: {sorted(unknown) or 'none given'}; allowed: {', '.join(TYPES)}")
    collection = source if isinstance(source, Collection) else collect(source)
    pictures = collection.pictures[:limit]
    out = Path(out_dir)
    _clear(out)
    (out / "images").mkdir(parents=True, exist_ok=True)
    issues: Counter[str] = Counter()
    reported = 0

    def done(count: int) -> None:
        nonlocal reported
        for number in range(reported + 1, count + 1) if progress else ():
            assert progress
            progress(number, len(pictures))
        reported = max(reported, count)

    with ExitStack() as stack:
        files = {
            kind: stack.enter_context(_Native(out / f"{kind}.json", collection.source, construction_time))
            for kind in types
        }
        work = everything(collection, pictures, types, author.forms, seed, issues, author.shots)
        _write(author.write(work, issues), files, out / "images", issues, done)
    done(len(pictures))
    return Report(
        pictures=len(pictures),
        records={kind: file.records for kind, file in files.items()},
        turns={kind: file.turns for kind, file in files.items()},
        region_pictures=len(list((out / "images").glob("*_*_*_*.jpg"))),
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
    made: Iterable[tuple[Asked, Written | None]],
    files: dict[str, _Native],
    images: Path,
    issues: Counter[str],
    done: Callable[[int], None],
) -> None:
    """``done`` is called with each picture's ordinal before the first dialogue of the next."""
    ordinal = 0
    in_place: dict[str, bool] = {}
    for asked, written in made:
        if asked.ordinal != ordinal:
            in_place.clear()
            done(asked.ordinal - 1)
            ordinal = asked.ordinal
        if written is None:
            continue
        if asked.file_name not in in_place:
            in_place[asked.file_name] = _picture_file(asked, images, issues)
        if in_place[asked.file_name]:
            files[asked.kind].add(asked, written)


def _picture_file(asked: Asked, images: Path, issues: Counter[str]) -> bool:
    """Put the picture into place; False (counted) where it cannot be decoded."""
    target = images / asked.file_name
    partial = target.with_suffix(".part")
    source = asked.scene.picture.path
    try:
        if asked.marked is not None:
            paint(source, partial, asked.marked.box)
        else:
            _copy(source, partial)
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

    def __init__(self, path: Path, source: str, construction_time: str) -> None:
        self._path, self._source = path, source
        self._partial = path.with_suffix(".json.part")
        self._time = construction_time
        self._separator = "\n"
        self.records = 0
        self.turns = 0

    def __enter__(self) -> _Native:
        head = json.dumps({"image_source": self._source, "construction_time": self._time}, ensure_ascii=False)
        self._file: TextIO = self._partial.open("w", encoding="utf-8", newline="\n")
        self._file.write(head[:-1] + ', "annotations": [')
        return self

    def add(self, asked: Asked, written: Written) -> None:
        self._file.write(self._separator + json.dumps(native(asked, written), ensure_ascii=False))
        self._separator = ",\n"
        self.records += 1
        self.turns += len(written.turns)

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        self._file.write("\n]}\n")
        self._file.close()
        if kind is None:
            os.replace(self._partial, self._path)
        else:
            self._partial.unlink(missing_ok=True)
