"""The plan as an IterableDataset, for those without our Trainer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from torch.utils.data import IterableDataset, get_worker_info

from vlit_hub.schema import Sample
from vlit_hub.shards.plan import START, Cursor, Fetch, Plan, Skipped
from vlit_hub.shards.sampler import StepSampler
from vlit_hub.shards.store import Store


class ShardStream(IterableDataset):
    """Ready-made batches: ``DataLoader(ShardStream(store, plan, batch_size=8), batch_size=None, num_workers=2)``.

    Yields what ``store.__getitems__`` gives, so a collator serves both. The batches of a rank are dealt out to its
    workers in turn, which is the order in which a DataLoader asks for them: the sequence is the same for any number of
    workers, and over all ranks the same for any ``world`` at the same ``batch_size * world``.
    ``rank`` and ``world`` are arguments: nothing is read from the process group.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        *,
        batch_size: int,
        rank: int = 0,
        world: int = 1,
        cursor: Cursor = START,
        step: int = 0,
        epochs: int | None = None,
        steps: int | None = None,
    ) -> None:
        self.store = store
        self.sampler = StepSampler(
            plan,
            global_batch=batch_size * world,
            micro_batch=batch_size,
            rank=rank,
            world=world,
            cursor=cursor,
            step=step,
            epochs=epochs,
            steps=steps,
        )

    def __len__(self) -> int:
        """Batches of this rank, over all its workers."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[tuple[list[list[Sample | Skipped]], Fetch]]:
        worker = get_worker_info()
        first, count = (worker.id, worker.num_workers) if worker else (0, 1)
        for fetch in islice(self.sampler, first, None, count):
            yield self.store.__getitems__(fetch)
