"""The demo's scenes: deterministic, right by their own pixels, apart between training and test, native on disk."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vlit_hub import registry
from vlit_hub.demo import releases
from vlit_hub.demo import scenes as demo
from vlit_hub.release import Release
from vlit_hub.schema import text_of

TRAIN = list(demo.scenes("train", 400))
TEST = list(demo.scenes("test", 400, seed=1))


def read_cells(picture: Image.Image) -> dict[int, tuple[str, str, demo.Box]]:
    """Cell -> colour, shape and box, told from the pixels alone."""
    pixels = np.asarray(picture)
    found = {}
    for cell in range(9):
        y, x = (cell // 3) * demo.CELL, (cell % 3) * demo.CELL
        inside = pixels[y : y + demo.CELL, x : x + demo.CELL]
        for colour, rgb in demo.COLOURS.items():
            mask = (inside == rgb).all(-1)
            if mask.any():
                rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
                top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
                box = (x + left, y + top, x + right, y + bottom)
                found[cell] = (colour, read_shape(mask[top:bottom, left:right]), tuple(int(v) for v in box))
    return found


def read_shape(mask: np.ndarray) -> str:
    """From five places: the middle, the corners, and a fifth of the way in from a corner."""
    height, width = mask.shape
    if not mask[height // 2, width // 2]:
        return "ring"
    if mask[-1, 0]:
        return "square" if mask[0, 0] else "triangle"
    return "circle" if mask[height // 5, width // 5] else "cross"


def right_answer(cells: dict[int, tuple[str, str, demo.Box]], question: str) -> str:
    """The answer that the pixels give."""
    if question == "How many objects are there?":
        return demo.NUMBERS[len(cells) - 1]
    if found := re.fullmatch(r"What (colour|shape) is the object at (.+)\?", question):
        return cells[demo.CELLS.index(found[2])][found[1] == "shape"]
    found = re.fullmatch(r"(Is there a|Where is the)(?: (\w+))? (\w+)\?", question)
    assert found
    places = [
        demo.CELLS[cell]
        for cell, (colour, shape, _) in cells.items()
        if found[2] in (None, colour) and found[3] in ("object", shape)
    ]
    if found[1] == "Is there a":
        return "yes" if places else "no"
    assert len(places) == 1
    return places[0]


def test_a_seed_is_one_scene_and_one_picture() -> None:
    for seed in range(50):
        item = demo.scene(seed)
        assert item == demo.scene(seed)
        assert demo.render(item).tobytes() == demo.render(demo.scene(seed)).tobytes()
        assert demo.questions(item, random.Random(seed)) == demo.questions(item, random.Random(seed))


def test_boxes_hold_exactly_the_pixels_of_their_objects() -> None:
    for item in TRAIN:
        read = read_cells(demo.render(item))
        assert read == {o.cell: (o.colour, o.shape, o.box) for o in item.objects}
        pixels = np.asarray(demo.render(item))
        painted = (pixels != demo.BACKGROUND).any(-1) & (pixels != demo.INK).any(-1)
        for o in item.objects:
            x1, y1, x2, y2 = o.box
            painted[y1:y2, x1:x2] = False
        assert not painted.any()
        assert bool((pixels == demo.INK).all(-1).any()) == bool(item.word)


def test_a_word_stays_in_its_free_cell() -> None:
    for item in (item for item in TRAIN if item.word):
        assert item.word_cell not in {o.cell for o in item.objects}
        rows, columns = np.nonzero((np.asarray(demo.render(item)) == demo.INK).all(-1))
        assert set(rows // demo.CELL * 3 + columns // demo.CELL) == {item.word_cell}


@pytest.mark.parametrize("ask", [lambda s: demo.questions(s, random.Random(s.seed)), releases.held_out_questions])
def test_answers_are_right_by_the_pixels(ask) -> None:
    for item in TRAIN + TEST:
        cells = read_cells(demo.render(item))
        for qa in ask(item):
            expected = item.word if qa.ability == "text" else right_answer(cells, qa.question)
            assert qa.answer == expected, (item, qa)


def test_captions_name_every_object_with_its_cell() -> None:
    for item in TRAIN:
        cells = {demo.CELLS[cell]: f"{colour} {shape}" for cell, (colour, shape, _) in
                 read_cells(demo.render(item)).items()}  # fmt: skip
        head, _, listed = demo.caption(item).rstrip(".").partition(": ")
        assert head.split()[0] == demo.NUMBERS[len(cells) - 1]
        named = {}
        for part in listed.split(", "):
            place = next(place for place in demo.CELLS if place in part)
            named[place] = part.replace(place, "").strip()
        assert named == cells | ({demo.CELLS[item.word_cell]: f"word {item.word}"} if item.word else {})


def test_training_and_test_share_neither_seeds_nor_contents_nor_pictures() -> None:
    assert not {item.seed for item in TRAIN} & {item.seed for item in TEST}
    many = list(demo.scenes("train", 5000))
    assert not {item.contents for item in many} & {item.contents for item in TEST}
    assert not {demo.render(item).tobytes() for item in TRAIN} & {demo.render(item).tobytes() for item in TEST}


def test_no_answer_is_right_too_often() -> None:
    answers: dict[str, list[str]] = {}
    for item in TEST:
        for qa in releases.held_out_questions(item):
            answers.setdefault(qa.ability, []).append(qa.answer)
    majority = {name: Counter(said).most_common(1)[0][1] / len(said) for name, said in answers.items()}
    assert np.mean([majority[name] for name in demo.SCORED]) <= 0.30
    assert majority["existence"] <= 0.60
    assert {name: len(set(said)) for name, said in answers.items()} == {
        "colour": 6, "counting": 6, "existence": 2, "location": 9, "shape": 5, "text": len(demo.WORDS)
    }  # fmt: skip


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, releases.Release]]:
    root = tmp_path_factory.mktemp("raw")
    return root, releases.write_releases(root, train=30, test=20, others=12)


CASES = [
    ("train", "llava-instruct-150k", "default", "llava_instruct_150k.json"),
    ("train", "llava-instruct-150k", "detail_23k", "detail_23k.json"),
    ("test", "llava-instruct-150k", "default", "llava_instruct_150k.json"),
    ("train", "coco-arc", "global", "global.json"),
    ("train", "coco-arc", "negative", "negative.json"),
    ("train", "coco-arc", "region", "region.json"),
    ("train", "shikra-rd", "default", "GPT4GEN_RD_BoxCoT_train.jsonl"),
    ("train", "pmc-vqa", "v2", "train_2.csv"),
    ("train", "pmc-vqa", "v1", "train.csv"),
    ("test", "pmc-vqa", "v2", "test_2.csv"),
]


@pytest.mark.parametrize(("side", "name", "subset", "file"), CASES)
def test_native_releases_convert_whole_with_every_picture(raw, side: str, name: str, subset: str, file: str) -> None:
    root, made = raw
    release = Release(registry.get(name), root / side / name, subset)
    split = "test" if file == "test_2.csv" else "train"
    outcomes = list(release.read(split))
    assert [outcome.file for outcome in outcomes] == [file] * made[f"{side}/{name}"].records[file]
    assert not any(outcome.bad or outcome.reports for outcome in outcomes)
    samples = [sample for outcome in outcomes for sample in outcome.samples]
    assert len(samples) == len(outcomes)
    assert all(blob is not None for sample in samples for blob in sample.images)
    assert {(m.width, m.height) for sample in samples for m in sample.media} == {(demo.SIZE, demo.SIZE)}


def test_held_out_rows_carry_one_question_with_its_ability(raw) -> None:
    root, _ = raw
    abilities = json.loads((root / "test" / "abilities.json").read_text())
    release = Release(registry.get("llava-instruct-150k"), root / "test" / "llava-instruct-150k")
    samples = [sample for outcome in release.read("train") for sample in outcome.samples]
    records = json.loads((root / "test/llava-instruct-150k/llava_instruct_150k.json").read_text())
    assert [sample.id for sample in samples] == list(abilities)
    assert len({record["id"] for record in records}) == len(records)
    assert [record["id"].split("-")[2] for record in records] == list(abilities.values())
    asked = [qa for item in demo.scenes("test", 20, releases.SEED_BLOCKS["test"])
             for qa in releases.held_out_questions(item)]  # fmt: skip
    assert [text_of(sample.messages[-1]) for sample in samples] == [qa.answer for qa in asked]
    assert list(abilities.values()) == [qa.ability for qa in asked]


def test_native_details_of_the_formats(raw) -> None:
    root, _ = raw
    dialogues = json.loads((root / "train/llava-instruct-150k/llava_instruct_150k.json").read_text())
    assert {d["image"].rpartition(".")[2] for d in dialogues} == {"jpg", "png"}
    first = [d["conversations"][0]["value"] for d in dialogues]
    assert {value.startswith("<image>\n") or value.endswith("\n<image>") for value in first} == {True}
    assert {tuple(t["from"] for t in d["conversations"][:2]) for d in dialogues} == {("human", "gpt")}
    region = json.loads((root / "train/coco-arc/region.json").read_text())
    assert set(region) == {"image_source", "construction_time", "annotations"}
    for record in region["annotations"]:
        assert re.fullmatch(r"COCO_train2014_\d{12}_\d\.jpg", record["img_ids"])
        pixels = np.asarray(Image.open(root / "train/coco-arc/images" / record["img_ids"])).astype(int)
        # JPEG moves the frame's colour a little; no object of the palette comes as near to pure red.
        assert (np.abs(pixels - releases.FRAME).sum(-1) < 60).sum() > 100
    lines = (root / "train/shikra-rd/GPT4GEN_RD_BoxCoT_train.jsonl").read_text().splitlines()
    for record in map(json.loads, lines):
        assert record["cot_with_ans"].count("<ph_ed>") == len(record["answer_boxes_seq"]) == 2
    with (root / "train/pmc-vqa/train.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            assert row[f"Choice {row['Answer_label']}"] == f"{row['Answer_label']}:{row['Answer']}"


def test_texts_are_the_language_of_the_training_releases(raw) -> None:
    found = list(releases.texts(raw[0] / "train"))
    item = next(demo.scenes("train", 1))
    assert demo.caption(item) in found
    assert not [text for text in found if text.endswith((".jpg", ".png"))]


def test_jpegs_keep_the_colours_apart(raw) -> None:
    item = next(s for s in demo.scenes("train", 30) if s.seed % 2)
    buffer = io.BytesIO()
    demo.render(item).save(buffer, "JPEG", quality=95, subsampling=0)
    pixels = np.asarray(Image.open(buffer)).astype(int)
    for o in item.objects:
        x1, y1, x2, y2 = o.box
        exact = (np.asarray(demo.render(item))[y1:y2, x1:x2] == demo.COLOURS[o.colour]).all(-1)
        mean = pixels[y1:y2, x1:x2][exact].mean(0)
        assert min(demo.COLOURS, key=lambda c: np.abs(mean - demo.COLOURS[c]).sum()) == o.colour
