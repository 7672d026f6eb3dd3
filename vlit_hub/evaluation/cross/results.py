"""Cells put together: candidates x benchmarks x dimensions, with intervals, deltas to the untuned base, and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from vlit_hub.evaluation.cross.cells import Cell
from vlit_hub.evaluation.cross.recipe import CrossError, CrossRecipe
from vlit_hub.evaluation.intervals import WORDS, Interval, mean_interval, paired_interval

ALL = "all"
Key = tuple[int, int]
"""(seed, row): one question as one model answered it."""
Point = tuple[int, float]
"""(step, loss)."""


@dataclass(frozen=True)
class Figure:
    """One candidate on one dimension of a benchmark: mean over questions and seeds, 0..1, its 95 % interval clustered
    by picture, the mean of each seed; ``delta``: minus the untuned base of the same seeds, paired."""

    candidate: str
    benchmark: str
    dimension: str
    n: int
    value: float
    low: float
    high: float
    seeds: tuple[float, ...]
    majority: float | None
    blind: float | None
    shuffled: float | None
    delta: Interval | None


@dataclass(frozen=True)
class Cost:
    """Of one candidate, per seed on average: optimiser steps, supervised tokens, seconds of training; ``curves``:
    dataset -> its loss (nats per supervised token) along the steps."""

    candidate: str
    steps: float
    tokens: float
    seconds: float
    curves: Mapping[str, tuple[Point, ...]]

    @property
    def losses(self) -> dict[str, float]:
        """The loss that each dataset ended with."""
        return {name: curve[-1][1] for name, curve in self.curves.items()}


@dataclass(frozen=True)
class Results:
    """``gap``: the second candidate of ``signal_of`` minus the first, all benchmarks together; None: not asked."""

    figures: tuple[Figure, ...]
    costs: tuple[Cost, ...]
    seeds: tuple[int, ...]
    untuned: str
    gap: Interval | None
    signal_of: tuple[str, ...]
    interval: str
    unanswerable: Mapping[str, Mapping[str, int]]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {**asdict(self), "signal": self.signal}

    @property
    def signal(self) -> bool | None:
        """Whether the interval of ``gap`` excludes 0; None: not asked."""
        return None if self.gap is None else self.gap.low > 0 or self.gap.high < 0

    def columns(self) -> list[tuple[str, str]]:
        """(benchmark, dimension), in order."""
        return list(dict.fromkeys((figure.benchmark, figure.dimension) for figure in self.figures))

    def candidates(self) -> list[str]:
        """In the recipe's order."""
        return list(dict.fromkeys(figure.candidate for figure in self.figures))

    def at(self, candidate: str, benchmark: str, dimension: str) -> Figure | None:
        """One figure; None where the dimension has no questions."""
        wanted = (candidate, benchmark, dimension)
        return next((f for f in self.figures if (f.candidate, f.benchmark, f.dimension) == wanted), None)


def collect(recipe: CrossRecipe, cells: Sequence[Cell]) -> Results:
    """The results of finished cells; raises CrossError naming one that is not."""
    found: dict[str, dict[str, Any]] = {}
    for cell in cells:
        result = cell.result()
        if result is None:
            raise CrossError(f"cell {cell.name} is not done; run the recipe again, what is done stays")
        found[cell.name] = result
    figures, reasons = [], {}
    for benchmark in recipe.benchmarks:
        answers = {
            name: {
                (seed, p["row"]): p
                for seed in recipe.seeds
                for p in found[f"score/{name}/{benchmark}/{seed}"]["predictions"]
            }
            for name in recipe.candidates
        }
        first = f"score/{next(iter(recipe.candidates))}/{benchmark}/{recipe.seeds[0]}"
        reasons[benchmark] = found[first]["unanswerable"]
        for name in recipe.candidates:
            figures += _figures(recipe, name, benchmark, answers)
    costs = tuple(_cost(recipe, name, found) for name in recipe.candidates)
    return Results(
        tuple(figures), costs, recipe.seeds, recipe.untuned, _gap(recipe, found), recipe.signal, WORDS, reasons
    )


def _figures(
    recipe: CrossRecipe, name: str, benchmark: str, answers: Mapping[str, Mapping[Key, Mapping[str, Any]]]
) -> list[Figure]:
    mine, base = answers[name], answers.get(recipe.untuned, {})
    abilities = sorted({p["ability"] for p in mine.values()})
    made = []
    for dimension in (ALL, *(abilities if len(abilities) > 1 else ())):
        keys = [key for key, p in mine.items() if dimension in (ALL, p["ability"])]
        scores = [float(mine[key]["right"]["model"]) for key in keys]
        groups = [mine[key]["group"] for key in keys]
        shared = [key for key in keys if key in base]
        delta = None
        if recipe.untuned and name != recipe.untuned and shared:
            theirs = [float(base[key]["right"]["model"]) for key in shared]
            ours = [float(mine[key]["right"]["model"]) for key in shared]
            delta = paired_interval(ours, theirs, [mine[key]["group"] for key in shared])
        whole = mean_interval(scores, groups)
        means = [_mean([s for key, s in zip(keys, scores, strict=True) if key[0] == seed]) for seed in recipe.seeds]
        controls = {
            control: _mean([float(mine[key]["right"][control]) for key in keys])
            if all(control in mine[key]["right"] for key in keys)
            else None
            for control in ("majority", "blind", "shuffled")
        }
        made.append(
            Figure(
                name, benchmark, dimension, len(keys), whole.value, whole.low, whole.high,
                tuple(m for m in means if m is not None), delta=delta, **controls,
            )
        )  # fmt: skip
    return made


def _gap(recipe: CrossRecipe, found: Mapping[str, dict[str, Any]]) -> Interval | None:
    """How the two of ``signal`` differ, all benchmarks together, in the same questions."""
    if not recipe.signal:
        return None
    sides: list[dict[tuple[str, int, int], tuple[float, str]]] = [
        {
            (benchmark, seed, p["row"]): (float(p["right"]["model"]), p["group"])
            for benchmark in recipe.benchmarks
            for seed in recipe.seeds
            for p in found[f"score/{name}/{benchmark}/{seed}"]["predictions"]
        }
        for name in recipe.signal
    ]
    keys = [key for key in sides[0] if key in sides[1]]
    groups = [(key[0], sides[0][key][1]) for key in keys]
    return paired_interval([sides[1][key][0] for key in keys], [sides[0][key][0] for key in keys], groups)


def _cost(recipe: CrossRecipe, name: str, found: Mapping[str, dict[str, Any]]) -> Cost:
    runs = [found[f"tune/{name}/{seed}"] for seed in recipe.seeds if f"tune/{name}/{seed}" in found]
    return Cost(
        name,
        _mean([run["steps"] for run in runs]) or 0.0,
        _mean([run["tokens"] for run in runs]) or 0.0,
        _mean([run["training_seconds"] for run in runs]) or 0.0,
        _curves([run["losses"] for run in runs]),
    )


def _curves(runs: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, tuple[Point, ...]]:
    """Lines of the runs' loss logs as a curve per dataset, the mean over the runs that logged it at a step."""
    found: dict[str, dict[int, list[float]]] = {}
    for line in (line for run in runs for line in run):
        for name, loss in line["datasets"].items():
            found.setdefault(name, {}).setdefault(line["step"], []).append(loss)
    return {
        name: tuple((step, sum(losses) / len(losses)) for step, losses in sorted(steps.items()))
        for name, steps in sorted(found.items())
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
