"""Attention masks of packed rows, for models that do not cut a sequence where its positions start again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from vlit_hub.processing.truncation import Encoded

Rows = Sequence[Sequence["Encoded"]]
"""The samples of each row."""


def numbers(rows: Rows, longest: int) -> Tensor:
    """Which sample of its row each position belongs to, (rows, longest); padding is one more."""
    lengths = [[sample.length for sample in row] for row in rows]
    return torch.stack([torch.repeat_interleave(torch.tensor([*row, longest - sum(row)])) for row in lengths])


def same(numbers: Tensor) -> Tensor:
    """(rows, longest) -> (rows, longest, longest): whether two positions have one number."""
    return numbers[:, :, None] == numbers[:, None, :]


def before(longest: int) -> Tensor:
    """(longest, longest): whether a position (row) sees another (column) in causal attention."""
    return torch.ones(longest, longest, dtype=torch.bool).tril()


def near(longest: int, window: int) -> Tensor:
    """(longest, longest): whether another position is no farther back than a sliding window reaches."""
    places = torch.arange(longest)
    return places[None, :] > places[:, None] - window


def causal(rows: Rows, longest: int) -> Tensor:
    """(rows, 1, longest, longest), true where attention goes: to the positions before in the same sample."""
    return (before(longest) & same(numbers(rows, longest)))[:, None]
