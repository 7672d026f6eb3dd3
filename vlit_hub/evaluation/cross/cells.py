"""The cells of a cross-evaluation: what each does, which it needs, one process each, none done twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlit_hub.evaluation.cross.recipe import CrossError, CrossRecipe
from vlit_hub.evaluation.cross.selections import data_of
from vlit_hub.shards.mixture import SUFFIXES, load_mixture

SPEC, RESULT, LOG = "spec.json", "result.json", "log.txt"
RUNNER = (sys.executable, "-m", "vlit_hub.evaluation.cross.cell")


@dataclass(frozen=True)
class Cell:
    """One process. ``level``: cells of a level need those of lower ones only. ``key``: of what it does and needs."""

    name: str
    level: int
    spec: dict[str, Any]
    key: str
    folder: Path

    def result(self) -> dict[str, Any] | None:
        """What it left when it was done as it is now; None where it was not."""
        path = self.folder / RESULT
        if not path.is_file():
            return None
        found = json.loads(path.read_text())
        return found if found["key"] == self.key else None


def cells_of(recipe: CrossRecipe) -> list[Cell]:
    """All cells, in an order in which they can be run."""
    made: list[Cell] = []
    for seed in recipe.seeds:
        base, below = str(recipe.path(recipe.base.format(seed=seed))), ""
        if recipe.align:
            flat = dict(recipe.align) | {"data": data_of(recipe, recipe.align.get("data", ""), "align", seed)}
            first = _train(recipe, f"align/{seed}", 0, base, flat, seed, "")
            made.append(first)
            base, below = str(first.folder / "model"), first.key
        for name, candidate in recipe.candidates.items():
            model, key = base, below
            if not candidate.is_base:
                data = data_of(recipe, candidate.data, name, seed, like=candidate.like)
                flat = {**recipe.train, **candidate.train, "data": data}
                tuned = _train(recipe, f"tune/{name}/{seed}", 1, base, flat, seed, below)
                made.append(tuned)
                model, key = str(tuned.folder / "model"), tuned.key
            made += [
                _score(recipe, f"score/{name}/{benchmark}/{seed}", model, benchmark, seed, key)
                for benchmark in recipe.benchmarks
            ]
    return sorted(made, key=lambda cell: cell.level)


def run_cells(
    recipe: CrossRecipe,
    cells: Sequence[Cell],
    processes: int = 1,
    log: Callable[[str], Any] = print,
    runner: Sequence[str] = RUNNER,
) -> int:
    """Run what is not done, ``processes`` cells at once; the number of cells that were run. Raises CrossError for the
    first that fails; what was done stays done."""
    count = 0
    for level in sorted({cell.level for cell in cells}):
        waiting = [cell for cell in cells if cell.level == level and cell.result() is None]
        with ThreadPoolExecutor(max(1, processes)) as pool:
            futures = [pool.submit(_run, cell, runner) for cell in waiting]
            try:
                for cell, future in zip(waiting, futures, strict=True):
                    count += 1
                    log(f"{cell.name}: {future.result():.0f} s")
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    return count


def _run(cell: Cell, runner: Sequence[str]) -> float:
    cell.folder.mkdir(parents=True, exist_ok=True)
    (cell.folder / SPEC).write_text(json.dumps(cell.spec | {"key": cell.key}, indent=1) + "\n")
    with (cell.folder / LOG).open("w") as log:
        done = subprocess.run([*runner, str(cell.folder)], stdout=log, stderr=subprocess.STDOUT, env=os.environ)
    found = cell.result()
    if done.returncode or found is None:
        said = (cell.folder / LOG).read_text(errors="replace").strip()[-800:]
        raise CrossError(f"cell {cell.name} ended with {done.returncode} ({cell.folder / LOG}): {said}")
    return float(found["seconds"])


def _train(
    recipe: CrossRecipe, name: str, level: int, model: str, flat: dict[str, Any], seed: int, needs: str
) -> Cell:
    folder = recipe.path(recipe.out) / "cells" / name
    whole = {"resume": "auto", "save_strategy": "no", "logging_steps": 20, **flat}
    whole |= {"model": model, "out": str(folder / "model"), "seed": seed}
    return _cell(recipe, name, level, {"kind": "train", "recipe": whole}, needs)


def _score(recipe: CrossRecipe, name: str, model: str, benchmark: str, seed: int, needs: str) -> Cell:
    of = recipe.benchmarks[benchmark]
    spec = {
        "kind": "score",
        "model": model,
        "shards": str(recipe.path(of.shards)),
        "subset": of.subset,
        "split": of.split,
        "scoring": of.scoring,
        "labels": str(recipe.path(of.labels)) if of.labels else "",
        "limit": of.limit,
        "batch_size": recipe.batch_size,
        "cache": str(recipe.path(recipe.out) / "replies.sqlite"),
    }
    return _cell(recipe, name, 2, spec, needs)


def _cell(recipe: CrossRecipe, name: str, level: int, spec: dict[str, Any], needs: str) -> Cell:
    digest = hashlib.sha256(json.dumps([spec, needs], sort_keys=True, default=str).encode())
    flat = spec.get("recipe", {})
    outside = "" if needs else flat.get("model") or spec.get("model")  # one that a cell made is told by its key
    for place in (spec.get("shards"), flat.get("data"), spec.get("labels"), outside):
        digest.update(_state(Path(place)) if place else b"")
    return Cell(name, level, spec, digest.hexdigest()[:32], recipe.path(recipe.out) / "cells" / name)


def _state(path: Path) -> bytes:
    """What tells whether data or a model given from outside changed: the manifest of a folder of shards, a file itself,
    the manifests and files that a mixture names, size and time of weights."""
    if path.is_dir():
        weights = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in path.glob("*.safetensors")]
        manifest = path / "manifest.json"
        return manifest.read_bytes() if manifest.is_file() else repr(sorted(weights)).encode()
    if not path.is_file():
        return b""
    if path.suffix not in SUFFIXES:
        return path.read_bytes()
    parts = [_state(Path(str(part[0]))) for part in load_mixture(path).parts]
    named = [path.parent / text for text in re.findall(r"[^\s\[\],:'\"]+\.(?:npy|parquet)", path.read_text())]
    return b"".join([path.read_bytes(), *parts, *(file.read_bytes() for file in named if file.is_file())])
