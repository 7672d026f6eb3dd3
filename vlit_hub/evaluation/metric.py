"""What our ``evaluate`` metrics share: one score per row, then means with clustered intervals, overall and by name."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from vlit_hub.evaluation.intervals import mean_interval

KWARGS = """
    groups: n names of pictures or native records, optional; intervals never cut a group. Default: every row its own.
    abilities: n names, optional: one more set of figures, keyed by name.
    instruction_types: n names, optional: likewise.
    resamples, seed: of the bootstrap.
Returns:
    {score} (mean), n, low, high; abilities and instruction_types: name -> the same four, where given.
"""


def figures(
    name: str,
    scores: Sequence[float],
    groups: Sequence[Hashable] | None = None,
    abilities: Sequence[str] | None = None,
    instruction_types: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """``{name, n, low, high}`` of n scores, and the same per ability and instruction type where they are given.

    Raises ValueError for unequal lengths.
    """
    groups = list(range(len(scores))) if groups is None else groups

    def of(rows: Sequence[int]) -> dict[str, Any]:
        found = mean_interval([scores[i] for i in rows], [groups[i] for i in rows], resamples=resamples, seed=seed)
        return {name: found.value, "n": found.n, "low": found.low, "high": found.high}

    result = of(range(len(scores)))
    for key, names in (("abilities", abilities), ("instruction_types", instruction_types)):
        if names is None:
            continue
        if len(names) != len(scores):
            raise ValueError(f"{key}: {len(names)} names for {len(scores)} predictions")
        result[key] = {each: of([i for i, n in enumerate(names) if n == each]) for each in sorted(set(names))}
    return result


def answered(references: Sequence[Sequence[Any]]) -> None:
    """Raise ValueError for a row without references."""
    for i, alternatives in enumerate(references):
        if not alternatives:
            raise ValueError(f"references[{i}] is empty: leave such rows out and count them, they are unanswerable")
