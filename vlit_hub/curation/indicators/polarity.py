"""Whether answers affirm, deny, or do neither; and how long they are."""

import re

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values

_YES = re.compile(r"\W*(?:yes|yeah|yep|correct|indeed|true)\b", re.IGNORECASE)
_NO = re.compile(r"\W*(?:no|not|nope|none|false|there (?:is|are) no)\b", re.IGNORECASE)
BINS = ((1, "1"), (3, "2-3"), (10, "4-10"), (30, "11-30"), (100, "31-100"))
"""(most words, name of the bin)."""


def polarity(answer: str) -> str:
    """yes, no or open, by the first words."""
    return "yes" if _YES.match(answer) else "no" if _NO.match(answer) else "open"


def run(facts: Facts) -> Values:
    if not facts.answers:
        return {"polarity": None, "length": None}
    words = sum(map(len, facts.answer_words)) / len(facts.answers)
    length = next((name for most, name in BINS if words <= most), "101+")
    return {"polarity": polarity(facts.answers[0]) if facts.english else None, "length": length}


INDICATOR = Indicator(
    "polarity",
    "balance",
    (
        Column("polarity", "name", "the first answer affirms (yes), denies (no) or does neither (open)"),
        Column("length", "name", "words of an answer, in bins"),
    ),
    run,
)
