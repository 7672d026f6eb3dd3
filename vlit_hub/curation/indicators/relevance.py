"""Whether an answer speaks of what was asked: words of the question that come back, for answers of a sentence."""

from functools import lru_cache

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values
from vlit_hub.curation.verbs import CONTENTLESS
from vlit_hub.lexicon import plurals, singulars

LEAST_WORDS = 5
"""Shorter answers need not repeat anything."""
_NONE: frozenset[str] = frozenset()


@lru_cache(1 << 14)
def forms(word: str) -> frozenset[str]:
    """The word in the singular and in the plural; none of one that carries no meaning. Two words have the same forms or
    none in common."""
    meaning = _meaning(word)
    return frozenset(each for each in (meaning, *plurals(meaning)) if _meaning(each) == meaning) if meaning else _NONE


def _meaning(word: str) -> str:
    return "" if len(word) <= 2 or word in CONTENTLESS else singulars(word)[-1]


def run(facts: Facts) -> Values:
    shares = []
    rounds = zip(facts.question_words, facts.answer_words, facts.answer_sets, strict=True)
    for question, answer, different in rounds if facts.english else ():
        if len(answer) < LEAST_WORDS:
            continue
        asked = {forms(word) for word in question}
        asked.discard(_NONE)
        if asked:
            shares.append(sum([not each.isdisjoint(different) for each in asked]) / len(asked))
    return {"relevance": sum(shares) / len(shares)} if shares else {}


INDICATOR = Indicator(
    "relevance",
    "correctness",
    (Column("relevance", "share", "words of the question that come back in an answer of five words or more", "high"),),
    run,
)
