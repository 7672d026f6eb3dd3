"""What stands in for CLIP: the vision tower learns, on training scenes only, to name what each cell holds.

LLaVA presupposes an encoder whose features tell colours and shapes apart. Tuned end to end from random weights, a
language model of this size needs many minutes before its gradient teaches the tower a shape (0.23 right after 360 s).
The heads used here are thrown away: words, places, counting and answering are learned in the two stages of tuning.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vlit_hub.demo.scenes import CELLS, COLOURS, GRID, SHAPES, WORDS, Scene, render

TARGETS = (tuple(COLOURS), SHAPES, WORDS, CELLS)
# CLIP's features tell where they come from; learned for content alone, these need not. Of three runs without the places
# one left colours by place at chance (0.19), two did not (0.88, 0.91).
ABSENT = -100
BATCH = 64
RATE = 2e-3
WARM_UP = 20


@dataclass(frozen=True)
class Encoder:
    """How pretraining went: accuracy per cell content on scenes it did not train on, steps, seconds of wall clock."""

    colour: float
    shape: float
    word: float
    steps: int
    seconds: float


def pretrain(model: Any, image_processor: Any, items: Sequence[Scene], steps: int, seed: int = 0) -> Encoder:
    """Train `model.model.vision_tower` in place; one scene in ten of `items` is kept apart for the accuracies."""
    began = time.perf_counter()
    pixels = image_processor(images=[render(item) for item in items], return_tensors="pt")["pixel_values"]
    labels = cell_labels(items)
    cut = max(1, len(items) // 10)
    torch.manual_seed(seed)
    head = nn.Linear(model.config.vision_config.hidden_size, sum(map(len, TARGETS)))
    tower = model.model.vision_tower
    parameters = [*tower.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min((s + 1) / WARM_UP, 1 - s / max(steps, 1)))
    tower.train()
    for _ in range(steps):
        rows = torch.randint(cut, len(items), (BATCH,))
        loss = torch.stack([
            F.cross_entropy(logits, labels[rows][:, :, i].flatten(), ignore_index=ABSENT, reduction="sum")
            / (labels[rows][:, :, i] != ABSENT).sum().clamp(min=1)
            for i, logits in enumerate(_logits(tower, head, pixels[rows]))
        ]).sum()  # fmt: skip
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
    tower.eval()
    with torch.no_grad():
        right = [_accuracy(x, labels[:cut, :, i]) for i, x in enumerate(_logits(tower, head, pixels[:cut]))]
    return Encoder(right[0], right[1], right[2], steps, time.perf_counter() - began)


def cell_labels(items: Sequence[Scene]) -> Tensor:
    """(scenes, cells, 4): colour, shape and word of what each cell holds, ABSENT where it holds none; and its place."""
    labels = torch.full((len(items), GRID * GRID, len(TARGETS)), ABSENT)
    labels[:, :, 3] = torch.arange(GRID * GRID)
    for row, item in enumerate(items):
        for o in item.objects:
            labels[row, o.cell, 0] = TARGETS[0].index(o.colour)
            labels[row, o.cell, 1] = SHAPES.index(o.shape)
        if item.word:
            labels[row, item.word_cell, 2] = WORDS.index(item.word)
    return labels


def _logits(tower: Any, head: nn.Linear, pixels: Tensor) -> tuple[Tensor, ...]:
    """Per target (pictures * cells, classes), from the mean feature of the patches of each cell."""
    patches = tower(pixel_values=pixels).last_hidden_state[:, 1:]
    side = round(patches.shape[1] ** 0.5) // GRID
    cells = patches.reshape(len(pixels), GRID, side, GRID, side, -1).mean((2, 4)).flatten(0, 2)
    return torch.split(head(cells), [len(names) for names in TARGETS], dim=1)


def _accuracy(logits: Tensor, labels: Tensor) -> float:
    told = labels.flatten() != ABSENT
    return float((logits.argmax(1) == labels.flatten())[told].float().mean())
