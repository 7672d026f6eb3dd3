"""What answers claim of the picture, held against its annotation (of another source than the text)."""

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values
from vlit_hub.curation.verdicts import Verdict, facts_named, verdicts


def share(found: list[Verdict]) -> float | None:
    """Right ones among those that are right or wrong."""
    decided = [verdict.verdict == "right" for verdict in found if verdict.verdict != "unknown"]
    return sum(decided) / len(decided) if decided else None


def run(facts: Facts) -> Values:
    known = facts.annotation
    if known is None or not facts.english or not facts.rounds:
        return {}
    found = [verdict for question, answer in facts.rounds for verdict in verdicts(question, answer, known)]
    named = list(facts_named(found))
    seen = frozenset().union(*(v.claim.name.labels for v in named if v.verdict == "right")) & known.present
    polar = [v for v in found if v.claim.asked and v.claim.kind == "exists"]
    wrong = sum(v.verdict == "wrong" for v in found)
    return {
        "claims": len(found),
        "claims_wrong": wrong,
        "claims_right": share(found),
        "object_precision": share(named),
        "object_recall": len(seen) / len(known.present) if known.present else None,
        "yes_no_right": share(polar),
        "count_right": share([v for v in found if v.claim.kind == "count"]),
        "other_picture": wrong >= LEAST_WRONG and (share(found) or 0) < MOST_RIGHT,
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
    version=3,
    annotated=True,
)
