"""What is to be written, in a fixed order: one dialogue per picture (or marked object), instruction type and form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from vlit_hub.construction.generate import (
    Knowledge,
    Scene,
    global_dialogue,
    marked_objects,
    place_of,
    region_dialogue,
)
from vlit_hub.construction.negatives import negative_dialogue
from vlit_hub.construction.states import stated, told
from vlit_hub.construction.templates import RELATIONS, Draw, Turn
from vlit_hub.curation import words
from vlit_hub.curation.collect import Collection, Object, Picture

MOST = 6
"""Of relations, of states and of absent things, that a prompt names."""
SHOWN_TURNS = 3
"""Turns of a worked example: the first of what the templates write."""


@dataclass(frozen=True)
class Asked:
    """One dialogue to write. ``ordinal``: of its picture, from 1; ``marked``: the object that a red rectangle marks,
    the ``number``-th of its picture; ``shots``: work of the same kind on other pictures, for worked examples."""

    scene: Scene
    kind: str
    form: str
    seed: int
    ordinal: int
    marked: Object | None = None
    number: int = 0
    shots: tuple[Asked, ...] = ()

    @property
    def file_name(self) -> str:
        """Of the picture in the release."""
        suffix = f"_{self.number}" if self.marked else ""
        return f"COCO_train2014_{self.scene.picture.id:012d}{suffix}.jpg"

    def templated(self) -> list[Turn]:
        """What the templates write; empty where the picture has nothing to say."""
        draw = Draw(self.seed, self.scene.picture.id, self.kind, *((self.number,) if self.marked else ()))
        if self.marked:
            return region_dialogue(self.scene, self.marked, draw)
        return (global_dialogue if self.kind == "global" else negative_dialogue)(self.scene, draw)

    def examples(self) -> list[tuple[dict[str, Any], list[Turn]]]:
        """(facts, turns) of each worked example; the templates write conversations, so other forms have none."""
        shots = self.shots if self.form == "conversation" else ()
        return [(shot.facts(), shot.templated()[:SHOWN_TURNS]) for shot in shots]

    def draw(self, attempt: int) -> int:
        """A sampling seed of its own, so that no two requests of a run are the same."""
        return Draw(self.seed, self.scene.picture.id, self.kind, self.form, self.number, attempt).below(2**31)

    def facts(self) -> dict[str, Any]:
        """What a prompt is filled with."""
        marked = self.marked and {
            "one": words.one(self.marked.label),
            "place": place_of(self.scene.picture, self.marked),
        }
        picture, relations = self.scene.picture, self.scene.relations[:MOST]
        states = told(replace(picture, captions=()))[:MOST]
        return {
            "captions": picture.captions,
            "things": self.scene.things,
            "relations": [(words.singular(a), RELATIONS[how], words.singular(b)) for a, how, b in relations],
            "told": [str(state) for state in states] + stated(picture)[:MOST],
            "absent": [words.plural(label) for label in self.scene.absent[:MOST]],
            "marked": marked,
        }


@dataclass(frozen=True)
class Written:
    """A dialogue, and what wrote it."""

    turns: list[Turn]
    prompt_version: str
    model: str = ""


def everything(
    collection: Collection,
    pictures: Sequence[Picture],
    types: Sequence[str],
    forms: Sequence[str],
    seed: int,
    issues: Counter[str],
    shots: int = 0,
) -> Iterator[Asked]:
    """All dialogues, picture by picture; pictures without an object worth marking are counted in ``issues``.

    ``shots``: worked examples with each, from the first pictures of the collection but never the dialogue's own: the
    same for nearly all, which servers that keep prefixes answer faster.
    """
    knowledge = Knowledge.of(collection)
    shown = {kind: _shown(collection, knowledge, kind, seed, shots + 1) for kind in types} if shots else {}
    for ordinal, picture in enumerate(pictures, 1):
        scene = Scene(picture, knowledge)
        for kind in types:
            others = [shot for shot in shown.get(kind, ()) if shot.scene.picture.id != picture.id]
            found = list(_of_picture(scene, kind, forms, seed, ordinal, tuple(others[:shots])))
            if not found:
                issues[f"picture with nothing to say: {kind}"] += 1
            yield from found


def _of_picture(
    scene: Scene, kind: str, forms: Sequence[str], seed: int, ordinal: int, shots: tuple[Asked, ...] = ()
) -> Iterator[Asked]:
    if kind != "region":
        yield from (Asked(scene, kind, form, seed, ordinal, shots=shots) for form in forms)
        return
    for number, item in enumerate(marked_objects(scene.picture, Draw(seed, scene.picture.id, kind))):
        yield from (Asked(scene, kind, form, seed, ordinal, item, number, shots) for form in forms)


def _shown(collection: Collection, knowledge: Knowledge, kind: str, seed: int, count: int) -> list[Asked]:
    """Work of ``count`` different pictures on which the templates have something to say."""
    first = (
        next(_of_picture(Scene(picture, knowledge), kind, ("conversation",), seed, 0), None)
        for picture in collection.pictures
    )
    return list(islice((asked for asked in first if asked and asked.templated()), count))
