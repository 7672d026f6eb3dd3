"""``python -m tests.construction.show_control``: the control's verdicts on GPT-4's answers about COCO pictures, beside
those on what our templates write from the same captions and boxes, and on people's captions held against the boxes
alone; every claim that it refuses is shown. Last, attributes and actions that people tell, put right and put wrong."""

import json
import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from vlit_hub.construction.control import Claims, checked, faults
from vlit_hub.construction.generate import Knowledge, Scene, global_dialogue
from vlit_hub.construction.negatives import negative_dialogue
from vlit_hub.construction.states import told
from vlit_hub.construction.templates import Draw, Turn
from vlit_hub.curation.annotations import of_picture
from vlit_hub.curation.collect import Collection, Object, Picture

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "survey" / "samples" / "llava-construction"
UNLIKE = {
    "black": "white yellow", "white": "black crimson green", "red": "green white azure", "green": "red white pink",
    "blue": "yellow scarlet", "brown": "emerald blue white", "orange": "green purple", "grey": "pink green yellow",
    "open": "closed", "full": "empty", "old": "young", "clean": "dirty", "standing": "lying sitting",
    "sitting": "standing lying running", "lying down": "standing running walking", "walking": "sitting asleep",
    "jumping": "sitting asleep", "sleeping": "running jumping eating", "eating": "asleep jumping",
    "riding": "sleeping swimming", "flying": "swimming lying", "running": "sitting asleep",
}  # fmt: skip
"""In words of this file's own choice: value -> what the same thing is not then."""
BEFORE = (("Describe it.", "It is a quiet view. One can see the {value} {noun}, nothing else."),
          ("What is there?", "There is a {value} {noun} right here."))  # fmt: skip
BEHIND = (("Describe it.", "A plain shot: the {noun} is {value}."), ("Is the {noun} {value}?", "Yes, it is."),
          ("What is there?", "In front of us the {noun} that is {value} draws the eye."))  # fmt: skip
SIDE = 1000
"""The boxes are shares of the picture; its size is not released."""


def lines(name):
    return [json.loads(line) for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()]


def collection():
    """The released captions and boxes; the labels are those that occur in them."""
    pictures = []
    for row in lines("caps_boxes_coco2014_val_80.jsonl"):
        objects = [
            Object(number, item["category"], tuple(SIDE * value for value in item["bbox"]))
            for number, item in enumerate(row["instances"])
        ]
        size = (int(row["id"]), SAMPLES / row["image"], SIDE, SIDE)
        pictures.append(Picture(*size, captions=tuple(row["captions"]), objects=tuple(objects)))
    labels = sorted({item.label for picture in pictures for item in picture.objects})
    return Collection(tuple(pictures), tuple(labels))


def gpt4():
    """(picture, turn) of GPT-4: 30 pictures x 3 and the 90 answers of the evaluation set."""
    for row in lines("coco2014_val_gpt4_qa_30x3.jsonl"):
        yield int(row["id"]), row["type"], Turn(row["instruction"], row["output"])
    answers = {row["question_id"]: row["text"] for row in lines("qa90_gpt4_answer.jsonl")}
    for row in lines("qa90_questions.jsonl"):
        yield int(row["image"][:12]), row["category"], Turn(row["text"], answers[row["question_id"]])


def ours(found):
    """(picture, kind, turn) of the templates over the same pictures."""
    knowledge = Knowledge.of(found)
    for picture in found.pictures:
        scene = Scene(picture, knowledge)
        for kind, make in (("global", global_dialogue), ("negative", negative_dialogue)):
            for turn in make(scene, Draw(0, picture.id, kind)):
                yield picture.id, kind, turn


def people(found):
    """(picture, kind, turn) of the captions, which people wrote without the boxes."""
    for picture in found.pictures:
        for caption in picture.captions:
            yield picture.id, "caption", Turn("", caption)


def verdict(found, said, captions=True):
    """(claims, answers with a wrong claim, answers, disagreements) over the turns about pictures that are known."""
    labels = frozenset(found.labels)
    pictures = {picture.id: picture if captions else replace(picture, captions=()) for picture in found.pictures}
    known = {number: of_picture(picture, labels) for number, picture in pictures.items()}
    claims, answers, refused, shown, seen = Claims(), Counter(), Counter(), [], set()
    for picture, kind, turn in said:
        if picture not in known or (picture, turn) in seen:
            continue
        seen.add((picture, turn))
        (checks,) = checked([turn], known[picture], pictures[picture])
        claims.add(checks)
        answers[kind] += 1
        if wrong := faults([checks]):
            refused[kind] += 1
            shown.append((picture, turn, wrong, known[picture]))
    return claims, answers, refused, shown


def states(found, seed=0):
    """(wrong ones found, wrong ones, right ones refused, right ones) of what is told of single things."""
    rng, tally = random.Random(seed), Counter()
    for picture in found.pictures:
        known = of_picture(picture, frozenset(found.labels))
        words = set(re.findall("[a-z]+", " ".join(picture.captions).lower()))
        for state in told(picture):
            unlike = [value for value in UNLIKE[state.value].split() if value not in words]
            for value, wrong in ((state.value, False), *((value, True) for value in unlike)):
                forms = BEHIND if state.action else BEFORE + BEHIND
                question, answer = (text.format(noun=state.noun, value=value) for text in rng.choice(forms))
                (verdicts,) = checked([Turn(question, answer)], known, picture)
                tally[wrong, any(v.verdict == "wrong" for v in verdicts)] += 1
    wrong, right = tally[True, True] + tally[True, False], tally[False, True] + tally[False, False]
    return tally[True, True], wrong, tally[False, True], right


def main():
    found = collection()
    for who, said in (("GPT-4", gpt4()), ("templates", ours(found)), ("people", people(found))):
        claims, answers, refused, shown = verdict(found, said, captions=who != "people")
        print(f"{who}: {sum(answers.values())} answers, claims {claims.to_dict()}")
        for kind in sorted(answers):
            print(f"  {kind}: {refused[kind]} of {answers[kind]} answers refused")
        for picture, turn, wrong, known in shown:
            print(f"\n  {picture}: {turn.question}\n    {turn.answer[:500]}\n    -> {'; '.join(wrong)}")
            print(f"    annotated: {dict(known.counts)}; first caption: {known.captions[:1]}")
        print()
    print("states told by people: {} of {} put wrong are refused, {} of {} right ones".format(*states(found)))


if __name__ == "__main__":
    main()
