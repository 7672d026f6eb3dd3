"""Real records of the LLaVA-style sets (../shared) against a few-line reading of their json in the test itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from vlit_hub import registry
from vlit_hub.release import Outcome, Release
from vlit_hub.schema import Sample

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "survey" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} is not there: no real records to compare")


def outcomes(name: str) -> list[Outcome]:
    found = list(Release(registry.get(name), SAMPLES / name).read("train"))
    assert [outcome.bad for outcome in found] == [[]] * len(found)
    assert [len(outcome.samples) for outcome in found] == [1] * len(found)
    return found


def load(path: str) -> Any:
    return json.loads((SAMPLES / path).read_text(encoding="utf-8"))


def flat(sample: Sample) -> list[tuple[str, str]]:
    """(role, text with <image> at every picture)."""
    return [
        (m.role, "".join("<image>" if part.type == "image" else part.text for part in m.content))
        for m in sample.messages
    ]


def refs(sample: Sample) -> list[str]:
    return [media.ref for media in sample.media]


def test_sharegpt4v_caption() -> None:
    (native,) = load("sharegpt4v/sharegpt4v_instruct_gpt4-vision_cap100k.json")
    (sample,) = [outcome.samples[0] for outcome in outcomes("sharegpt4v")]
    asked, said = (turn["value"] for turn in native["conversations"])
    assert flat(sample) == [("user", asked.replace("\n<image>", "<image>")), ("assistant", said)]
    assert refs(sample) == [native["image"]] == ["coco/train2017/000000000009.jpg"]
    assert sample.task == "description" and json.loads(sample.meta) == {"id": native["id"]}


def test_stablellava_all_records() -> None:
    found = outcomes("stablellava")
    natives = [load(path.relative_to(SAMPLES).as_posix()) for path in sorted(SAMPLES.glob("stablellava/dataset/*"))]
    records = [record for file in natives for record in file]
    assert len(found) == len(records) == 45
    for outcome, native in zip(found, records, strict=True):
        sample = outcome.samples[0]
        asked = native["question"].replace("<image>\n", "<image>").replace("\n<image>", "<image>")
        assert flat(sample) == [("user", asked), ("assistant", native["answer"])]
        assert (refs(sample), sample.media[0].caption) == ([native["image"]], native["prompt"])


def test_internlm_xcomposer_all_examples() -> None:
    found = {
        (outcome.file.rpartition("/")[2], outcome.row): outcome.samples[0] for outcome in outcomes("internlm-xcomposer")
    }
    folder = "internlm-xcomposer/xc2_5_finetune_examples"
    count = 0
    for name in ("single_turn_single_image", "multi_turn_multi_images", "only_text"):
        for row, native in enumerate(load(f"{folder}/{name}_example.json")):
            sample = found[f"{name}_example.json", row]
            images = native.get("image", [])
            images = [images] if isinstance(images, str) else images
            turns = [turn["value"].replace("<ImageHere>", "<image>") for turn in native["conversations"]]
            if images and "<image>" not in turns[0]:
                turns[0] = "<image>" * len(images) + turns[0]
            assert flat(sample) == [(("user", "assistant")[i % 2], turn) for i, turn in enumerate(turns)]
            assert refs(sample) == images
            assert all((media.width or 0) > 0 for media in sample.media)
            count += 1
    assert count == len(found) == 6


def test_multimodal_gpt_text_constituents() -> None:
    (alpaca,) = load("multimodal-gpt/alpaca_gpt4_data.json")
    dolly = load("multimodal-gpt/databricks-dolly-15k.jsonl")
    found = {outcome.file: outcome.samples[0] for outcome in outcomes("multimodal-gpt")}
    assert flat(found["alpaca_gpt4_data.json"]) == [
        ("user", f"{alpaca['instruction']}\n{alpaca['input']}"),
        ("assistant", alpaca["output"]),
    ]
    sample = found["databricks-dolly-15k.jsonl"]
    assert flat(sample) == [("user", f"{dolly['instruction']}\n{dolly['context']}"), ("assistant", dolly["response"])]
    assert json.loads(sample.meta) == {"category": "summarization"}
    assert len(found) == 2 and not any(sample.media for sample in found.values())


def test_pf_1m_all_records() -> None:
    found = outcomes("pf-1m")
    records = load("pf-1m/PF-1M.json")
    assert len(found) == len(records) == 3
    for outcome, native in zip(found, records, strict=True):
        sample = outcome.samples[0]
        text, path, rest = re.fullmatch(r"(.*)<img_path>(.*)<img_path>(.*)", native["input"]).groups()  # type: ignore[union-attr]
        assert (flat(sample), refs(sample)) == ([("user", f"{text}<image>"), ("assistant", native["output"])], [path])
        assert not rest
        assert json.loads(sample.meta) == {key: native[key] for key in native if key not in ("input", "output")}
    assert [outcome.samples[0].task for outcome in found] == ["vqa", "description", "description"]
