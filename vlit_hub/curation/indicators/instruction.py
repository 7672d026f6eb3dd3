"""What the first instruction asks one to do, and to what."""

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values
from vlit_hub.curation.verbs import verb_noun


def run(facts: Facts) -> Values:
    found = verb_noun(facts.questions[0]) if facts.english and facts.questions else None
    return {"verb": found[0], "noun": found[1] or None} if found else {}


INDICATOR = Indicator(
    "instruction",
    "diversity",
    (
        Column("verb", "name", "verb of the first instruction; of a question the verb that stands for its form"),
        Column("noun", "name", "noun that it is about"),
    ),
    run,
)
