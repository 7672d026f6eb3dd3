"""Confidence intervals that never cut a group: bootstrap over clusters (percentile, seeded), single and paired."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95
RESAMPLES = 1000
WORDS = (
    f"95 %, bootstrap over groups, {RESAMPLES} resamples; where all groups agree, Wilson's over the groups; of a"
    " difference never narrower than Wilson's bound on the share of groups that are otherwise"
)
"""How a report tells its intervals."""
_Z = 1.959963984540054  # two-sided 95 %
_CELLS = 1 << 22  # resamples x clusters drawn at once: flat memory at any size


@dataclass(frozen=True)
class Interval:
    """A mean (or a difference of two means) with its 95 % interval; n samples in ``groups`` clusters."""

    value: float
    low: float
    high: float
    n: int
    groups: int


def mean_interval(
    scores: Sequence[float], groups: Sequence[Hashable], *, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Mean of n scores with a 95 % interval from resampling whole groups.

    Where the bootstrap collapses to a point (all clusters agree, or there is one), Wilson's interval over the number
    of clusters stands in: 5 of 5 right is no certainty. Raises ValueError for no scores or unequal lengths.
    """
    sums, sizes = _clusters(scores, groups)
    value = float(sums.sum() / sizes.sum())
    low, high = _bootstrap(sums, sizes, resamples, seed)
    if low == high:
        low, high = _wilson(value, len(sums))
    return Interval(value, low, high, int(sizes.sum()), len(sums))


def paired_interval(
    first: Sequence[float],
    second: Sequence[float],
    groups: Sequence[Hashable],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Mean of first - second on the same samples, with its 95 % interval; the groups are resampled for both at once.

    Scores are in 0..1. The interval is never narrower than what groups that all agree leave open (Wilson's bound on the
    share of groups that are otherwise): few groups prove no difference, and no equality.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} scores against {len(second)}: paired systems answer the same samples")
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    sums, sizes = _clusters(difference.tolist(), groups)
    value = float(sums.sum() / sizes.sum())
    low, high = _bootstrap(sums, sizes, resamples, seed)
    otherwise = 1 - _wilson(1.0, len(sums))[0]
    low, high = min(low, value - otherwise * (value + 1)), max(high, value + otherwise * (1 - value))
    return Interval(value, low, high, int(sizes.sum()), len(sums))


def _clusters(scores: Sequence[float], groups: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    """(sum, size) of each cluster, in order of first appearance: float64 arrays of shape (clusters,)."""
    if not len(scores) or len(scores) != len(groups):
        raise ValueError(f"{len(scores)} scores and {len(groups)} groups: both need the same number, at least one")
    number: dict[Hashable, int] = {}
    place = np.array([number.setdefault(group, len(number)) for group in groups])
    sums = np.bincount(place, weights=np.asarray(scores, np.float64))
    return sums, np.bincount(place).astype(np.float64)


def _bootstrap(sums: np.ndarray, sizes: np.ndarray, resamples: int, seed: int) -> tuple[float, float]:
    """Percentiles of the ratio of resampled sums and sizes."""
    rng, count = np.random.default_rng(seed), len(sums)
    means = []
    chunk = max(1, _CELLS // count)
    for start in range(0, resamples, chunk):
        drawn = rng.integers(0, count, size=(min(chunk, resamples - start), count))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(np.concatenate(means), [tail, 100 - tail])
    return float(low), float(high)


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's score interval of a share in 0..1 over n draws; contains the share."""
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(max(share * (1 - share), 0) / n + _Z**2 / (4 * n**2))
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))
