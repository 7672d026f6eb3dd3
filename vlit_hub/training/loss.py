"""Targets of next-token prediction, and what each row of a batch contributed to the loss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vlit_hub.processing.masking import IGNORED

CHUNK = 1024
"""Positions taken at once in :func:`row_losses`: its memory is CHUNK x vocabulary floats."""


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
