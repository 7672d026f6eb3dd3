"""Every benchmark: an oracle scores all, chance stands in its interval, a constant scores the majority's share."""

import importlib
import json
import random
import string
from collections import Counter

import msgspec
import pytest
from scipy.stats import binom
from typer.testing import CliRunner

from tests import rows
from tests.evaluation.rooms import colour_sample, say
from vlit_hub import registry
from vlit_hub.cli import app
from vlit_hub.evaluation import evaluate_answers
from vlit_hub.evaluation.benchmarks import parts_of, scoring_of, versions
from vlit_hub.evaluation.controls import majority_answers
from vlit_hub.evaluation.questions import Unanswerable, question_of
from vlit_hub.evaluation.scorers import WHOLE, choice_of, people_said, scorer_of
from vlit_hub.release import Release
from vlit_hub.schema import Blob, Region
from vlit_hub.shards import Store

BENCHMARKS = sorted(name for name in registry.names() if registry.get(name).scoring)


def read(text, question):
    return [float(x) for x in text.split()] if text.replace(".", "").replace(" ", "").isdigit() else []


def scorer(scoring):
    return scorer_of(scoring, read)


def questions_and_samples(name, tmp_path, copies):
    """The benchmark's hand-written rows, each ``copies`` times under an id of its own, with a right answer drawn from
    as many equally likely ones as there are options, else from four (yes and no: two)."""
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
            right = rng.choice(possible(spec, shown))
            name = f"{sample.subset}-{sample.id}-{k}"
            group = name if spec.scoring == "caption" else f"{sample.group or sample.id}-{k}"
            changed = {"id": name, "group": group}
            if spec.scoring == "iou":
                changed["regions"] = [Region(frame="norm", box=list(map(float, right.split())))]
            else:
                changed["messages"] = [*sample.messages[:-1], told(sample, right)]
                changed["answers"] = [right] * 10 if spec.scoring == "vqa" else []
            if spec.scoring == "multiple_choice":
                changed["correct"] = string.ascii_uppercase.index(right)
            made.append((right, msgspec.structs.replace(shown, **changed)))
    return spec, made


OPEN = {
    "yes_no": ("yes", "no"),
    "vqa": ("red", "left", "wood", "cat"),
    "exact": ("red", "left", "wood", "cat"),
    "iou": ("0 0 0.5 0.5", "0.5 0 1 0.5", "0 0.5 0.5 1", "0.5 0.5 1 1"),
    "caption": ("a red bus on a road", "two dogs run in grass", "people sit at the table", "one cup of tea is here"),
}
"""Answers of which none is right, not even in part, where another one is."""


def possible(spec, sample):
    return string.ascii_uppercase[: len(sample.choices)] if spec.scoring == "multiple_choice" else OPEN[spec.scoring]


def told(sample, text):
    last = sample.messages[-1]
    return msgspec.structs.replace(last, content=[msgspec.structs.replace(last.content[0], text=text)])


SEEDS = 40
LEAST = int(binom.ppf(0.001, SEEDS, 0.95))
"""Of so many 95 % intervals that many hold the truth, but in one case of a thousand."""


@pytest.mark.parametrize("name", BENCHMARKS)
def test_oracle_chance_and_majority(name, tmp_path):
    spec, drawn = questions_and_samples(name, tmp_path, 16 if registry.get(name).scoring == "caption" else 60)
    assert drawn, "the hand-written rows hold a question that can be scored"
    samples, right = [s for _, s in drawn], {s.id: text for text, s in drawn}

    def scored(answer, **more):
        return evaluate_answers(samples, answer, scoring=spec.scoring, scorer=scorer(spec.scoring), **more)

    oracle = scored(lambda batch: [right[s.id] for s in batch], controls=("majority",))
    assert oracle.scored == len(samples) and oracle.row("all").accuracy == pytest.approx(1.0)
    questions = [question_of(s, i, scoring=spec.scoring) for i, s in enumerate(samples)]
    constant = majority_answers(questions, forms=scorer(spec.scoring).forms)[""]
    blind = scored(lambda batch: [constant] * len(batch), controls=("majority",)).row("all")
    counts = Counter(right.values())
    if spec.scoring == "iou":  # the whole picture, four times a quarter of it
        assert (constant, blind.accuracy, blind.figures["mean_iou"]) == (WHOLE, 0, pytest.approx(0.25))
    else:
        assert counts[constant] == max(counts.values())
        assert blind.accuracy == pytest.approx(counts[constant] / len(samples))
    inside = 0
    chance = sum(1 / len(possible(spec, s)) for s in samples) / len(samples)
    for seed in range(SEEDS):
        rng = random.Random(seed + 1)
        row = scored(lambda batch, rng=rng: [rng.choice(possible(spec, s)) for s in batch], controls=()).row("all")
        inside += row.low <= chance <= row.high
    assert inside >= LEAST


def test_captions_of_several_people_score_as_the_reference_package_says():
    from pycocoevalcap.cider.cider import Cider

    rng, samples = random.Random(0), []
    words = "a the red bus dog table people two run sit on in of grass road tea".split()
    for i in range(30):
        said = [" ".join(rng.choices(words, k=rng.randint(4, 9))) for _ in range(5)]
        shown = colour_sample(i, "red")
        messages = [shown.messages[0], say("assistant", said[0])]
        samples.append(msgspec.structs.replace(shown, messages=messages, answers=said))
    right = {s.id: s.answers[0] for s in samples}
    report = evaluate_answers(samples, lambda batch: [right[s.id] for s in batch], scoring="caption", controls=())
    known = {s.id: list(dict.fromkeys(s.answers)) for s in samples}
    mean, _ = Cider().compute_score(known, {name: [text] for name, text in right.items()})
    assert report.row("all").figures["cider"] == pytest.approx(mean, abs=1e-6) and mean > 1


def test_scorings_and_parts_come_from_the_spec(tmp_path):
    assert (scoring_of(["pope"]), scoring_of(["llava-instruct-150k", "nowhere"])) == ("yes_no", "exact")
    with pytest.raises(ValueError, match="mme, seed-bench are scored by multiple_choice, yes_no; evaluate one by one"):
        scoring_of(["seed-bench", "mme"])
    samples = [s for _, s in questions_and_samples("mme", tmp_path, 1)[1]]
    assert {parts_of([("mme", "default", "test")])(s) for s in samples} >= {"count", "artwork"}
    part = parts_of([("pope", "default", "random"), ("pope", "default", "popular")])
    assert part(msgspec.structs.replace(samples[0], dataset="pope", split="random")) == "random"
    assert versions([("seed-bench", "default", "test")], 19_242) == ""
    assert "another version" in versions([("seed-bench", "default", "test")], 24_371)
    assert versions([("pope", "default", split) for split in ("random", "popular", "adversarial")], 9_000) == ""
    assert "mme: 2,370 questions, the release has 2,374" in versions([("mme", "default", "test")], 2_370)


def test_yes_no_by_part_and_by_picture(tmp_path):
    samples = [s for _, s in questions_and_samples("mme", tmp_path, 1)[1]]
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
    samples = [s for _, s in questions_and_samples("seed-bench", tmp_path, 5)[1]]
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


def test_the_version_of_a_benchmark_is_told_by_its_file(tmp_path):
    one = [("mmbench", "default", "dev")]
    said = {
        ("MMBench_DEV_EN.tsv", 4_329): "mmbench: MMBench_DEV_EN.tsv is version 1.0 as of 2023-10-03",
        ("a/MMBench_DEV_EN_V11.tsv", 12): "mmbench: a/MMBench_DEV_EN_V11.tsv is version 1.1",
        ("mmbench_dev_en_20240101.tsv", 12): "mmbench: mmbench_dev_en_20240101.tsv is of no known version, known:"
        " 1.0 as of 2023-07-12, 1.0 as of 2023-10-03, 1.1",
        ("mmbench_test_cn_20231003.tsv", 40): "mmbench: mmbench_test_cn_20231003.tsv is version 1.0 as of 2023-10-03,"
        " 40 questions, it has 6,666: another version or a part",
    }  # fmt: skip
    assert {key: versions(one, key[1], [key[0]]) for key in said} == said
    assert "versions are mixed" in versions(one, 9, ["mmbench_dev_20230712.tsv", "mmbench_dev_20231003.tsv"])
    raw = rows.write(tmp_path / "raw", importlib.import_module("tests.rows.mmbench").FILES)
    built = CliRunner().invoke(app(), ["build", "mmbench", "--raw", str(raw), "--out", str(tmp_path / "shards")])
    assert built.exit_code == 0, built.output
    report = evaluate_answers(Store(tmp_path / "shards"), lambda batch: ["A"] * len(batch), scoring="multiple_choice")
    assert report.settings["data"]["version"] == "mmbench: mmbench_dev_20230712.tsv is version 1.0 as of 2023-07-12"


def test_a_seed_bench_2_file_is_refused_by_name(tmp_path):
    question = {"answer": "A", "question": "Which?", "question_type_id": 13, "question_id": "1", "data_id": "x.jpg"}
    question |= {f"choice_{letter}": letter for letter in "abcd"}
    raw = rows.write(tmp_path / "raw", {"SEED-Bench.json": json.dumps({"questions": [question]})})
    release = Release(registry.get("seed-bench"), raw)
    (outcome,) = release.read("test")
    assert not outcome.samples and "none of SEED-Bench-1's question types" in outcome.bad[0].reason
