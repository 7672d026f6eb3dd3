"""Real records of videos, point clouds, generated media and interleaved pictures, read here by a few lines of json."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from vlit_hub import registry
from vlit_hub.release import Release
from vlit_hub.schema import Sample, text_of

SAMPLES = Path(__file__).parents[4] / "shared" / "survey" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the survey's real records (../shared) are not here")


def read(name: str, split: str = "train", subset: str = "") -> list[Sample]:
    """All samples of a split, after making sure that no record failed."""
    outcomes = list(Release(registry.get(name), SAMPLES / name, subset).read(split))
    assert not [fault for outcome in outcomes for fault in outcome.bad]
    return [sample for outcome in outcomes for sample in outcome.samples]


def native(name: str, file: str) -> Any:
    return json.loads((SAMPLES / name / file).read_text(encoding="utf-8"))


def test_valley_instruct() -> None:
    (sample,), (record,) = read("valley-instruct"), native("valley-instruct", "valley_instruct_73k.json")
    said = [turn["value"].replace("<video>\n", "") for turn in record["conversations"]]
    assert [text_of(m) for m in sample.messages] == said
    assert [part.type for part in sample.messages[0].content] == ["video", "text"]
    (video,) = sample.media
    assert video.ref == record["source"] + "/" + record["video"]
    assert [video.start, video.end] == [float(part) for part in record["v_id"].split("_")[-2:]] == [69, 79]
    assert json.loads(sample.meta) == {"id": record["id"]}


def test_video_chatgpt() -> None:
    (sample,), (record,) = read("video-chatgpt"), native("video-chatgpt", "VideoInstruct100K.json")
    answer, mark = record["a"].rsplit("\n", 1)
    assert [text_of(m) for m in sample.messages] == [record["q"], answer]
    assert [(s.kind, s.message, s.value) for s in sample.spans] == [("critique", 1, mark)]
    assert [(m.type, m.ref) for m in sample.media] == [("video", record["video_id"])]


@pytest.mark.parametrize(
    ("row", "file", "kind", "key"),
    [(0, "2d_instruct.json", "image", "image"), (1, "3d_instruct.json", "point_cloud", "pcl")],
)
def test_lamm(row: int, file: str, kind: str, key: str) -> None:
    sample, (record,) = read("lamm")[row], native("lamm", file)
    assert [text_of(m) for m in sample.messages] == [turn["value"] for turn in record["conversations"]]
    assert [(m.type, m.ref) for m in sample.media] == [(kind, record[key])]
    assert [part.type for part in sample.messages[0].content] == [kind, "text"]
    rest = {name: value for name, value in record.items() if name not in (key, "conversations")}
    assert json.loads(sample.meta) == rest


def test_nextgpt_t2m_answers_with_a_sound() -> None:
    (sample,), (record,) = read("nextgpt-t2m"), native("nextgpt-t2m", "audio_instruction_tuning.json")
    asked, said = (turn["value"] for turn in record["conversations"])
    assert [text_of(m) for m in sample.messages] == [asked, said.removesuffix("<audio>")]
    assert (sample.messages[1].role, sample.messages[1].content[-1].type) == ("assistant", "audio")
    (sound,) = sample.media
    assert sound.ref + ".npy" == record["audio_caption_embeddings"][0]
    assert sound.caption == record["audio_captions"][0] == record["conversations"][1]["caption"]


@pytest.mark.parametrize("subset", ["comprehension", "generation"])
def test_nextgpt_t2m_alignment_pairs(subset: str) -> None:
    samples = read("nextgpt-t2m", subset=subset)
    files = [f"T_X_pair_data/{name}_{subset}.json" for name in ("cc3m", "webvid", "audiocap")]
    records = [record for file in files for record in native("nextgpt-t2m", file)]
    assert len(samples) == len(records) == 60
    for sample, record in zip(samples, records, strict=True):
        key = next(key for key in record if key.startswith(("input_", "output_")))
        kind = key.partition("_")[2]
        assert [(m.type, m.ref) for m in sample.media] == [(kind, record[key])]
        assert sample.media[0].caption == record.get(f"{kind}_captions", "")
        mark = re.compile(rf"<{kind}>\n?")
        assert [text_of(m) for m in sample.messages] == [mark.sub("", t["value"]) for t in record["conversations"]]
        holder = sample.messages[0 if subset == "comprehension" else 1]
        assert kind in [part.type for part in holder.content]


@pytest.mark.parametrize(("split", "count"), [("core", 27), ("full", 28)])
def test_i4(split: str, count: int) -> None:
    samples = read("i4", split)
    files = sorted(path.relative_to(SAMPLES / "i4").as_posix() for path in SAMPLES.glob(f"i4/*/{split}/*.json"))
    assert len(samples) == len(files) == count
    for sample, file in zip(samples, files, strict=True):
        metadata, (record,) = (native("i4", file)[key] for key in ("metadata", "data"))
        task = record["task_instance"]
        instruction = metadata["task_instruction"][record["task_instruction_id"]].strip()
        asked = instruction + "\n" + re.sub(r"\{\w+#\d+\}", "", task["context"])
        assert [text_of(m) for m in sample.messages] == [asked, record["response"]]
        shown = [sample.media[part.index].ref for part in sample.messages[0].content if part.type == "image"]
        assert shown == [f"{file.rpartition('/')[0]}/images/{name}" for name in task["images_path"]]
        multiple = metadata["question_type"] == "multi-choice"
        assert (sample.correct >= 0) == multiple
        if multiple:
            assert sample.choices[sample.correct] == record["response"].strip()
            assert len(sample.choices) == (2 if set(sample.choices) == {"True", "False"} else 4)
