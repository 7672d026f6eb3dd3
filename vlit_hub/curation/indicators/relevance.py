"""Whether an answer speaks of what was asked: words of the question that come back, for answers of a sentence."""

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values
from vlit_hub.curation.verbs import CONTENTLESS
from vlit_hub.lexicon import singulars

LEAST_WORDS = 5
"""Shorter answers need not repeat anything."""


def content(words: list[str]) -> frozenset[str]:
    """The words that carry meaning, in the singular."""
    return frozenset([singulars(word)[-1] for word in set(words) - CONTENTLESS if len(word) > 2])


def run(facts: Facts) -> Values:
    shares = []
    for question, answer in zip(facts.question_words, facts.answer_words, strict=True) if facts.english else ():
        asked = content(question)
        if asked and len(answer) >= LEAST_WORDS:
            shares.append(len(asked & content(answer)) / len(asked))
    return {"relevance": sum(shares) / len(shares)} if shares else {}


INDICATOR = Indicator(
    "relevance",
    "correctness",
    (Column("relevance", "share", "words of the question that come back in an answer of five words or more", "high"),),
    run,
)
