"""Near neighbours against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlit_hub.curation.neighbours import band_rows, clusters, near_hashes, near_signatures


def clusters_by_hand(count, near):
    label = list(range(count))
    changed = True
    while changed:
        changed = False
        for i in range(count):
            for j in range(count):
                if near(i, j) and label[j] > label[i]:
                    label[j], changed = label[i], True
    return label


def planted(rng, count, flips):
    """Random hashes, half of them copies of another one with up to ``flips`` bits turned."""
    hashes = rng.integers(0, 2**64, count, dtype=np.uint64)
    for i in range(count // 2):
        hashes[i] = hashes[count // 2 + int(rng.integers(count - count // 2))]
        for bit in rng.choice(64, int(rng.integers(flips + 1)), replace=False):
            hashes[i] ^= np.uint64(1 << int(bit))
    return rng.permutation(hashes)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 12))
def test_hashes_are_found_exactly(seed, distance):
    hashes = planted(np.random.default_rng(seed), 120, 14)
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])
    found = near_hashes(hashes, distance)
    assert (np.bitwise_count(hashes[found[:, 0]] ^ hashes[found[:, 1]]) <= distance).all()
    assert (found[:, 0] < found[:, 1]).all() and len(np.unique(found, axis=0)) == len(found)
    by_hand = clusters_by_hand(120, lambda i, j: apart[i, j] <= distance)
    assert clusters(120, found).tolist() == by_hand


def test_pairs_of_distinct_hashes_are_all_listed():
    rng = np.random.default_rng(1)
    hashes = np.unique(planted(rng, 3000, 8))
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])
    expected = np.argwhere(np.triu(apart <= 6, 1))
    assert np.array_equal(near_hashes(hashes, 6), expected) and len(expected) > 500


def test_equal_hashes_are_chained_to_the_first_not_squared():
    assert near_hashes(np.full(5, 7, np.uint64), 3).tolist() == [[0, 1], [0, 2], [0, 3], [0, 4]]
    assert near_hashes(np.zeros(0, np.uint64), 3).shape == (0, 2)
    assert near_hashes(np.array([1, 2], np.uint64), 0).shape == (0, 2)


def test_signatures_are_never_found_wrongly_and_seldom_missed():
    rng = np.random.default_rng(0)
    signatures = rng.integers(0, 2**32, (600, 64), dtype=np.uint32)
    for i in range(300):
        keep = rng.random(64) < rng.uniform(0.3, 1)
        signatures[i] = np.where(keep, signatures[300 + i], signatures[i])
    share = np.array([(signatures == row).mean(axis=1) for row in signatures])
    expected = {tuple(pair) for pair in np.argwhere(np.triu(share >= 0.7, 1)).tolist()}
    found = {tuple(pair) for pair in near_signatures(signatures, 0.7).tolist()}
    assert found <= expected and len(found) >= 0.98 * len(expected) > 80
    assert near_signatures(signatures, 1.0).tolist() == sorted(list(p) for p in expected if share[p] == 1)


def test_bands_are_chosen_by_the_chance_to_miss():
    rows = band_rows(128, 0.7)
    assert (1 - 0.7**rows) ** (128 // rows) < 1e-3 <= (1 - 0.7 ** (rows + 1)) ** (128 // (rows + 1))
    assert band_rows(4, 0.1) == 1


def test_limits_are_named():
    with pytest.raises(ValueError, match="distance: 40 bits; 0 to 31"):
        near_hashes(np.zeros(2, np.uint64), 40)
    with pytest.raises(ValueError, match=r"threshold: 0 is not a share"):
        near_signatures(np.zeros((2, 4), np.uint32), 0)


def test_clusters_of_a_chain():
    assert clusters(6, np.array([[4, 5], [1, 2], [2, 4]])).tolist() == [0, 1, 1, 3, 1, 1]
    assert clusters(2, np.zeros((0, 2), np.int64)).tolist() == [0, 1]
