"""Recipes of ``vlit curate``: what is kept of which shards, step after step, in YAML.

shards: [shards/llava-instruct-150k, shards/svit]   # folders, from this file's folder on
annotations: coco:../coco                           # for the indicators that need them
seed: 0
steps:                                              # in this order; each takes what the steps before have left
  - keep: claims_wrong==0                           # a column of `vlit quality` or of the index, as in filters.py;
  - keep: cut_off==0                                # a sample that an indicator does not speak of stays
  - keep: pixels>=50176                             # all its pictures, whose size is known (width, height too)
  - contamination: {packs: [seed-bench.parquet], pictures: 8, questions: 0.5}
  - duplicates: {exact: true}                       # same words about the same pictures
  - duplicates: {pictures: 8}                       # near pictures (bits of 64): one group stays of each set
  - duplicates: {texts: 0.8}                        # near texts (share of a signature): one sample stays
  - balance: {column: polarity, most: 0.5}          # no value above this share
  - select: {budget: 5000, columns: [question_form, ability]}   # or {budget: 30%, embedding: wordllama}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from vlit_hub.curation.contamination import LEAST_SHARE
from vlit_hub.curation.hashes import MOST_DISTANCE
from vlit_hub.shards.filters import Filter


class RecipeError(ValueError):
    """A recipe with an unknown key or an impossible value; says which step, and what can stand there."""


@dataclass(frozen=True)
class Keep:
    """Threshold on a column."""

    filter: Filter


@dataclass(frozen=True)
class Contamination:
    """What is in a pack goes: pictures within so many bits, questions with at least that share of n-grams."""

    packs: tuple[str, ...]
    pictures: int = MOST_DISTANCE
    questions: float = LEAST_SHARE


@dataclass(frozen=True)
class Duplicates:
    """One of each set of copies stays, the first. ``across``: only copies in another dataset count."""

    exact: bool = False
    pictures: int = -1
    texts: float = 0.0
    across: bool = False

    def __post_init__(self) -> None:
        if sum((self.exact, self.pictures >= 0, self.texts > 0)) != 1:
            raise ValueError("duplicates: give one of exact: true, pictures: BITS, texts: SHARE")
        if not self.pictures < 32 or not 0 <= self.texts <= 1:
            raise ValueError(f"duplicates: pictures {self.pictures} is below 32 bits, texts {self.texts} in 0..1")


@dataclass(frozen=True)
class Balance:
    """No value of a column of names above the share ``most``; which samples go is drawn."""

    column: str
    most: float

    def __post_init__(self) -> None:
        if not 0 < self.most <= 1:
            raise ValueError(f"balance: most {self.most} is a share in 0..1")


@dataclass(frozen=True)
class Select:
    """So many samples (``5000`` or ``30%``), as different as can be: turn by turn from each combination of values of
    ``columns``, or each the farthest from those taken by its embedding."""

    budget: str
    columns: tuple[str, ...] = ()
    embedding: str = ""

    def __post_init__(self) -> None:
        self.size(1)
        if bool(self.columns) == bool(self.embedding):
            raise ValueError("select: give columns: [..] or embedding: NAME")

    def size(self, samples: int) -> int:
        """The number of samples, of so many."""
        try:
            number = float(self.budget.removesuffix("%"))
        except ValueError:
            number = -1
        if number <= 0 or (self.budget.endswith("%") and number > 100):
            raise ValueError(f"select: budget {self.budget!r}: write 5000 or 30%")
        return min(samples, round(samples * number / 100) if self.budget.endswith("%") else int(number))


Step = Keep | Contamination | Duplicates | Balance | Select
STEPS = {
    "contamination": Contamination, "duplicates": Duplicates, "balance": Balance, "select": Select,
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """``document`` is what was read."""

    shards: tuple[Path, ...]
    steps: tuple[Step, ...]
    titles: tuple[str, ...]
    """Of each step, one line."""
    annotations: str = ""
    seed: int = 0


def load(path: str | Path) -> Recipe:
    """Read a recipe; raises RecipeError."""
    path = Path(path)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: {error}") from None
    return parse(document, path.parent, str(path))


def parse(document: Any, folder: Path, where: str = "recipe") -> Recipe:
    """A recipe from its document."""
    top = _mapping(document, ("shards", "annotations", "seed", "steps"), where)
    shards = [top.get("shards")] if isinstance(top.get("shards"), str) else top.get("shards")
    if not shards or not isinstance(top.get("steps"), list):
        raise RecipeError(f"{where}: a recipe needs `shards` and a list of `steps`")
    steps, titles = [], []
    for number, given in enumerate(top["steps"]):
        at = f"{where}, step {number + 1}"
        if not isinstance(given, Mapping) or len(given) != 1:
            raise RecipeError(f"{at}: one of keep, {', '.join(STEPS)}")
        ((kind, value),) = given.items()
        steps.append(_step(kind, value, folder, at))
        titles.append(f"{kind}: {value}")
    noted = str(top.get("annotations", ""))
    if noted:
        kind, _, place = noted.partition(":")
        noted = f"{kind}:{folder / place}"
    paths = tuple(folder / str(shard) for shard in shards)
    return Recipe(paths, tuple(steps), tuple(titles), noted, int(top.get("seed", 0)))


def _step(kind: str, value: Any, folder: Path, where: str) -> Step:
    try:
        if kind == "keep":
            return Keep(Filter.parse(str(value)))
        if kind not in STEPS:
            raise RecipeError(f"{where}: {kind!r} is not one of: keep, {', '.join(STEPS)}")
        made = STEPS[kind]
        given = _mapping(value, [field.name for field in fields(made)], where)
        plain = {key: tuple(item) if isinstance(item, list) else item for key, item in given.items()}
        if "packs" in plain:
            packs = plain["packs"] if isinstance(plain["packs"], tuple) else (plain["packs"],)
            plain["packs"] = tuple(str(folder / str(pack)) for pack in packs)
        if "budget" in plain:
            plain["budget"] = str(plain["budget"])
        return made(**plain)
    except RecipeError:
        raise
    except (ValueError, TypeError) as error:
        raise RecipeError(f"{where}: {error}") from None


def _mapping(given: Any, known: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise RecipeError(f"{where}: expected a mapping of {', '.join(known)}")
    if unknown := [key for key in given if key not in known]:
        raise RecipeError(f"{where}: unknown {', '.join(map(str, unknown))}; known: {', '.join(known)}")
    return given
