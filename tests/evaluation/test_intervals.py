"""Clustered bootstrap against brute force and against what is known in closed form."""

import math
import random

import numpy as np
import pytest

from vlit_hub.evaluation.intervals import mean_interval, paired_interval


def brute(scores, groups, resamples, seed):
    """The same statistic by plain loops and another generator."""
    rng = random.Random(seed)
    names = sorted(set(groups))
    members = {name: [s for s, g in zip(scores, groups, strict=True) if g == name] for name in names}
    means = []
    for _ in range(resamples):
        drawn = [s for _ in names for s in members[rng.choice(names)]]
        means.append(sum(drawn) / len(drawn))
    means.sort()
    return means[int(0.025 * resamples)], means[int(0.975 * resamples)]


def test_against_plain_loops():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 40, 300).tolist()
    scores = rng.integers(0, 2, 300).tolist()
    found = mean_interval(scores, groups, resamples=4000, seed=1)
    low, high = brute(scores, groups, 4000, 2)
    assert found.value == sum(scores) / 300 and (found.n, found.groups) == (300, len(set(groups)))
    assert abs(found.low - low) < 0.012 and abs(found.high - high) < 0.012


def test_clusters_of_one_give_the_binomial_width():
    n, share = 2000, 0.3
    scores = [1.0] * int(n * share) + [0.0] * int(n * (1 - share))
    found = mean_interval(scores, range(n), resamples=4000)
    expected = 1.96 * math.sqrt(share * (1 - share) / n)
    assert abs((found.high - found.low) / 2 - expected) < 0.05 * expected


@pytest.mark.parametrize("k", [4, 9])
def test_perfect_correlation_widens_by_the_root_of_k(k):
    rng = np.random.default_rng(3)
    base = rng.integers(0, 2, 1500).tolist()
    single = mean_interval(base, range(1500), resamples=4000)
    copied = mean_interval(
        [s for s in base for _ in range(k)], [g for g in range(1500) for _ in range(k)], resamples=4000
    )
    independent = mean_interval([s for s in base for _ in range(k)], range(1500 * k), resamples=4000)
    width = copied.high - copied.low
    assert width == pytest.approx(single.high - single.low)
    assert width / (independent.high - independent.low) == pytest.approx(math.sqrt(k), rel=0.06)


def test_agreement_of_all_is_no_certainty():
    few, many = mean_interval([1] * 5, range(5)), mean_interval([1] * 500, range(500))
    assert few.low == pytest.approx(5 / (5 + 1.959964**2)) and few.high == 1.0
    assert 0.99 < many.low < 1.0
    assert mean_interval([0, 0, 0], "abc").low == 0.0 < mean_interval([0, 0, 0], "abc").high
    one_group = mean_interval([1, 0, 1, 1], "aaaa")
    assert one_group.low < 0.2 and one_group.high > 0.9 and one_group.groups == 1


def test_seeded_and_independent_of_order_within_a_group():
    scores, groups = [1, 0, 1, 1, 0, 0], "aabbcc"
    assert mean_interval(scores, groups, seed=5) == mean_interval(scores, groups, seed=5)
    assert mean_interval([0, 1, 1, 1, 0, 0], groups, seed=5) == mean_interval(scores, groups, seed=5)


def test_paired_difference_is_narrower_than_two_intervals():
    rng = np.random.default_rng(7)
    hard = rng.random(400)
    first = (hard < 0.7).astype(int).tolist()
    second = (hard < 0.6).astype(int).tolist()
    found = paired_interval(first, second, range(400), resamples=2000)
    assert found.value == pytest.approx(np.mean(first) - np.mean(second))
    assert 0 < found.low < found.value < found.high < 0.15


def test_a_difference_on_which_all_groups_agree_is_no_certainty():
    one = paired_interval([1], [0], "a")
    assert one.low < 0 < one.value == one.high == 1.0
    assert paired_interval([1, 1, 1], [0, 0, 0], "aaa").low == one.low  # one group, however many samples
    two = paired_interval([1, 1, 1], [0, 0, 0.5], "abb")
    assert two.low < 0 and two.high == 1.0  # the bootstrap alone says 0.75 to 1
    assert 0 < paired_interval([1] * 5, [0] * 5, range(5)).low < paired_interval([1] * 50, [0] * 50, range(50)).low < 1
    low, high = mean_interval([1] * 5, range(5)).low, paired_interval([0] * 5, [1] * 5, range(5)).high
    assert high == pytest.approx(1 - 2 * low)
    same = paired_interval([1, 0] * 200, [1, 0] * 200, range(400))
    assert -0.01 < same.low < same.value == 0.0 < same.high == -same.low


def test_large_input_stays_flat():
    found = mean_interval([0, 1] * 100_000, range(200_000), resamples=50)
    assert found.groups == 200_000 and 0.49 < found.low < 0.5 < found.high < 0.51


def test_wrong_input():
    for scores, groups in (([], []), ([1], [1, 2])):
        with pytest.raises(ValueError, match="same number"):
            mean_interval(scores, groups)
    with pytest.raises(ValueError, match="paired"):
        paired_interval([1], [1, 0], [1])
