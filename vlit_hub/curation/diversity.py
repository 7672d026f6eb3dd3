"""Diversity of a whole dataset over samples of one size, so that large and small ones can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import numpy as np

from vlit_hub.curation.embeddings import embed
from vlit_hub.curation.facts import Facts
from vlit_hub.curation.summary import entropy
from vlit_hub.curation.verbs import verb_noun
from vlit_hub.shards import Store

SAMPLE = 1000
FEWEST = 30
"""A dataset of fewer samples does not set the size for all."""
NEAREST = 2000
"""Texts that embeddings are compared over."""


@dataclass(frozen=True)
class Diversity:
    """One dataset. All shares 0..1; ``samples``: how many it was measured on, the same for all datasets compared."""

    dataset: str
    samples: int
    distinct_1: float
    """Different words over all words of the answers."""
    distinct_2: float
    """Different pairs of neighbouring words over all."""
    verb_nouns: int
    """Different pairs of verb and noun of the first instructions."""
    verb_noun_entropy: float | None
    """Of their frequencies, 0 (one pair) .. 1 (all that occur equally often)."""
    spread: float | None = None
    """Mean cosine distance of embeddings from their mean."""
    nearest: float | None = None
    """Mean cosine distance to the nearest other text."""
    embedding: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def diversity(store: Store, size: int = SAMPLE, seed: int = 0, embedding: str = "") -> list[Diversity]:
    """One row per dataset, each over the same number of samples, drawn: ``size``, or as many as the smallest has of
    those with FEWEST or more; smaller ones over all they have. Datasets in order of appearance."""
    codes, names = store.index.codes("dataset")
    rows = {name: np.flatnonzero(codes == code) for code, name in enumerate(names)}
    rows = {name: found for name, found in rows.items() if len(found)}
    least = min([size, *(len(found) for found in rows.values() if len(found) >= FEWEST)])
    draw = np.random.default_rng(seed)
    return [
        measure(name, [Facts(store[row]) for row in np.sort(draw.permutation(found)[:least]).tolist()], embedding)
        for name, found in rows.items()
    ]


def measure(dataset: str, found: Sequence[Facts], embedding: str = "") -> Diversity:
    """The diversity of these samples."""
    words = [said for facts in found for said in facts.answer_words]
    pairs = Counter(filter(None, (verb_noun(facts.questions[0]) for facts in found if facts.questions)))
    apart = distances([_text(facts) for facts in found][:NEAREST], embedding) if embedding else (None, None)
    return Diversity(
        dataset,
        len(found),
        distinct(words, 1),
        distinct(words, 2),
        len(pairs),
        entropy(list(pairs.values())),
        *apart,
        embedding=embedding,
    )


def distinct(words: Sequence[Sequence[str]], n: int) -> float:
    """Different n-grams over all n-grams of several texts (Li et al., 1510.03055); 0 where there are none."""
    grams = Counter(chain.from_iterable(_grams(said, n) for said in words))
    total = sum(grams.values())
    return len(grams) / total if total else 0.0


def _grams(words: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(n)), strict=False)


def distances(texts: Sequence[str], embedding: str) -> tuple[float | None, float | None]:
    """(spread, nearest), cosine distances; None of fewer than two texts."""
    if len(texts) < 2:
        return None, None
    vectors = embed(texts, embedding)
    mean = vectors.mean(axis=0)
    centre = mean / max(float(np.linalg.norm(mean)), 1e-12)
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -1)
    return float((1 - vectors @ centre).mean()), float((1 - alike.max(axis=1)).mean())


def _text(facts: Facts) -> str:
    return "\n".join(text for pair in facts.rounds for text in pair)
