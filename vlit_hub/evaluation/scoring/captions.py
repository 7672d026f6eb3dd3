"""CIDEr-D of captions against those of people.

Vedantam et al., "CIDEr: Consensus-based Image Description Evaluation" (2015); the figures of pycocoevalcap on the same
tokens. Its tokenizer (Stanford's, in Java) is replaced by a rule of ours: lower case, words, numbers, no punctuation.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

N = 4
SIGMA = 6.0
Tokens = Sequence[str]
Grams = list[Counter[tuple[str, ...]]]
"""Counts of the n-grams of one text, n = 1..N."""
_TOKEN = re.compile(r"n't\b|\w+(?:[.,]\d+)*|'\w+")


def tokens(text: str) -> list[str]:
    """Lower-case tokens; "don't" is "do", "n't", "dog's" is "dog", "'s", as in the Penn Treebank."""
    return _TOKEN.findall(re.sub(r"n't\b", " n't", text.lower()))


def cider(
    predictions: Sequence[str], references: Sequence[Sequence[str]], tokenize: Callable[[str], Tokens] = tokens
) -> list[float]:
    """CIDEr-D (0..10) of each prediction against its references.

    Document frequencies are those of the references of all rows, so a score depends on the set it stands in. Raises
    ValueError for unequal lengths and for a row without references.
    """
    if len(predictions) != len(references) or not all(references):
        raise ValueError("references: every prediction needs at least one")
    known = [[_grams(tokenize(text)) for text in texts] for texts in references]
    frequency = Counter(gram for row in known for gram in {gram for grams in row for gram in _all(grams)})
    most = math.log(len(known)) if known else 0.0

    def weighed(grams: Grams) -> list[dict[tuple[str, ...], float]]:
        return [{g: n * (most - math.log(max(1, frequency[g]))) for g, n in counts.items()} for counts in grams]

    scores = []
    for text, row in zip(predictions, known, strict=True):
        grams = _grams(tokenize(text))
        mine, length = weighed(grams), grams[1].total()
        total = sum(_similarity(mine, weighed(other), length - other[1].total()) for other in row)
        scores.append(10 * total / N / len(row))
    return scores


def _grams(words: Tokens) -> Grams:
    return [Counter(zip(*(words[i:] for i in range(n)), strict=False)) for n in range(1, N + 1)]


def _all(grams: Grams) -> list[tuple[str, ...]]:
    return [gram for counts in grams for gram in counts]


def _similarity(
    mine: Sequence[dict[tuple[str, ...], float]], theirs: Sequence[dict[tuple[str, ...], float]], longer: int
) -> float:
    """Clipped cosine summed over n, under a Gaussian of the difference in length (in bigrams)."""
    found = 0.0
    for a, b in zip(mine, theirs, strict=True):
        dot = sum(min(weight, b.get(gram, 0.0)) * b.get(gram, 0.0) for gram, weight in a.items())
        norms = math.sqrt(sum(w * w for w in a.values())) * math.sqrt(sum(w * w for w in b.values()))
        found += dot / norms if norms else dot
    return found * math.exp(-(longer**2) / (2 * SIGMA**2))
