"""What a candidate is tuned on, as a training recipe names it: folders as mixtures, random ones of the same size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from vlit_hub.evaluation.cross.recipe import CrossError, CrossRecipe
from vlit_hub.shards import Shards, Store
from vlit_hub.shards.mixture import SUFFIXES, Mixture, load_mixture


def data_of(recipe: CrossRecipe, data: Any, name: str, seed: int, like: str = "") -> str:
    """The path that ``data`` of a training recipe gets; writes a mixture below ``out`` where one is needed.

    Raises CrossError for data that are not there.
    """
    folder = recipe.path(recipe.out) / "selections"
    if like:
        return str(_random(recipe, data_of(recipe, recipe.candidates[like].data, like, seed), folder, name, seed))
    places = [recipe.path(place) for place in ([data] if isinstance(data, str) else data)]
    if lost := [place for place in places if not place.exists()]:
        raise CrossError(f"candidate {name}: {lost[0]} is not there")
    if isinstance(data, str):
        return str(places[0])
    return str(_write(folder / f"{name}.yaml", [{"shards": str(place)} for place in places], 0))


def _random(recipe: CrossRecipe, like: str, folder: Path, name: str, seed: int) -> Path:
    mixture = _mixture(like)
    count = len(mixture.plan(Store(mixture.parts).index))
    sizes = [len(Store([part])) for part in mixture.parts]
    drawn = np.sort(np.random.default_rng(seed).permutation(sum(sizes))[:count])
    sources, start = [], 0
    folder.mkdir(parents=True, exist_ok=True)
    for number, (part, size) in enumerate(zip(mixture.parts, sizes, strict=True)):
        kept = drawn[(drawn >= start) & (drawn < start + size)] - start
        start += size
        if not len(kept):
            continue
        keep = folder / f"{name}-{seed}-{number}.npy"
        np.save(keep, kept)
        source = {"shards": str(Path(str(part[0])).absolute()), "subset": part[1], "split": part[2], "keep": str(keep)}
        sources.append({key: value for key, value in source.items() if value})
    return _write(folder / f"{name}-{seed}.yaml", sources, seed)


def _mixture(data: str) -> Mixture:
    if Path(data).suffix in SUFFIXES:
        return load_mixture(data)
    return Mixture((Shards(Path(data)),))


def _write(path: Path, sources: list[dict[str, Any]], seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"seed": seed, "sources": sources}, sort_keys=False))
    return path
