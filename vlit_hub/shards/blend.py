"""How often each source comes in an epoch, and where: exact quotas, and a place in the epoch found in O(1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vlit_hub.shards.permutation import mix, words
from vlit_hub.shards.select import Source

MIXED = 32
"""Places shuffled with each other, so that sources do not come in a fixed rhythm (which ranks would fall in with)."""
MOST = 1 << 31
"""Samples of an epoch beyond which the products of quotas leave int64."""


@dataclass(frozen=True)
class Blend:
    """Sources and blends of them.

    ``mode`` "epochised": an epoch holds each source ``weight`` times (1 by default, 0.5 is half of it, the next half
    in the next epoch); the weights of nested blends multiply. "sampled": an epoch of ``samples`` (0: as many as there
    are) in which sources come in proportion to ``weight``, each at its own pace, beginning anew when it is through;
    children without a weight share by size ** ``exponent``: 1 by size, 0.5 the square root (InstructBLIP, arXiv
    2305.06500), 0 evenly, 1/T at temperature T. Only the outermost blend's mode and samples count.
    """

    children: tuple[Source | Blend, ...]
    weight: float | None = None
    exponent: float = 1.0
    mode: Literal["epochised", "sampled"] = "epochised"
    samples: int = 0

    def __post_init__(self) -> None:
        if self.mode not in ("epochised", "sampled"):
            raise ValueError(f"mode {self.mode!r} is not one of: epochised, sampled")
        if self.mode == "epochised" and self.samples:
            raise ValueError("samples: an epochised blend is as long as its sources; set mode: sampled")
        if not self.children or (self.weight is not None and self.weight < 0) or self.samples < 0 or self.exponent < 0:
            raise ValueError("a blend has at least one source; weights, samples and exponents are not negative")
        names = [source.name for source in self.leaves()]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two sources are named {', '.join(twice)}: give each a name of its own")

    def leaves(self) -> list[Source]:
        """The sources in order."""
        return [leaf for child in self.children for leaf in (child.leaves() if isinstance(child, Blend) else [child])]

    def quotas(self, sizes: Sequence[int]) -> list[int]:
        """Samples per epoch of each of :meth:`leaves`, which have ``sizes`` of them.

        Raises ValueError where nothing is left, or a source with a weight is empty.
        """
        for leaf, size in zip(self.leaves(), sizes, strict=True):
            if leaf.weight and not size:
                raise ValueError(f"source {leaf.name}: no sample is left, and its weight is {leaf.weight}")
        total: int = sum(sizes)
        if self.mode == "epochised":
            found = [round(size * times) for size, times in zip(sizes, self._times(), strict=True)]
        else:
            found = apportion(self._shares(sizes), self.samples or total) if total else [0] * len(sizes)
        if sum(found) >= MOST:
            raise ValueError(f"an epoch of {sum(found)} samples; at most {MOST - 1}: set samples")
        return found

    def _times(self) -> list[float]:
        times = []
        for child in self.children:
            own = 1.0 if child.weight is None else child.weight
            times += [own * inner for inner in child._times()] if isinstance(child, Blend) else [own]
        return times

    def _shares(self, sizes: Sequence[int]) -> list[float]:
        """Sum to 1."""
        weights, inner, done = [], [], 0
        for child in self.children:
            count = len(child.leaves()) if isinstance(child, Blend) else 1
            part = sizes[done : done + count]
            size: int = sum(part)
            inner.append(child._shares(part) if isinstance(child, Blend) and size else [1.0 / count] * count)
            natural = float(size) ** self.exponent if size else 0.0
            weights.append(child.weight if child.weight is not None and size else natural)
            done += count
        total = sum(weights)
        if not total:
            raise ValueError("all weights of a blend are 0")
        return [weight / total * share for weight, shares in zip(weights, inner, strict=True) for share in shares]


def apportion(shares: Sequence[float], total: int) -> list[int]:
    """Whole numbers in proportion to ``shares`` that sum to ``total`` (largest remainders, the first of equals)."""
    exact = [share / sum(shares) * total for share in shares]
    found = [int(value) for value in exact]
    order = sorted(range(len(exact)), key=lambda i: (found[i] - exact[i], i))
    for i in order[: total - sum(found)]:
        found[i] += 1
    return found


class Interleave:
    """The places 0 .. total - 1 of an epoch dealt out to sources by quota: of the first n places each source has its
    proportion, within MIXED places, and of all of them its quota exactly.

    A balanced tree halves the sources; a node that has given n places gave ``round(n * left / both)`` of them to its
    left half, which never falls as n grows: so the source of a place, and how many places it had before, follow from
    the place alone.
    """

    def __init__(self, quotas: Sequence[int], *key: int | str) -> None:
        self.total = sum(quotas)
        self._key = words(1, *key)[0]
        self._tree: list[tuple[int, int, int, int]] = []
        """(quota of the left half, of both, left child, right child); a child below 0 is ~source."""
        self._root = self._grow([(quota, number) for number, quota in enumerate(quotas) if quota])
        self._nodes = np.array(self._tree, np.int64).reshape(-1, 4)

    def _grow(self, leaves: list[tuple[int, int]]) -> int:
        if len(leaves) < 2:
            return ~leaves[0][1] if leaves else ~0
        half = len(leaves) // 2
        number = len(self._tree)
        self._tree.append((0, 0, 0, 0))
        left, right = self._grow(leaves[:half]), self._grow(leaves[half:])
        quotas = sum(quota for quota, _ in leaves[:half]), sum(quota for quota, _ in leaves)
        self._tree[number] = (*quotas, left, right)
        return number

    def __call__(self, epoch: int, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """(source, how many places of this epoch it had before) of the places start .. stop, int64."""
        if self._root < 0:
            return np.full(stop - start, ~self._root, np.int64), np.arange(start, stop)
        count = self._shuffled(epoch, start, stop)
        node = np.full(len(count), self._root)
        inner = np.arange(len(count))
        while inner.size:
            quota, both, left, right = self._nodes[node[inner]].T
            n = count[inner]
            before, after = (n * quota + both // 2) // both, ((n + 1) * quota + both // 2) // both
            taken = after > before
            count[inner] = np.where(taken, before, n - before)
            node[inner] = np.where(taken, left, right)
            inner = inner[node[inner] >= 0]
        return ~node, count

    def _shuffled(self, epoch: int, start: int, stop: int) -> np.ndarray:
        """The places start .. stop, those of each run of MIXED in another order."""
        first = start - start % MIXED
        places = np.arange(first, -(-stop // MIXED) * MIXED)
        draws = mix(places.astype(np.uint64) ^ self._key, words(1, epoch)[0])
        draws[places >= self.total] = np.uint64(2**64 - 1)
        order = np.argsort(draws.reshape(-1, MIXED), axis=1, kind="stable")
        shuffled = np.take_along_axis(places.reshape(-1, MIXED), order, axis=1).ravel()
        return shuffled[start - first : stop - first]
