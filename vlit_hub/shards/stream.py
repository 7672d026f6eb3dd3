"""The plan as an IterableDataset, for those without our Trainer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from itertools import islice
from typing import Any

from torch.utils.data import IterableDataset, get_worker_info

from vlit_hub.schema import Sample
from vlit_hub.shards.plan import START, Cursor, Fetch, Plan, Skipped
from vlit_hub.shards.sampler import StepSampler
from vlit_hub.shards.store import Store

STATE = "vlit_stream"
"""Key that marks a state of ours: the version of its form."""


class ShardStream(IterableDataset):
    """Ready-made batches: ``DataLoader(ShardStream(store, plan, batch_size=8), batch_size=None, num_workers=2)``.

    Yields what ``store.__getitems__`` gives, so a collator serves both. The batches of a rank are dealt out to its
    workers in turn, which is the order in which a DataLoader asks for them: the sequence is the same for any number of
    workers, and over all ranks the same for any ``world`` at the same ``batch_size * world``.
    ``rank`` and ``world`` are arguments: nothing is read from the process group.

    Speaks torchdata's protocol (``state_dict``, ``load_state_dict``), so a StatefulDataLoader saves and resumes it on
    as many workers. On another number of workers or ranks: ``load_state_dict(resumable(loader.state_dict()))`` on a
    new stream, before its loader is iterated.
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
        self._at: tuple[Cursor, int, int | None] = (cursor, step, None)
        """Cursor and step to go on from, batches from there on that belong to other workers (None: by worker)."""
        self._loaded = False

    def __len__(self) -> int:
        """Batches of this rank, over all its workers."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[tuple[list[list[Sample | Skipped]], Fetch]]:
        if not self._loaded:
            self._at = (self.sampler.cursor, self.sampler.step, None)
        self._loaded = False
        return self._batches(*self._at)

    def _batches(
        self, cursor: Cursor, step: int, others: int | None
    ) -> Iterator[tuple[list[list[Sample | Skipped]], Fetch]]:
        worker = get_worker_info()
        first, count = (worker.id, worker.num_workers) if worker else (0, 1)
        sampler = copy(self.sampler)
        sampler.cursor, sampler.step = cursor, step
        for fetch in islice(sampler, first if others is None else others, None, count):
            batch = self.store.__getitems__(fetch)
            self._at = (fetch.cursor, fetch.step + 1, count - 1)
            yield batch

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers: where the batch after the last one yielded is, and of which plan."""
        cursor, step, others = self._at
        return {STATE: 1, "cursor": list(cursor), "step": step, "others": others, **self._identity()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """The next ``iter()`` goes on from there; raises ValueError for a state of another plan or global batch."""
        if state.get(STATE) != 1:
            raise ValueError(f"this is no state of a ShardStream: {sorted(state)}; see resumable()")
        for key, mine in self._identity().items():
            if state[key] != mine:
                raise ValueError(f"{key}: {state[key]!r} in the state, {mine!r} here: its place means nothing here")
        epoch, window, position = state["cursor"]
        self._at = ((epoch, window, position), state["step"], state["others"])
        self._loaded = True

    def _identity(self) -> dict[str, Any]:
        return {"plan": self.sampler.plan.fingerprint, "global_batch": self.sampler.global_batch}


def resumable(loader_state: Mapping[str, Any]) -> dict[str, Any]:
    """The state for a stream on any number of workers and ranks, out of that of a StatefulDataLoader (or a stream).

    Raises ValueError where it holds none, or one that is behind (``snapshot_every_n_steps`` above 1).
    """
    if loader_state.get("_steps_since_snapshot"):
        raise ValueError("the loader's state is behind its batches: set snapshot_every_n_steps=1")
    found = list(_states(loader_state))
    if not found:
        raise ValueError("no state of a ShardStream in it")
    return max(found, key=lambda state: state["step"]) | {"others": None}


def _states(state: Any) -> Iterator[dict[str, Any]]:
    if isinstance(state, Mapping):
        if STATE in state:
            yield dict(state)
        else:
            for value in state.values():
                yield from _states(value)
