"""Whether an answer speaks of what was asked: words of the question that come back, for answers of a sentence."""

from collections.abc import Iterable

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values
from vlit_hub.curation.verbs import CONTENTLESS
from vlit_hub.lexicon import singulars

LEAST_WORDS = 5
"""Shorter answers need not repeat anything."""


class _Meanings(dict[str, str]):
    """Word -> its singular, "" of a word without meaning of its own; forgets all when it holds MOST_WORDS."""

    def __missing__(self, word: str) -> str:
        if len(self) >= MOST_WORDS:
            self.clear()
        found = self[word] = "" if len(word) <= 2 or word in CONTENTLESS else singulars(word)[-1]
        return found


MOST_WORDS = 1 << 16
_MEANINGS = _Meanings()


def content(words: Iterable[str]) -> set[str]:
    """The words that carry meaning, in the singular."""
    found = {_MEANINGS[word] for word in words}
    found.discard("")
    return found


def run(facts: Facts) -> Values:
    shares = []
    rounds = zip(facts.question_words, facts.answer_words, facts.answer_sets, strict=True)
    for question, answer, different in rounds if facts.english else ():
        if len(answer) >= LEAST_WORDS and (asked := content(question)):
            shares.append(len(asked & content(different)) / len(asked))
    return {"relevance": sum(shares) / len(shares)} if shares else {}


INDICATOR = Indicator(
    "relevance",
    "correctness",
    (Column("relevance", "share", "words of the question that come back in an answer of five words or more", "high"),),
    run,
)
