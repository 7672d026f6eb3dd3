"""The micro-batches of one rank: a plain iterable that a DataLoader takes as its ``batch_sampler``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from vlit_hub.shards.plan import START, Cursor, Fetch, Item, Plan


class StepSampler:
    """This rank's micro-batches of each global step, in the main process.

    The items of a global step are dealt out in order: micro-batch m of rank r holds items
    ``(m * world + r) * micro_batch`` onwards. So every rank has equally many, and a global step holds the same items
    for any number of ranks and any gradient accumulation.

    ``cursor`` and ``step`` are those to go on from (the Fetch's cursor and step + 1 of the last step done). Give either
    ``epochs`` or ``steps``; both are totals counted from the very start, so a resumed run passes the same.
    Raises ValueError where ``global_batch`` is no multiple of ``micro_batch * world``, or an epoch fills no batch.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        global_batch: int,
        micro_batch: int,
        rank: int = 0,
        world: int = 1,
        cursor: Cursor = START,
        step: int = 0,
        epochs: int | None = None,
        steps: int | None = None,
    ) -> None:
        if min(global_batch, micro_batch, world) < 1 or global_batch % (micro_batch * world):
            raise ValueError(
                f"global_batch {global_batch} is no multiple of micro_batch {micro_batch} x world {world} = "
                f"{micro_batch * world}"
            )
        if not 0 <= rank < world:
            raise ValueError(f"rank {rank} is not below world {world}")
        if (epochs is None) == (steps is None):
            raise ValueError("give either epochs or steps")
        if not plan.fills(global_batch if plan.tail == "drop" else 1):
            raise ValueError(f"an epoch of {len(plan)} samples has fewer items than one global batch of {global_batch}")
        self.plan = plan
        self.global_batch, self.micro_batch = global_batch, micro_batch
        self.rank, self.world = rank, world
        self.cursor, self.step = cursor, step
        self.epochs, self.steps = epochs, steps

    @property
    def accumulation(self) -> int:
        """Micro-batches of this rank in a global step."""
        return self.global_batch // (self.micro_batch * self.world)

    def __len__(self) -> int:
        """Micro-batches that this rank has still to do."""
        if self.steps is not None:
            return max(0, self.steps - self.step) * self.accumulation
        assert self.epochs is not None
        remaining = range(self.cursor[0], self.epochs)
        return sum(self.plan.steps(epoch, self.global_batch, start=self.cursor) for epoch in remaining) * (
            self.accumulation
        )

    def __iter__(self) -> Iterator[Fetch]:
        cursor, step = self.cursor, self.step
        while self.epochs is None or cursor[0] < self.epochs:
            for items, after in self._global_steps(cursor):
                if self.steps is not None and step >= self.steps:
                    return
                yield from self._deal(items, after, step)
                step += 1
            cursor = (cursor[0] + 1, 0, 0)

    def _global_steps(self, cursor: Cursor) -> Iterator[tuple[list[Item], Cursor]]:
        """The global batches from ``cursor`` to the end of its epoch, each with the cursor after it.

        One batch is held back: after the last one the cursor stands at the next epoch, not before a dropped tail.
        """
        source = self.plan.items(cursor)
        held: tuple[list[Item], Cursor] | None = None
        while batch := list(islice(source, self.global_batch)):
            items, after = [item for item, _ in batch], batch[-1][1]
            if len(items) < self.global_batch:
                if self.plan.tail == "drop":
                    break
                items += self._repeated(cursor[0], self.global_batch - len(items))
            if held:
                yield held
            held = items, after
        if held:
            yield held[0], (cursor[0] + 1, 0, 0)

    def _repeated(self, epoch: int, count: int) -> list[Item]:
        """``count`` items from the start of the epoch, over and over."""
        result: list[Item] = []
        while len(result) < count:
            result += [item for item, _ in islice(self.plan.items((epoch, 0, 0)), count - len(result))]
        return result

    def _deal(self, items: list[Item], after: Cursor, step: int) -> Iterator[Fetch]:
        for number in range(self.accumulation):
            start = (number * self.world + self.rank) * self.micro_batch
            mine = items[start : start + self.micro_batch]
            lengths = [self.plan.length(item) for item in mine] if self.plan.measured else []
            yield Fetch(mine, lengths, step, number == self.accumulation - 1, after)
