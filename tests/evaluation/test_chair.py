"""CHAIR against the reference implementation, by hand, and as a scoring."""

import json
import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from scipy.stats import binom

from tests.evaluation.rooms import colour_sample, say
from vlit_hub.evaluation import evaluate_answers
from vlit_hub.evaluation.scoring.chair import chair, chair_i, chair_s, coverage, named_each, objects_in
from vlit_hub.lexicon import COCO
from vlit_hub.schema import Region

# (caption, annotated labels, captions of people, labels named, those not there): LisaAnne/Hallucination @585f2d9
# utils/chair.py under Python 3, its words made singular by textblob's port of pattern
REFERENCE = json.loads((Path(__file__).parent / "chair_reference.json").read_text(encoding="utf-8"))
APART = {
    "A boy with a baseball bat and a catcher with his mitt.": "catcher, mitt",
    "A bear cub climbs a tree while vultures watch.": "cub",
    "A computer keyboard and a mouse on a desk.": "computer keyboard",
    "A surfer carries a surfboard; a puppy follows him.": "surfer",
}
"""Captions with words that only one of the two lists has."""


def test_figures_are_the_reference_implementations():
    rows = [row for row in REFERENCE if row[0] not in APART]
    assert len(rows) == len(REFERENCE) - len(APART) == 32
    found = []
    for caption, objects, people, named, absent in rows:
        one = chair(caption, objects, people)
        assert [label in said for label, said in zip(named, one.said, strict=True)] == [True] * len(named), caption
        assert [label in said for label, said in zip(absent, one.absent, strict=True)] == [True] * len(absent), caption
        found.append(one)
    named, absent = (sum(len(row[i]) for row in rows) for i in (3, 4))
    assert chair_i(found) == pytest.approx(absent / named, abs=1e-12) and absent > 10
    assert chair_s(found) == pytest.approx(sum(bool(row[4]) for row in rows) / len(rows), abs=1e-12)


def test_captions_on_which_the_lists_part():
    theirs = {row[0]: [[label] for label in row[3]] for row in REFERENCE if row[0] in APART}
    assert len(theirs) == len(APART)
    assert all([sorted(labels) for labels in objects_in(caption)] != named for caption, named in theirs.items())


def brute(caption, objects):
    """Of single words of COCO, by counting."""
    words = [word.rstrip("s.") for word in caption.split()]
    return [word for word in words if word in COCO], [w for w in words if w in COCO and w not in objects]


def test_figures_of_random_captions_by_counting():
    rng, single = random.Random(0), ["cat", "dog", "pizza", "bowl", "zebra", "kite", "umbrella", "clock"]
    rows = []
    for _ in range(200):
        words = [rng.choice([*single, *(f"{word}s" for word in single), "red", "near", "of"]) for _ in range(8)]
        rows.append((" ".join(words) + ".", rng.sample(single, 4)))
    found, expected = [chair(*row) for row in rows], [brute(*row) for row in rows]
    assert chair_i(found) == sum(len(absent) for _, absent in expected) / sum(len(named) for named, _ in expected)
    assert chair_s(found) == sum(bool(absent) for _, absent in expected) / 200
    assert named_each(found) == sum(len(named) for named, _ in expected) / 200
    covered = [len(set(named) & set(row[1])) for (named, _), row in zip(expected, rows, strict=True)]
    assert coverage(found) == sum(covered) / 800


def test_words_that_belong_together_are_one_mention():
    said = {
        "a baby bird": ["bird"], "a baby on a bed": ["person", "bed"], "two buses": ["bus"], "train tracks": [],
        "wine glasses and knives": ["wine glass", "knife"], "an animal and a vehicle": [], "a hot dog": ["hot dog"],
    }  # fmt: skip
    assert {text: [next(iter(labels)) for labels in objects_in(text)] for text in said} == said
    assert objects_in("a bike") == [frozenset({"bicycle", "motorcycle"})] and objects_in("") == []
    assert not chair("a bike by a sofa", ["motorcycle", "couch"]).absent
    assert (chair_i([]), chair_s([]), chair_i([chair("sky", ["cat"])]), coverage([chair("sky", ["cat"])])) == (
        None, None, None, 0.0
    )  # fmt: skip


LABELS = ("dog", "pizza", "fire hydrant", "wine glass")


def pictures(n):
    rng, made = random.Random(0), []
    for i in range(n):
        label = rng.choice(LABELS)
        shown = colour_sample(i, "red", question="Describe the picture.")
        messages = [shown.messages[0], say("assistant", "red")]
        made.append(msgspec.structs.replace(shown, messages=messages, regions=[region(label), region(label)]))
    return made


def region(label):
    return Region(frame="norm", box=[0.0, 0.0, 0.5, 0.5], label=label)


def test_oracle_chance_and_majority():
    samples = pictures(120)
    truth = {s.id: s.regions[0].label for s in samples}

    def scored(answer, **more):
        return evaluate_answers(samples, answer, scoring="chair", **more).row("all")

    oracle = scored(lambda batch: [f"There is a {truth[s.id]}." for s in batch])
    assert (oracle.accuracy, oracle.figures) == (1.0, {"chair_i": 0.0, "chair_s": 0.0, "objects": 1.0, "coverage": 1.0})
    label, count = Counter(truth.values()).most_common(1)[0]
    blind = scored(lambda batch: [f"I see two {label}s"] * len(batch))
    assert blind.accuracy == blind.controls["majority"] == count / 120
    assert blind.figures["chair_s"] == pytest.approx(1 - count / 120)
    silent = scored(lambda batch: ["Clouds."] * len(batch), controls=())
    assert silent.figures == {"chair_i": None, "chair_s": 0.0, "objects": 0.0, "coverage": 0.0}
    inside = 0
    for seed in range(40):
        rng = random.Random(seed + 1)
        row = scored(lambda batch, rng=rng: [rng.choice(LABELS) for _ in batch], controls=())
        inside += row.low <= 0.25 <= row.high
    assert inside >= int(binom.ppf(0.001, 40, 0.95))


def test_pictures_without_annotated_objects_are_counted():
    bare = msgspec.structs.replace(pictures(1)[0], regions=[])
    other = msgspec.structs.replace(pictures(2)[1], regions=[region("red circle")])
    report = evaluate_answers([bare, other], lambda batch: ["a dog"] * len(batch), scoring="chair")
    assert (report.scored, report.unanswerable) == (0, {"no annotated objects": 2})
