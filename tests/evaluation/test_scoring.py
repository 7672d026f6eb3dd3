"""Ways of scoring against the reference implementations, and by hand."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco_mask

import vlit_hub
from vlit_hub.evaluation.scoring.boxes import box_of, iou, region_iou
from vlit_hub.evaluation.scoring.captions import cider, tokens
from vlit_hub.evaluation.scoring.vqa import normal_form, vqa_accuracy
from vlit_hub.evaluation.scoring.yes_no import said_yes, yes_no
from vlit_hub.schema import Region

# (answer, answers of people, accuracy): printed by GT-Vision-Lab/VQA @a013f00 vqaEval.py, run under Python 3
VQA = json.loads((Path(__file__).parent / "vqa_reference.json").read_text(encoding="utf-8"))
CAPTIONS = [
    ("a red dog runs over the grass", ["a dog runs on grass", "a brown dog is running over the green grass"]),
    ("two people ride horses on a beach", ["people riding horses by the sea", "two horses and two riders on a beach"]),
    ("a plate of food", ["a plate of pasta with a fork", "pasta on a plate", "some food"]),
    ("dog", ["a dog sleeps on a couch"]),
    ("", ["an empty room"]),
]


@pytest.mark.parametrize(("said", "answers", "accuracy"), VQA)
def test_vqa_accuracy_is_the_reference_implementations(said, answers, accuracy):
    assert vqa_accuracy(said, answers) == pytest.approx(accuracy, abs=1e-6)


def test_vqa_accuracy_of_ten_equal_and_of_few_answers():
    assert [vqa_accuracy("yes", ["yes"] * n + ["no"] * (10 - n)) for n in (0, 1, 2, 3, 4)] == pytest.approx(
        [0, 0.3, 0.6, 0.9, 1]
    )
    assert normal_form("The two dogs, dont") == "2 dogs don't"
    with pytest.raises(ValueError, match="at least one person"):
        vqa_accuracy("yes", [])


@pytest.mark.parametrize("rows", [CAPTIONS, CAPTIONS[:2], CAPTIONS[:1]])
def test_cider_is_pycocoevalcaps(rows):
    from pycocoevalcap.cider.cider import Cider

    references = {i: texts for i, (_, texts) in enumerate(rows)}
    _, expected = Cider().compute_score(references, {i: [text] for i, (text, _) in enumerate(rows)})
    found = cider([text for text, _ in rows], [texts for _, texts in rows], tokenize=str.split)
    assert found == pytest.approx(expected.tolist(), abs=1e-6)


def test_cider_of_many_random_captions_is_pycocoevalcaps():
    from pycocoevalcap.cider.cider import Cider

    rng = random.Random(0)
    words = "a the dog cat red runs on of grass with two".split()

    def text():
        return " ".join(rng.choices(words, k=rng.randint(1, 12)))

    said, known = [text() for _ in range(60)], [[text() for _ in range(rng.randint(1, 5))] for _ in range(60)]
    _, expected = Cider().compute_score(dict(enumerate(known)), {i: [t] for i, t in enumerate(said)})
    assert cider(said, known, tokenize=str.split) == pytest.approx(expected.tolist(), abs=1e-6)


def test_tokens_and_faults_of_captions():
    assert tokens("Don't! The dog's 1,000.5 bones.") == ["do", "n't", "the", "dog", "'s", "1,000.5", "bones"]
    with pytest.raises(ValueError, match="every prediction needs at least one"):
        cider(["a"], [[]])


def test_iou_is_pycocotools():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 100, (200, 2, 2))
    boxes = np.concatenate([corners.min(1), corners.max(1)], axis=1)
    xywh = boxes.copy()
    xywh[:, 2:] -= xywh[:, :2]
    expected = coco_mask.iou(xywh[:100], xywh[100:], np.zeros(100, np.uint8))
    found = [[iou(a, b) for b in boxes[100:]] for a in boxes[:100].tolist()]
    assert np.allclose(found, expected, atol=1e-6)
    assert iou([0, 0, 0, 5], [0, 0, 0, 5]) == 0


def test_boxes_are_read_out_of_answers():
    assert box_of("It is at [0.1, 0.2, 0.5, 0.6].", "float", (100, 50)) == pytest.approx([0.1, 0.2, 0.5, 0.6])
    assert box_of("I see none.", "float", (100, 50)) == []
    region = Region(box=[0.1, 0.2, 0.5, 0.6])
    assert region_iou("[0.1, 0.2, 0.3, 0.6]", region, "float", (100, 50)) == pytest.approx(0.5)
    assert region_iou("nowhere", region, "float", (100, 50)) == 0


@pytest.mark.parametrize(
    ("answer", "yes"),
    [("Yes", True), ("No.", False), ("There is not a dog", False), ("Yes, it is. No more.", True), ("A dog", True)],
)
def test_yes_and_no_are_read_as_by_pope(answer, yes):
    assert said_yes(answer) is yes


def test_figures_of_yes_no_by_hand():
    found = yes_no(["Yes", "Yes", "No", "no", "hm"], [True, False, False, True, True], ["a", "a", "b", "c", "c"])
    assert (found.accuracy, found.precision, found.recall) == (3 / 5, 2 / 3, 2 / 3)
    assert (found.f1, found.yes, found.unclear, found.accuracy_plus) == (pytest.approx(2 / 3), 3 / 5, 1, 1 / 3)
    only_no = yes_no(["no"], [False], ["a"])
    assert (only_no.precision, only_no.recall, only_no.f1, only_no.accuracy) == (None, None, None, 1)
    with pytest.raises(ValueError, match="1 answers, 0 labels"):
        yes_no(["no"], [], ["a"])


LOAD = """
import json, sys, evaluate
for name, case in json.loads(sys.argv[2]).items():
    print(json.dumps(evaluate.load(f"{sys.argv[1]}/{name}").compute(**case)))
"""
CASES = {
    "vlit_vqa_accuracy": {"predictions": ["yes", "2"], "references": [["yes"] * 10, ["two"] * 2 + ["3"] * 8]},
    "vlit_cider": {"predictions": ["a dog", "a cat"], "references": [["a dog"], ["a cat", "the cat"]]},
    "vlit_box_iou": {"predictions": [[0, 0, 2, 2], []], "references": [[0, 0, 2, 2.5], [0, 0, 1, 1]]},
    "vlit_chair": {
        "predictions": ["a dog on a bed", "cats and a clock"],
        "references": [["dog"], ["cat"]],
        "captions": [[], ["a clock"]],
    },
}


def test_metrics_load_offline_by_path(tmp_path):
    import os

    folder = Path(vlit_hub.__file__).parent / "evaluation" / "metrics"
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "HF_MODULES_CACHE": str(tmp_path / "modules")}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(folder), json.dumps(CASES)],
        env=os.environ | offline, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    vqa, captions, boxes, objects = map(json.loads, done.stdout.splitlines())
    assert (vqa["vqa_accuracy"], vqa["n"]) == (pytest.approx((1 + 0.6) / 2), 2)
    assert captions["cider"] == pytest.approx(sum(cider(**CASES["vlit_cider"])) / 2) and captions["cider"] > 0
    assert (boxes["accuracy"], boxes["mean_iou"]) == (0.5, 0.4)
    assert (objects["chair_s"], objects["chair_i"], objects["objects"], objects["coverage"]) == (0.5, 0.25, 2, 1)
