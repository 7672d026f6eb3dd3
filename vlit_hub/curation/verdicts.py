"""Claims held against an annotation: right, wrong or unknown, with the reason."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from vlit_hub.curation import words
from vlit_hub.curation.claim import PLACES, Claim
from vlit_hub.curation.claims import claims
from vlit_hub.curation.facts import Annotation, Box
from vlit_hub.curation.relations import RELATIONS, stands
from vlit_hub.lexicon import Name

VERDICTS = {
    "right": "the annotation bears it out",
    "wrong": "the annotation contradicts it",
    "unknown": "the annotation does not say",
}


class Verdict(Struct, frozen=True, gc=False):
    """What became of one claim."""

    claim: Claim
    verdict: str
    reason: str

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict: {self.verdict!r} is not one of: {', '.join(VERDICTS)}")


def verdicts(question: str, answer: str, annotation: Annotation) -> list[Verdict]:
    """Every claim of an answer to a question, checked; claims of English text only."""
    return [check(claim, annotation) for claim in claims(question, answer, annotation.names)]


def check(claim: Claim, annotation: Annotation) -> Verdict:
    """One claim. A thing is absent only where its labels are of the closed list and no caption may speak of it; counts
    hold only where every instance of a label is annotated."""
    verdict, reason = _CHECKS[claim.kind](claim, annotation)
    return Verdict(claim, verdict, reason)


def _exists(claim: Claim, known: Annotation) -> tuple[str, str]:
    if here := claim.name.labels & known.present:
        listed = ", ".join(sorted(here))
        if claim.holds:
            return "right", f"{listed} annotated"
        sure = claim.whole and claim.name.exact
        return ("wrong", f"{listed} annotated") if sure else ("unknown", f"{listed} annotated, perhaps not this")
    if not claim.name.labels <= known.labels or (claim.name.wider and claim.holds):
        return "unknown", "not of the labels that are annotated"
    if _spoken(claim, known):
        return "unknown", "a caption may speak of it"
    if claim.name.wider and not claim.holds:
        return "unknown", "things without a label may be meant"
    return ("wrong" if claim.holds else "right"), f"no {' or '.join(sorted(claim.name.labels))} annotated"


def _count(claim: Claim, known: Annotation) -> tuple[str, str]:
    here = claim.name.labels & known.present
    if not here:
        if claim.number == 0:
            return _exists(Claim("exists", claim.phrase, claim.name, not claim.holds, whole=claim.whole), known)
        if claim.holds or claim.name.exact:
            return _exists(claim, known)
        return "unknown", "not of the labels that are annotated"
    if not here <= known.counts.keys():
        return "unknown", f"not every {', '.join(sorted(here - known.counts.keys()))} is annotated"
    counts = [known.counts[label] for label in here]
    total, asked = sum(counts), claim.number
    reason = f"{total} annotated ({', '.join(f'{known.counts[label]} {label}' for label in sorted(here))})"
    equal = asked == total or (len(here) > 1 and not _grid(claim, known) and asked in counts)
    partial = not claim.whole or not claim.name.exact
    if claim.name.wider or (partial and not claim.holds) or (partial and asked < total):
        return "unknown", f"{reason}, others may be meant"
    return ("right" if equal == claim.holds else "wrong"), reason


def _grid(claim: Claim, known: Annotation) -> bool:
    """Whether the labels are pairs of colour and shape, of which a word means all that have it."""
    return bool(known.names.values)


def _place(claim: Claim, known: Annotation) -> tuple[str, str]:
    boxes = [box for label in claim.name.labels for box in known.boxes.get(label, ())]
    if not boxes:
        return _exists(Claim("exists", claim.phrase, claim.name), known)
    assert claim.place is not None
    if any(_ninth(box) == claim.place for box in boxes):
        return "right", f"one is at {PLACES[claim.place]}"
    if any(_reaches(box, claim.place) for box in boxes):
        return "unknown", f"one reaches into {PLACES[claim.place]}"
    return "wrong", f"at {', '.join(sorted({PLACES[_ninth(box)] for box in boxes}))}"


def _relation(claim: Claim, known: Annotation) -> tuple[str, str]:
    assert claim.other is not None
    first, second = _only(claim.name, known), _only(claim.other[1], known)
    if first is None or second is None or first == second:
        return "unknown", "not one box is known of each"
    (one,), (other,) = known.boxes[first], known.boxes[second]
    found = stands(claim.how, one, other)
    if found is None:
        return "unknown", f"the boxes of {first} and {second} do not tell"
    reason = f"by the boxes {first} is {'' if found else 'not '}{RELATIONS[claim.how]} {second}"
    return ("right" if found == claim.holds else "wrong"), reason


def _only(name: Name, known: Annotation) -> str | None:
    """The label that a name can only mean, where one instance with a box is all there is of it."""
    here = name.labels & known.present
    if len(here) != 1 or name.wider or not name.labels <= known.labels:
        return None
    (label,) = here
    return label if known.counts.get(label) == 1 == len(known.boxes.get(label, ())) else None


def _value(claim: Claim, known: Annotation) -> tuple[str, str]:
    assert claim.place is not None
    here = sorted({label for label, boxes in known.boxes.items() for box in boxes if _ninth(box) == claim.place})
    if not here:
        return "wrong", f"nothing annotated at {PLACES[claim.place]}"
    right = any(claim.phrase in label.split() for label in here)
    return ("right" if right else "wrong"), f"{', '.join(here)} at {PLACES[claim.place]}"


_CHECKS = {"exists": _exists, "count": _count, "place": _place, "relation": _relation, "value": _value}


def _ninth(box: Box) -> tuple[int, int]:
    return min(int(3 * (box[0] + box[2]) / 2), 2), min(int(3 * (box[1] + box[3]) / 2), 2)


def _reaches(box: Box, place: tuple[int, int]) -> bool:
    x, y = place
    return box[0] < (x + 1) / 3 and box[2] > x / 3 and box[1] < (y + 1) / 3 and box[3] > y / 3


def _spoken(claim: Claim, known: Annotation) -> bool:
    return any(_mentioned(label, known.captions) for label in claim.name.labels)


@lru_cache(4096)
def _mentioned(label: str, captions: tuple[str, ...]) -> bool:
    return words.mentioned(label, captions)


def facts_named(found: list[Verdict]) -> list[Verdict]:
    """The verdicts on things affirmed to be there, each label set once."""
    seen: dict[frozenset[str], Verdict] = {}
    for verdict in found:
        claim = verdict.claim
        if claim.holds and claim.number and claim.kind in ("exists", "count"):
            seen.setdefault(claim.name.labels, verdict)
    return list(seen.values())
