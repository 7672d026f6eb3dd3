"""Generate negatives: what is asked or taken for granted is not so, or no photograph tells it; true ones among them.

Absent things come first, those most often seen with what is there before others. Attributes and actions are those that
people tell of single things (states.py); relations those of boxes that lie apart, and those that people tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from vlit_hub.construction.generate import Scene, count_slots, name_slots, relation_slots
from vlit_hub.construction.states import living, others, single, told
from vlit_hub.construction.templates import Draw, Turn
from vlit_hub.curation import words

LIKELY = 8
"""Of so many absent things, the likeliest, some are asked after."""
MOST = 7
"""Turns besides those on absent things."""
TRUTHS = 3
"""How many things a denial names that the picture does show."""
OPPOSED = {
    "on": "under",
    "on top of": "under",
    "over": "under",
    "under": "on",
    "above": "below",
    "below": "above",
    "behind": "in front of",
    "in front of": "behind",
    "inside": "outside of",
    "to the left of": "to the right of",
    "to the right of": "to the left of",
}
"""How a told relation ends -> how one ends that contradicts it."""


def negative_dialogue(scene: Scene, draw: Draw) -> list[Turn]:
    """Absent things, wrong counts, relations, attributes and actions denied and put right, questions that cannot be
    answered, mixed with true ones; closes with yes or no, balanced. Empty where nothing is known that allows any."""
    absent, counts = scene.absent, scene.counts
    likely = draw.take(absent[:LIKELY], 3)  # the co-occurring ones, not always the very first
    turns = [draw.turn("absent", truth=_truth(scene, draw), **name_slots(label)) for label in likely[:2]]
    turns += [draw.turn("premise", truth=_truth(scene, draw), **name_slots(label)) for label in likely[2:]]
    more = [turn for make in (_of_counts, _of_relations, _of_states, _unanswerable) for turn in make(scene, draw)]
    turns += draw.take(more, MOST)
    turns = draw.take(turns, len(turns))
    if verdicts := [verdict for verdict, labels in (("Yes", counts), ("No", absent)) if labels]:
        verdict = draw.pick(verdicts)
        label = draw.pick(list(counts) if verdict == "Yes" else absent[:LIKELY])
        turns.append(draw.turn("short_exists", one=words.one(label), verdict=verdict))
    return turns


def _of_counts(scene: Scene, draw: Draw) -> Iterator[Turn]:
    counts = scene.counts
    for label in draw.take(list(counts), 1):
        yield _wrong_count(label, counts[label], draw)
    for label in draw.take(list(counts), 2):
        kind = draw.pick(("present", "right_count"))
        yield draw.turn(kind, **name_slots(label) | count_slots(label, counts[label]))


def _of_relations(scene: Scene, draw: Draw) -> Iterator[Turn]:
    for kind in ("wrong_relation", "right_relation"):
        yield from (draw.turn(kind, **relation_slots(found)) for found in draw.take(scene.relations, 1))
    for first, how, wrong, second in draw.take(_opposed(scene), 1):
        slots = {"first": words.singular(first), "how": how, "wrong": wrong, "second": words.singular(second)}
        yield draw.turn(draw.pick(("wrong_told", "right_told")), **slots)


def _opposed(scene: Scene) -> list[tuple[str, str, str, str]]:
    """(label, "lying on", "lying under", other label) of the relations that people tell of single things."""
    picture, alone = scene.picture, single(scene.picture)
    labels = {item.id: item.label for item in picture.objects if item.label in alone}
    said = {(one, how.removeprefix("is "), other) for one, how, other in picture.relations if how.startswith("is ")}
    return [
        (labels[one], how, wrong, labels[other])
        for one, how, other in sorted(said)
        if one in labels and other in labels and (wrong := _contrary(how)) and (one, wrong, other) not in said
    ]


def _contrary(how: str) -> str:
    ends = [end for end in OPPOSED if how == end or how.endswith(f" {end}")]
    end = max(ends, key=len, default="")
    return how[: len(how) - len(end)] + OPPOSED[end] if end else ""


def _of_states(scene: Scene, draw: Draw) -> Iterator[Turn]:
    """One attribute and one action put wrong, and one state put right."""
    states = told(scene.picture)
    for of_actions in (False, True):
        known = [state for state in states if state.action == of_actions and others(state, scene.picture)]
        for state in draw.take(known, 1):
            wrong = draw.pick(others(state, scene.picture))
            kind = draw.pick(("wrong_state", "state_premise"))
            yield draw.turn(kind, noun=state.noun, value=state.value, wrong=wrong)
    yield from (draw.turn("right_state", noun=state.noun, value=state.value) for state in draw.take(states, 1))


def _unanswerable(scene: Scene, draw: Draw) -> Iterator[Turn]:
    for label in draw.take(sorted(single(scene.picture)), 1):
        kind = "unanswerable_living" if living(label) else "unanswerable"
        yield draw.turn(kind, singular=words.singular(label), one=words.one(label))


def _truth(scene: Scene, draw: Draw) -> str:
    shown = draw.take(scene.things, TRUTHS)
    return f" What it does show is {words.listed(shown)}." if shown else ""


def _wrong_count(label: str, count: int, draw: Draw) -> Turn:
    wrong = draw.pick([n for n in (count - 1, count + 1, count + 2) if n >= 1])
    return draw.turn(
        "wrong_count",
        wrong=words.counted(label, wrong),
        wrong_number=words.number(wrong),
        wrong_are="is" if wrong == 1 else "are",
        **count_slots(label, count),
    )
