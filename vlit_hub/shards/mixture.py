"""Mixtures: which shards are trained on, how much of each, in YAML or resolved in a lock.

seed: 0                        # of the order, and of what caps draw
mode: sampled                  # or epochised (the default): each source `weight` times an epoch
samples: 665000                # of an epoch; sampled only, as many as there are by default
weights: sqrt                  # for those without a weight: size (default), sqrt, even, or {temperature: 2}
filters: [turns<=10]           # for every source; columns as in filters.py
missing: drop                  # or raise; tail: drop or repeat
packing: {tokens: 4096, pictures: 16, group: true}
sources:
  - shards/llava-instruct-150k           # a folder of shards, from this file's folder on
  - shards/vqav2#50000                   # 50,000 samples of it; shards/vqav2%50 is half of it
  - shards: shards/svit
    name: svit-short                     # the folder's name by default
    subset: conversation
    split: train
    weight: 2
    filters: [chars<4000, clip>0.3]
    keep: curated.npy                    # rows of that folder to keep (side.read_kept)
    side: [clip.npy]                     # columns for filters (side.read_side)
  - weight: 1                            # a blend in the blend
    weights: {temperature: 2}
    sources: [shards/okvqa, shards/textvqa]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Any

import yaml

from vlit_hub.shards.blend import Blend
from vlit_hub.shards.filters import Filter
from vlit_hub.shards.index import Index, Shards
from vlit_hub.shards.mixture_lock import Lock
from vlit_hub.shards.packer import Packer
from vlit_hub.shards.plan import Plan
from vlit_hub.shards.select import Source

SUFFIXES = (".yaml", ".yml", ".lock")
EXPONENTS = {"size": 1.0, "sqrt": 0.5, "even": 0.0}
SOURCE_KEYS = ("shards", "name", "subset", "split", "weight", "filters", "keep", "side")
BLEND_KEYS = ("sources", "weight", "weights")
TOP_KEYS = ("sources", "weights", "seed", "mode", "samples", "filters", "missing", "tail", "packing")


class MixtureError(ValueError):
    """A mixture with an unknown key or an impossible value; says which, and what can stand there."""


@dataclass(frozen=True)
class Mixture:
    """``parts`` are the folders that ``blend``'s sources name by position; without a blend, all of them as they are.

    Paths are those of this machine. ``document`` is what was read, with the paths as written.
    """

    parts: tuple[Shards, ...]
    blend: Blend | None = None
    seed: int = 0
    missing: Any = "drop"
    tail: Any = "drop"
    filters: tuple[Filter, ...] = ()
    packer: Packer | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    lock: Lock | None = None

    def plan(self, index: Index, measure: str | None = None) -> Plan:
        """The plan over the index of ``parts``; from a lock, LockError where it is not the locked one."""
        if self.lock:
            self.lock.check_shards(index)
        plan = Plan(
            index,
            seed=self.seed,
            measure=measure,
            missing=self.missing,
            tail=self.tail,
            filters=self.filters,
            blend=self.blend,
            packer=self.packer,
        )
        if self.lock:
            self.lock.check_plan(plan)
        return plan


def load_mixture(path: str | Path, root: str | Path | None = None) -> Mixture:
    """Read a mixture (.yaml) or a lock (.lock).

    Paths in it count from its folder, or from ``root``; an absolute one is then looked for in ``root`` by its last
    name. Raises MixtureError, or LockError for a lock that is none.
    """
    path = Path(path)
    folder = Path(root) if root else path.parent
    if path.suffix == ".lock":
        lock = Lock.load(path)
        return replace(parse(lock.mixture, folder, str(path), moved=bool(root)), lock=lock)
    try:
        document = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise MixtureError(f"{path}: {error}") from None
    return parse(document, folder, str(path), moved=bool(root))


def parse(document: Any, folder: Path, where: str = "mixture", moved: bool = False) -> Mixture:
    """A mixture from its document; ``moved``: absolute paths too are looked for in ``folder``."""
    reader = _Reader(folder, where, moved)
    top = reader.mapping(document, TOP_KEYS, where)
    if "sources" not in top:
        raise MixtureError(f"{where}: a mixture needs `sources`")
    try:
        blend = reader.blend({key: top[key] for key in ("sources", "weights") if key in top}, where)
        blend = replace(blend, mode=top.get("mode", "epochised"), samples=int(_number(top, "samples", where, 0)))
        return Mixture(
            parts=tuple(reader.parts),
            blend=blend,
            seed=int(_number(top, "seed", where, 0)),
            missing=top.get("missing", "drop"),
            tail=top.get("tail", "drop"),
            filters=reader.filters(top, where),
            packer=packer_of(top["packing"], f"{where}: packing") if top.get("packing") else None,
            document=document,
        )
    except (TypeError, ValueError) as error:
        raise MixtureError(str(error) if str(error).startswith(where) else f"{where}: {error}") from None


def packer_of(given: Any, where: str = "packing") -> Packer:
    """A Packer from a mapping of its fields; raises MixtureError."""
    known = [each.name for each in fields(Packer)]
    if not isinstance(given, Mapping) or "tokens" not in given:
        raise MixtureError(f"{where}: a mapping with tokens and, as needed, {', '.join(known[1:])}")
    _refuse_unknown(given, known, where)
    return Packer(**given)


class _Reader:
    """Collects the folders that sources name while it reads them."""

    def __init__(self, folder: Path, where: str, moved: bool) -> None:
        self.folder, self.where, self.moved = folder, where, moved
        self.parts: list[Shards] = []

    def mapping(self, given: Any, known: Sequence[str], where: str) -> Mapping[str, Any]:
        if not isinstance(given, Mapping):
            raise MixtureError(f"{where}: a mapping with {', '.join(known)} belongs here, not {given!r}")
        _refuse_unknown(given, known, where)
        return given

    def blend(self, given: Any, where: str) -> Blend:
        found = self.mapping(given, BLEND_KEYS, where)
        if not isinstance(found["sources"], list) or not found["sources"]:
            raise MixtureError(f"{where}: sources is a list of at least one")
        children = tuple(self.child(each, f"{where}: source {i}") for i, each in enumerate(found["sources"], 1))
        return Blend(children, weight=_weight(found, where), exponent=_exponent(found.get("weights", "size"), where))

    def child(self, given: Any, where: str) -> Source | Blend:
        if isinstance(given, str):
            given = {"shards": given}
        if isinstance(given, Mapping) and "sources" in given:
            return self.blend(given, where)
        found = self.mapping(given, SOURCE_KEYS, where)
        if not isinstance(found.get("shards"), str):
            raise MixtureError(f"{where}: `shards` names a folder")
        path, cap = _split_cap(found["shards"])
        return Source(
            name=str(found.get("name") or PurePath(path).name),
            part=self.part(Shards(self.path(path), found.get("subset"), found.get("split"))),
            filters=self.filters(found, where),
            cap=cap,
            keep=str(self.path(found["keep"])) if found.get("keep") else "",
            side=tuple(str(self.path(each)) for each in _words(found, "side", where)),
            weight=_weight(found, where),
        )

    def part(self, shards: Shards) -> int:
        if shards not in self.parts:
            self.parts.append(shards)
        return self.parts.index(shards)

    def path(self, written: str) -> str | Path:
        if "://" in written:
            return written
        path = Path(written)
        return self.folder / (path.name if self.moved and path.is_absolute() else path)

    def filters(self, found: Mapping[str, Any], where: str) -> tuple[Filter, ...]:
        return tuple(map(Filter.parse, _words(found, "filters", where)))


def _split_cap(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.+?)([#%][\d.]+)?", text)
    assert match
    return match[1].rstrip("/"), match[2] or ""


def _weight(found: Mapping[str, Any], where: str) -> float | None:
    return None if found.get("weight") is None else _number(found, "weight", where, 0)


def _number(found: Mapping[str, Any], key: str, where: str, default: float) -> float:
    value = found.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MixtureError(f"{where}: {key} {value!r} is no number")
    return value


def _words(found: Mapping[str, Any], key: str, where: str) -> list[str]:
    given = found.get(key) or []
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise MixtureError(f"{where}: {key} is a list of texts, not {given!r}")
    return given


def _exponent(given: Any, where: str) -> float:
    if isinstance(given, Mapping) and list(given) == ["temperature"] and _number(given, "temperature", where, 0) > 0:
        return 1 / _number(given, "temperature", where, 0)
    if not isinstance(given, str) or given not in EXPONENTS:
        raise MixtureError(f"{where}: weights {given!r} is not one of: {', '.join(EXPONENTS)}, {{temperature: T}}")
    return EXPONENTS[given]


def _refuse_unknown(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in given:
        if key not in known:
            near = get_close_matches(str(key), known, 1)
            hint = f"nearest: {near[0]}" if near else f"there are: {', '.join(known)}"
            raise MixtureError(f"{where}: no key {key!r}; {hint}")
