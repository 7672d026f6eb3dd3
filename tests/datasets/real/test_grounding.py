"""Real records of the grounding sets (../shared) against a few-line reading of their json in the test itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from vlit_hub import registry
from vlit_hub.regions import malformed, parse, render
from vlit_hub.release import Outcome, Release
from vlit_hub.schema import Sample, text_of

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "survey" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} is not there: no real records to compare")


def outcomes(name: str, subset: str = "", split: str = "train") -> list[Outcome]:
    found = list(Release(registry.get(name), SAMPLES / name, subset).read(split))
    assert [outcome.bad for outcome in found] == [[]] * len(found)
    return found


def tied(sample: Sample) -> set[tuple[str, tuple[float, ...], float | None]]:
    """(text, box, score) of every grounding of the reply, out of parts and spans."""
    said = text_of(sample.messages[1])
    groups = [(part.text, part.regions) for part in sample.messages[1].content if part.type == "region"]
    groups += [(said[span.start : span.end], span.regions) for span in sample.spans]
    return {(text, tuple(sample.regions[i].box), sample.regions[i].score) for text, regions in groups for i in regions}


def test_grit_20m() -> None:
    native = json.loads((SAMPLES / "grit-20m/grit_coyo.jsonl").read_text())
    (sample,) = [outcome.samples[0] for outcome in outcomes("grit-20m")]
    caption = native["caption"]
    rows = native["noun_chunks"] + native["ref_exps"]
    assert text_of(sample.messages[1]) == caption
    assert tied(sample) == {(caption[int(r[0]) : int(r[1])], tuple(r[2:6]), r[6]) for r in rows}
    assert (sample.media[0].ref, sample.media[0].width, sample.media[0].height) == (native["url"], 1024, 693)
    assert json.loads(sample.meta)["id"] == native["id"] == 1795296605919


@pytest.mark.parametrize("state", ["level_3_dense_caption", "level_4_extra_context"])
@pytest.mark.parametrize("picture", ["sa_302406", "sa_310343"])
def test_grand(state: str, picture: str) -> None:
    native = json.loads((SAMPLES / f"grand/{state}/{picture}.json").read_text())[f"{picture}.jpg"]
    found = outcomes("grand")
    assert len(found) == 4
    (outcome,) = [o for o in found if o.file == f"{state}/{picture}.json"]
    first, *rest = outcome.samples
    things = native["objects"] + native["floating_objects"]
    assert [region.box for region in first.regions] == [thing["bbox"] for thing in things]
    assert [region.label for region in first.regions] == [thing["labels"][0] for thing in things]
    assert [region.score for region in first.regions] == [thing.get("score") for thing in things]
    assert {s.group for s in outcome.samples} == {f"{picture}.jpg"} == {s.media[0].ref for s in outcome.samples}
    depth = "depth" if "depth" in things[0] else "median_depth"
    assert [extra[depth] for extra in json.loads(first.meta)["regions"]] == [thing[depth] for thing in things]
    captions = [s for s in rest if s.task == "grounded_caption"]
    assert [text_of(s.messages[1]) for s in captions] == native["captions"]
    by_id = {thing["id"]: thing for thing in reversed(things)}
    for grounding in native["relationships"]["grounding"]:
        boxes = {tuple(by_id[i]["bbox"]) for i in grounding["object_ids"]}
        assert any(
            {box for text, box, _ in tied(s) if text.lower() == grounding["phrase"].lower()} == boxes for s in captions
        ), grounding
    told = []
    for thing in things + native["floating_attributes"]:
        texts = thing["attributes"] if isinstance(thing["attributes"], list) else [thing["attributes"]]
        told += [(re.sub("^(Ass)?istant: ", "", text), thing["bbox"]) for text in texts if text]
    described = [s for s in rest if s.task == "region_description"]
    assert [(text_of(s.messages[1]), s.regions[0].box) for s in described] == told


def test_ferret_ui_has_the_schema_of_grit() -> None:
    native = json.loads((SAMPLES / "grit-ferret/ferretui_same_schema/train_data_example.json").read_text())
    samples = [outcome.samples[0] for outcome in outcomes("grit-ferret", "ferret-ui-example")]
    assert len(samples) == len(native) == 3
    for sample, record in zip(samples, native, strict=True):
        asked, said = (turn["value"] for turn in record["conversations"])
        assert render_user(sample) == asked.replace("<image>\n", "<image>").replace("<bbox_location0>", "<box>")
        assert text_of(sample.messages[1]) == said
        x1, y1, x2, y2 = record["box_x1y1x2y2"][0][0]
        assert sample.regions[0].box == pytest.approx([x1 / 1170, y1 / 2532, x2 / 1170, y2 / 2532])
        wide = ", ".join(str(int(v * 1000 / (1170, 2532)[i % 2])) for i, v in enumerate((x1, y1, x2, y2)))
        assert render("", sample.regions, "bin1000") == f"[{wide}]"  # as ml-ferret writes it


def render_user(sample: Sample) -> str:
    marks = {"image": "<image>", "region": "<box>"}
    return "".join(marks.get(part.type, part.text) for part in sample.messages[0].content)


def test_minigpt_v2_evaluation_rows() -> None:
    native = json.loads((SAMPLES / "minigpt-v2/eval_data/refcoco_testB.json").read_text())
    samples = [outcome.samples[0] for outcome in outcomes("minigpt-v2", "refcoco-eval", "test")]
    for sample, record in zip(samples, native, strict=True):
        x, y, w, h = record["bbox"]
        assert sample.regions[0].box == pytest.approx([x / 333, y / 500, (x + w) / 333, (y + h) / 500])
        assert sample.media[0].ref == "COCO_train2014_000000581563.jpg"
        assert record["sents"] in text_of(sample.messages[0])


# -- conventions in real texts ---------------------------------------------------------------------------------------


def texts(*patterns: str) -> list[str]:
    found = [path.read_text() for pattern in patterns for path in sorted(SAMPLES.glob(pattern))]
    assert found
    return found


def again(text: str, dialect: str) -> str:
    size = (1000, 1000)  # square, so that every frame is norm
    pieces: list[Any] = parse(text, dialect)
    return "".join(piece if isinstance(piece, str) else render(*norm(piece), dialect, size) for piece in pieces)


def norm(piece: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
    from vlit_hub.regions import resolve

    return piece[0], [resolve(region, (1000, 1000)) for region in piece[1]]


@pytest.mark.parametrize(
    ("pattern", "dialect", "literal"),
    [
        ("as-1b/*_conv.txt", "asmv2", r"<box>\[\["),
        ("grit-ferret/ferret_bench/*_answer.jsonl", "float", r"\[\d\.\d{3}, "),
        ("pvit/fine_eval/*.jsonl", "pvit", r"<Region><L"),
        ("pvit/s*/*.txt", "pvit", r"<Region>\[[\d., ]+\]</Region>"),
    ],
)
def test_real_texts_come_back_to_the_letter(pattern: str, dialect: str, literal: str) -> None:
    count = 0
    for text in texts(pattern):
        assert again(text, dialect) == text
        pieces = parse(text, dialect)
        count += sum(isinstance(piece, tuple) for piece in pieces)
        kept = "".join(piece for piece in pieces if isinstance(piece, str))
        assert not re.search(literal, kept)
    assert count > 5


def test_the_broken_tag_of_all_seeing_is_told() -> None:
    (broken,) = [text for text in texts("as-1b/*_conv.txt") if "<ref>remotes</pred>" in text]
    assert malformed(parse(broken, "asmv2"), "asmv2")
