"""The training DataLoader: our StepSampler as its batch sampler, never prepared by accelerate.

Prepared, a loader is dispatched from rank 0 or sharded a second time, and half of the data is lost (FACTS, ran with two
processes): every rank's StepSampler already yields this rank's micro-batches and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import TrainingArguments

from vlit_hub.shards import Fetch, Plan, StepSampler, Store
from vlit_hub.training.checkpoint import Progress


def batch_shape(
    global_batch: int, world: int, micro_batch: int | None = None, accumulation: int | None = None
) -> tuple[int, int]:
    """(micro-batch, accumulation) such that micro-batch x ``world`` x accumulation is ``global_batch``, in samples.

    What is None follows from the rest; both None: no accumulation. Raises ValueError where it does not come out.
    """
    if micro_batch is None:
        micro_batch = global_batch // (world * (accumulation or 1))
    if accumulation is None:
        accumulation = global_batch // (world * micro_batch) if micro_batch else 0
    if micro_batch < 1 or accumulation < 1 or micro_batch * world * accumulation != global_batch:
        raise ValueError(
            f"global_batch {global_batch} is not per_device_train_batch_size {micro_batch} x {world} processes x "
            f"gradient_accumulation_steps {accumulation} = {micro_batch * world * accumulation}"
        )
    return micro_batch, accumulation


class EpochFetches:
    """A batch sampler: each ``iter()`` yields this rank's fetches from where training stands to the epoch's end.

    Where training stands is asked at ``iter()`` (``progress``), so what a loader fetched ahead and nobody trained on is
    fetched again.
    """

    def __init__(
        self, plan: Plan, args: TrainingArguments, global_batch: int, progress: Callable[[], Progress]
    ) -> None:
        self.plan, self.args, self.global_batch, self.progress = plan, args, global_batch, progress

    def __iter__(self) -> Iterator[Fetch]:
        progress = self.progress()
        yield from StepSampler(
            self.plan,
            global_batch=self.global_batch,
            micro_batch=self.args.per_device_train_batch_size,
            rank=self.args.process_index,
            world=self.args.world_size,
            cursor=progress.cursor,
            step=progress.step,
            epochs=progress.cursor[0] + 1,
        )


def train_loader(
    store: Store, fetches: EpochFetches, collate: Callable[[Any], dict[str, Any]], args: TrainingArguments
) -> DataLoader:
    """Workers read, decode and collate; the main process decides what. Yields the collator's batches."""
    return DataLoader(
        store,  # type: ignore[arg-type]
        batch_sampler=fetches,  # type: ignore[arg-type]
        collate_fn=collate,
        num_workers=args.dataloader_num_workers,
        pin_memory=args.dataloader_pin_memory and args.device.type != "cpu",
        prefetch_factor=args.dataloader_prefetch_factor,
        persistent_workers=args.dataloader_persistent_workers,
        # Without one of its own every iter() draws from the global generator, and a resumed run's dropout differs.
        generator=torch.Generator(),
    )


def epoch_steps(plan: Plan, global_batch: int, args: TrainingArguments) -> tuple[list[int], int]:
    """(optimiser steps of each epoch that is begun, optimiser steps in all), by ``max_steps`` or ``num_train_epochs``.

    Raises ValueError where an epoch holds less than one global batch.
    """
    if plan.steps(0, global_batch) < 1:
        raise ValueError(f"an epoch has {len(plan)} items to train on, less than one global_batch of {global_batch}")
    steps: list[int] = []
    if args.max_steps > 0:
        while sum(steps) < args.max_steps:
            steps.append(plan.steps(len(steps), global_batch))
        return steps, args.max_steps
    whole, part = divmod(args.num_train_epochs, 1)
    steps = [plan.steps(epoch, global_batch) for epoch in range(int(whole) + (part > 0))]
    return steps, sum(steps[: int(whole)]) + (max(1, round(part * steps[-1])) if part else 0)
