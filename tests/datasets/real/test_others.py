"""Real records (../shared) against a few-line reading of their json in the test itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vlit_hub import registry
from vlit_hub.release import Release
from vlit_hub.schema import Sample, text_of

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "survey" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} is not there: no real records to compare")


def convert(name: str, folder: str, subset: str = "") -> list[Sample]:
    release = Release(registry.get(name), SAMPLES / folder, subset)
    outcomes = [outcome for split in release.files for outcome in release.read(split)]
    assert not [fault for outcome in outcomes for fault in outcome.bad]
    return [sample for outcome in outcomes for sample in outcome.samples]


def load(path: str) -> object:
    text = (SAMPLES / path).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line] if path.endswith("l") else json.loads(text)


def texts(sample: Sample) -> list[str]:
    return [text_of(message) for message in sample.messages]


def refs(sample: Sample) -> list[str]:
    return [media.ref for media in sample.media]


def test_mimic_it() -> None:
    native = load("mimic-it/LA_instructions.json")["data"] | load("mimic-it/DallE3_instructions.json")["data"]
    samples = {sample.id: sample for sample in convert("mimic-it", "mimic-it")}
    assert list(samples) == list(native) and len(native) == 3
    for key, record in native.items():
        assert texts(samples[key]) == [record["instruction"], record["answer"]]
        assert refs(samples[key]) == record["image_ids"]
        assert json.loads(samples[key].meta or "{}").get("rel_ins_ids", []) == record["rel_ins_ids"]


def test_m3it() -> None:
    (native,), (sample,) = load("m3it/a-okvqa_rows.json"), convert("m3it", "m3it")
    assert texts(sample) == [native["instruction"] + "\n" + native["inputs"], native["outputs"]]
    assert (sample.images, sample.task) == ([None], "vqa")


def test_lvlm_nlf() -> None:
    (native,), (query,) = load("lvlm-nlf/harmlessness_nlf.jsonl"), load("lvlm-nlf/harmlessness_examine.jsonl")
    judged, asked = convert("lvlm-nlf", "lvlm-nlf")
    turns = native["interaction"]
    assert texts(judged) == [text for turn in turns for text in (turn["user"], turn["model"])]
    assert [message.train for message in judged.messages[1::2]] == [False, True]
    said = [(span.message // 2, span.value) for span in judged.spans]
    assert said == [(i, turn[key]) for i, turn in enumerate(turns) for key in ("rating", "critique NLF")]
    assert texts(asked) == [query["query"]]
    for sample, record in ((judged, native), (asked, query)):
        assert refs(sample) == [record["image_id"]] and sample.media[0].caption == record["caption"]


def test_m_haldetec() -> None:
    (native,), (sample,) = load("m-haldetec/val_raw.json"), convert("m-haldetec", "m-haldetec")
    assert texts(sample) == [native["question"].removeprefix("<image>\n"), native["response"]]
    found = [(s.start, s.end, texts(sample)[1][s.start : s.end], s.value) for s in sample.spans]
    assert found == [
        tuple(segment[key] for key in ("start", "end", "text", "label")) for segment in native["annotations"]
    ]
    assert refs(sample) == [native["image"]] and not sample.messages[1].train


def test_instructblip() -> None:
    (caption,), (question,) = load("instructblip/coco_karpathy_train.json"), load("instructblip/vqa_train.json")
    described, asked = convert("instructblip", "instructblip")
    assert texts(described)[1] == caption["caption"] and refs(described) == [caption["image"]]
    assert texts(asked) == [question["question"], "watching"] and refs(asked) == [question["image"]]
    assert asked.answers == question["answer"]
    assert json.loads(asked.meta) == {key: question[key] for key in ("question_id", "dataset")}


def test_refcoco_expressions_of_minigpt_v2() -> None:
    native, samples = load("minigpt-v2/eval_data/refcoco_testB.json"), convert("refcoco", "minigpt-v2", "eval_data")
    assert len(samples) == len(native) == 5
    for sample, record in zip(samples, native, strict=True):
        x, y, width, height = record["bbox"]
        sides = [record["width"], record["height"]] * 2
        box = [v / side for v, side in zip((x, y, x + width, y + height), sides, strict=True)]
        assert sample.regions[0].box == pytest.approx(box) and sample.regions[0].frame == "norm"
        assert record["sents"].strip() in texts(sample)[0]
        assert refs(sample) == [record["img_id"].rpartition("_")[0] + ".jpg"]
