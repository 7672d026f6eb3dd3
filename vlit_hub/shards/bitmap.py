"""Sets of row numbers at one bit each, in which the k-th member is found without a list of them."""

from __future__ import annotations

import numpy as np

WORD = 64


class Bitmap:
    """The true positions of a mask of shape (n,), ascending: 1 bit a position and a running count per word."""

    def __init__(self, mask: np.ndarray) -> None:
        self.size = len(mask)
        bits = np.packbits(mask, bitorder="little")
        self._words = np.zeros(-(-self.size // WORD), "<u8")
        self._words.view(np.uint8)[: len(bits)] = bits
        self._ranks = np.zeros(len(self._words) + 1, np.int64)
        np.cumsum(np.bitwise_count(self._words), out=self._ranks[1:])

    def __len__(self) -> int:
        return int(self._ranks[-1])

    def select(self, numbers: np.ndarray) -> np.ndarray:
        """The members of these numbers (any shape, values in range(len(self))), int64."""
        numbers = np.asarray(numbers, np.int64)
        if len(self) == self.size:
            return numbers
        word = np.searchsorted(self._ranks, numbers, side="right") - 1
        before = (numbers - self._ranks[word]).astype(np.uint64)
        value, bit = self._words[word], np.zeros(numbers.shape, np.uint64)
        for width in (32, 16, 8, 4, 2, 1):
            low = value & np.uint64((1 << width) - 1)
            count = np.bitwise_count(low).astype(np.uint64)
            above = before >= count
            before = np.where(above, before - count, before)
            value = np.where(above, value >> np.uint64(width), low)
            bit += np.where(above, np.uint64(width), np.uint64(0))
        return word * WORD + bit.astype(np.int64)

    def rank(self, positions: np.ndarray) -> np.ndarray:
        """How many members lie below each position (any shape, values in range(size + 1)), int64."""
        positions = np.asarray(positions, np.int64)
        word, bit = np.divmod(positions, WORD)
        inside = np.append(self._words, np.uint64(0))[word] & ((np.uint64(1) << bit.astype(np.uint64)) - np.uint64(1))
        return self._ranks[word] + np.bitwise_count(inside)
