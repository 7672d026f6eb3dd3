"""Faults planted in known numbers, for the checker to find. The English of this file is its own: nothing of it comes
from the lists of vlit_hub.curation."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from vlit_hub.curation.facts import Annotation
from vlit_hub.demo.scenes import COLOURS, SHAPES, SIZE, Scene, caption, questions
from vlit_hub.schema import Media, Message, Part, Sample

NUMERALS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
SYNONYMS = {
    "person": [("human", "humans"), ("person", "people"), ("individual", "individuals")],
    "bicycle": [("bicycle", "bicycles"), ("cycle", "cycles")],
    "car": [("automobile", "automobiles"), ("car", "cars")],
    "motorcycle": [("motorbike", "motorbikes"), ("motorcycle", "motorcycles")],
    "airplane": [("aeroplane", "aeroplanes"), ("plane", "planes"), ("airplane", "airplanes")],
    "truck": [("lorry", "lorries"), ("truck", "trucks")],
    "couch": [("sofa", "sofas"), ("couch", "couches")],
    "tv": [("television", "televisions"), ("TV", "TVs")],
    "cell phone": [("mobile phone", "mobile phones"), ("smartphone", "smartphones"), ("cell phone", "cell phones")],
    "refrigerator": [("fridge", "fridges"), ("refrigerator", "refrigerators")],
    "donut": [("doughnut", "doughnuts"), ("donut", "donuts")],
    "remote": [("remote control", "remote controls"), ("remote", "remotes")],
    "mouse": [("computer mouse", "computer mice"), ("mouse", "mice")],
    "knife": [("knife", "knives")],
    "sheep": [("sheep", "sheep")],
    "skis": [("pair of skis", "pairs of skis")],
    "scissors": [("pair of scissors", "pairs of scissors")],
    "dining table": [("dining table", "dining tables"), ("dinner table", "dinner tables")],
    "potted plant": [("potted plant", "potted plants"), ("houseplant", "houseplants")],
    "sports ball": [("ball", "balls"), ("sports ball", "sports balls")],
    "hair drier": [("hair dryer", "hair dryers")],
    "cup": [("mug", "mugs"), ("cup", "cups")],
    "backpack": [("rucksack", "rucksacks"), ("backpack", "backpacks")],
    "handbag": [("handbag", "handbags"), ("purse", "purses")],
    "traffic light": [("traffic signal", "traffic signals"), ("traffic light", "traffic lights")],
    "fire hydrant": [("hydrant", "hydrants"), ("fire hydrant", "fire hydrants")],
    "broccoli": [("piece of broccoli", "pieces of broccoli")],
    "tie": [("necktie", "neckties"), ("tie", "ties")],
    "circle": [("circle", "circles"), ("disc", "discs")],
    "ring": [("ring", "rings"), ("hoop", "hoops")],
    "square": [("square", "squares")],
    "triangle": [("triangle", "triangles")],
    "cross": [("cross", "crosses"), ("plus sign", "plus signs")],
}
TINTS = {"red": ["red", "crimson"], "purple": ["purple", "violet"], "cyan": ["cyan", "turquoise"]}
COUNTED = [
    ("How many {many} can be seen?", "{N}."),
    ("How many {many} are there in the picture?", "There {are} {n} {noun}."),
    ("Count the {many}.", "I make it {n} {noun} in total."),
    ("What is the number of {many} in this photo?", "{N} {noun}."),
    ("Please describe what you see.", "A plain view. It shows {n} {noun}, nothing odd about that."),
    ("What is going on here?", "One can make out exactly {n} {noun} in this shot."),
    ("Can you tell me how many {many} appear?", "The picture has {digits} {noun} in it."),
    ("Are there exactly {n} {noun} in the image?", "Yes, indeed."),
]
AFFIRMED = [
    ("Is there {a} {one} in the picture?", "Yes, there is."),
    ("Do you see any {many} here?", "Yeah, I do."),
    ("Does the image contain {a} {one}?", "Yes, {a} {one} can be seen."),
    ("Describe the photograph.", "It is a calm view. There is also {a} {one}."),
    ("Are there any {many} in the scene?", "Certainly."),
    ("What stands out?", "I can see {a} {one}, plain as day."),
    ("What else is there?", "Besides that one finds {a} {one}."),
    ("Is {a} {one} visible?", "Yes."),
]
DENIED = [
    ("Is there {a} {one} in the picture?", "No, there is not."),
    ("Do you see any {many} here?", "No."),
    ("Describe the photograph.", "It is a calm view without any {many}."),
    ("Does the image contain {a} {one}?", "No, it contains no {one}."),
    ("What is missing?", "No {many} can be seen."),
    ("Is {a} {one} visible?", "Not at all."),
]
WAYS = {
    "left": ["to the left of", "left of", "on the left-hand side of", "on the left side of", "further left than"],
    "right": ["to the right of", "right of", "on the right-hand side of", "on the right side of", "farther right than"],
    "above": ["above", "higher up in the photo than", "higher than"],
    "below": ["below", "beneath", "underneath", "lower down in the image than"],
}
REVERSE = {"left": "right", "right": "left", "above": "below", "below": "above"}
RELATED = [
    ("Is the {x} {how} the {y}?", "Yes, it is."),
    ("Would you say the {x} is {how} the {y}?", "Definitely."),
    ("Where is the {x}?", "The {x} is {how} the {y}."),
    ("Please describe what you see.", "All is quiet. The {x} stands just {how} the {y}, and nothing moves."),
    ("What is going on here?", "One can make out {a} {x} {how} {b} {y}."),
    ("How is it arranged?", "{How} the {y} is {a} {x}."),
]
TAILS = [
    "and behind it one finds the", "with several other things of which the", "although the whole of it is", "and a",
]  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """Dialogue rounds over one picture, one claim each; ``faulty`` says which are untrue, and how."""

    rounds: tuple[tuple[str, str], ...]
    faulty: tuple[str, ...]


def names(label: str, rng: random.Random) -> tuple[str, str]:
    """(singular, plural) of a label in this file's English."""
    tint, _, shape = label.rpartition(" ")
    if shape in SHAPES and tint:
        one, many = rng.choice(SYNONYMS[shape])
        word = rng.choice(TINTS.get(tint, [tint]))
        return f"{word} {one}", f"{word} {many}"
    return rng.choice(SYNONYMS.get(label, [(label, plural(label))]))


def plural(word: str) -> str:
    """English, for the labels that SYNONYMS lacks."""
    if word.endswith(("s", "sh", "ch", "x")):
        return word + "es"
    return word[:-1] + "ies" if word.endswith("y") and word[-2] not in "aeiou" else word + "s"


def claims_of(known: Annotation, rng: random.Random, most: int, share: float) -> Planted:
    """Up to ``most`` claims on one picture; each untrue with this chance: counts off by one to three, absent things
    affirmed."""
    rounds, faulty = [], []
    counts = list(known.counts.items())
    absent = sorted(known.labels - known.present)
    for _ in range(most):
        wrong, kind = rng.random() < share, rng.choice(("count", "exists"))
        if kind == "count" and counts:
            label, right = rng.choice(counts)
            others = [n for n in range(1, 13) if n != right and abs(n - right) <= 3]
            rounds.append(_count(label, rng.choice(others) if wrong else right, rng))
        elif wrong or not counts or rng.random() < 0.5:
            rounds.append(_said(AFFIRMED if wrong else DENIED, rng.choice(absent), rng))
            kind = "exists"
        else:
            rounds.append(_said(AFFIRMED, rng.choice(sorted(known.present)), rng))
        faulty.append({"count": "wrong count", "exists": "absent affirmed"}[kind] if wrong else "")
    return Planted(tuple(rounds), tuple(faulty))


def relations_of(known: Annotation, rng: random.Random, most: int, share: float) -> Planted:
    """Up to ``most`` statements on two things of which there is one each, their boxes apart along an axis; each with
    this chance the wrong way round."""
    single = sorted(label for label, count in known.counts.items() if count == 1 == len(known.boxes.get(label, ())))
    apart = []
    for x in single:
        for y in single:
            (x1, y1, x2, y2), (u1, v1, u2, v2) = known.boxes[x][0], known.boxes[y][0]
            gaps = {"left": u1 - x2, "right": x1 - u2, "above": v1 - y2, "below": y1 - v2}
            apart += [(x, how, y) for how, gap in gaps.items() if gap > 0.01]
    rounds, faulty = [], []
    for x, how, y in rng.choices(apart, k=most) if apart else ():
        wrong = rng.random() < share
        way = rng.choice(WAYS[REVERSE[how] if wrong else how])
        (x, _), (y, _) = names(x, rng), names(y, rng)
        slots = {"x": x, "y": y, "a": article(x), "b": article(y), "how": way, "How": way.capitalize()}
        forms = [form for form in RELATED if "{How}" not in form[1] or " than" not in way]
        question, answer = rng.choice(forms)
        rounds.append((question.format(**slots), answer.format(**slots)))
        faulty.append("wrong relation" if wrong else "")
    return Planted(tuple(rounds), tuple(faulty))


def article(noun: str) -> str:
    """ "a" or "an"."""
    return "an" if noun[0].lower() in "aeiou" else "a"


def _count(label: str, number: int, rng: random.Random) -> tuple[str, str]:
    one, many = names(label, rng)
    n = NUMERALS[number] if number < len(NUMERALS) else str(number)
    slots = {"many": many, "n": n, "N": n.capitalize(), "digits": str(number), "noun": one if number == 1 else many}
    slots["are"] = "is" if number == 1 else "are"
    question, answer = rng.choice(COUNTED)
    return question.format(**slots), answer.format(**slots)


def _said(forms: list[tuple[str, str]], label: str, rng: random.Random) -> tuple[str, str]:
    one, many = names(label, rng)
    slots = {"a": article(one), "one": one, "many": many}
    question, answer = rng.choice(forms)
    return question.format(**slots), answer.format(**slots)


def cut(answer: str, rng: random.Random) -> str:
    """A longer answer that breaks off."""
    text = f"{answer.rstrip('.')}. What is shown is quiet, "
    return text + rng.choice(TAILS)


def annotation_of(item: Scene) -> Annotation:
    """All there is in a scene."""
    boxes: dict[str, list[tuple[float, float, float, float]]] = {}
    for o in item.objects:
        x1, y1, x2, y2 = (value / SIZE for value in o.box)
        boxes.setdefault(o.name, []).append((x1, y1, x2, y2))
    labels = frozenset(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES)
    counts = {label: len(found) for label, found in boxes.items()}
    return Annotation(counts, frozenset(boxes), labels, (), {label: tuple(found) for label, found in boxes.items()})


def dialogue_of(item: Scene) -> list[tuple[str, str]]:
    """What the demo says of a scene: its questions and its caption."""
    asked = [(qa.question, qa.answer) for qa in questions(item, random.Random(item.seed))]
    return [("Describe the scene.", caption(item)), *asked]


def sample_of(rounds: Iterable[tuple[str, str]], ref: str, **more) -> Sample:
    """A dialogue over one picture of that name."""
    messages = [
        Message(role=role, content=[Part(text=text)])
        for pair in rounds
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
    media = [Media("image", 0, ref)]
    fixed = {"subset": "default", "split": "train", "dataset": "tests"} | more
    return Sample(messages=messages, media=media, images=fixed.pop("images", [None]), **fixed)


