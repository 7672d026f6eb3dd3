"""Near neighbours in large sets: 64-bit picture hashes by Hamming distance, MinHash signatures by agreement.

Exact for hashes (pigeonhole over chunks of bits, Norouzi et al., "Fast Search in Hamming Space with Multi-Index
Hashing", 2012). For signatures candidates come from bands (Leskovec et al., "Mining of Massive Datasets", 3.4) and are
then compared in full: nothing is found that is not there, and what is as similar as the threshold is missed rarely.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np

BITS = 64
SORT = 1.0
"""Cost of sorting one value, in comparisons of two hashes per bit of its rank: decides how many chunks must agree."""
SLICE = 1 << 20
"""Pairs compared at once: bounds the memory."""


def near_hashes(hashes: np.ndarray, distance: int) -> np.ndarray:
    """Pairs (i, j), i < j, int64 of shape (n, 2), whose 64-bit hashes differ in at most ``distance`` bits.

    Of equal hashes only the first is paired with others, and with each of its copies. Raises ValueError unless
    0 <= distance < 32.
    """
    if not 0 <= distance < BITS // 2:
        raise ValueError(f"distance: {distance} bits; 0 to {BITS // 2 - 1} can be searched")
    hashes = np.ascontiguousarray(hashes, np.uint64)
    distinct, copies = _collapse(hashes, hashes)
    values = hashes[distinct]
    found = [copies]
    for keys in _chosen_chunks(values, distance) if distance and len(values) > 1 else ():
        for a, b in _sharing(keys):
            near = np.bitwise_count(values[a] ^ values[b]) <= distance
            found.append(distinct[np.stack([a[near], b[near]], axis=1)])
    return _ordered(found)


def _collapse(values: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(positions of the first of each value, ascending; pairs (first, copy)); equal values have equal ``keys``."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    own = first[inverse]
    copy = own != np.arange(len(values))
    flat = values.reshape(len(values), values.shape[1] if values.ndim > 1 else 1)
    copy[copy] = (flat[own[copy]] == flat[copy]).all(axis=1)
    later = np.flatnonzero(copy)
    return np.flatnonzero(~copy), np.stack([own[later], later], axis=1)


def _chosen_chunks(values: np.ndarray, distance: int) -> Iterator[np.ndarray]:
    """Of all values as many chunks of bits as any two within the distance agree in, for every choice of chunks."""
    agree = min(range(1, 5), key=lambda r: _cost(len(values), distance, r))
    edges = np.linspace(0, BITS, distance + agree + 1).astype(int)
    masks = [((1 << int(stop)) - 1) ^ ((1 << int(start)) - 1) for start, stop in zip(edges, edges[1:], strict=False)]
    for chosen in combinations(masks, agree):
        yield values & np.uint64(sum(chosen))


def _cost(count: int, distance: int, agree: int) -> float:
    chunks = distance + agree
    if chunks > BITS:
        return float("inf")
    per_pass = count * SORT * max(1, np.log2(count)) + count**2 / 2 / 2 ** (BITS * agree / chunks)
    return comb(chunks, agree) * per_pass


def _sharing(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All pairs of positions that share a key, in slices."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    at, shift = np.arange(len(keys)), 0
    while True:
        shift += 1
        at = at[at + shift < len(keys)]
        at = at[ranked[at] == ranked[at + shift]]
        if not len(at):
            return
        for start in range(0, len(at), SLICE):
            part = at[start : start + SLICE]
            yield order[part], order[part + shift]


def near_signatures(signatures: np.ndarray, threshold: float, rows: int = 0) -> np.ndarray:
    """Pairs (i, j), i < j, int64 of shape (n, 2), whose signatures (count, width) agree in a share >= ``threshold``.

    ``rows``: values of a band; 0 takes the most for which a pair at the threshold is missed once in a thousand. Of
    equal signatures only the first is paired with others, and with each of its copies. Raises ValueError for a
    threshold outside 0..1.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold: {threshold} is not a share in 0..1")
    signatures = np.ascontiguousarray(signatures)
    distinct, copies = _collapse(signatures, _mixed(signatures))
    values = signatures[distinct]
    found = [copies]
    rows = rows or band_rows(signatures.shape[1], threshold)
    need = threshold * signatures.shape[1] - 1e-9
    for start in range(0, signatures.shape[1] - rows + 1, rows):
        for a, b in _sharing(_mixed(values[:, start : start + rows])):
            near = _agreement(values, a, b) >= need
            found.append(distinct[np.stack([a[near], b[near]], axis=1)])
    return _ordered(found)


def _agreement(values: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """In how many values the signatures at ``a`` and ``b`` agree, int64 of shape (pairs,)."""
    counts = np.zeros(len(a), np.int64)
    step = max(1, SLICE // values.shape[1])
    for start in range(0, len(a), step):
        part = slice(start, start + step)
        counts[part] = (values[a[part]] == values[b[part]]).sum(axis=1)
    return counts


def band_rows(width: int, threshold: float, missed: float = 1e-3) -> int:
    """The most values in a band for which a pair at the threshold agrees in no band with a chance below ``missed``."""
    return max((r for r in range(1, width + 1) if (1 - threshold**r) ** (width // r) < missed), default=1)


def _mixed(band: np.ndarray) -> np.ndarray:
    """One 64-bit key per row of a band."""
    key = np.zeros(len(band), np.uint64)
    for column in band.T.astype(np.uint64):
        key = (key ^ column) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key


def _ordered(found: list[np.ndarray]) -> np.ndarray:
    pairs = np.concatenate(found).astype(np.int64)
    return np.unique(np.sort(pairs, axis=1), axis=0) if len(pairs) else pairs.reshape(0, 2)


def clusters(count: int, pairs: np.ndarray) -> np.ndarray:
    """For each of ``count`` items the smallest item that pairs lead to: equal for all of one cluster; int64."""
    parent = np.arange(count)
    for i, j in pairs.tolist():
        a, b = _root(parent, i), _root(parent, j)
        if a != b:
            parent[max(a, b)] = min(a, b)
    while not np.array_equal(above := parent[parent], parent):
        parent = above
    return parent


def _root(parent: np.ndarray, item: int) -> int:
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = int(parent[item])
    return item
