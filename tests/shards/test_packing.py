"""Packs keep to their budgets, hold every sample once, and are found from any cursor."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.shards.make import sample, write
from vlit_hub.schema import Blob
from vlit_hub.shards import Blend, Index, Packer, Plan, ShardError, Source, StepSampler, write_measure

N = 130
LENGTHS = np.random.default_rng(0).integers(5, 60, N)


def measured(index, lengths, image_tokens=None):
    n = len(index)
    image_tokens = np.zeros(n, int) if image_tokens is None else image_tokens
    columns = {"length": lengths, "image_tokens": image_tokens, "supervised": np.ones(n, int), "reason": [0] * n}
    write_measure(index, "fp", columns, [""])
    return index


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """N samples of LENGTHS tokens and 0 to 2 pictures, two to a group."""
    folder = write(tmp_path_factory.mktemp("pack"), [sample(i, i % 3) for i in range(N)], per_shard=50)
    return measured(Index(folder), LENGTHS, np.arange(N) % 5)


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=60),
    st.sampled_from([{}, {"pictures": 6}, {"image_tokens": 12}, {"pictures": 5, "image_tokens": 9}]),
)
def test_bins_hold_every_unit_once_within_every_budget(costs, budgets):
    packer, costs = Packer(40, **budgets), np.array(costs)
    bins = packer.bins(costs)
    assert sorted(unit for members in bins for unit in members) == list(range(len(costs)))
    assert all(packer.fits(costs[members].sum(axis=0)) for members in bins)
    if not budgets:  # best fit leaves at most one pack half empty
        assert sum(costs[members][:, 0].sum() <= 20 for members in bins) <= 1


def best_fit_by_hand(lengths, capacity):
    packs = []
    for length in sorted(lengths, reverse=True):
        fitting = [pack for pack in packs if sum(pack) + length <= capacity]
        if fitting:
            max(fitting, key=sum).append(length)
        else:
            packs.append([length])
    return sorted(sorted(pack) for pack in packs)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_it_is_best_fit_decreasing(lengths):
    costs = np.array([[length, 0, 0] for length in lengths])
    for packer in (Packer(30), Packer(30, pictures=99)):
        found = sorted(sorted(lengths[unit] for unit in members) for members in packer.bins(costs))
        assert sorted(map(sum, found)) == sorted(map(sum, best_fit_by_hand(lengths, 30)))


def test_utilisation_on_lengths_of_conversations_about_pictures():
    draw = np.random.default_rng(0)
    tokens = packs = 0
    for _ in range(20):
        text = np.clip(draw.lognormal(5.2, 0.8, 1000), 12, 1800)
        lengths = (576 * (draw.random(1000) < 0.85) + text).astype(int)
        costs = np.stack([lengths, lengths * 0, lengths * 0], axis=1)
        tokens, packs = tokens + lengths.sum(), packs + len(Packer(4096).bins(costs))
    assert tokens / (4096 * packs) >= 0.97


@pytest.fixture(params=[{}, {"pictures": 4}, {"image_tokens": 6}, {"group": True}, {"group": True, "pictures": 3}])
def plan(index, request):
    return Plan(index, seed=2, measure="fp", packer=Packer(100, look_ahead=30, **request.param))


def test_an_epoch_of_packs_holds_every_sample_once_within_budget(index, plan):
    for epoch in (0, 1):
        items = [item for item, _ in plan.items((epoch, 0, 0))]
        assert sorted(row for item in items for row in item) == list(range(N))
        assert all(plan.length(item) == LENGTHS[list(item)].sum() <= 100 for item in items)
        assert plan.count(epoch) == len(items) == plan.steps(epoch, 1)
        for item in items:
            media = [row.content for each in item for row in index.media(each)]
            if plan.packer.pictures:
                assert len(set(media) if plan.packer.group else media) <= plan.packer.pictures
            if plan.packer.image_tokens:
                assert sum(row % 5 for row in item) <= 6
    assert [item for item, _ in plan.items((0, 0, 0))] != [item for item, _ in plan.items((1, 0, 0))]


def test_packs_go_on_from_any_cursor(plan):
    whole = list(plan.items((1, 0, 0)))
    cursors = [(1, 0, 0), *(cursor for _, cursor in whole)]
    for number, cursor in enumerate(cursors[:-1]):
        assert next(pickle.loads(pickle.dumps(plan)).items(cursor)) == whole[number]
        assert list(plan.items(cursor)) == whole[number:]
        assert plan.steps(1, 3, start=cursor) == (len(whole) - number) // 3
    assert cursors[-1] == (2, 0, 0)
    for foreign in ((0, 0, 99), (0, plan.windows + 1, 0), (0, -1, 0)):
        with pytest.raises(ValueError, match="is not one of this plan of 130 samples"):
            list(plan.items(foreign))


def test_windows_are_packed_by_themselves_and_drawn(index):
    plan = Plan(index, measure="fp", packer=Packer(100, look_ahead=30))
    single = Plan(index, measure="fp")
    order = [row for item, _ in single.items() for row in item]
    windows = [[] for _ in range(plan.windows)]
    cursor = (0, 0, 0)
    for item, after in plan.items():
        windows[cursor[1]].append(item)
        cursor = after
    for number, packs in enumerate(windows):
        assert sorted(row for pack in packs for row in pack) == sorted(order[30 * number : 30 * (number + 1)])
    firsts = [plan.length(pack) for packs in windows for pack in packs]
    assert firsts != sorted(firsts, reverse=True)


def test_groups_stay_together_unless_they_fit_no_pack(tmp_path):
    groups = [0, 0, 0, 1, 2, 2, 3, 3, 3, 3]
    samples = [replace(sample(i), group=f"g{group}") for i, group in enumerate(groups)]
    index = measured(Index(write(tmp_path, samples)), [30, 30, 30, 10, 50, 50, 60, 30, 30, 60])
    plan = Plan(index, measure="fp", packer=Packer(100, group=True))
    for epoch in range(4):
        packs = [set(item) for item, _ in plan.items((epoch, 0, 0))]
        together = [{0, 1, 2}, {3}, {4, 5}, {6, 7}, {8, 9}]  # g3 has 180 tokens: cut where it must be
        assert all(any(unit <= pack for pack in packs) for unit in together)
        assert plan.count(epoch) == len(packs) == 4


def test_groups_of_a_blend_come_in_proportion_of_samples(tmp_path):
    groups = {"a": 5, "b": 1}  # samples a group
    for name, size in groups.items():
        measured(
            Index(write(tmp_path / name, [replace(sample(i), group=f"g{i // size}") for i in range(60)])), [10] * 60
        )
    both = Index([tmp_path / name for name in groups])
    blend = Blend((Source("a", 0, weight=1), Source("b", 1, weight=1)), mode="sampled", samples=100)
    plan = Plan(both, measure="fp", blend=blend, packer=Packer(100, group=True))
    rows = [row for item, _ in plan.items() for row in item]
    assert (len(plan), len(rows), sum(row < 60 for row in rows)) == (100, 100, 50)


def test_a_shared_picture_counts_once_in_a_group(tmp_path):
    same, other = sample(1, 1), sample(3, 1)
    samples = [replace(same, id=str(i), group="g") for i in range(4)]
    samples.append(replace(other, images=[Blob(bytes=other.images[0].bytes)], group="h"))
    index = measured(Index(write(tmp_path, samples)), [10] * 5)
    packs = [set(item) for item, _ in Plan(index, measure="fp", packer=Packer(100, pictures=1, group=True)).items()]
    assert sorted(map(sorted, packs)) == [[0, 1, 2, 3], [4]]


def test_packs_of_a_blend_keep_its_proportions(tmp_path, index):
    other = measured(Index(write(tmp_path, [sample(i) for i in range(40)])), [20] * 40)
    both = Index([index.path, other.path])
    blend = Blend((Source("a", 0, weight=1), Source("b", 1, weight=3)), mode="sampled", samples=200)
    plan = Plan(both, measure="fp", blend=blend, packer=Packer(100, look_ahead=50))
    rows = [row for item, _ in plan.items((0, 0, 0)) for row in item]
    assert (len(rows), sum(row < N for row in rows)) == (200, 50)
    assert max(Counter(row for row in rows if row >= N).values()) == 4  # 150 places for 40 samples


@settings(max_examples=20)
@given(world=st.sampled_from([1, 2, 4]), stop=st.integers(0, 10))
def test_the_steps_of_packs_are_the_same_for_any_ranks(index, world, stop):
    plan = Plan(index, measure="fp", packer=Packer(100, look_ahead=30))
    given_ = {"global_batch": 4, "micro_batch": 1, "epochs": 1}
    whole = list(StepSampler(plan, **given_))
    cursor = whole[4 * stop - 1].cursor if stop else (0, 0, 0)
    ranks = [list(StepSampler(plan, **given_, rank=r, world=world, cursor=cursor, step=stop)) for r in range(world)]
    assert len({len(fetches) for fetches in ranks}) == 1
    again = [item for fetches in zip(*ranks, strict=True) for fetch in fetches for item in fetch.items]
    assert again == [item for fetch in whole[4 * stop :] for item in fetch.items]
    assert all(plan.length(item) == length for f in whole for item, length in zip(f.items, f.lengths, strict=True))


def test_the_number_of_packs_is_kept_and_believed_only_under_its_fingerprint(tmp_path):
    index = measured(Index(write(tmp_path, [sample(i) for i in range(50)])), [30] * 50)
    plan = Plan(index, measure="fp", packer=Packer(100, look_ahead=10))
    assert (plan.steps(0, 2), plan.count(0)) == (10, 20)  # three to a pack, one left over per window
    (kept,) = tmp_path.rglob("packs-*.npy")
    assert plan.fingerprint in kept.name and np.load(kept).tolist() == [4] * 5
    np.save(kept, [1] * 5)
    assert Plan(index, measure="fp", packer=Packer(100, look_ahead=10)).count(0) == 5  # read, not counted again
    assert Plan(index, measure="fp", packer=Packer(60, look_ahead=10)).count(0) == 25
    kept.write_bytes(b"torn")
    assert Plan(index, measure="fp", packer=Packer(100, look_ahead=10)).count(0) == 20


def test_impossible_packings_are_refused(index):
    with pytest.raises(ValueError, match="packing needs lengths"):
        Plan(index, packer=Packer(100))
    with pytest.raises(ValueError, match="longest sample has 59 tokens, a pack 58: raise .* filter tokens<=58"):
        Plan(index, measure="fp", packer=Packer(58))
    assert len(Plan(index, measure="fp", packer=Packer(58), filters=["tokens<=58"])) < N
    with pytest.raises(ShardError, match=r"row \d+ costs .* more than a pack may: \(100, 1, None\); raise the budget"):
        list(Plan(index, measure="fp", packer=Packer(100, pictures=1)).items())
    with pytest.raises(ValueError, match="packing: look_ahead is 0"):
        Packer(100, look_ahead=0)


def test_the_packer_is_part_of_the_fingerprint(index):
    packers = [None, Packer(100), Packer(101), Packer(100, pictures=9), Packer(100, group=True)]
    assert len({Plan(index, measure="fp", packer=packer).fingerprint for packer in packers}) == 5
