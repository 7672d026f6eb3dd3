"""The evaluation around a system that answers: controls, strata, counts of what cannot be scored. No model needed."""

import json

import msgspec
import pytest

from tests.evaluation.rooms import COLOURS, colour_sample, picture, say, seen_colour
from vlit_hub.canonical import validate
from vlit_hub.chat import NotChat
from vlit_hub.evaluation import evaluate_answers
from vlit_hub.evaluation.controls import (
    blind,
    donors,
    majority_answers,
    majority_predictions,
    questions_of,
    with_pictures_of,
)
from vlit_hub.evaluation.questions import Unanswerable, asked_sample, question_of, references_of
from vlit_hub.schema import Media, Sample

NAMES = list(COLOURS)


def colours(n=60, per_group=2):
    """Red, green, blue in turn; the two samples of a group share no picture, abilities and types alternate."""
    return [
        colour_sample(
            i,
            NAMES[i % 3],
            group=f"g{i // per_group}",
            ability=("instance_attributes", "instance_identity")[i % 2],
            kind=("global", "region")[i % 5 == 0],
        )
        for i in range(n)
    ]


def oracle(samples):
    return [seen_colour(sample) for sample in samples]


def always(text):
    return lambda samples: [text] * len(samples)


def test_an_oracle_scores_all_and_its_controls_fall():
    report = evaluate_answers(colours(), oracle)
    row = report.row("all")
    assert (row.n, row.groups, row.accuracy, row.high) == (60, 30, 1.0, 1.0)
    assert row.controls["blind"] == 0.0
    assert row.controls["shuffled"] == sum(p.said["shuffled"] == p.said["model"] for p in report.predictions) / 60
    assert row.controls["majority"] == pytest.approx(1 / 3)
    assert row.gains["blind"].value == 1.0 and row.gains["shuffled"].low > 0.2
    assert [(r.kind, r.name, r.n) for r in report.rows] == [
        ("all", "", 60),
        ("ability", "instance_attributes", 30),
        ("ability", "instance_identity", 30),
        ("instruction_type", "global", 48),
        ("instruction_type", "region", 12),
    ]


def test_no_sample_sees_a_picture_of_its_own_group():
    samples = colours()

    def names(batch):
        return [f"{sample.media[0].ref} {seen_colour(sample)}" for sample in batch]

    for seed in range(5):
        report = evaluate_answers(samples, names, controls=("shuffled",), seed=seed)
        assert len(report.predictions) == 60
        for p in report.predictions:
            ref, colour = p.said["shuffled"].split()
            donor = samples[int(ref.removesuffix(".png"))]
            assert p.said["model"].startswith(f"{p.row}.png ") and donor.group != p.group
            assert colour == donor.messages[-1].content[0].text


def test_a_constant_answer_scores_the_majority_share_exactly():
    samples = [s for i, s in enumerate(colours()) if i % 3 or i % 2]  # red is rare now
    questions = questions_of(samples)
    answers = majority_answers(questions)
    report = evaluate_answers(samples, always(answers[""]))
    row = report.row("all")
    assert row.accuracy == max(sum(q.references == (name,) for q in questions) for name in NAMES) / len(questions)
    assert row.accuracy == row.controls["blind"] == row.controls["shuffled"]
    for ability in ("instance_attributes", "instance_identity"):
        mine = [q for q in questions if q.ability == ability]
        best = max(sum(q.references == (name,) for q in mine) for name in NAMES) / len(mine)
        assert report.row("ability", ability).controls["majority"] == best


def test_a_system_that_ignores_pictures_has_equal_controls():
    def by_id(samples):
        return [NAMES[int(sample.id[1:]) % 2] for sample in samples]

    report = evaluate_answers(colours(), by_id, untuned=oracle)
    for row in report.rows:
        assert row.accuracy == row.controls["blind"] == row.controls["shuffled"]
        assert row.gains["blind"].low < row.gains["blind"].value == 0.0 < row.gains["blind"].high
        assert row.controls["untuned"] == 1.0


def test_majority_is_fitted_on_training_answers_when_given():
    train = [colour_sample(i, "green", ability="instance_identity") for i in range(9)]
    train += [colour_sample(20 + i, "blue", ability="instance_attributes") for i in range(3)]
    questions = questions_of(colours(6))
    answers = majority_answers(questions_of(train))
    assert answers == {"": "green", "instance_identity": "green", "instance_attributes": "blue"}
    assert majority_predictions(questions, answers) == ["blue", "green"] * 3

    assert majority_predictions(questions[:1], {"": "green"}) == ["green"]
    report = evaluate_answers(colours(6), oracle, training=train, controls=("majority",))
    assert report.row("all").controls == {"majority": sum(i % 3 == (2 if i % 2 == 0 else 1) for i in range(6)) / 6}
    assert report.settings["majority"].endswith("fitted on the training answers (12 questions)")
    assert "evaluated set" in evaluate_answers(colours(6), oracle).settings["majority"]


def test_labels_of_the_evaluated_samples_are_not_those_of_training_samples():
    """Two releases share ids; under the labels of one, the majority of the other is fitted on wrong abilities."""
    evaluated = [colour_sample(i, "red", ability="instance_identity") for i in range(4)]
    train = [colour_sample(i, "red", ability="instance_identity") for i in range(4, 8)]
    train += [colour_sample(i, "blue", ability="instance_counting") for i in range(4)]
    labels = dict.fromkeys(("s0", "s1", "s2", "s3"), "instance_identity")
    asked = []
    with pytest.raises(ValueError, match="training with labels: .* leave out labels, or leave out training"):
        evaluate_answers(evaluated, asked.append, labels=labels, training=train)
    assert asked == []
    assert evaluate_answers(evaluated, oracle, training=train).row("all").controls["majority"] == 1.0


def test_strata_of_both_kinds_are_told_apart():
    samples = [colour_sample(i, "red", question="Well?") for i in range(3)]
    report = evaluate_answers(samples, oracle)
    assert [line[0] for line in report.table()[1]] == ["all", "ability: none", "instruction type: none"]


def test_majority_of_an_instruction_type_is_its_own():
    samples = []
    for i in range(20):
        kind, answer = ("global", "red") if i < 12 else ("negative", ("blue", "green")[i % 4 == 0])
        samples.append(colour_sample(i, answer, kind=kind, ability="instance_identity"))
    report = evaluate_answers(samples, oracle, controls=("majority",))
    assert report.row("all").controls["majority"] == 12 / 20
    assert report.row("ability", "instance_identity").controls["majority"] == 12 / 20
    assert report.row("instruction_type", "negative").controls["majority"] == 6 / 8
    assert report.row("instruction_type", "global").controls["majority"] == 1.0


def test_donors_are_a_derangement_over_groups():
    questions = questions_of(colours(31, per_group=3))
    pictured = [("image",) if i != 4 else () for i in range(31)]
    for seed in range(20):
        chosen = donors(questions, pictured, seed)
        assert chosen == donors(questions, pictured, seed)
        assert chosen[4] is None
        for i, donor in enumerate(chosen):
            if donor is not None:
                assert questions[donor].group != questions[i].group and pictured[donor]
        givers = {questions[i].group: questions[d].group for i, d in enumerate(chosen) if d is not None}
        assert len(set(givers.values())) == len(givers) == 11
    assert donors(questions, pictured, 0) != donors(questions, pictured, 1)
    assert donors(questions_of(colours(2)), [("image",), ("image",)], 0) == [None, None]


def test_swapped_and_blind_samples_are_canonical():
    sample, donor = colour_sample(1, "red"), colour_sample(2, "blue")
    donor = msgspec.structs.replace(
        donor,
        images=[picture("blue", (8, 6))],
        media=[Media(type="image", index=0, ref="b.png", width=8, height=6)],
    )
    swapped = with_pictures_of(asked_sample(sample), asked_sample(donor))
    validate(swapped)
    assert seen_colour(swapped) == "blue"
    assert (swapped.media[0].ref, swapped.media[0].width, swapped.id) == ("b.png", 8, "s1")
    grey = blind(asked_sample(sample), "grey")
    validate(grey)
    assert seen_colour(grey) == "grey" and grey.media == sample.media
    removed = blind(asked_sample(sample), "removed")
    assert [p.text for m in removed.messages for p in m.content] == ["What colour is it?"]
    assert removed.images == [] and removed.media == sample.media


def test_swap_keeps_the_number_of_pictures():
    two = Sample(
        id="two",
        images=[picture("red"), picture("red")],
        media=[Media(type="image", index=i, ref=f"{i}") for i in range(2)],
        messages=[say("user", 0, "and", 1, "same?")],
        answers=["yes"],
    )
    swapped = with_pictures_of(asked_sample(two), colour_sample(3, "blue"))
    assert [seen_colour(msgspec.structs.replace(swapped, images=[blob])) for blob in swapped.images] == ["blue"] * 2
    assert [(m.index, m.ref) for m in swapped.media] == [(0, "3.png"), (1, "3.png")]


def test_one_group_cannot_be_shuffled():
    report = evaluate_answers([colour_sample(i, "red", group="g") for i in range(3)], oracle)
    assert "shuffled" not in report.row("all").controls
    assert report.settings["shuffled"].startswith("not run")
    assert report.settings["controls"] == ["majority", "blind"]


def test_what_cannot_be_scored_is_counted():
    good = colour_sample(0, "red")
    missing = msgspec.structs.replace(colour_sample(1, "red"), images=[None])
    silent = msgspec.structs.replace(colour_sample(2, "red"), messages=[say("user", 0, "?"), say("assistant", " ")])
    hidden = msgspec.structs.replace(colour_sample(3, "red"), messages=[say("user", 0, "?")])
    only_said = msgspec.structs.replace(colour_sample(4, "red"), messages=[say("assistant", "red")])
    broken = msgspec.structs.replace(colour_sample(5, "red"), id="broken")

    def system(samples):
        if any(sample.id == "broken" for sample in samples):
            raise NotChat("unreadable picture: cannot identify")
        return oracle(samples)

    samples = [good, missing, silent, hidden, only_said, broken, colour_sample(6, "blue")]
    report = evaluate_answers(samples, system)
    assert (report.samples, report.scored) == (7, 2)
    assert report.unanswerable == {
        "missing picture": 1,
        "no question": 1,
        "no reference answer": 2,
        "unreadable picture": 1,
    }
    assert report.row("all").accuracy == 1.0
    assert [p.id for p in report.predictions] == ["s0", "s6"]
    empty = evaluate_answers([missing], oracle)
    assert (empty.scored, empty.rows, empty.table()[1]) == (0, (), [])
    with pytest.raises(KeyError, match="no row all"):
        empty.row("all")


def test_questions_and_references():
    dialogue = msgspec.structs.replace(
        colour_sample(0, "red"),
        messages=[say("user", 0, "Hello"), say("assistant", "Hi"), say("user", "How many?"), say("assistant", "two")],
        answers=["2", "2", "a pair"],
    )
    question = question_of(dialogue, 5)
    assert (question.row, question.text, question.references) == (5, "How many?", ("two", "2", "a pair"))
    assert (question.ability, question.ability_source, question.group) == ("instance_counting", "rules", "g0")
    assert [m.role for m in asked_sample(dialogue).messages] == ["user", "assistant", "user"]
    assert question_of(dialogue, 0, {"s0": "counting"}).ability == "counting"
    choice = msgspec.structs.replace(dialogue, answers=[], choices=["cat", "dog"], correct=1)
    assert references_of(choice) == ("two", "dog", "B", "B. dog")
    letters = msgspec.structs.replace(choice, choices=["B", "A"], correct=0)
    assert references_of(letters) == ("two", "A", "A. B")
    waiting = msgspec.structs.replace(choice, messages=dialogue.messages[:3], answers=["pair"])
    assert references_of(waiting) == ("pair", "dog", "B", "B. dog")
    assert asked_sample(waiting).messages == dialogue.messages[:3]
    with pytest.raises(Unanswerable, match="no reference answer"):
        question_of(msgspec.structs.replace(waiting, answers=[], choices=[], correct=-1), 0)


def test_labels_limit_progress_and_json():
    calls = []
    samples = colours()
    labels = {f"s{i}": "colour" for i in range(0, 60, 2)}
    report = evaluate_answers(
        samples,
        oracle,
        labels=labels,
        limit=20,
        seed=3,
        batch_size=7,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert (report.samples, report.scored) == (20, 20)
    assert calls[-1] == (60, 60) and calls[0] == (7, 60)
    assert sum(report.settings["abilities"].values()) == 20 and set(report.settings["abilities"]) == {
        "given",
        "release",
    }
    assert report.row("ability", "colour").n == report.settings["abilities"]["given"]
    again = evaluate_answers(samples, oracle, labels=labels, limit=20, seed=3)
    assert [p.id for p in again.predictions] == [p.id for p in report.predictions]
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert data["rows"][0]["controls"].keys() == {"majority", "blind", "shuffled"} and "predictions" not in data
    assert len(report.to_dict(predictions=True)["predictions"]) == 20
    heads, body = report.table()
    assert heads == ["", "n", "accuracy", "95 % interval", "majority", "blind", "shuffled"]
    assert all(len(line) == len(heads) for line in body) and body[0][:3] == ["all", "20", "100.0"]
    with pytest.raises(ValueError, match="allowed: majority, blind, shuffled"):
        evaluate_answers(samples, oracle, controls=("deaf",))
    with pytest.raises(ValueError, match="at least one"):
        evaluate_answers(samples, oracle, limit=0)
