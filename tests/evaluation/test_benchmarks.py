"""Every benchmark: an oracle scores all, chance stands in its interval, a constant scores the majority's share."""

import importlib
import random
import string
from collections import Counter

import msgspec
import pytest

from tests import rows
from tests.evaluation.rooms import colour_sample, say
from vlit_hub import registry
from vlit_hub.evaluation import evaluate_answers
from vlit_hub.evaluation.answers import normalise
from vlit_hub.evaluation.benchmarks import parts_of, scoring_of, versions
from vlit_hub.evaluation.controls import majority_answers
from vlit_hub.evaluation.questions import Unanswerable, question_of
from vlit_hub.evaluation.scorers import WHOLE, choice_of, people_said, scorer_of
from vlit_hub.evaluation.scoring.captions import cider
from vlit_hub.evaluation.scoring.vqa import normal_form
from vlit_hub.release import Release
from vlit_hub.schema import Blob, Region

BENCHMARKS = sorted(name for name in registry.names() if registry.get(name).scoring)


def read(text, question):
    return [float(x) for x in text.split()] if text.replace(".", "").replace(" ", "").isdigit() else []


def scorer(scoring):
    return scorer_of(scoring, read)


def questions_and_samples(name, tmp_path, copies):
    """The benchmark's hand-written rows, each ``copies`` times under an id of its own, with a right answer drawn."""
    spec, module = registry.get(name), importlib.import_module(f"tests.rows.{name.replace('-', '_')}")
    raw, found = rows.write(tmp_path / "raw", module.FILES), []
    for subset in module.EXPECTED:
        release = Release(spec, raw, subset)
        found += [s for split in release.files for outcome in release.read(split) for s in outcome.samples]
    rng, made = random.Random(0), []
    for sample in found:
        media = [msgspec.structs.replace(m, width=m.width or 64, height=m.height or 48) for m in sample.media]
        shown = msgspec.structs.replace(sample, images=[b or Blob(bytes=b"x") for b in sample.images], media=media)
        try:
            question_of(shown, 0, scoring=spec.scoring)
        except Unanswerable:
            continue
        for k in range(copies):
            changed = {"id": f"{sample.id}-{k}", "group": f"{sample.group or sample.id}-{k}"}
            if spec.scoring == "multiple_choice":
                changed["correct"] = rng.randrange(len(sample.choices))
                said = string.ascii_uppercase[changed["correct"]]
                changed["messages"] = [*sample.messages[:-1], told(sample, said)]
            elif spec.scoring == "yes_no":
                changed["messages"] = [*sample.messages[:-1], told(sample, rng.choice(["yes", "no"]))]
            elif spec.scoring == "vqa":  # the rows name two or three people, of whom an answer needs four
                changed["answers"] = [rng.choice(sample.answers or ["yes"])] * 10
            elif spec.scoring == "iou":
                x, y = rng.random() / 2, rng.random() / 2
                changed["regions"] = [Region(frame="norm", box=[x, y, x + 0.5, y + 0.5])]
            made.append(msgspec.structs.replace(shown, **changed))
    return spec, made


def told(sample, text):
    last = sample.messages[-1]
    return msgspec.structs.replace(last, content=[msgspec.structs.replace(last.content[0], text=text)])


def right_replies(spec, samples):
    """Sample id -> a reply that is right."""
    found = {}
    for sample in samples:
        question = question_of(sample, 0, scoring=spec.scoring)
        if spec.scoring == "iou":
            found[sample.id] = " ".join(map(str, question.box))
        elif question.answers and spec.scoring != "multiple_choice":
            found[sample.id] = Counter(question.answers).most_common(1)[0][0]
        else:
            found[sample.id] = question.references[0]
    return found


@pytest.mark.parametrize("name", BENCHMARKS)
def test_oracle_chance_and_majority(name, tmp_path):
    spec, samples = questions_and_samples(name, tmp_path, 60)
    assert samples, "the hand-written rows hold a question that can be scored"
    right = right_replies(spec, samples)

    def scored(answer, **more):
        return evaluate_answers(samples, answer, scoring=spec.scoring, scorer=scorer(spec.scoring), **more)

    oracle = scored(lambda batch: [right[s.id] for s in batch], controls=("majority",))
    assert oracle.scored == len(samples)
    if spec.scoring == "caption":  # what people say of a picture that all others say of all others has no weight
        assert oracle.row("all").figures["cider"] == pytest.approx(10 * oracle.row("all").accuracy)
    else:
        assert oracle.row("all").accuracy == pytest.approx(1.0)
    questions = [question_of(s, i, scoring=spec.scoring) for i, s in enumerate(samples)]
    constant = majority_answers(questions, forms=scorer(spec.scoring).forms)[""]
    blind = scored(lambda batch: [constant] * len(batch), controls=("majority",))
    by_hand = scorer(spec.scoring).score(questions, [constant] * len(questions))
    assert blind.row("all").accuracy == pytest.approx(sum(by_hand) / len(by_hand))
    assert constant == WHOLE or blind.row("all").accuracy == pytest.approx(share(spec, questions, constant))
    if spec.scoring in ("multiple_choice", "yes_no"):
        rng = random.Random(1)

        def chance(batch):
            return [rng.choice(string.ascii_uppercase[: len(s.choices)] or ["yes", "no"]) for s in batch]

        row = scored(chance, controls=()).row("all")
        expected = sum(1 / (len(q.choices) or 2) for q in questions) / len(questions)
        wide = 1.5 * (row.high - row.low) / 2
        assert abs(row.accuracy - expected) <= wide


def share(spec, questions, constant):
    """The share of questions that the constant is right for, counted without the scorer."""
    if spec.scoring == "multiple_choice":
        return sum(string.ascii_uppercase[q.correct] == constant for q in questions) / len(questions)
    if spec.scoring == "yes_no":
        return sum(q.references[0].lower() == constant for q in questions) / len(questions)
    if spec.scoring == "vqa":
        return sum(constant in (normal_form(q.answers[0]), q.answers[0]) for q in questions) / len(questions)
    if spec.scoring == "exact":
        return sum(constant in map(normalise, q.references) for q in questions) / len(questions)
    return pytest.approx(sum(cider([constant] * len(questions), people_said(questions))) / 10 / len(questions))


def test_scorings_and_parts_come_from_the_spec(tmp_path):
    assert (scoring_of(["pope"]), scoring_of(["llava-instruct-150k", "nowhere"])) == ("yes_no", "exact")
    with pytest.raises(ValueError, match="mme, seed-bench are scored by multiple_choice, yes_no; evaluate one by one"):
        scoring_of(["seed-bench", "mme"])
    spec, samples = questions_and_samples("mme", tmp_path, 1)
    assert {parts_of([("mme", "default", "test")])(s) for s in samples} >= {"count", "artwork"}
    part = parts_of([("pope", "default", "random"), ("pope", "default", "popular")])
    assert part(msgspec.structs.replace(samples[0], dataset="pope", split="random")) == "random"
    assert versions([("seed-bench", "default", "test")], 19_242) == ""
    assert "another version" in versions([("seed-bench", "default", "test")], 24_371)
    assert versions([("pope", "default", split) for split in ("random", "popular", "adversarial")], 9_000) == ""
    assert "mme: 2,370 questions, the release has 2,374" in versions([("mme", "default", "test")], 2_370)


def test_yes_no_by_part_and_by_picture(tmp_path):
    spec, samples = questions_and_samples("mme", tmp_path, 1)
    report = evaluate_answers(
        samples, lambda batch: ["Yes."] * len(batch), scoring="yes_no", controls=(),
        part_of=parts_of([("mme", "default", "test")]),
    )  # fmt: skip
    parts = {row.name: row for row in report.rows if row.kind == "part"}
    truth = {row: [s.messages[-1].content[0].text == "yes" for s in samples if row in s.meta] for row in parts}
    for name, row in parts.items():
        assert row.accuracy == sum(truth[name]) / len(truth[name]) and row.figures["yes"] == 1.0
    assert report.row("all").figures["recall"] in (1.0, None) and "f1" in report.table()[0]


def test_choices_are_read_from_replies():
    choices = ["cat", "dog", "a bird"]
    said = {"mean=C sum=B letter=A": 2, "B": 1, "(b)": 1, "C. a bird": 2, "The dog.": 1, "D": -1, "perhaps": -1}
    assert {reply: choice_of(reply, choices) for reply in said} == said
    assert [choice_of("mean=C sum=B letter=A", choices, by) for by in ("sum", "letter")] == [1, 0]


def test_faulty_questions_are_counted(tmp_path):
    _, samples = questions_and_samples("seed-bench", tmp_path, 5)
    same = msgspec.structs.replace(samples[0], choices=["One", "One", "Two", "Two"])
    none = msgspec.structs.replace(samples[1], correct=-1, messages=samples[1].messages[:1])
    lost = msgspec.structs.replace(samples[2], images=[None])
    report = evaluate_answers(
        [same, none, lost, samples[3], samples[3]], lambda batch: ["B"] * len(batch), scoring="multiple_choice"
    )
    assert report.unanswerable == {
        "repeated choices": 1, "no reference answer": 1, "missing picture": 1, "duplicate id": 1
    }  # fmt: skip
    assert (report.samples, report.scored) == (5, 1)


def test_captions_of_one_picture_that_stand_apart_are_its_references():
    samples = [colour_sample(i, "red", group=f"g{i // 2}") for i in range(4)]
    said = ["a red room", "the room is red", "two dogs run", "dogs in a field"]
    samples = [
        msgspec.structs.replace(s, messages=[s.messages[0], say("assistant", text)])
        for s, text in zip(samples, said, strict=True)
    ]
    questions = [question_of(s, i, scoring="caption") for i, s in enumerate(samples)]
    assert people_said(questions) == [said[:2], said[:2], said[2:], said[2:]]
    report = evaluate_answers(samples, lambda batch: [said[0]] * len(batch), scoring="caption", batch_size=9)
    assert report.predictions[0].right["model"] == report.predictions[1].right["model"] > 0.1
    assert report.predictions[2].right["model"] == 0.0
