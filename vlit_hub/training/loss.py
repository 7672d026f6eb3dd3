"""Targets of next-token prediction, and what each sample of a batch contributed to the loss."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel

from vlit_hub.processing.masking import IGNORED


def tie(model: PreTrainedModel, *, always: bool = False) -> None:
    """Tie all logits to all trainable parameters, by none of their elements, where text alone would reach none.

    Where only what pictures pass learns (FA), backward raises on a micro-batch without pictures, or, under activation
    checkpointing, its rank never meets the others. In forward: DDP looks there for what is used. ``always``: whatever
    learns; a sharded model must have gradients of the same parameters on every rank. Those that are still split when
    the model is done are of layers that every text passes.
    """
    parts: list[Any] = [model.get_decoder(), model.get_output_embeddings()]
    if not always and any(parameter.requires_grad for part in parts for parameter in part.parameters()):
        return

    def hook(module: torch.nn.Module, inputs: Any, output: Any) -> None:
        tied = [p for p in module.parameters() if p.requires_grad and not isinstance(p, DTensor)]
        output.logits = output.logits + sum(p.flatten()[:0].sum() for p in tied)

    model.register_forward_hook(hook)
    if always:  # each rank goes back through all layers, frozen ones too: they are gathered by all or by none

        def begin(module: torch.nn.Module, inputs: Any, output: Tensor) -> Tensor:
            tied = [p for p in model.parameters() if p.requires_grad and not isinstance(p, DTensor)]
            return output + sum(p.flatten()[:0].sum() for p in tied)

        model.get_input_embeddings().register_forward_hook(begin)


def targets_of(labels: Tensor) -> Tensor:
    """Labels (rows, length) moved to the position that predicts them; the last position predicts nothing."""
    return F.pad(labels, (0, 1), value=IGNORED)[:, 1:]


def token_losses(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy in nats of every supervised token (supervised,), and where they are predicted (rows, length; bool).

    ``logits`` are (rows, length, vocabulary), or (supervised positions, vocabulary) where the collator
    asked for those alone (``logits_to_keep``). Taken from the logits and never from the model: BLIP-2's own loss cannot
    be had for some positions alone, and Idefics' reads logits over a larger vocabulary than it has
    (modeling_idefics.py, ``additional_vocab_size``).
    """
    targets = targets_of(labels)
    kept = targets != IGNORED
    flat = logits[kept] if logits.dim() == 3 else logits
    return F.cross_entropy(flat.float(), targets[kept], reduction="none"), kept


def samples_of(kept: Tensor, lengths: Sequence[Sequence[int]]) -> Tensor:
    """Number in the batch of the sample that each place of ``kept`` (rows, length; bool) lies in, (places,).

    ``lengths``: tokens of each sample of each row, the samples counted through; or of all rows in one (varlen).
    """
    if len(kept) < len(lengths):
        lengths = [list(chain(*lengths))]
    counts = torch.tensor([len(row) for row in lengths])
    starts = torch.zeros(kept.shape, dtype=torch.long)
    for number, row in enumerate(lengths):
        starts[number, torch.tensor(row[:-1], dtype=torch.long).cumsum(0)] = 1
    numbers = starts.cumsum(1) + (counts.cumsum(0) - counts)[:, None]
    return numbers.to(kept.device)[kept]


def by_sample(losses: Tensor, samples: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Per sample of a batch of ``count``: summed loss in nats (float64) and number of supervised tokens."""
    sums = torch.zeros(count, dtype=torch.float64, device=losses.device)
    return sums.index_add_(0, samples, losses.detach().double()), torch.bincount(samples, minlength=count)
