"""Targets of next-token prediction, and what each row of a batch contributed to the loss."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from vlit_hub.processing.masking import IGNORED

CHUNK = 1024
"""Positions taken at once in :func:`row_losses`: its memory is CHUNK x vocabulary floats."""


def tie(model: PreTrainedModel) -> None:
    """Tie every loss to all trainable parameters, by none of their elements, where text alone would reach none.

    Where only what pictures pass learns (FA), backward raises on a micro-batch without pictures, or, under activation
    checkpointing, its rank never meets the others. In forward: DDP looks there for what is used.
    """
    parts: list[Any] = [model.get_decoder(), model.get_output_embeddings()]
    if any(parameter.requires_grad for part in parts for parameter in part.parameters()):
        return

    def hook(module: torch.nn.Module, inputs: Any, output: Any) -> None:
        if output.loss is not None:
            output.loss = output.loss + sum(p.flatten()[:0].sum() for p in module.parameters() if p.requires_grad)

    model.register_forward_hook(hook)


def targets_of(labels: Tensor) -> Tensor:
    """Labels (rows, length) moved to the position that predicts them; the last position predicts nothing."""
    return F.pad(labels, (0, 1), value=IGNORED)[:, 1:]


@torch.no_grad()
def row_losses(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Per row of the batch: summed cross-entropy in nats (float64) and number of supervised tokens, shapes (rows,).

    ``logits`` are (rows, length, vocabulary), or (supervised positions, vocabulary) where the collator
    asked for those alone (``logits_to_keep``).
    """
    targets = targets_of(labels)
    kept = targets != IGNORED
    flat = logits[kept] if logits.dim() == 3 else logits
    wanted, rows = targets[kept], kept.nonzero()[:, 0]
    losses = torch.zeros(len(wanted), dtype=torch.float64, device=logits.device)
    for start in range(0, len(wanted), CHUNK):
        part = slice(start, start + CHUNK)
        losses[part] = F.cross_entropy(flat[part].float(), wanted[part], reduction="none").double()
    sums = torch.zeros(len(labels), dtype=torch.float64, device=logits.device).index_add_(0, rows, losses)
    return sums, kept.sum(dim=1)
