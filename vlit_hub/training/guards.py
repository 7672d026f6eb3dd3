"""What cannot be had, refused before step 1, and a loss that is not a number, stopped at its step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from transformers import TrainingArguments

REFUSED: tuple[tuple[Callable[[TrainingArguments], Any], str], ...] = (
    (lambda a: a.n_gpu > 1, "several GPUs in one process: launch one process per GPU (torchrun, accelerate launch)"),
    (lambda a: a.label_smoothing_factor, "label_smoothing_factor: the Trainer's does not shift the labels of a VLM"),
    (lambda a: a.auto_find_batch_size, "auto_find_batch_size: it would change the global batch, and so the order"),
    (lambda a: a.fsdp and a.device.type == "cpu", "fsdp on a CPU: accelerate would make it DDP; set shard: true"),
    (lambda a: not a.average_tokens_across_devices, "average_tokens_across_devices: false would weigh ranks unequally"),
)
"""Training arguments that cannot be had here, and why."""


class NonFiniteLoss(ArithmeticError):
    """The loss, or the gradient of a finite loss, is not a finite number; names the samples of the batch."""


def refuse(args: TrainingArguments) -> None:
    """Raise ValueError for arguments of REFUSED."""
    for refused, why in REFUSED:
        if refused(args):
            raise ValueError(f"not supported: {why}")


def non_finite(what: str, where: str, names: Sequence[str], guilty: Sequence[bool] | None) -> NonFiniteLoss:
    """The error; ``guilty`` says which of ``names`` is not finite, None that this cannot be told."""
    if guilty is None:
        return NonFiniteLoss(f"{what} in {where}; this rank's samples: " + "; ".join(names))
    first = [name for name, bad in zip(names, guilty, strict=True) if bad]
    rest = [name for name, bad in zip(names, guilty, strict=True) if not bad]
    also = "; ".join(rest) or "none"
    return NonFiniteLoss(f"{what} in {where}; not finite on: {'; '.join(first)}; also in the batch: {also}")
