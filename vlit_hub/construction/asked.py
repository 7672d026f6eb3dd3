"""What is to be written, in a fixed order: one dialogue per picture (or marked object), instruction type and form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vlit_hub.construction.generate import Knowledge, Scene, marked_objects, place_of
from vlit_hub.construction.templates import RELATIONS, Draw, Turn
from vlit_hub.curation import words
from vlit_hub.curation.collect import Collection, Object, Picture

MOST = 6
"""Relations, and absent things, that a prompt names."""


@dataclass(frozen=True)
class Asked:
    """One dialogue to write. ``ordinal``: of its picture, from 1; ``marked``: the object that a red rectangle marks,
    the ``number``-th of its picture."""

    scene: Scene
    kind: str
    form: str
    seed: int
    ordinal: int
    marked: Object | None = None
    number: int = 0

    @property
    def file_name(self) -> str:
        """Of the picture in the release."""
        suffix = f"_{self.number}" if self.marked else ""
        return f"COCO_train2014_{self.scene.picture.id:012d}{suffix}.jpg"

    def draw(self, attempt: int) -> int:
        """A sampling seed of its own, so that no two requests of a run are the same."""
        return Draw(self.seed, self.scene.picture.id, self.kind, self.form, self.number, attempt).below(2**31)

    def facts(self) -> dict[str, Any]:
        """What a prompt is filled with."""
        marked = self.marked and {
            "one": words.one(self.marked.label),
            "place": place_of(self.scene.picture, self.marked),
        }
        relations = self.scene.relations[:MOST]
        return {
            "captions": self.scene.picture.captions,
            "things": self.scene.things,
            "relations": [(words.singular(a), RELATIONS[how], words.singular(b)) for a, how, b in relations],
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
) -> Iterator[Asked]:
    """All dialogues, picture by picture; pictures without an object worth marking are counted in ``issues``."""
    knowledge = Knowledge.of(collection)
    for ordinal, picture in enumerate(pictures, 1):
        scene = Scene(picture, knowledge)
        for kind in types:
            if kind != "region":
                yield from (Asked(scene, kind, form, seed, ordinal) for form in forms)
                continue
            marked = marked_objects(picture, Draw(seed, picture.id, kind))
            if not marked:
                issues[f"picture with nothing to say: {kind}"] += 1
            for number, item in enumerate(marked):
                yield from (Asked(scene, kind, form, seed, ordinal, item, number) for form in forms)
