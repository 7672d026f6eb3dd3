"""Packs of samples under budgets of tokens and pictures: best fit, longest first, over a window of fixed size."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

COSTS = ("tokens", "pictures", "image_tokens")
"""Columns of what a unit costs."""


@dataclass(frozen=True)
class Packer:
    """Budgets of one pack; None: unbounded.

    ``pictures`` counts media of any type, a video as the frames that are shown of it, ``image_tokens`` the tokens that
    stand for them. ``look_ahead``: units of a window. ``group``: consecutive samples of one group (``Row.group``) are
    one unit and stay together as long as they fit, so that one picture, counted once, serves many questions. Packs are
    the fuller the smaller groups are.
    """

    tokens: int
    pictures: int | None = None
    image_tokens: int | None = None
    look_ahead: int = 1000
    group: bool = False

    def __post_init__(self) -> None:
        for name in ("tokens", "pictures", "image_tokens", "look_ahead"):
            value = getattr(self, name)
            optional = name in ("pictures", "image_tokens")
            if not (optional and value is None) and (type(value) is not int or value < 1):
                raise ValueError(f"packing: {name} is {value!r}, a whole number from 1 on is needed")

    @property
    def budgets(self) -> tuple[int | None, int | None, int | None]:
        """In the order of COSTS."""
        return self.tokens, self.pictures, self.image_tokens

    def bins(self, costs: np.ndarray) -> list[list[int]]:
        """Units (their numbers, ascending) of each pack, for costs of shape (units, len(COSTS))."""
        bound = [number for number, budget in enumerate(self.budgets) if budget is not None]
        order = np.argsort(-costs[:, 0], kind="stable").tolist()
        if bound == [0]:
            packed = _best_fit(order, costs[:, 0].tolist(), self.tokens)
        else:
            packed = _best_fit_within(order, costs[:, bound], np.array([self.budgets[number] for number in bound]))
        for members in packed:
            members.sort()
        return packed

    def parts(self, costs: np.ndarray) -> list[tuple[int, int]]:
        """Cut the samples of one unit, of costs (samples, len(COSTS)), into runs (start, stop) that fit a pack."""
        found, start = [], 0
        for stop in range(1, len(costs) + 1):
            if stop - start > 1 and not self.fits(costs[start:stop].sum(axis=0)):
                found.append((start, stop - 1))
                start = stop - 1
        return [*found, (start, len(costs))]

    def fits(self, cost: Sequence[int] | np.ndarray) -> bool:
        """Whether one unit keeps to every budget."""
        return all(budget is None or value <= budget for value, budget in zip(cost, self.budgets, strict=True))


def _best_fit(order: list[int], tokens: list[int], capacity: int) -> list[list[int]]:
    """Each unit into the fullest pack that still takes it. ``room``: free tokens of the open packs, ascending, with the
    pack's number in the low bits."""
    packs: list[list[int]] = []
    room: list[int] = []
    shift = max(len(order), 1).bit_length()
    low = (1 << shift) - 1
    for unit in order:
        need = tokens[unit] << shift
        place = bisect_left(room, need)
        if place < len(room):
            entry = room.pop(place)
            packs[entry & low].append(unit)
            insort(room, entry - need)
        else:
            insort(room, (capacity << shift) - need + len(packs))
            packs.append([unit])
    return packs


def _best_fit_within(order: list[int], costs: np.ndarray, budgets: np.ndarray) -> list[list[int]]:
    """As :func:`_best_fit`, with every budget: the fullest pack by tokens that takes it. Costs (units, budgets)."""
    packs: list[list[int]] = []
    left = np.empty((len(order), len(budgets)), np.int64)
    closed = np.iinfo(np.int64).max
    for unit in order:
        cost = costs[unit]
        open_ = left[: len(packs)]
        rooms = np.where((open_ >= cost).all(axis=1), open_[:, 0], closed)
        place = int(rooms.argmin()) if len(packs) else 0
        if len(packs) and rooms[place] != closed:
            packs[place].append(unit)
            left[place] -= cost
        else:
            left[len(packs)] = budgets - cost
            packs.append([unit])
    return packs
