"""Sources come exactly as often as the weights say, in every prefix in proportion, each in its own epochs."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shards.make import sample, write
from vlit_hub.shards import Blend, Index, Plan, Source
from vlit_hub.shards.blend import MIXED, Interleave, apportion

SIZES = (60, 25, 10)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folders = []
    for size in SIZES:
        folders.append(write(tmp_path_factory.mktemp("blend"), [sample(i) for i in range(size)]))
    return Index(folders)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=12).filter(any), st.integers(0, 3))
def test_an_epoch_holds_the_quotas_and_every_prefix_their_proportion(quotas, epoch):
    made, total = Interleave(quotas, 1), sum(quotas)
    source, before = made(epoch, 0, total)
    assert np.bincount(source, minlength=len(quotas)).tolist() == quotas
    for number in range(len(quotas)):
        assert np.array_equal(np.sort(before[source == number]), np.arange(quotas[number]))
        given_ = np.cumsum(source == number)
        due = np.arange(1, total + 1) * quotas[number] / total
        assert np.abs(given_ - due).max(initial=0) <= MIXED / 2 + len(quotas).bit_length()


@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.data())
def test_a_span_is_a_piece_of_the_whole(quotas, data):
    made, total = Interleave(quotas, 1), sum(quotas)
    start = data.draw(st.integers(0, total))
    stop = data.draw(st.integers(start, total))
    whole, span = made(2, 0, total), made(2, start, stop)
    assert all(np.array_equal(part[start:stop], piece) for part, piece in zip(whole, span, strict=True))


def test_proportions_within_one_per_cent_over_ten_thousand():
    shares = (0.5, 0.27, 0.2, 0.029, 0.001)
    made = Interleave(apportion(shares, 10_000), 3)
    source, _ = made(0, 0, 10_000)
    for number, share in enumerate(shares):
        seen = np.cumsum(source == number) / np.arange(1, 10_001)
        assert np.abs(seen - share)[500:].max() < 0.01, number
        assert seen[-1] == share


def test_sources_fall_in_with_no_rhythm_of_ranks():
    source, _ = Interleave([5000, 5000], 0)(0, 0, 10_000)
    for world in (2, 4, 8):
        for rank in range(world):
            assert 0.45 < source[rank::world].mean() < 0.55


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=9), st.integers(0, 10_000))
def test_apportioned_numbers_are_within_one_and_sum_up(shares, total):
    found = apportion(shares, total)
    assert sum(found) == total
    assert all(abs(n - total * share / sum(shares)) < 1 + 1e-6 for n, share in zip(found, shares, strict=True))


def epoch_rows(plan, epoch):
    return [row for item, _ in plan.items((epoch, 0, 0)) for row in item]


def test_an_epochised_blend_holds_each_source_so_often(index):
    blend = Blend((Source("a", 0), Source("b", 1, weight=2), Source("c", 2, weight=0.5)))
    plan = Plan(index, blend=blend)
    assert [share.samples_per_epoch for share in plan.shares] == [60, 50, 5]
    epochs = [epoch_rows(plan, epoch) for epoch in range(2)]
    for rows in epochs:
        assert Counter(Counter(rows)[row] for row in range(60)) == {1: 60}
        assert Counter(Counter(rows)[row] for row in range(60, 85)) == {2: 25}
    tails = [{row for row in rows if row >= 85} for rows in epochs]
    assert (len(tails[0]), len(tails[1]), tails[0] | tails[1]) == (5, 5, set(range(85, 95)))


def test_a_sampled_blend_goes_through_each_source_at_its_own_pace(index):
    blend = Blend(
        (Source("a", 0, weight=1), Source("b", 1, weight=1), Source("c", 2, weight=2)), mode="sampled", samples=40
    )
    plan = Plan(index, blend=blend)
    assert [share.samples_per_epoch for share in plan.shares] == [10, 10, 20]
    rows = [row for epoch in range(6) for row in epoch_rows(plan, epoch)]
    for first, size in ((0, 60), (60, 25), (85, 10)):
        seen = Counter(row for row in rows if first <= row < first + size)
        assert max(seen.values()) - min(seen.values()) <= 1 and len(seen) == size  # its epochs are whole
    passes = [[row for row in rows if row >= 85][start : start + 10] for start in range(0, 120, 10)]
    assert len(passes) == len({tuple(each) for each in passes}) == 12
    assert len(epoch_rows(plan, 7)) == len(plan) == 40


@pytest.mark.parametrize(
    ("blend", "expected"),
    [
        (Blend((Source("a", 0), Source("b", 1), Source("c", 2)), mode="sampled"), [60, 25, 10]),
        (Blend((Source("a", 0), Source("b", 1)), mode="sampled", exponent=0, samples=30), [15, 15]),
        (Blend((Source("a", 0), Source("c", 2)), mode="sampled", exponent=0.5, samples=1000), [710, 290]),
        (Blend((Source("a", 0), Source("b", 1, weight=0)), mode="sampled", samples=9), [9, 0]),
        (
            Blend(
                (
                    Source("a", 0, weight=3),
                    Blend((Source("b", 1, weight=1), Source("c", 2, weight=4)), weight=1),
                ),
                mode="sampled",
                samples=100,
            ),
            [75, 5, 20],
        ),
        (Blend((Source("a", 0), Blend((Source("b", 1), Source("c", 2, weight=3)), weight=2))), [60, 50, 60]),
        (
            Blend((Source("a", 0), Blend((Source("b", 1), Source("c", 2)), exponent=0)), mode="sampled", samples=190),
            [120, 35, 35],
        ),
    ],
)
def test_weights_sizes_temperatures_and_nests(index, blend, expected):
    plan = Plan(index, blend=blend)
    assert [share.samples_per_epoch for share in plan.shares] == expected
    rows = epoch_rows(plan, 0)
    starts = [0, 60, 85, 95]
    parts = [source.part for source in blend.leaves()]
    found = [sum(starts[part] <= row < starts[part + 1] for row in rows) for part in parts]
    assert found == expected


@settings(max_examples=40)
@given(position=st.integers(0, 130), epoch=st.integers(0, 4))
def test_a_blend_goes_on_from_any_cursor_in_another_process(index, position, epoch):
    blend = Blend((Source("a", 0), Source("b", 1), Source("c", 2)), mode="sampled", exponent=0.5, samples=130)
    plan = Plan(index, blend=blend, seed=4)
    whole = list(plan.items((epoch, 0, 0)))
    assert list(pickle.loads(pickle.dumps(plan)).items((epoch, 0, position))) == whole[position:]


def test_sources_of_one_folder_are_shuffled_apart(index):
    blend = Blend((Source("a", 0), Source("again", 0)))
    rows = epoch_rows(Plan(index, blend=blend), 0)
    assert sorted(rows) == sorted([*range(60), *range(60)])


def test_weights_tell_plans_apart(index):
    blends = [Blend((Source("a", 0), Source("b", 1, weight=weight))) for weight in (1, 2)]
    blends += [Blend((Source("a", 0), Source("c", 1)))]
    assert len({Plan(index, blend=blend).fingerprint for blend in blends}) == 3


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda index: Blend(()), "at least one source"),
        (lambda index: Blend((Source("a"), Source("a", 1))), "two sources are named a: give each a name"),
        (lambda index: Blend((Source("a"),), mode="both"), "mode 'both' is not one of: epochised, sampled"),
        (lambda index: Blend((Source("a"),), samples=3), "as long as its sources; set mode: sampled"),
        (lambda index: Source("a", weight=-1), "weight -1 is no number from 0 on"),
        (
            lambda index: Plan(index, filters=["turns>9"], blend=Blend((Source("a", weight=2),))),
            "source a: no sample is left, and its weight is 2",
        ),
        (
            lambda index: Plan(index, blend=Blend((Source("a", weight=0),), mode="sampled")),
            "all weights of a blend are 0",
        ),
        (
            lambda index: Plan(index, blend=Blend((Source("a"),), mode="sampled", samples=1 << 31)),
            "an epoch of 2147483648 samples",
        ),
    ],
)
def test_wrong_blends(index, made, message):
    with pytest.raises(ValueError, match=message):
        made(index)
