"""Selections as different as can be: in turns over kinds, or each the farthest from those taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

from vlit_hub.curation.embeddings import embed
from vlit_hub.curation.facts import Facts
from vlit_hub.shards import Store


def in_turns(kinds: Sequence[Hashable], size: int, draw: np.random.Generator) -> np.ndarray:
    """Positions of ``size`` items: one of each kind, then a second one of each, ..; which ones is drawn. Sorted."""
    members: dict[Hashable, list[int]] = defaultdict(list)
    for place in draw.permutation(len(kinds)).tolist():
        members[kinds[place]].append(place)
    turns = [(turn, place) for found in members.values() for turn, place in enumerate(found)]
    return np.array(sorted(place for _, place in sorted(turns)[:size]), np.int64)


def farthest(store: Store, rows: np.ndarray, size: int, embedding: str, draw: np.random.Generator) -> np.ndarray:
    """Positions in ``rows`` of ``size`` samples, each the farthest (cosine) from those taken before, the first drawn
    (greedy k-centre, Gonzalez 1985). Sorted."""
    texts = ["\n".join(text for pair in Facts(store[row]).rounds for text in pair) for row in rows.tolist()]
    vectors = embed(texts, embedding)
    if not size or not len(rows):
        return np.zeros(0, np.int64)
    taken = [int(draw.integers(len(rows)))]
    nearest = vectors @ vectors[taken[0]]
    nearest[taken[0]] = np.inf
    while len(taken) < size:
        place = int(np.argmin(nearest))
        taken.append(place)
        nearest = np.maximum(nearest, vectors @ vectors[place])
        nearest[taken] = np.inf
    return np.array(sorted(taken), np.int64)
