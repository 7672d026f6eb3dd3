"""What answers claim of the picture, held against its annotation (of another source than the text)."""

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values
from vlit_hub.curation.verdicts import Verdict, facts_named, verdicts


def share(told: list[str]) -> float | None:
    """Right ones among the verdicts that are right or wrong."""
    right = told.count("right")
    decided = right + told.count("wrong")
    return right / decided if decided else None


def run(facts: Facts) -> Values:
    known = facts.annotation
    if known is None or not facts.english or not facts.rounds:
        return {}
    found: list[Verdict] = []
    for question, answer in facts.rounds:
        found += verdicts(question, answer, known)
    if not found:
        return {"claims": 0, "claims_wrong": 0, "object_recall": 0.0 if known.present else None, "other_picture": False}
    named = facts_named(found)
    seen = {label for v in named if v.verdict == "right" for label in v.claim.name.labels}
    told = [verdict.verdict for verdict in found]
    wrong, right = told.count("wrong"), share(told)
    return {
        "claims": len(found),
        "claims_wrong": wrong,
        "claims_right": right,
        "object_precision": share([v.verdict for v in named]),
        "object_recall": len(seen & known.present) / len(known.present) if known.present else None,
        "yes_no_right": share([v.verdict for v in found if v.claim.asked and v.claim.kind == "exists"]),
        "count_right": share([v.verdict for v in found if v.claim.kind == "count"]),
        "other_picture": wrong >= LEAST_WRONG and (right or 0) < MOST_RIGHT,
    }


LEAST_WRONG, MOST_RIGHT = 2, 0.6
"""An answer with at least so many wrong claims, and a smaller share of right ones, speaks of another picture."""

INDICATOR = Indicator(
    "claims",
    "correctness",
    (
        Column("claims", "count", "statements on things, counts, places, relations that our rules read in answers"),
        Column("claims_wrong", "count", "of them contradicted by the annotation", "low"),
        Column("claims_right", "share", "borne out, of those that the annotation decides", "high"),
        Column("object_precision", "share", "annotated, of the things said to be there (1 - CHAIR by mention)", "high"),
        Column("object_recall", "share", "named, of the labels annotated"),
        Column("yes_no_right", "share", "right, of yes or no to whether something is there", "high"),
        Column("count_right", "share", "right, of the numbers given", "high"),
        Column("other_picture", "flag", "the answers seem to speak of another picture", "low"),
    ),
    run,
    version=4,
    annotated=True,
)
