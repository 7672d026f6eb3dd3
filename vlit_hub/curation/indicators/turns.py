"""How much a dialogue asks for: rounds, words, regions."""

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values


def run(facts: Facts) -> Values:
    answers = facts.answer_words
    return {
        "rounds": len(answers),
        "question_words": round(sum(map(len, facts.question_words)) / len(answers)) if answers else None,
        "answer_words": round(sum(map(len, answers)) / len(answers)) if answers else None,
        "pictures": len(facts.sample.images),
        "regions": len(facts.sample.regions),
    }


INDICATOR = Indicator(
    "turns",
    "complexity",
    (
        Column("rounds", "count", "supervised answers of a sample"),
        Column("question_words", "count", "words of a question, mean over the rounds"),
        Column("answer_words", "count", "words of an answer, mean over the rounds"),
        Column("pictures", "count", "pictures of a sample"),
        Column("regions", "count", "places in a medium that a sample refers to"),
    ),
    run,
)
