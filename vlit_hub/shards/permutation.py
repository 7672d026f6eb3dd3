"""Keyed permutations in O(1) memory, and the two-level order of an epoch built from them."""

from __future__ import annotations

import hashlib
import math

import numpy as np

ALGORITHM = 1
"""Part of every plan's fingerprint: changes with any change of the order."""
BLOCK = 64
"""Consecutive rows that stay together in a window, so that reads stay local."""
WINDOW = 1024
"""Most blocks mixed with each other."""
ROUNDS = 8
"""Four leave the permutations of a few values visibly uneven (chi-squared over keys)."""
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def words(count: int, *key: int | str) -> np.ndarray:
    """``count`` (at most 8) words of 64 bits drawn by a key."""
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8 * count).digest()
    return np.frombuffer(digest, "<u8").astype(np.uint64)


class Permutation:
    """A keyed bijection of range(n): a Feistel network over a grid a x b >= n, walked along its cycles into range(n).

    Black and Rogaway, "Ciphers with Arbitrary Finite Domains" (2002), generalised Feistel and cycle walking.
    """

    def __init__(self, n: int, *key: int | str) -> None:
        self.n = n
        self._a = max(1, math.isqrt(max(n - 1, 0)) + 1)
        self._b = max(1, -(-n // self._a))
        self._keys = words(ROUNDS, *key)

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        """Images of ``positions`` (any shape, values in range(n)) as int64."""
        result = self._encrypt(np.asarray(positions, np.uint64))
        while (outside := result >= self.n).any():
            result[outside] = self._encrypt(result[outside])
        return result.astype(np.int64)

    def _encrypt(self, values: np.ndarray) -> np.ndarray:
        a, b = np.uint64(self._a), np.uint64(self._b)
        left: np.ndarray = values // b
        right: np.ndarray = values % b
        for number, key in enumerate(self._keys):
            if number % 2:
                right = (right + mix(left, key) % b) % b
            else:
                left = (left + mix(right, key) % a) % a
        return left * b + right


def mix(values: np.ndarray, key: np.uint64) -> np.ndarray:
    """The finaliser of splitmix64 over values xor key."""
    x = values ^ key
    x = (x ^ (x >> np.uint64(30))) * _M1
    x = (x ^ (x >> np.uint64(27))) * _M2
    return x ^ (x >> np.uint64(31))


class Order:
    """The order of range(n) in one epoch: blocks of BLOCK consecutive rows are permuted, WINDOW of them make a window,
    and the rows of a window are permuted among themselves. A pure function of (key, epoch, position).
    """

    def __init__(self, n: int, *key: int | str) -> None:
        self.n, self.key = n, key
        self._blocks = n // BLOCK  # the rows beyond go into the last window
        self.windows = max(1, -(-self._blocks // WINDOW))
        self._starts = np.array([self.start(window) for window in range(self.windows)])

    def start(self, window: int) -> int:
        """Position at which a window starts; ``start(windows)`` is n."""
        return self.n if window == self.windows else self._first_block(window) * BLOCK

    def window_of(self, position: int) -> int:
        """The window that holds a position in range(n)."""
        return int(np.searchsorted(self._starts, position, side="right")) - 1

    def places(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(window, place in it) of positions in range(n), int64."""
        window = np.searchsorted(self._starts, positions, side="right") - 1
        return window, positions - self._starts[window]

    def rows(self, epoch: int, window: int) -> np.ndarray:
        """The values at positions start(window) .. start(window + 1), int64."""
        slots = np.arange(self._first_block(window), self._first_block(window + 1))
        blocks = Permutation(self._blocks, *self.key, epoch, "blocks")(slots)
        rows = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
        if window == self.windows - 1:
            rows = np.concatenate([rows, np.arange(self._blocks * BLOCK, self.n)])
        return rows[Permutation(len(rows), *self.key, epoch, "window", window)(np.arange(len(rows)))]

    def _first_block(self, window: int) -> int:
        return window * self._blocks // self.windows
