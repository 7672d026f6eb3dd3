"""What a cross-evaluation is made of, from one YAML file.

out: OUT                         # cells, results.json, index.html; paths count from `root`, the current folder
seeds: [0, 1, 2]
base: "start-{seed}"             # folder of a model with its processor; {seed} is filled in
align: {data: shards/captions, setting: FA, global_batch: 16, max_steps: 700}   # before all, once a seed; or left out
train: {setting: VLIT, global_batch: 16, max_steps: 400}                        # keys of a training recipe, for all
candidates:
  none: {}                       # the base itself: deltas are to it
  global: {data: shards/global}  # a folder of shards, a mixture (.yaml), a lock, or a list of folders
  curated: {data: curated.yaml}
  random: {like: curated}        # as many samples as `curated` takes of the same folders, drawn by the seed
  longer: {data: shards/global, train: {max_steps: 800}}
benchmarks:
  scenes: {shards: shards/test, scoring: auto, limit: 500, labels: labels.json}
batch_size: 32
signal: [none, all]              # these two must differ beyond their interval, else the page says so
about: what is compared here     # stands at the head of the page
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml


class CrossError(ValueError):
    """A recipe, or a cell of it, that cannot be run; says which and what to do."""


@dataclass(frozen=True)
class Candidate:
    """What the base is tuned on; without ``data`` and ``like`` it is the base itself."""

    data: Any = ""
    like: str = ""
    train: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_base(self) -> bool:
        """Whether nothing is tuned."""
        return not self.data and not self.like


@dataclass(frozen=True)
class Benchmark:
    """What the results are scored on."""

    shards: str
    subset: str = ""
    split: str = ""
    scoring: str = "auto"
    labels: str = ""
    limit: int | None = None


@dataclass(frozen=True)
class CrossRecipe:
    """See the head of this file."""

    out: str
    base: str
    candidates: Mapping[str, Candidate]
    benchmarks: Mapping[str, Benchmark]
    train: Mapping[str, Any] = field(default_factory=dict)
    align: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    batch_size: int = 8
    signal: tuple[str, ...] = ()
    about: str = ""
    root: str = "."

    def __post_init__(self) -> None:
        if not self.candidates or not self.benchmarks or not self.seeds:
            raise CrossError("a cross-evaluation needs candidates, benchmarks and seeds")
        for name, candidate in self.candidates.items():
            like = self.candidates.get(candidate.like) if candidate.like else None
            if candidate.like and (like is None or not like.data or candidate.data):
                raise CrossError(f"candidates.{name}.like: {candidate.like!r} is no other candidate with data")
        if self.signal and (len(self.signal) != 2 or set(self.signal) - set(self.candidates)):
            raise CrossError(f"signal: two of: {', '.join(self.candidates)}")
        if len(set(self.seeds)) < len(self.seeds):
            raise CrossError(f"seeds: {list(self.seeds)} repeat")

    @property
    def untuned(self) -> str:
        """The candidate that is the base itself; empty where there is none."""
        return next((name for name, candidate in self.candidates.items() if candidate.is_base), "")

    def path(self, text: str) -> Path:
        """A path of the recipe."""
        return (Path(self.root) / text).absolute()


def load_cross(path: str | Path, root: str = "", out: str = "") -> CrossRecipe:
    """Read a recipe; ``root`` and ``out`` win over the file. Raises CrossError naming the key."""
    document = yaml.safe_load(Path(path).read_text())
    if not isinstance(document, dict):
        raise CrossError(f"{path}: a recipe is a mapping of keys to values")
    given = dict(document) | ({"root": root} if root else {}) | ({"out": out} if out else {})
    _known(given, CrossRecipe, "")
    if lost := [f for f in ("out", "base", "candidates", "benchmarks") if not given.get(f)]:
        raise CrossError(f"{path}: needs {', '.join(lost)}")
    kinds: dict[str, type[Any]] = {"candidates": Candidate, "benchmarks": Benchmark}
    for key, kind in kinds.items():
        given[key] = {str(name): _made(kind, value or {}, f"{key}.{name}.") for name, value in given[key].items()}
    for key in ("seeds", "signal"):
        given[key] = tuple(given.get(key, CrossRecipe.__dataclass_fields__[key].default))
    return CrossRecipe(**given)


def _made(kind: type[Any], values: Any, where: str) -> Any:
    if not isinstance(values, dict):
        raise CrossError(f"{where[:-1]}: expected keys and values, found {values!r:.40}")
    _known(values, kind, where)
    return kind(**values)


def _known(values: Mapping[str, Any], kind: type[Any], where: str) -> None:
    names = [f.name for f in fields(kind)]
    for key in values:
        if key not in names:
            near = get_close_matches(str(key), names, 3)
            raise CrossError(f"{where}{key}: no such key" + (f"; nearest: {', '.join(near)}" if near else ""))
