"""Attributes, actions and relations that are not so, and what no photograph tells: what is written, and the control."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.construction.collection import write
from tests.construction.scripted import Scripted
from tests.construction.test_author import run
from tests.construction.test_visual_genome import relation, thing
from vlit_hub.construction.control import checked
from vlit_hub.construction.generate import Knowledge, Scene
from vlit_hub.construction.negatives import negative_dialogue
from vlit_hub.construction.states import ACTIONS, EXCLUDED, others, told
from vlit_hub.construction.templates import Draw, Turn
from vlit_hub.construction.visual_genome import collect_vg
from vlit_hub.curation.annotations import of_picture
from vlit_hub.curation.collect import Collection, Object, Picture

LABELS = ("bird", "bus", "cat", "dog", "person", "umbrella")
PARK = Picture(
    7, Path("7.jpg"), 100, 100,
    ("A small brown dog sits by a red bus.", "The man is not running, the man stands.", "A black and white cat.",
     "Birds are flying."),
    (Object(1, "dog", (0, 50, 20, 90)), Object(2, "bus", (50, 0, 90, 40)), Object(3, "cat", (30, 30, 40, 40)),
     Object(4, "person", (60, 50, 70, 90)), Object(5, "bird", (0, 0, 5, 5)), Object(6, "bird", (9, 0, 14, 5))),
)  # fmt: skip


def found(picture):
    return [(state.label, state.noun, state.value) for state in told(picture)]


def test_states_are_told_of_single_things_alone():
    assert found(PARK) == [
        ("bus", "bus", "red"), ("dog", "dog", "brown"), ("dog", "dog", "sitting"), ("person", "man", "standing"),
    ]  # fmt: skip
    two = replace(PARK, objects=(*PARK.objects, Object(8, "dog", (80, 80, 99, 99))))
    crowd = replace(PARK, crowds=frozenset({"bus"}))
    assert "dog" not in {state.label for state in told(two)} and "bus" not in {state.label for state in told(crowd)}


@pytest.mark.parametrize(
    ("captions", "states"),
    [
        (["A red bus", "A blue bus"], []),
        (["A bus that is red and white"], []),
        (["The bus is gray."], [("bus", "bus", "grey")]),
        (["A white man in an empty bus"], [("bus", "bus", "empty")]),
        (["A dog running", "A dog sits"], []),
        (["A bus running late"], []),
        (["A stuffed dog sitting"], []),
        (["A dog bed lying there"], []),
        (["A puppy lies on the floor."], [("dog", "puppy", "lying down")]),
    ],
)
def test_what_does_not_go_together_is_left(captions, states):
    assert found(replace(PARK, captions=tuple(captions))) == states


def test_what_a_thing_is_not_is_nothing_that_people_speak_of():
    states = {state.value: state for state in told(PARK)}
    assert others(states["sitting"], PARK) == ["jumping", "lying down"]  # "stands" and "running" are spoken of
    assert not {"white", "black", "red", "orange", "grey"} & set(others(states["brown"], PARK))
    assert "green" in others(states["brown"], PARK)
    assert all(value not in EXCLUDED[value] for value in EXCLUDED) and set().union(*EXCLUDED.values()) <= set(EXCLUDED)
    assert all("|" not in value for value in ACTIONS)


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Describe.", "A green dog.", "dog is green wrong"),
        ("Describe.", "The brown dog sits there.", "dog is brown right, dog is sitting right"),
        ("Describe.", "The dog is lying down by a bus which is pink.", "dog is lying down wrong"),  # or red?
        ("Is the dog green?", "No, the dog is not green but brown.", "no dog is green right"),
        ("Is the dog green?", "Yes, it is.", "dog is green wrong"),
        ("Is the dog brown?", "No.", "no dog is brown wrong"),
        ("Would you say that the dog is lying down?", "Yes.", "dog is lying down wrong"),
        ("Why is the dog lying down?", "The dog is sitting, not lying down.", "dog is sitting right"),
        ("Describe.", "The person is sleeping. A cat is green. The birds are sitting.", ""),
        ("Describe.", "A dog in a green field looks on; the dog might be green.", ""),
    ],
)
def test_the_control_reads_states(question, answer, expected):
    (verdicts,) = checked([Turn(question, answer)], of_picture(PARK, frozenset(LABELS)), PARK)
    states = [f"{v.claim} {v.verdict}" for v in verdicts if v.claim.kind == "state"]
    assert ", ".join(states) == expected


def test_templates_pass_the_control_and_say_all_kinds():
    scene = Scene(PARK, Knowledge.of(Collection((PARK,), LABELS)))
    known, seen = of_picture(PARK, frozenset(LABELS)), set()
    for seed in range(60):
        turns = negative_dialogue(scene, Draw(seed))
        for turn, verdicts in zip(turns, checked(turns, known, PARK), strict=True):
            assert all(v.verdict == "right" for v in verdicts if v.claim.kind in ("state", "relation")), turn
            assert not any(v.verdict == "wrong" for v in verdicts), turn
            seen |= {(v.claim.kind, v.claim.holds) for v in verdicts}
            seen |= {"unanswerable"} & {"unanswerable" if re.search("no photograph|nothing that", turn.answer) else ""}
    kinds = {(kind, holds) for kind in ("exists", "relation", "state") for holds in (True, False)}
    assert kinds | {"unanswerable"} <= seen


def test_of_visual_genome(tmp_path):
    from PIL import Image

    (tmp_path / "images").mkdir()
    Image.new("RGB", (200, 100)).save(tmp_path / "images" / "4.jpg")
    things = [thing(11, "dog", 20, 20, 60, 40), thing(12, "mat", 10, 40, 120, 50), thing(13, "man", 90, 0, 40, 60)]
    described = [
        {"image_id": 4, "attributes": [
            {"object_id": 11, "names": ["dog"], "attributes": ["Brown", "furry"]},
            {"object_id": 12, "names": ["mat"]}, {"object_id": 99, "attributes": ["red"]},
            {"object_id": 13, "attributes": ["white"]}]},
    ]  # fmt: skip
    related = [{"image_id": 4, "relationships": [relation(11, "lying on", 12), relation(13, "standing on", 12)]}]
    for name, rows in (
        ("objects", [{"image_id": 4, "objects": things}]), ("attributes", described), ("relationships", related),
    ):  # fmt: skip
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    collection = collect_vg(tmp_path)
    (picture,) = collection.pictures
    assert picture.attributes == ((11, "brown"), (11, "furry"), (13, "white"))
    assert collection.issues == {"attributes of an unknown thing": 1}
    assert found(picture) == [("dog", "dog", "brown"), ("dog", "dog", "lying down"), ("man", "man", "standing")]
    scene = Scene(picture, Knowledge.of(collection))
    said = {(turn.question, turn.answer) for seed in range(40) for turn in negative_dialogue(scene, Draw(seed))}
    texts = {answer for _, answer in said}
    assert "No, the dog is lying on the mat." in texts and "Yes, the man is standing on the mat." in texts
    assert any(question == "Is the dog lying under the mat?" for question, _ in said)
    assert any(answer.startswith("The dog is not green but brown") for _, answer in said)
    assert not any(re.search(r"There (is|are)|how many", answer) for answer in texts)  # of an open list


def test_a_model_that_swaps_is_told_so(tmp_path):
    """Each of an attribute, an action and a relation that is not so is asked for again with the reason."""
    boxes = [("dog", [10, 60, 40, 40], 0), ("umbrella", [120, 20, 60, 90], 0)]
    coco = write(tmp_path / "coco", {1: ((200, 150), ["a brown dog sits left of an umbrella"], boxes)})
    swapped = ("The dog is green.", "The dog is lying down.", "The dog is to the right of the umbrella.")
    for number, answer in enumerate(swapped):
        wrong, right = (
            json.dumps({"turns": [{"question": "What about it?", "answer": text}]})
            for text in (answer, "The brown dog is sitting to the left of the umbrella.")
        )
        with Scripted(lambda _, payload, w=wrong, r=right: w if len(payload["messages"]) == 2 else r) as server:
            report, tally, rows = run(coco, tmp_path / str(number), server, types=("negative",))
            reasons = [p["messages"][3]["content"] for p in server.payloads if len(p["messages"]) == 4]
        assert report.records == {"negative": 1} and tally["asked_again"] == {"wrong claim": 1} and rows == []
        assert len(reasons) == 1 and "is wrong (" in reasons[0] and "dog" in reasons[0]
        assert (tally["claims_before"]["wrong"], tally["claims_kept"]["wrong"]) == (1, 0)
