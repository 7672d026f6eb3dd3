"""Real processes over gloo that read one plan together; what every global step held, in order."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.shards.make import sample, write
from vlit_hub.shards import Blend, Cursor, Index, Packer, Plan, Source, StepSampler, Store, write_measure

N, BATCH, EPOCHS = 61, 8, 2
Step = tuple[int, list[list[str]], list[int]]
"""Number, ids of the samples of each item in global order, cursor after it."""


def prepare(folder: Path) -> None:
    """Two folders of one shard each (fewer than workers), measured."""
    for name, size in (("a", N), ("b", 20)):
        index = Index(write(folder / name, [sample(i + 1000 * (name == "b"), i % 2) for i in range(size)]))
        ones = np.ones(size, int)
        columns = {"length": 10 + np.arange(size) % 7, "image_tokens": ones, "supervised": ones, "reason": 0 * ones}
        write_measure(index, "fp", columns, [""])


def plans(folder: Path) -> dict[str, Plan]:
    """One of each kind: single samples, a sampled blend whose tail is repeated, packs."""
    both = Index([folder / "a", folder / "b"])
    blend = Blend((Source("a", 0, weight=1), Source("b", 1, weight=1)), mode="sampled", samples=45)
    return {
        "single": Plan(Index(folder / "a"), seed=3),
        "blend": Plan(both, seed=3, blend=blend, tail="repeat"),
        "packs": Plan(both, seed=3, measure="fp", packer=Packer(40, look_ahead=20)),
    }


def first(batch: Any) -> Any:
    """A collator: ids and the fetch."""
    items, fetch = batch
    return [[each.id for each in item] for item in items], fetch


def sequence(folder: Path, kind: str, rank: int, world: int, workers: int, at: tuple[Cursor, int]) -> list[Step]:
    """The global steps from a cursor on, put together from all ranks by the process group (or alone)."""
    import torch.distributed as dist
    from torch.utils.data import DataLoader

    store = Store([folder / "a", folder / "b"] if kind != "single" else folder / "a")
    sampler = StepSampler(
        plans(folder)[kind], global_batch=BATCH, micro_batch=2, rank=rank, world=world, cursor=at[0], step=at[1],
        epochs=EPOCHS,
    )  # fmt: skip
    # A spawned process spawns, too, and each worker would import torch anew.
    context = "fork" if workers else None
    loader: Any = DataLoader(
        store,  # type: ignore[arg-type]
        batch_sampler=sampler,  # type: ignore[arg-type]
        num_workers=workers,
        collate_fn=first,
        multiprocessing_context=context,
    )
    steps: list[Step] = []
    items: list[list[str]] = []
    for ids, fetch in loader:
        parts: list[Any] = [None] * world
        if world > 1:
            dist.all_gather_object(parts, (ids, fetch.step, fetch.last, fetch.cursor))
        else:
            parts = [(ids, fetch.step, fetch.last, fetch.cursor)]
        assert len({part[1:] for part in parts}) == 1  # the ranks are in step
        items += [item for part in parts for item in part[0]]
        if fetch.last:
            steps.append((fetch.step, items, list(fetch.cursor)))
            items = []
    return steps


def _rank(folder: Path, rank: int, world: int, workers: int, starts: Sequence[tuple[str, Cursor, int]]) -> None:
    import torch.distributed as dist

    if world > 1:
        dist.init_process_group("gloo", init_method=f"file://{folder}/group", rank=rank, world_size=world)
    found = [sequence(folder, kind, rank, world, workers, (cursor, step)) for kind, cursor, step in starts]
    (folder / f"rank{rank}.json").write_text(json.dumps(found))
    if world > 1:
        dist.barrier()
        dist.destroy_process_group()


def run(folder: Path, world: int, workers: int, starts: Sequence[tuple[str, Cursor, int]]) -> list[list[Step]]:
    """The sequences from several starts by ``world`` processes with so many workers each, as every rank saw them."""
    context = multiprocessing.get_context("spawn")
    arguments = [(folder, rank, world, workers, starts) for rank in range(world)]
    children = [context.Process(target=_rank, args=each) for each in arguments]
    for child in children:
        child.start()
    for child in children:
        child.join(300)
    codes = [child.exitcode for child in children]
    for child in children:
        child.kill()
    assert codes == [0] * world, codes
    (folder / "group").unlink(missing_ok=True)
    seen = [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(world)]
    assert all(each == seen[0] for each in seen)
    return [[(step, items, cursor) for step, items, cursor in steps] for steps in seen[0]]
