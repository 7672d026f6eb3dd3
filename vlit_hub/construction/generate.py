"""Generate: one dialogue per picture or per marked object (region), from annotations alone; negatives.py: the negative.

Every claim holds by the annotations: counts only of labels without crowd or faulty boxes, absence only of classes with
no annotation that no caption may speak of, relations only between single instances whose boxes do not overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

from vlit_hub.construction.templates import OPPOSITE, PLACES, RELATIONS, Draw, Turn
from vlit_hub.curation import words
from vlit_hub.curation.collect import Collection, Object, Picture

REGIONS_PER_PICTURE = 3
REGION_SHARE = (0.01, 0.7)
"""Smallest and largest share of the picture that an object worth marking covers."""
NEAR = 0.05
"""Two boxes are close when the gap between them is at most this share of the picture's longer side."""
MARGIN = 1.25
"""The largest object's box has at least this multiple of the next one's area."""


@dataclass(frozen=True)
class Knowledge:
    """What the whole collection tells about classes."""

    labels: tuple[str, ...]
    frequency: Mapping[str, int]
    together: Mapping[str, Counter[str]]

    @staticmethod
    def of(collection: Collection) -> Knowledge:
        """Frequencies and co-occurrence counted over the collection."""
        return Knowledge(collection.labels, collection.frequency(), collection.cooccurrence())

    def absent(self, picture: Picture) -> list[str]:
        """Classes that are surely not in the picture; those most often seen with what is in it come first."""
        candidates = [
            label
            for label in self.labels
            if label not in picture.present and not words.mentioned(label, picture.captions)
        ]
        likely: Counter[str] = Counter()
        for label in picture.present:
            likely.update(self.together.get(label, Counter()))
        return sorted(candidates, key=lambda label: (-likely[label], -self.frequency.get(label, 0), label))


@dataclass(frozen=True)
class Scene:
    """A picture with the facts that several kinds of turn use."""

    picture: Picture
    knowledge: Knowledge

    @cached_property
    def counts(self) -> dict[str, int]:
        return self.picture.counts

    @cached_property
    def absent(self) -> list[str]:
        return self.knowledge.absent(self.picture)

    @cached_property
    def things(self) -> list[str]:
        """ "two dogs", "a group of people", ...: everything that may be claimed to be there."""
        groups = sorted(self.picture.crowds - self.picture.faulty)
        return [words.counted(label, count) for label, count in self.counts.items()] + [
            f"a group of {words.plural(label)}" for label in groups
        ]

    @cached_property
    def relations(self) -> list[tuple[str, str, str]]:
        """(label, relation, other label) between classes of one instance whose boxes lie apart along an axis."""
        single = [item for item in self.picture.objects if self.counts.get(item.label) == 1]
        found = []
        for a, b in permutations(sorted(single, key=lambda item: item.label), 2):
            if a.box[2] <= b.box[0]:
                found.append((a.label, "left", b.label))
            elif a.box[0] >= b.box[2]:
                found.append((a.label, "right", b.label))
            elif a.box[3] <= b.box[1]:
                found.append((a.label, "above", b.label))
            elif a.box[1] >= b.box[3]:
                found.append((a.label, "below", b.label))
        return found

    def inventory(self) -> str:
        """One sentence that lists the things, or an empty one."""
        return f"The picture shows {words.listed(self.things)}." if self.things else ""


def count_slots(label: str, count: int) -> dict[str, str]:
    return {
        "plural": words.plural(label),
        "counted": words.counted(label, count),
        "number": words.number(count),
        "are": "is" if count == 1 else "are",
    }


def relation_slots(relation: tuple[str, str, str]) -> dict[str, str]:
    first, how, second = relation
    return {
        "first": words.singular(first),
        "second": words.singular(second),
        "relation": RELATIONS[how],
        "wrong": RELATIONS[OPPOSITE[how]],
    }


def name_slots(label: str) -> dict[str, str]:
    return {"one": words.one(label), "singular": words.singular(label), "plural": words.plural(label)}


# -- global ------------------------------------------------------------------------------------------------------------


def global_dialogue(scene: Scene, draw: Draw) -> list[Turn]:
    """Description from the human captions, inventory, counts, sizes and places; closes with a number. Empty where the
    picture has neither captions nor countable objects."""
    turns = []
    captions = draw.take(scene.picture.captions, 3)
    if captions:
        first, second, short = (words.sentence(captions[i % len(captions)]) for i in range(3))
        described = draw.turn("describe", first=first, second=second, inventory=scene.inventory())
        turns.append(Turn(described.question, described.answer.strip()))
    elif scene.things:
        turns.append(draw.turn("objects", inventory=scene.inventory()))
    middle = _global_facts(scene, draw)
    if len(captions) > 2:
        middle.append(draw.turn("caption", caption=short))
    turns += draw.take(middle, 3)
    if scene.counts:
        label = draw.pick(list(scene.counts))
        turns.append(draw.turn("short_count", plural=words.plural(label), figure=str(scene.counts[label])))
    return turns


def _global_facts(scene: Scene, draw: Draw) -> list[Turn]:
    picture, counts = scene.picture, scene.counts
    turns = [draw.turn("count", **count_slots(label, counts[label])) for label in draw.take(list(counts), 1)]
    turns += [draw.turn("relation", **relation_slots(found)) for found in draw.take(scene.relations, 1)]
    if picture.crowds or picture.faulty:
        return turns
    ranked = sorted(counts, key=lambda label: -counts[label])
    if len(ranked) > 1 and counts[ranked[0]] > counts[ranked[1]]:
        turns.append(draw.turn("most", **count_slots(ranked[0], counts[ranked[0]])))
    by_size = sorted(picture.objects, key=lambda item: -item.area)
    if len(by_size) > 1 and by_size[0].area >= MARGIN * by_size[1].area:
        turns.append(draw.turn("largest", one=words.one(by_size[0].label)))
    return turns


# -- region ------------------------------------------------------------------------------------------------------------


def marked_objects(picture: Picture, draw: Draw) -> list[Object]:
    """Up to REGIONS_PER_PICTURE objects worth marking: not tiny, not the whole picture; in order of annotation id."""
    low, high = REGION_SHARE
    fit = [item for item in picture.objects if low <= picture.share(item) <= high]
    return sorted(draw.take(fit, REGIONS_PER_PICTURE), key=lambda item: item.id)


def place_of(picture: Picture, item: Object) -> str:
    """The third of the picture, by row and column, that holds the centre of the object's box."""
    x, y = item.centre
    return PLACES[min(int(3 * y / picture.height), 2)][min(int(3 * x / picture.width), 2)]


def gap(a: Object, b: Object) -> float:
    """Distance in pixels between two boxes along the axis where they are farther apart; 0 where they touch."""
    across = max(a.box[0] - b.box[2], b.box[0] - a.box[2], 0.0)
    down = max(a.box[1] - b.box[3], b.box[1] - a.box[3], 0.0)
    return max(across, down)


def region_dialogue(scene: Scene, item: Object, draw: Draw) -> list[Turn]:
    """Presence, class, place, size, neighbours and uniqueness of the object in the red rectangle; closes with its
    name."""
    names = name_slots(item.label)
    others = sorted({other.label for other in scene.picture.objects} - {item.label}) or scene.absent[:5]
    if not scene.knowledge.labels:
        others = []  # of an open list, another label may be another name of the same thing
    presence = [draw.turn("marked_right", **names)]
    presence += [draw.turn("marked_wrong", wrong=words.one(draw.pick(others)), **names)] if others else []
    turns = [draw.pick(presence), draw.turn("marked", **names)]
    percent = str(round(100 * scene.picture.share(item)))
    facts = [
        draw.turn("place", place=place_of(scene.picture, item), **names),
        draw.turn("size", percent=percent),
    ]
    near = _neighbours(scene.picture, item)
    facts += [draw.turn("near", near=words.listed(near))] if near else []
    facts += _stated(scene.picture, item, draw)
    count = scene.counts.get(item.label)
    if count is not None:
        kind = "only" if count == 1 else "not_only"
        facts.append(draw.turn(kind, **names | count_slots(item.label, count)))
    turns += draw.take(facts, len(facts))
    return [*turns, draw.turn("short_marked", label=words.singular(item.label))]


def _stated(picture: Picture, item: Object, draw: Draw) -> list[Turn]:
    """A relation that people tell of the object, where they tell any."""
    labels = {other.id: other.label for other in picture.objects}
    told = [(how, labels[other]) for one, how, other in picture.relations if one == item.id]
    return [
        draw.turn("stated", other=words.singular(other), told=how, singular=words.singular(item.label))
        for how, other in draw.take(told, 1)
    ]


def _neighbours(picture: Picture, item: Object) -> list[str]:
    reach = NEAR * max(picture.width, picture.height)
    near = Counter(other.label for other in picture.objects if other.id != item.id and gap(item, other) <= reach)
    return [words.one(label) if near[label] == 1 else words.plural(label) for label in sorted(near)]


TYPES: Sequence[str] = ("global", "negative", "region")
"""The survey's three instruction types, in the order in which they are written."""
