"""Answers that say the same words over and over."""

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values


def run(facts: Facts) -> Values:
    pairs, answers = facts.pairs, facts.answers
    return {
        "distinct_2": len(facts.pair_set) / len(pairs) if pairs else None,
        "same_answers": 1 - len(set(answers)) / len(answers) if answers else None,
    }


INDICATOR = Indicator(
    "repetition",
    "diversity",
    (
        Column("distinct_2", "share", "different pairs of neighbouring words among all of a sample's answers", "high"),
        Column("same_answers", "share", "answers of a dialogue that were given before in it", "low"),
    ),
    run,
)
