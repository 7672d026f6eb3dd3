"""The survey's experiment in small: true dialogues, every ability taught, tests apart from training."""

import random

import pytest

from vlit_hub.demo import experiment
from vlit_hub.demo.experiment import BLOCK, FAULTY, OPTIONS, QUESTIONS, TYPES, dialogue, held_out
from vlit_hub.demo.scenes import CELLS, NUMBERS, scenes

TRAIN = list(scenes("train", 150, BLOCK["train"]))
TEST = list(scenes("test", 60, BLOCK["test"]))
TEACHES = {
    "instance_identity": "region",
    "instance_attributes": "region",
    "instance_location": "negative",
    "instance_counting": "global",
    "spatial_relation": "region",
    "visual_reasoning": "global",
    "text_recognition": "global",
}


def turns(sample):
    said = ["".join(part.text for part in message.content) for message in sample.messages]
    return list(zip(said[::2], said[1::2], strict=True))


def form(question):
    """The question without what it names."""
    names = {word for name in experiment.NAMES for word in name.split()} | {w for cell in CELLS for w in cell.split()}
    return " ".join(word for word in question.rstrip("?").split() if word not in names)


def true_answer(scene, question):
    """What the scene says, worked out here from its objects; None for what is not asked of objects."""
    by_place = {CELLS[o.cell]: o for o in scene.objects}
    found = [o for o in scene.objects if o.name in question]
    if question.startswith("How many objects are"):
        return NUMBERS[len(scene.objects) - 1]
    if question.startswith("How many objects would"):
        return NUMBERS[len(scene.objects) - 1 + (1 if "added" in question else -1)]
    if question.startswith("What word"):
        return scene.word
    if question.startswith("Is there"):
        return "yes" if found else "no"
    if question.startswith("Where is"):
        return CELLS[found[0].cell] if found else "nowhere"
    if " is the object at " in question:
        there = by_place[question.rstrip("?").partition(" at ")[2]]
        return there.colour if "colour" in question else there.shape
    return None


@pytest.mark.parametrize("kind", TYPES)
def test_a_dialogue_that_holds_says_what_the_scene_shows(kind):
    checked, faulty = 0, 0
    for scene in TRAIN:
        sample, holds = dialogue(scene, kind)
        assert (sample.dataset, sample.instruction_type) == (kind, kind)
        told = [(true_answer(scene, question), answer) for question, answer in turns(sample)]
        wrong = [one for one in told if one[0] is not None and one[0] != one[1]]
        assert not (holds and wrong)
        checked, faulty = checked + sum(one[0] is not None for one in told), faulty + (not holds)
    assert checked > 2 * len(TRAIN) and abs(faulty / len(TRAIN) - FAULTY) < 0.12


def test_every_ability_is_asked_and_taught_by_one_type_in_the_same_words():
    asked = {}
    for scene in TEST:
        for sample in held_out(scene):
            assert len(set(sample.choices)) == OPTIONS and sample.choices[sample.correct] == turns(sample)[0][1]
            truth = true_answer(scene, turns(sample)[0][0])
            assert truth in (None, sample.choices[sample.correct])
            asked.setdefault(sample.ability, set()).add(form(turns(sample)[0][0]))
    assert set(asked) == set(QUESTIONS)
    taught = {kind: {form(q) for scene in TRAIN for q, _ in turns(dialogue(scene, kind)[0])} for kind in TYPES}
    for ability, forms in asked.items():
        assert {kind for kind in TYPES if forms & taught[kind]} == {TEACHES[ability]}
        assert forms <= taught[TEACHES[ability]]


def test_no_scene_of_the_test_is_trained_on():
    drawn = {scene.contents for name in ("train", "captions") for scene in scenes("train", 2000, BLOCK[name])}
    assert not drawn & {scene.contents for scene in scenes("test", 400, BLOCK["test"])}


def test_wrong_answers_are_drawn_from_the_same_kind():
    rng = random.Random(0)
    for make in QUESTIONS.values():
        found = [asked for scene in TRAIN[:40] if (asked := make(scene, rng))]
        assert found and all(asked.answer in asked.pool and len(set(asked.pool)) >= OPTIONS for asked in found)
