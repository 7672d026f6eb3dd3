"""The wordings: our own templates, as data. ``{slots}`` are filled by generate.py; a change here raises VERSION.

``short`` kinds close a dialogue with an answer of a word or a number, so that what is constructed can also be scored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

VERSION = 4

T = TypeVar("T")


@dataclass(frozen=True)
class Turn:
    """One question and its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Template:
    """Alternative wordings of one kind of turn; any question goes with any answer."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]


class Draw:
    """A sequence of choices that depends on its key alone (BLAKE2b of key and position)."""

    def __init__(self, *key: object) -> None:
        self._key = "/".join(str(part) for part in key)
        self._position = 0

    def below(self, bound: int) -> int:
        """An integer in 0..bound-1."""
        self._position += 1
        digest = hashlib.blake2b(f"{self._key}#{self._position}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % bound

    def pick(self, items: Sequence[T]) -> T:
        """One of a non-empty sequence."""
        return items[self.below(len(items))]

    def take(self, items: Sequence[T], count: int) -> list[T]:
        """``count`` of the items (all, if there are fewer) in drawn order."""
        rest = list(items)
        return [rest.pop(self.below(len(rest))) for _ in range(min(count, len(rest)))]

    def turn(self, kind: str, **slots: str) -> Turn:
        """A turn of TEMPLATES[kind] with its slots filled."""
        template = TEMPLATES[kind]
        return Turn(self.pick(template.questions).format(**slots), self.pick(template.answers).format(**slots))


PLACES = (
    ("top left", "top middle", "top right"),
    ("middle left", "centre", "middle right"),
    ("bottom left", "bottom middle", "bottom right"),
)
"""Names of the thirds of the picture, [row][column]."""

RELATIONS = {
    "left": "to the left of",
    "right": "to the right of",
    "above": "higher in the picture than",
    "below": "lower in the picture than",
}
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}

TEMPLATES = {
    # -- global
    "describe": Template(
        (
            "Can you describe the picture?",
            "What is going on in this picture?",
            "Please describe the scene in the image.",
            "Tell me about this photograph.",
        ),
        ("{first} {inventory}", "{first} In other words: {second} {inventory}"),
    ),
    "caption": Template(
        (
            "Sum the picture up in one sentence.",
            "Give a short caption for the image.",
            "How would you caption this photograph?",
        ),
        ("{caption}",),
    ),
    "objects": Template(
        (
            "Which objects can you see?",
            "What things are in the picture?",
            "List what can be found in the image.",
        ),
        ("{inventory}",),
    ),
    "count": Template(
        (
            "How many {plural} are there in the picture?",
            "Can you count the {plural}?",
            "What is the number of {plural} in the image?",
        ),
        ("There {are} {counted} in the picture.", "I count {counted}.", "The picture shows {counted}."),
    ),
    "most": Template(
        (
            "What kind of object appears most often?",
            "Which objects are the most numerous here?",
        ),
        ("The most numerous objects are the {plural}: there are {counted}.",),
    ),
    "largest": Template(
        ("What is the largest object in the picture?", "Which object fills most of the image?"),
        ("The largest object, measured by the box around it, is {one}.",),
    ),
    "relation": Template(
        ("Where is the {first} compared with the {second}?", "How are the {first} and the {second} placed?"),
        ("The {first} is {relation} the {second}.",),
    ),
    "short_count": Template(
        (
            "How many {plural} are there? Answer with a number.",
            "Give the number of {plural}. Answer with a number only.",
        ),
        ("{figure}",),
    ),
    # -- negative
    "absent": Template(
        (
            "Is there {one} in the picture?",
            "Can you see {one} anywhere in the image?",
            "Are there any {plural} here?",
        ),
        (
            "No, there is no {singular} in the picture.{truth}",
            "No, I cannot see any {plural} in the image.{truth}",
        ),
    ),
    "premise": Template(
        (
            "What colour is the {singular}?",
            "Where exactly is the {singular} in the picture?",
            "What is behind the {singular}?",
        ),
        (
            "There is no {singular} in the picture, so this cannot be answered.{truth}",
            "I cannot tell, because there is no {singular} in the image.{truth}",
        ),
    ),
    "wrong_count": Template(
        (
            "There {wrong_are} {wrong} in the picture, right?",
            "I think I see {wrong}. Is that correct?",
        ),
        (
            "No, that is not right. There {are} {counted}.",
            "No, it is not {wrong_number} but {number}: there {are} {counted}.",
        ),
    ),
    "wrong_relation": Template(
        (
            "Is the {first} {wrong} the {second}?",
            "Would you say that the {first} is {wrong} the {second}?",
        ),
        ("No, it is the other way round: the {first} is {relation} the {second}.",),
    ),
    "wrong_told": Template(
        ("Is the {first} {wrong} the {second}?", "Can you see the {first} {wrong} the {second}?"),
        ("No, the {first} is {how} the {second}.", "No, the {first} is not {wrong} the {second} but {how} it."),
    ),
    "right_told": Template(
        ("Is the {first} {how} the {second}?", "Can you see the {first} {how} the {second}?"),
        ("Yes, the {first} is {how} the {second}.",),
    ),
    "wrong_state": Template(
        ("Is the {noun} {wrong}?", "Would you say that the {noun} is {wrong}?"),
        ("No, the {noun} is {value}, not {wrong}.", "No, the {noun} is not {wrong} but {value}."),
    ),
    "state_premise": Template(
        ("Why is the {noun} {wrong}?", "What may be the reason that the {noun} is {wrong}?"),
        (
            "The {noun} is not {wrong} but {value}.",
            "The question takes that for granted: the {noun} is {value}, not {wrong}.",
        ),
    ),
    "right_state": Template(
        ("Is the {noun} {value}?", "Would you say that the {noun} is {value}?"),
        ("Yes, the {noun} is {value}.",),
    ),
    "unanswerable": Template(
        (
            "Who bought the {singular}, and when?",
            "How many grams does the {singular} weigh?",
            "In which year was the {singular} made?",
        ),
        (
            "The picture does not tell. It shows {one}, but no photograph says that.",
            "That cannot be known from the image: it shows {one}, and nothing that would tell.",
        ),
    ),
    "unanswerable_living": Template(
        (
            "What is the name of the {singular}?",
            "What did the {singular} do the day before?",
            "How many days old is the {singular}?",
        ),
        (
            "The picture does not tell. It shows {one}, but no photograph says that.",
            "That cannot be known from the image: it shows {one}, and nothing that would tell.",
        ),
    ),
    "present": Template(
        ("Is there {one} in the picture?", "Can you see {one} anywhere in the image?", "Are there any {plural} here?"),
        ("Yes, there {are} {counted} in the picture.", "Yes, the image shows {counted}."),
    ),
    "right_count": Template(
        ("There {are} {counted} in the picture, right?", "I think I see {counted}. Is that correct?"),
        ("Yes, that is right: there {are} {counted}.", "Yes, I count {counted} too."),
    ),
    "right_relation": Template(
        (
            "Is the {first} {relation} the {second}?",
            "Would you say that the {first} is {relation} the {second}?",
        ),
        ("Yes, the {first} is {relation} the {second}.",),
    ),
    "short_exists": Template(
        ("Is there {one} in the picture? Answer yes or no.", "Does the image show {one}? Answer with yes or no."),
        ("{verdict}",),
    ),
    # -- region
    "marked": Template(
        (
            "What is marked by the red rectangle?",
            "What can you see in the red box?",
            "Which object does the red rectangle enclose?",
        ),
        ("The red rectangle marks {one}.", "The marked object is {one}."),
    ),
    "marked_right": Template(
        ("Is there {one} in the red rectangle?", "Does the red box mark {one}?"),
        ("Yes, the red rectangle marks {one}.",),
    ),
    "marked_wrong": Template(
        ("Is the object in the red rectangle {wrong}?", "Does the red box mark {wrong}?"),
        ("No, the red rectangle marks {one}, not {wrong}.",),
    ),
    "place": Template(
        ("In which part of the picture is the marked object?", "Where is the {singular} in the red box?"),
        ("It is in the {place} of the picture.", "The centre of the {singular} lies in the {place} of the image."),
    ),
    "size": Template(
        ("How much of the picture does the marked object take up?", "How large is the red box in the picture?"),
        ("The box around it covers about {percent} percent of the picture.",),
    ),
    "near": Template(
        ("What is close to the marked object?", "Which other objects are near the red rectangle?"),
        ("Close to it one can see {near}.",),
    ),
    "stated": Template(
        (
            "How does the marked object relate to the {other}?",
            "What can be said of the marked object and the {other}?",
        ),
        ("The {singular} {told} the {other}.",),
    ),
    "only": Template(
        ("Is it the only {singular} in the picture?",),
        ("Yes, it is the only {singular} in the picture.",),
    ),
    "not_only": Template(
        ("Is it the only {singular} in the picture?",),
        ("No, there are {counted} in the picture.",),
    ),
    "short_marked": Template(
        ("Name the object in the red rectangle. Answer with a word or two.", "What is in the red box? Answer briefly."),
        ("{label}",),
    ),
}
