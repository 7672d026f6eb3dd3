"""What people say of a thing of which the picture has one: its colour or another attribute, what it does. What excludes
it makes a negative, and a claim that the control finds wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vlit_hub.curation import words
from vlit_hub.curation.claim import Claim
from vlit_hub.curation.clauses import Clause, clause_of, clauses
from vlit_hub.curation.collect import Picture
from vlit_hub.curation.mentions import Mention, mentions
from vlit_hub.curation.verdicts import Verdict
from vlit_hub.lexicon import COLOURS as SHADES
from vlit_hub.lexicon import LIVING, Name, lexicon

COLOURS = ("black", "white", "red", "green", "blue", "yellow", "brown", "orange", "pink", "purple", "grey")
NEAR = (
    "red orange", "red pink", "red brown", "red purple", "orange yellow", "orange brown", "orange pink", "brown yellow",
    "brown black", "brown grey", "black blue", "black grey", "blue purple", "blue green", "blue grey", "pink purple",
    "white grey", "white yellow", "green yellow", "white pink",
)  # fmt: skip
"""Colours that one person may call by the one name, another by the other."""
OPPOSITES = ("open closed", "empty full", "young old", "wet dry", "clean dirty")
ACTIONS = {
    "standing": "sitting|lying down|swimming",
    "sitting": "standing|lying down|running|jumping",
    "lying down": "standing|running|jumping|walking",
    "walking": "sitting|lying down|sleeping",
    "running": "sitting|lying down|sleeping",
    "jumping": "sitting|lying down|sleeping",
    "sleeping": "running|jumping|eating|walking",
    "eating": "sleeping|swimming|jumping",
    "reading": "sleeping|running|swimming",
    "riding": "sleeping|lying down|swimming",
    "surfing": "sleeping|reading|eating",
    "skiing": "sleeping|reading|eating",
    "flying": "swimming|sleeping|lying down",
    "swimming": "flying|sleeping|walking",
}
"""What is done -> what is not done by the same at the same time."""
_FORMS = {
    "standing": "stands|stand|stood", "sitting": "sits|sit|seated|sat", "lying down": "lying|laying|lies|lays|lay|laid",
    "walking": "walks|walk", "running": "runs|run", "jumping": "jumps|jump", "sleeping": "sleeps|sleep|asleep",
    "eating": "eats|eat", "reading": "reads|read", "riding": "rides|ride", "surfing": "surfs|surf",
    "skiing": "skis", "flying": "flies|fly", "swimming": "swims|swim",
}  # fmt: skip


def _excluded() -> dict[str, frozenset[str]]:
    near = {frozenset(pair.split()) for pair in NEAR}
    found = {one: {other for other in COLOURS if other != one and {one, other} not in near} for one in COLOURS}
    for one, other in (pair.split() for pair in OPPOSITES):
        found |= {one: {other}, other: {one}}
    found |= {action: set(others.split("|")) for action, others in ACTIONS.items()}
    return {value: frozenset(others) for value, others in found.items()}


EXCLUDED = _excluded()
"""Value -> values that the same thing has not at the same time."""
_VALUES = {word: action for action, forms in _FORMS.items() for word in forms.split("|")} | {v: v for v in EXCLUDED}
_VALUES |= {word: colour for colour in COLOURS for word in SHADES.get(colour, "").split("|") if word}
_VALUE = "|".join(sorted(_VALUES, key=len, reverse=True))
_TOLD = re.compile(
    r"(?: (?:that|which|who))?(?: (?:is|looks|appears)(?P<no>n't| not)?)?(?: (?:also|clearly|just|still|all))*"
    rf" (?P<value>{_VALUE})\b"
)
_ASKED = re.compile(
    rf"^\W*(?:is|(?:would|could) you (?:say|see) that|can you see that) (?P<thing>(?:the|this|that|a|an) .+?)(?: is)?"
    rf" (?P<value>{_VALUE})\W*$"
)
_YES_NO = re.compile(r"\W*(?P<yes>yes|yeah|indeed|correct|right)?(?P<no>no|nope)?\b[,.!;:]*\s*")
_JOINS = frozenset("and or".split())
_AMBIGUOUS = frozenset({"person", "wine glass", "traffic light", "orange", "broccoli", "hot dog", "tie"})
"""What a colour word before it may mean otherwise, or of whom colours are not told."""


@dataclass(frozen=True)
class State:
    """``noun`` is what people call the one thing of this label; ``value``: of EXCLUDED."""

    label: str
    noun: str
    value: str

    @property
    def action(self) -> bool:
        return self.value in ACTIONS

    def __str__(self) -> str:
        return f"The {self.noun} is {self.value}."


def told(picture: Picture) -> list[State]:
    """What captions, attributes and relations say of the things of which the picture has one; in order of the label.

    Of a label of which captions say several colours, or things that exclude each other, none is taken.
    """
    alone = single(picture)
    found = [state for caption in picture.captions for state in _said(caption.lower(), alone)]
    labels = {item.id: item.label for item in picture.objects if item.label in alone}
    for number, attribute in picture.attributes:
        if number in labels and (value := _VALUES.get(attribute.lower(), "")):
            found.append(State(labels[number], labels[number], value))
    for number, how, _ in picture.relations:
        told_of = how.split()
        if number in labels and len(told_of) > 1 and (value := _VALUES.get(told_of[1], "")) in ACTIONS:
            found.append(State(labels[number], labels[number], value))
    kept: dict[tuple[str, str], State] = {}
    for state in found:
        kept.setdefault((state.label, state.value), state)
    return sorted((s for s in kept.values() if _alone(s, list(kept.values()))), key=lambda s: (s.label, s.value))


def stated(picture: Picture) -> list[str]:
    """"The dog is lying on the mat.": what people tell of two things, of which there is one each."""
    alone = single(picture)
    labels = {item.id: words.singular(item.label) for item in picture.objects if item.label in alone}
    return [
        f"The {labels[one]} {how} the {labels[other]}."
        for one, how, other in picture.relations
        if one in labels and other in labels
    ]


def others(state: State, picture: Picture) -> list[str]:
    """What the thing is surely not, or does not do: what excludes the state and no one speaks of."""
    labels = {item.id: item.label for item in picture.objects}
    spoken = [word for text in picture.captions for word in re.findall("[a-z]+", text.lower())]
    spoken += [value.lower() for number, value in picture.attributes if labels.get(number) == state.label]
    return sorted(EXCLUDED[state.value] - {_VALUES[word] for word in spoken if word in _VALUES})


def check_states(question: str, answer: str, picture: Picture) -> list[Verdict]:
    """The verdicts on what an answer says of the states of single things; none on what nobody tells of."""
    known = told(picture)
    if not known:
        return []
    names = frozenset(state.label for state in known)
    said = answer.lower().replace("’", "'")
    found: list[tuple[State, bool]] = []
    lead = _YES_NO.match(said)
    if lead and (lead["yes"] or lead["no"]):
        said = said[lead.end() :]
        if asked := _ASKED.match(question.lower()):
            text = f"{asked['thing']} is {asked['value']}"
            found += [(state, not lead["no"]) for state, _ in _statements(clause_of(text), names)]
    for clause in clauses(said, lexicon(names).firsts.keys()):
        found += _statements(clause, names)
    return [verdict for state, holds in dict.fromkeys(found) if (verdict := _verdict(state, holds, known, picture))]


def _verdict(state: State, holds: bool, known: Sequence[State], picture: Picture) -> Verdict | None:
    same = [other for other in known if other.label == state.label]
    claim = Claim("state", f"{state.noun} is {state.value}", Name(frozenset([state.label])), holds)
    if any(other.value == state.value for other in same):
        return Verdict(claim, "right" if holds else "wrong", f"people say so of the {state.label}")
    for other in same:
        if state.value in others(other, picture):
            return Verdict(claim, "wrong" if holds else "right", f"people say that the {other.noun} is {other.value}")
    return None


def living(label: str) -> bool:
    """Whether the label names a person or an animal."""
    return label in lexicon(LIVING).names


def single(picture: Picture) -> frozenset[str]:
    """The labels of which there is one box and, as far as can be told, no other instance."""
    boxes = [item.label for item in picture.objects]
    open_list = picture.faulty >= frozenset(boxes)
    return frozenset(label for label in boxes if boxes.count(label) == 1 and (open_list or label in picture.counts))


def _alone(state: State, every: Iterable[State]) -> bool:
    """Whether nothing else is said of the thing that does not go with it: another colour, or what it excludes."""
    values = {other.value for other in every if other.label == state.label}
    colours = values & set(COLOURS)
    if state.value in COLOURS and (len(colours) > 1 or state.label in lexicon(_AMBIGUOUS).names):
        return False
    return EXCLUDED[state.value].isdisjoint(values) and (living(state.label) or not state.action)


def _said(caption: str, labels: frozenset[str]) -> Iterator[State]:
    for clause in clauses(caption, lexicon(labels).firsts.keys()):
        yield from (state for state, holds in _statements(clause, labels) if holds)


def _statements(whole: Clause, labels: frozenset[str]) -> Iterator[tuple[State, bool]]:
    """(state, whether it is affirmed) of each singular name in a clause."""
    clause = whole.text
    for mention in mentions(whole, lexicon(labels)):
        if mention.several or len(mention.name.labels) != 1 or mention.name.wider:
            continue
        (label,) = mention.name.labels
        yield from ((State(label, mention.phrase, value), True) for value in _before(mention))
        if (match := _TOLD.match(clause, mention.stop)) and not _goes_on(clause[match.end() :]):
            yield State(label, mention.phrase, _VALUES[match["value"]]), not match["no"]


def _before(mention: Mention) -> list[str]:
    """The colours or attributes right before a name: both of "black and white dog"."""
    lead: list[str] = list(mention.lead)
    found: list[str] = []
    while lead and (lead[-1] in _VALUES or (found and lead[-1] in _JOINS)):
        word = lead.pop()
        if word in _VALUES and _VALUES[word] not in ACTIONS:
            found.append(_VALUES[word])
    return found


def _goes_on(rest: str) -> bool:
    """Whether the value is only part of what is said: "is black and white", "is red-hot", "sits up"."""
    return re.match(r"-|(?: and|,)? (?:" + "|".join(COLOURS) + r")\b", rest) is not None
