"""ranks x workers over gloo: one global sequence, every sample once an epoch, stopped anywhere, resumed on any cell."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.shards.ranks import BATCH, EPOCHS, N, plans, prepare, run, sequence

CELLS = [(1, 0), (1, 2), (2, 1), (2, 2), (4, 1)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("ranks")
    prepare(made)
    return made


@pytest.fixture(scope="module")
def whole(folder):
    """Kind of plan -> its global steps in one process."""
    return {kind: sequence(folder, kind, 0, 1, 0, ((0, 0, 0), 0)) for kind in plans(folder)}


def test_one_process_sees_every_sample_once_an_epoch_but_the_tail(folder, whole):
    for kind, plan in plans(folder).items():
        steps = [plan.steps(epoch, BATCH) for epoch in range(EPOCHS)]
        assert [step for step, _, _ in whole[kind]] == list(range(sum(steps)))
        seen = list(chain.from_iterable(chain.from_iterable(items for _, items, _ in whole[kind][: steps[0]])))
        if kind == "blend":  # 45 places and 3 repeated ones, evenly of two sources; the 20 of b are begun anew
            assert (len(seen), plan.tail_items(0, BATCH)) == (48, 3)
            assert abs(sum(int(each) >= 1000 for each in seen[:45]) - 22.5) < 1
        else:
            missing = plan.tail_items(0, BATCH)
            assert len(seen) == len(set(seen)) and (len(seen) == N - missing or kind == "packs")


@pytest.mark.parametrize(
    ("world", "workers"), [pytest.param(*cell, marks=[] if cell == (2, 2) else pytest.mark.slow) for cell in CELLS]
)
def test_every_cell_gives_the_sequence_from_wherever_another_stopped(folder, whole, world, workers):
    """The place where one stops is what a cursor says, and the cursors of all cells are compared here."""
    stride = {(1, 0): 1, (2, 2): 5}.get((world, workers), 3)
    cursors = {kind: [[0, 0, 0], *(cursor for _, _, cursor in steps[:-1])] for kind, steps in whole.items()}
    starts = [
        (kind, tuple(found[stop]), stop) for kind, found in cursors.items() for stop in range(len(found))[::stride]
    ]
    for (kind, _, stop), found in zip(starts, run(folder, world, workers, starts), strict=True):
        assert found == whole[kind][stop:], (kind, stop)
