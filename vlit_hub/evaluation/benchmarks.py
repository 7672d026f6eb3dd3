"""What evaluation reads of a dataset's spec: how it is scored, its parts, whether the files are those it describes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import TYPE_CHECKING

from vlit_hub import registry
from vlit_hub.evaluation.questions import Question
from vlit_hub.evaluation.scoring.boxes import box_of
from vlit_hub.schema import Sample
from vlit_hub.spec import DatasetSpec

if TYPE_CHECKING:
    from vlit_hub.processing import VLITProcessor

LONGEST = {"caption": 64, "chair": 64, "iou": 48}
"""Tokens of a reply where a scoring asks for more than a few words."""
DEFAULT = "exact"
_QUESTIONS = re.compile(r"^(\d[\d,]*) questions\b")

Split = tuple[str, str, str]
"""(dataset, subset, split)"""


def scoring_of(datasets: Sequence[str]) -> str:
    """The ``scoring`` of the datasets' specs; ``exact`` where none has one. Raises ValueError where they differ."""
    found = {spec.scoring or DEFAULT for spec in map(_spec, set(datasets)) if spec} or {DEFAULT}
    if len(found) > 1:
        names, ways = ", ".join(sorted(set(datasets))), ", ".join(sorted(found))
        raise ValueError(f"scoring: {names} are scored by {ways}; evaluate one by one, or name one scoring for all")
    return found.pop()


def parts_of(splits: Sequence[Split]) -> Callable[[Sample], str]:
    """The part that a sample belongs to: a native value that its spec names as such, else its split where there are
    several; empty where there is one."""
    keys = {name: spec.part for name in {name for name, _, _ in splits} if (spec := _spec(name)) and spec.part}

    def part(sample: Sample) -> str:
        if key := keys.get(sample.dataset):
            return str(json.loads(sample.meta or "{}").get(key, ""))
        if len(splits) < 2:
            return ""
        differing = [i for i in range(3) if len({split[i] for split in splits}) > 1]
        return " ".join((sample.dataset, sample.subset, sample.split)[i] for i in differing)

    return part


def versions(splits: Sequence[Split], samples: int, files: Sequence[str] = ()) -> str:
    """The version of the benchmark where its ``files`` tell it, and where they are not the release that the spec
    describes; empty where nothing is to be said. ``samples``: of all splits together."""
    said = []
    for name in sorted({name for name, _, _ in splits}):
        spec = _spec(name)
        if spec and spec.versions and files and len({split[0] for split in splits}) == 1:
            said.append(_by_file(spec, samples, files))
        stated = _QUESTIONS.match(spec.size) if spec and spec.kind == "benchmark" else None
        if stated and len({split[0] for split in splits}) == 1:
            number = int(stated[1].replace(",", ""))
            if number != samples:
                said.append(f"{name}: {samples:,} questions, the release has {number:,}: another version or a part")
    return "; ".join(said)


def _by_file(spec: DatasetSpec, samples: int, files: Sequence[str]) -> str:
    found = {path: next((v for v in spec.versions if fnmatchcase(PurePath(path).name, v.file)), None) for path in files}
    told = [f"{path} is {'of no known version' if v is None else f'version {v.name}'}" for path, v in found.items()]
    names, rows = {v.name if v else "" for v in found.values()}, sum(v.rows for v in found.values() if v)
    told += ["versions are mixed"] if len(names) > 1 else []
    if all(v and v.rows for v in found.values()) and rows != samples:
        told.append(f"{samples:,} questions, it has {rows:,}: another version or a part")
    if "" in names:
        told.append(f"known: {', '.join(dict.fromkeys(v.name for v in spec.versions))}")
    return f"{spec.name}: {', '.join(told)}"


def read_box(processor: VLITProcessor, text: str, question: Question) -> list[float]:
    """The first box of a reply in the processor's dialect, 0..1 of the stored picture; [] without one."""
    from vlit_hub.regions import dialect

    size = question.size
    if dialect(processor.dialect).frame == "resized":
        size = processor.family.resize(processor.native, size, None)
    return box_of(text, processor.dialect, size)


def _spec(name: str) -> DatasetSpec | None:
    return registry.get(name) if name in registry.names() else None
