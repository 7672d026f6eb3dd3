"""Real records of the native folders with flat questions and answers, against a few-line reading of their json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vlit_hub import registry
from vlit_hub.formats.tool_use import tool_dialogue
from vlit_hub.release import Release
from vlit_hub.schema import Sample, text_of
from vlit_hub.spec import Context

SAMPLES = Path(__file__).parents[4] / "shared" / "survey" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the survey's real records (../shared) are not here")


def read(name: str, split: str) -> list[Sample]:
    release = Release(registry.get(name), SAMPLES / name)
    outcomes = list(release.read(split))
    assert not [fault for outcome in outcomes for fault in outcome.bad]
    return [sample for outcome in outcomes for sample in outcome.samples]


def native(name: str, file: str) -> Any:
    text = (SAMPLES / name / file).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()] if file.endswith(".jsonl") else json.loads(text)


@pytest.mark.parametrize(("split", "file"), [("train", "filter_cap.json"), ("fohe", "filter_cap_FOHE_variant.json")])
def test_cc_sbu_align(split: str, file: str) -> None:
    samples, records = read("cc-sbu-align", split), native("cc-sbu-align", file)["annotations"]
    assert len(samples) == len(records)
    for sample, record in zip(samples, records, strict=True):
        assert [m.ref for m in sample.media] == [record["image_id"] + ".jpg"]
        assert (sample.task, text_of(sample.messages[1])) == ("description", record["caption"])
        assert text_of(sample.messages[0]) and record["caption"] not in text_of(sample.messages[0])


def test_detgpt() -> None:
    samples, records = read("detgpt", "train"), native("detgpt", "coco_task_annotation.json")["annotations"]
    assert len(samples) == len(records)
    for sample, record in zip(samples, records, strict=True):
        assert [text_of(m) for m in sample.messages] == [record["task"], record["answer"]]
        assert [m.ref for m in sample.media] == [record["image_id"] + ".jpg"]


def test_x_llm_pretraining_captions() -> None:
    coco, sbu = read("x-llm", "pretrain")
    (record,) = native("x-llm", "pretrain_coco_zh.json")
    assert (text_of(coco.messages[1]), coco.answers) == (record["caption"][0], record["caption"])
    assert (coco.media[0].ref, coco.language) == (record["image"], "zh")
    (record,) = native("x-llm", "pretrain_sbu_zh.json")
    assert (text_of(sbu.messages[1]), sbu.media[0].ref) == (record["caption"], record["image"].split("/")[-1])
    assert json.loads(sbu.meta) == {"image_id": record["image_id"], "dataset": record["dataset"]}


@pytest.mark.parametrize("split", ["train", "test"])
def test_multiinstruct_says_its_prompts_with_the_boxes_put_back(split: str) -> None:
    samples, records = read("multiinstruct", split), native("multiinstruct", f"{split}.jsonl")
    assert len(samples) == len(records)
    for sample, record in zip(samples, records, strict=True):
        said = ["".join(put_back(sample, part) for part in message.content) for message in sample.messages]
        assert said == [record["prompt"], record["target"]]
        assert sample.choices == record.get("options", [])
        numbers = [[float(number) for number in box.split()] for box in record.get("region", [])]
        assert all(box in [region.box for region in sample.regions] for box in numbers)
        assert record["image_path"].endswith(sample.media[0].ref) and not sample.media[0].ref.startswith(("/", "."))
        assert json.loads(sample.meta)["task_name"] == record["task_name"]


def put_back(sample: Sample, part: Any) -> str:
    return sample.regions[part.regions[0]].native if part.type == "region" else part.text


def test_gpt4tools_prompt_and_next_step() -> None:
    (record,) = native("gpt4tools", "inference_pair_from_sample_ipynb.json")
    ctx = Context(registry.get("gpt4tools"), "default", "train", "gpt4tools_71k.json")
    (sample,) = tool_dialogue(record, ctx)
    asked = record["instruction"].split("New input: ")[1].split("\n")[0].strip()
    assert [text_of(m) for m in sample.messages if m.role == "user"][-1] == asked
    (call,) = json.loads(sample.messages[-1].tool_calls)
    lines = dict(line.split(": ", 1) for line in record["output"].splitlines() if ": " in line)
    assert call["function"] == {"name": lines["Action"], "arguments": {"input": lines["Action Input"]}}
    described = [line[2:].split(": ")[0] for line in record["instruction"].splitlines() if line.startswith("> ")]
    assert [tool["function"]["name"] for tool in json.loads(sample.tools)][: len(described)] == described
