"""ShardStream inside torchdata's StatefulDataLoader: stopped anywhere, resumed on the same or on other layouts."""

from __future__ import annotations

import json
from itertools import islice

import pytest
from torch.utils.data import DataLoader
from torchdata.stateful_dataloader import StatefulDataLoader

from tests.shards.make import sample, write
from vlit_hub.shards import Index, Plan, ShardStream, Store
from vlit_hub.shards.stream import resumable

N, BATCH = 46, 4


def ids(batch):
    """A collator."""
    items, fetch = batch
    return fetch.step, [each.id for item in items for each in item]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("stream"), [sample(i) for i in range(N)])


@pytest.fixture(scope="module")
def plan(folder):
    return Plan(Index(folder), seed=5)


@pytest.fixture(scope="module")
def whole(folder, plan):
    """The global sequence of two epochs."""
    return [ids(batch) for batch in ShardStream(Store(folder), plan, batch_size=BATCH, epochs=2)]


def loader(folder, plan, workers, kind=StatefulDataLoader, rank=0, world=1, state=None):
    stream = ShardStream(Store(folder), plan, batch_size=BATCH // world, rank=rank, world=world, epochs=2)
    if state is not None:
        stream.load_state_dict(state)
    return kind(stream, batch_size=None, num_workers=workers, collate_fn=ids)


def test_two_epochs_hold_every_sample_but_the_tail_twice(whole):
    seen = [each for _, batch in whole for each in batch]
    assert [step for step, _ in whole] == list(range(2 * (N // BATCH)))
    assert all(len(set(epoch)) == 44 for epoch in (seen[:44], seen[44:]))


@pytest.mark.parametrize(("workers", "stop"), [(0, 0), (0, 7), (2, 1), (2, 12)])
def test_a_stateful_loader_stops_and_goes_on(folder, plan, whole, workers, stop):
    first = loader(folder, plan, workers)
    assert list(islice(first, stop)) == whole[:stop]
    state = json.loads(json.dumps(first.state_dict()))
    again = loader(folder, plan, workers)
    again.load_state_dict(state)
    assert list(again) == whole[stop:]
    assert list(again) == whole  # the next epoch of the loader begins anew


@pytest.mark.parametrize(("workers", "stop", "then", "world"), [(0, 5, 2, 1), (2, 5, 0, 2), (2, 9, 1, 4)])
def test_it_goes_on_on_another_number_of_workers_and_ranks(folder, plan, whole, workers, stop, then, world):
    first = loader(folder, plan, workers)
    assert list(islice(first, stop)) == whole[:stop]
    state = resumable(first.state_dict())
    ranks = [list(loader(folder, plan, then, rank=rank, world=world, state=state)) for rank in range(world)]
    steps = [(parts[0][0], [each for _, part in parts for each in part]) for parts in zip(*ranks, strict=True)]
    assert steps == whole[stop:]


def test_a_plain_loader_begins_anew_unless_a_state_was_loaded(folder, plan, whole):
    plain = loader(folder, plan, 0, kind=DataLoader)
    assert list(islice(plain, 3)) == whole[:3]
    state = plain.dataset.state_dict()
    assert list(plain) == whole
    plain.dataset.load_state_dict(state)
    assert list(plain) == whole[3:]
    assert list(plain) == whole


def test_states_of_others_are_refused(folder, plan):
    stream = ShardStream(Store(folder), plan, batch_size=2, epochs=1)
    state = stream.state_dict()
    with pytest.raises(ValueError, match="global_batch: 2 in the state, 4 here"):
        ShardStream(Store(folder), plan, batch_size=4, epochs=1).load_state_dict(state)
    with pytest.raises(ValueError, match="plan: '.*' in the state, '.*' here: its place means nothing here"):
        ShardStream(Store(folder), Plan(Index(folder), seed=6), batch_size=2, epochs=1).load_state_dict(state)
    with pytest.raises(ValueError, match="this is no state of a ShardStream"):
        stream.load_state_dict({"_snapshot": {}})
    with pytest.raises(ValueError, match="no state of a ShardStream in it"):
        resumable({"_snapshot": {}})
    lazy = StatefulDataLoader(stream, batch_size=None, num_workers=1, snapshot_every_n_steps=3, collate_fn=ids)
    next(iter(lazy))
    with pytest.raises(ValueError, match="set snapshot_every_n_steps=1"):
        resumable(lazy.state_dict())
