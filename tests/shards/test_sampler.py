"""The global sequence is the same for any ranks, accumulation and workers, and goes on anywhere on other hardware."""

from __future__ import annotations

import multiprocessing
from itertools import product

import pytest
from torch.utils.data import DataLoader

from tests.shards.make import sample, write
from vlit_hub.shards import Index, Plan, ShardStream, StepSampler, Store

N, BATCH = 70, 8
LAYOUTS = [(world, micro) for world in (1, 2, 4, 8) for micro in (1, 2, 4, 8) if BATCH % (world * micro) == 0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("sampler"), [sample(i, i % 3) for i in range(N)], per_shard=60)


@pytest.fixture(scope="module")
def plan(folder):
    return Plan(Index(folder), seed=5)


def global_steps(plan, world, micro, **given):
    """[(step, rows of the global batch in order, cursor after it)] put together from all ranks."""
    ranks = [
        list(StepSampler(plan, global_batch=BATCH, micro_batch=micro, rank=rank, world=world, **given))
        for rank in range(world)
    ]
    samplers = [
        StepSampler(plan, global_batch=BATCH, micro_batch=micro, rank=r, world=world, **given) for r in range(world)
    ]
    assert [len(fetches) for fetches in ranks] == [len(sampler) for sampler in samplers]
    steps, rows = [], []
    for fetches in zip(*ranks, strict=True):  # the same micro-batch on every rank
        assert len({(fetch.step, fetch.last, fetch.cursor) for fetch in fetches}) == 1
        rows += [row for fetch in fetches for item in fetch.items for row in item]
        if fetches[0].last:
            steps.append((fetches[0].step, rows, fetches[0].cursor))
            rows = []
    assert not rows
    return steps


def test_every_layout_gives_the_same_global_sequence(plan):
    expected = global_steps(plan, 1, BATCH, epochs=2)
    assert [step for step, _, _ in expected] == list(range(2 * (N // BATCH)))
    order = [row for item, _ in plan.items((0, 0, 0)) for row in item]
    assert [row for _, rows, _ in expected[: N // BATCH] for row in rows] == order[: N // BATCH * BATCH]
    for world, micro in LAYOUTS:
        assert global_steps(plan, world, micro, epochs=2) == expected


@pytest.mark.parametrize("tail", ["drop", "repeat"])
def test_resume_after_any_step_on_any_layout_gives_the_same_continuation(folder, tail):
    plan = Plan(Index(folder), seed=5, tail=tail)
    whole = global_steps(plan, 1, BATCH, epochs=2)
    for (number, _, cursor), (world, micro) in product(whole, LAYOUTS):
        resumed = global_steps(plan, world, micro, epochs=2, cursor=cursor, step=number + 1)
        assert resumed == whole[number + 1 :]


def test_tail_dropped_or_repeated(folder, plan):
    assert [cursor for _, _, cursor in global_steps(plan, 1, 8, epochs=1)] == [(0, 0, 8 * i) for i in range(1, 8)] + [
        (1, 0, 0)
    ]
    repeat = Plan(Index(folder), seed=5, tail="repeat")
    steps = global_steps(repeat, 2, 2, epochs=1)
    order = [row for item, _ in repeat.items((0, 0, 0)) for row in item]
    assert [row for _, rows, _ in steps for row in rows] == order + order[: repeat.tail_items(0, BATCH)]
    assert steps[-1][2] == (1, 0, 0)


def test_a_repeated_tail_fills_batches_larger_than_the_plan(folder):
    repeat = Plan(Index(folder), tail="repeat")
    (fetch,) = StepSampler(repeat, global_batch=200, micro_batch=200, epochs=1)
    order = [item for item, _ in repeat.items((0, 0, 0))]
    assert fetch.items == (order * 3)[:200]


def test_steps_count_from_the_very_start(plan):
    whole = global_steps(plan, 1, 8, steps=20)
    assert [step for step, _, _ in whole] == list(range(20))
    assert global_steps(plan, 2, 4, steps=20, cursor=whole[11][2], step=12) == whole[12:]
    assert list(StepSampler(plan, global_batch=8, micro_batch=8, steps=5, step=5)) == []


def test_another_global_batch_goes_on_with_the_rows_not_yet_seen(plan):
    _, _, cursor = global_steps(plan, 1, 8, epochs=1)[4]
    order = [item for item, _ in plan.items((0, 0, 0))]
    sampler = StepSampler(plan, global_batch=6, micro_batch=3, cursor=cursor, step=5, epochs=1)
    fetches = list(sampler)
    assert [item for fetch in fetches for item in fetch.items] == order[40:70]
    assert len(sampler) == len(fetches) == 10


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"global_batch": 8, "micro_batch": 3, "epochs": 1}, "8 is no multiple of micro_batch 3 x world 1 = 3"),
        ({"global_batch": 8, "micro_batch": 4, "world": 4, "epochs": 1}, "4 x world 4 = 16"),
        ({"global_batch": 8, "micro_batch": 4, "rank": 1, "epochs": 1}, "rank 1 is not below world 1"),
        ({"global_batch": 8, "micro_batch": 4}, "either epochs or steps"),
        (
            {"global_batch": 71, "micro_batch": 71, "epochs": 1},
            "70 samples has fewer items than one global batch of 71",
        ),
    ],
)
def test_wrong_arguments(plan, given, message):
    with pytest.raises(ValueError, match=message):
        StepSampler(plan, **given)


def first(batch):
    """A collator that keeps ids and the fetch."""
    items, fetch = batch
    return [[each.id for each in item] for item in items], fetch


def expected_batches(plan, folder, **given):
    store = Store(folder)
    return [first(store.__getitems__(fetch)) for fetch in StepSampler(plan, **given)]


@pytest.mark.parametrize(("world", "workers"), [(1, 0), (1, 2), (2, 1), (2, 2)])
def test_a_dataloader_with_workers_keeps_the_sequence(folder, plan, world, workers):
    for rank in range(world):
        given = {"global_batch": 8, "micro_batch": 2, "rank": rank, "world": world, "epochs": 1}
        loader = DataLoader(
            Store(folder), batch_sampler=StepSampler(plan, **given), num_workers=workers, collate_fn=first
        )
        assert len(loader) == N // 8 * 4 // world
        assert list(loader) == expected_batches(plan, folder, **given)


def test_workers_by_spawn(folder, plan):
    given = {"global_batch": 8, "micro_batch": 8, "steps": 2}
    context = multiprocessing.get_context("spawn")
    loader = DataLoader(
        Store(folder),
        batch_sampler=StepSampler(plan, **given),
        num_workers=1,
        collate_fn=first,
        multiprocessing_context=context,
    )
    assert list(loader) == expected_batches(plan, folder, **given)


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_shard_stream_gives_the_same_batches_in_order(folder, plan, workers):
    for rank in (0, 1):
        stream = ShardStream(Store(folder), plan, batch_size=4, rank=rank, world=2, epochs=1, cursor=(0, 0, 24), step=3)
        loader = DataLoader(stream, batch_size=None, num_workers=workers, collate_fn=first)
        given = {"global_batch": 8, "micro_batch": 4, "rank": rank, "world": 2}
        whole = expected_batches(plan, folder, **given, epochs=1)
        assert list(loader) == whole[3:]
        assert len(stream) == len(whole) - 3
