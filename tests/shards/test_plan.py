"""The order: a bijection per epoch, a pure function of its place; what is left out is counted."""

from __future__ import annotations

import pickle
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.shards.make import sample, write
from vlit_hub.schema import Region
from vlit_hub.shards import Index, Plan, ShardError, write_measure
from vlit_hub.shards.permutation import BLOCK, WINDOW, Order, Permutation

SIZES = sorted({*range(1, 130), 255, 256, 257, 1000, 4095, 4096, 4097, 65_537, 200_003})


def test_a_permutation_is_a_bijection():
    for n in SIZES:
        assert np.array_equal(np.sort(Permutation(n, 7, "key")(np.arange(n))), np.arange(n)), n


@given(n=st.integers(1, 2**63), seed=st.integers(), data=st.data())
def test_a_permutation_of_any_size_stays_in_range_and_keeps_values_apart(n, seed, data):
    positions = data.draw(st.lists(st.integers(0, n - 1), unique=True, min_size=1, max_size=20))
    found = Permutation(n, seed)(np.array(positions, np.uint64)).tolist()
    assert len(set(found)) == len(positions)
    assert all(0 <= value < n for value in found)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_small_permutations_are_even_over_keys(n):
    """Every value comes to every place equally often: chi-squared per degree of freedom near 1."""
    keys = 3000
    seen = np.zeros((n, n))
    for key in range(keys):
        seen[np.arange(n), Permutation(n, key)(np.arange(n))] += 1
    assert ((seen - keys / n) ** 2 / (keys / n)).sum() / (n - 1) ** 2 < 4


@pytest.mark.parametrize(
    "n", [1, BLOCK - 1, BLOCK, BLOCK + 1, 1000, BLOCK * WINDOW + 63, 2 * BLOCK * WINDOW + BLOCK + 1]
)
def test_an_epoch_holds_every_row_once_and_windows_start_where_they_say(n):
    order = Order(n, 3)
    windows = [order.rows(5, window) for window in range(order.windows)]
    assert np.array_equal(np.sort(np.concatenate(windows)), np.arange(n))
    starts = [order.start(window) for window in range(order.windows + 1)]
    assert np.diff(starts).tolist() == [len(window) for window in windows]
    for position in {0, n // 2, n - 1, *starts[:-1]}:
        window = order.window_of(position)
        assert starts[window] <= position < starts[window + 1]


def test_the_order_is_nearly_a_full_shuffle():
    n = 300_000
    order = Order(n, 0)
    rows = np.concatenate([order.rows(0, window) for window in range(order.windows)])
    assert abs(np.corrcoef(rows[:-1], rows[1:])[0, 1]) < 0.02
    regions = [len(np.unique(rows[start : start + 256] * 256 // n)) for start in range(0, n - 256, 256)]
    assert np.mean(regions) >= 120


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return Index(write(tmp_path_factory.mktemp("plan"), [sample(i) for i in range(150)], per_shard=40))


def rows(plan, cursor=(0, 0, 0)):
    return list(chain.from_iterable(item for item, _ in plan.items(cursor)))


def test_seed_and_epoch_make_the_order(index):
    plan = Plan(index, seed=1)
    first = rows(plan)
    assert sorted(first) == list(range(150))
    assert rows(Plan(index, seed=1)) == first == rows(pickle.loads(pickle.dumps(plan)))
    assert len({tuple(rows(Plan(index, seed=seed), (epoch, 0, 0))) for seed in (0, 1) for epoch in (0, 1, 2)}) == 6


@settings(max_examples=50)
@given(position=st.integers(0, 150), epoch=st.integers(0, 3))
def test_items_go_on_from_any_cursor(index, position, epoch):
    plan = Plan(index, seed=1)
    everything = list(plan.items((epoch, 0, 0)))
    assert list(plan.items((epoch, 0, position))) == everything[position:]
    assert [cursor for _, cursor in everything] == [(epoch, 0, i) for i in range(1, 150)] + [(epoch + 1, 0, 0)]


@pytest.mark.parametrize("cursor", [(0, 0, 151), (0, 1, 0), (-1, 0, 0), (0, 0, -1)])
def test_a_foreign_cursor_is_refused(index, cursor):
    with pytest.raises(ValueError, match="is not one of this plan of 150 samples"):
        list(Plan(index).items(cursor))


def test_steps_and_tail(index):
    assert [Plan(index).steps(0, batch) for batch in (1, 4, 150, 151)] == [150, 37, 1, 0]
    assert [Plan(index, tail="repeat").steps(0, batch) for batch in (1, 4, 150, 151)] == [150, 38, 1, 1]
    assert [Plan(index).tail_items(0, batch) for batch in (1, 4, 151)] == [0, 2, 150]
    assert [Plan(index, tail="repeat").tail_items(0, batch) for batch in (1, 4, 151)] == [0, 2, 1]
    assert Plan(index).steps(1, 4, start=(1, 0, 147)) == 0
    assert Plan(index).steps(2, 4, start=(1, 0, 147)) == 37


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Rows 0..9, of which 0, 2 and 9 can be trained on."""
    unresolved = replace(sample(6, 1), regions=[Region(box=[0.0, 0.0, 9.0, 9.0], frame="pixel")])
    batch = [
        sample(0),
        sample(1, role="user"),
        sample(2, 1),
        sample(3, train=False),
        replace(sample(4), messages=[]),
        replace(sample(5, 1), images=[None]),
        unresolved,
        replace(sample(7, 1), images=[None], dataset="other"),
        replace(sample(8, 1, role="tool"), images=[None]),
        sample(9),
    ]
    return write(tmp_path_factory.mktemp("mixed"), batch)


def test_left_out_is_counted_per_dataset_and_reason(mixed):
    plan = Plan(Index(mixed))
    assert sorted(rows(plan)) == [0, 2, 9]
    assert len(plan) == 3
    assert plan.left_out == {
        "demo": {"no_reply": 3, "untrained_reply": 1, "missing_media": 1, "unresolved_regions": 1},
        "other": {"missing_media": 1},
    }
    assert Plan(Index(write(mixed, [sample(1)], split="whole"), split="whole")).left_out == {}


def test_missing_raise(mixed):
    with pytest.raises(ShardError, match=r"3 samples have missing media .* first is row 5 \(missing_media\)"):
        Plan(Index(mixed, split="train"), missing="raise")
    with pytest.raises(ValueError, match="missing='keep' is drop or raise"):
        Plan(Index(mixed), missing="keep")


def test_measured_drops_and_lengths(mixed):
    index = Index(mixed, split="train")
    zeros = np.zeros(10, int)
    length, reason = np.arange(1, 11), zeros.copy()
    length[[0, 1]], reason[[0, 1]] = 0, 1
    columns = {"length": length, "image_tokens": zeros, "supervised": zeros, "reason": reason}
    write_measure(index, "fp", columns, ["", "too_long"])
    plan = Plan(index, measure="fp")
    assert sorted(rows(plan)) == [2, 9]
    assert plan.left_out["demo"] == {
        "no_reply": 3, "untrained_reply": 1, "missing_media": 1, "unresolved_regions": 1, "too_long": 1,
    }  # fmt: skip
    assert (plan.measured, plan.length((2,)), plan.length((2, 9))) == (True, 3, 13)
    assert not Plan(index).measured
    with pytest.raises(ValueError, match="not measured"):
        Plan(index).length((2,))


def test_the_fingerprint_tells_plans_apart(index, tmp_path):
    again = Index(write(tmp_path / "same", [sample(i) for i in range(150)], per_shard=40))
    assert Plan(again, seed=1).fingerprint == Plan(index, seed=1).fingerprint
    edited = Index(write(tmp_path / "edited", [sample(i, i == 149) for i in range(150)], per_shard=40))
    ones = {name: [1] * 150 for name in ("length", "image_tokens", "supervised")} | {"reason": [0] * 150}
    write_measure(again, "fp", ones, [""])
    plans = [
        Plan(index, seed=1), Plan(index, seed=2), Plan(index, seed=1, missing="raise"),
        Plan(index, seed=1, tail="repeat"), Plan(edited, seed=1), Plan(again, seed=1, measure="fp"),
    ]  # fmt: skip
    before = plans[-1].fingerprint
    write_measure(again, "fp", ones | {"length": [2] * 150}, [""])
    assert Plan(again, seed=1, measure="fp").fingerprint != before
    assert len({plan.fingerprint for plan in plans}) == len(plans)
