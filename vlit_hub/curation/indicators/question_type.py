"""What form the questions have."""

import re
from functools import lru_cache

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values

FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("counting", r"\bhow many\b|\bnumber of\b|\bcount\b"),
        ("why_how", r"\bwhy\b|\bhow (?:do|does|did|can|could|would|might|is|are|was|were)\b|\bexplain\b|\breason\b"),
        ("where", r"\bwhere\b|\bwhich (?:side|part|corner)\b|\blocated\b"),
        ("who_which", r"\bwho\b|\bwhose\b|\bwhich\b"),
        ("what", r"\bwhat\b"),
        ("yes_no", r"^\W*(?:is|are|was|were|do|does|did|can|could|will|would|has|have|had|should)\b"),
        ("request", r"^\W*[a-z]+\b(?=.*(?:picture|image|photo|scene|video|following|above|below|me\b|\.))"),
    )
)
"""The first form of which the pattern is found decides."""


@lru_cache(4096)
def form(question: str) -> str:
    """The form of one question."""
    return next((name for name, pattern in FORMS if pattern.search(question)), "other")


def run(facts: Facts) -> Values:
    forms = [form(question) for question in facts.questions] if facts.english else []
    return {"question_form": forms[0] if forms else None, "question_forms": len(set(forms)) if forms else None}


INDICATOR = Indicator(
    "question_type",
    "complexity",
    (
        Column("question_form", "name", "form of the first question: counting, why_how, where, ..."),
        Column("question_forms", "count", "different forms of question in one dialogue"),
    ),
    run,
)
