"""CHAIR: how many of the objects that a caption names are not in its picture.

Rohrbach et al., "Object Hallucination in Image Captioning" (2018); the rule of LisaAnne/Hallucination @585f2d9
utils/chair.py. In the picture is what is annotated, and what people's captions of it name. The words are those of
lexicon.py and ``MORE``, not its synonyms.txt, so figures are near those of the paper and not equal to them: two words
that belong together ("pickup truck") are one mention, a word of several labels ("bike") is in the picture where one of
them is, and words of a wider meaning ("animal", "glass") are no mentions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from vlit_hub.lexicon import COCO, LIVING, Lexicon, Name, form_of, forms, lexicon, of_forms

MORE = {
    "person": "adult|worker|chef|baker|officer|policeman|soldier|student|doctor|bride|groom|passenger|cowboy|skater",
    "bird": "vulture|turkey|robin|rooster|heron|pelican|peacock|ostrich|flamingo|falcon",
    "traffic light": "street light|streetlight",
    "suitcase": "luggage|suit case",
    "dining table": "table|desk",
    "chair": "seat",
    "laptop": "computer|notebook",
    "tv": "monitor",
    "bowl": "container",
    "refrigerator": "freezer",
}
"""Label -> words that CHAIR takes for it, which lexicon.py is not sure enough of."""
_OF_ANOTHER = {
    "train track": "",
    "toilet seat": "toilet",
    "computer keyboard": "keyboard",
    "computer mouse": "mouse",
    "passenger jet": "airplane",
    "passenger plane": "airplane",
    "passenger train": "train",
}
"""Words that hold the name of one label and mean another, or none."""
_YOUNG = frozenset({"baby", "adult"})
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z]+)*")


@dataclass(frozen=True)
class Chair:
    """``said``: what the caption names, in order, as labels any of which may be meant; ``absent``: those of them that
    are not in the picture; ``covered`` of the ``present`` labels are named."""

    said: tuple[frozenset[str], ...]
    absent: tuple[frozenset[str], ...]
    covered: int
    present: int


def chair(caption: str, objects: Sequence[str], captions: Sequence[str] = ()) -> Chair:
    """What a caption names that its picture does not show. ``objects``: its annotated labels, those of COCO count;
    ``captions``: what people say of it. Empty captions name nothing."""
    present = COCO & set(objects)
    spoken = present.union(*(labels for text in captions for labels in objects_in(text)))
    said = objects_in(caption)
    absent = tuple(labels for labels in said if not labels & spoken)
    named = frozenset().union(*said)
    return Chair(tuple(said), absent, len(named & present), len(present))


def chair_i(found: Sequence[Chair]) -> float | None:
    """Share of the objects named that are not there; None where none is named."""
    named = sum(len(one.said) for one in found)
    return sum(len(one.absent) for one in found) / named if named else None


def chair_s(found: Sequence[Chair]) -> float | None:
    """Share of the captions that name such an object; None without captions."""
    return sum(bool(one.absent) for one in found) / len(found) if found else None


def named_each(found: Sequence[Chair]) -> float | None:
    """Objects that a caption names, on average: without it CHAIR praises silence."""
    return sum(len(one.said) for one in found) / len(found) if found else None


def coverage(found: Sequence[Chair]) -> float | None:
    """Share of the annotated labels that are named."""
    present = sum(one.present for one in found)
    return sum(one.covered for one in found) / present if present else None


def objects_in(text: str) -> list[frozenset[str]]:
    """The labels of COCO that a text names, in order, one entry a mention."""
    words, known, found, at = _WORD.findall(text.lower()), _words(), [], 0
    while at < len(words):
        form = known.find(words, at)
        following = known.find(words, at + 1) if at + 1 < len(words) and words[at] in _YOUNG else None
        living = following is not None and following.name.labels <= LIVING - {"person"}
        if form is not None and form.name.labels and not living:
            found.append((form.name.labels, form.phrase))
        at += form.length if form else 1
    toilet = any("toilet" in labels for labels, _ in found)
    return [labels for labels, phrase in found if not (toilet and phrase == "seat")]


@lru_cache(1)
def _words() -> Lexicon:
    known = lexicon(COCO)
    names = {form: entry for form, entry in known.names.items() if not entry.name.wider}
    more = [(phrase, label) for label, phrases in MORE.items() for phrase in phrases.split("|")]
    for phrase, label in (*more, *_OF_ANOTHER.items()):
        name = Name(frozenset([label]) if label else frozenset())
        for form in forms(phrase):
            names.setdefault(form, form_of(form, name, phrase))
    return of_forms(names, {})
