"""The demo's scenes as raw releases, each in the exact native form of its dataset, pictures beside the annotations.

    <root>/train/llava-instruct-150k/  llava_instruct_150k.json (dialogues), detail_23k.json (captions), images/
    <root>/train/coco-arc/             global.json, negative.json, region.json, images/
    <root>/train/shikra-rd/            GPT4GEN_RD_BoxCoT_train.jsonl, images/
    <root>/train/pmc-vqa/              train_2.csv (version 2), train.csv (version 1), images/
    <root>/test/llava-instruct-150k/   llava_instruct_150k.json (one question a record), images/
    <root>/test/pmc-vqa/               test_2.csv, images/
    <root>/test/abilities.json         id of the built Sample -> ability
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from vlit_hub.demo.scenes import ABILITIES, CELLS, COLOURS, QA, SHAPES, Scene, ask, caption, questions, render, scenes

INSTRUCTION = "Describe the scene."
FRAME = (255, 0, 0)
LETTERS = "ABCD"
# What holds language in the four native forms; file names and numbers do not.
TEXT_KEYS = ("annotations", "conversations", "value", "question", "cot_with_ans", "Caption", "Question", "Answer")
HELD_OUT = "llava_instruct_150k"
SEED_BLOCKS = {"train": 0, "test": 1, "coco-arc": 2, "shikra-rd": 3, "pmc-vqa": 4}


@dataclass(frozen=True)
class Release:
    """One written raw folder: records per annotation file, number of pictures, seeds of the scenes in it."""

    folder: Path
    records: dict[str, int]
    pictures: int
    seeds: tuple[int, ...]


def write_releases(root: Path, train: int, test: int, others: int = 200) -> dict[str, Release]:
    """Write all raw releases below `root`; keys are `<split>/<dataset>`.

    `train`: scenes with dialogue and caption; `test`: held-out scenes; `others`: scenes for each of the other datasets.
    """

    def draw(split: str, count: int, block: str = "") -> list[Scene]:
        return list(scenes(split, count, SEED_BLOCKS[block or split]))

    made = {
        "train/llava-instruct-150k": write_llava(root / "train/llava-instruct-150k", draw("train", train)),
        "train/coco-arc": write_coco_arc(root / "train/coco-arc", draw("train", others, "coco-arc")),
        "train/shikra-rd": write_shikra_rd(root / "train/shikra-rd", draw("train", others, "shikra-rd")),
        "train/pmc-vqa": write_pmc_vqa(root / "train/pmc-vqa", draw("train", others, "pmc-vqa"), "train"),
        "test/pmc-vqa": write_pmc_vqa(root / "test/pmc-vqa", draw("test", max(1, others // 4), "pmc-vqa"), "test"),
    }
    held_out, abilities = write_held_out(root / "test/llava-instruct-150k", draw("test", test))
    _json(root / "test" / "abilities.json", abilities)
    return made | {"test/llava-instruct-150k": held_out}


def write_llava(folder: Path, items: Sequence[Scene]) -> Release:
    """LLaVA-Instruct: one dialogue of several turns and one caption a picture, `<image>` before or after."""
    dialogues, details = [], []
    for item in items:
        turns = [(qa.question, qa.answer) for qa in questions(item, random.Random(f"dialogue-{item.seed}"))]
        image = _save(render(item), folder, _coco_name(item))
        dialogues.append(_llava(f"{item.seed:012d}", image, turns, after=item.seed % 3 == 0))
        details.append(_llava(f"{item.seed:012d}", image, [(INSTRUCTION, caption(item))]))
    _json(folder / "llava_instruct_150k.json", dialogues)
    _json(folder / "detail_23k.json", details)
    records = {"llava_instruct_150k.json": len(dialogues), "detail_23k.json": len(details)}
    return Release(folder, records, len(items), _seeds(items))


def write_held_out(folder: Path, items: Sequence[Scene]) -> tuple[Release, dict[str, str]]:
    """The llava form with one question a record, one for each ability a scene allows.

    Also gives the ability of each question under the id that its built Sample has (`<file stem>:<row>`): ids of this
    dataset's records are not unique in general, so the loader does not take them.
    """
    records: list[dict[str, Any]] = []
    abilities = {}
    for item in items:
        image = _save(render(item), folder, _coco_name(item))
        for qa in held_out_questions(item):
            abilities[f"{HELD_OUT}:{len(records)}"] = qa.ability
            records.append(_llava(f"scene-{item.seed:06d}-{qa.ability}-0", image, [(qa.question, qa.answer)]))
    _json(folder / f"{HELD_OUT}.json", records)
    return Release(folder, {f"{HELD_OUT}.json": len(records)}, len(items), _seeds(items)), abilities


def held_out_questions(item: Scene) -> list[QA]:
    """One question of each ability that the scene allows."""
    asked = (ask(item, ability, random.Random(f"held-out-{item.seed}-{ability}")) for ability in ABILITIES)
    return [qa for qa in asked if qa]


def write_coco_arc(folder: Path, items: Sequence[Scene]) -> Release:
    """COCO_ARC: global and negative dialogues over the picture, region dialogues with a red frame painted on it."""
    made: dict[str, list[dict[str, Any]]] = {"global": [], "negative": [], "region": []}
    pictures = 0
    for item in items:
        rng = random.Random(f"arc-{item.seed}")
        number = f"COCO_train2014_{item.seed:012d}"
        image = _save(render(item), folder, f"{number}.jpg")
        counted = ask(item, "counting", rng)
        turns = [(INSTRUCTION, caption(item))] + ([(counted.question, counted.answer)] if counted else [])
        made["global"].append(_arc(image, "global", turns))
        made["negative"].append(_arc(image, "negative", [_denial(item, rng), _denial(item, rng)]))
        k = rng.randrange(len(item.objects))
        marked = _save(framed(item, k), folder, f"{number}_{k}.jpg")
        o = item.objects[k]
        turns = [("What colour is the object in the red frame?", o.colour), ("What shape is it?", o.shape)]
        made["region"].append(_arc(marked, "region", turns))
        pictures += 2
    head = {"image_source": "rendered scenes", "construction_time": "1970-01-01T00:00:00Z"}
    for kind, rows in made.items():
        _json(folder / f"{kind}.json", head | {"annotations": rows})
    return Release(folder, {f"{kind}.json": len(rows) for kind, rows in made.items()}, pictures, _seeds(items))


def write_shikra_rd(folder: Path, items: Sequence[Scene]) -> Release:
    """Shikra-RD: marked phrases with index lists into pixel boxes: one box, several, or none."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for item in items:
        rng = random.Random(f"rd-{item.seed}")
        o = item.objects[rng.randrange(len(item.objects))]
        same = [i for i, other in enumerate(item.objects) if other.colour == o.colour]
        what = f"the {o.colour} object{'s' if len(same) > 1 else ''}"
        other = rng.choice([c for c in COLOURS if all(x.colour != c for x in item.objects)])
        places = ", ".join(CELLS[item.objects[i].cell] for i in same)
        record = {
            "img_path": _save(render(item), folder, f"{item.seed}.jpg"),
            "boxes": [[float(v) for v in item.objects[i].box] for i in same],
            "question": f"Where {'are' if len(same) > 1 else 'is'} <ph_st>{what}<ph_ed>?",
            "question_boxes_seq": [list(range(len(same)))],
            "cot_with_ans": f"<ph_st>{what.capitalize()}<ph_ed> at {places}; there is no <ph_st>{other} object<ph_ed>.",
            "answer_boxes_seq": [list(range(len(same))), []],
        }
        lines.append(json.dumps(record))
    name = "GPT4GEN_RD_BoxCoT_train.jsonl"
    (folder / name).write_text("\n".join(lines) + "\n")
    return Release(folder, {name: len(lines)}, len(items), _seeds(items))


def write_pmc_vqa(folder: Path, items: Sequence[Scene], split: str) -> Release:
    """PMC-VQA: multiple choice of four, in both csv versions for `train`, in version 2 for `test`."""
    second, first = [], []
    for index, item in enumerate(items):
        rng = random.Random(f"choice-{item.seed}")
        image = _save(render(item), folder, f"PMC{item.seed}_F1.jpg")
        ability = rng.choice(("colour", "shape"))
        qa = ask(item, ability, rng)
        if qa is None:
            continue
        pool = list(COLOURS) if ability == "colour" else list(SHAPES)
        options = rng.sample([x for x in pool if x != qa.answer], len(LETTERS) - 1)
        right = rng.randrange(len(LETTERS))
        options.insert(right, qa.answer)
        cells = [f"{letter}:{text}" for letter, text in zip(LETTERS, options, strict=True)]
        spaced = [f" {cell} " for cell in cells]
        second.append([index, image, caption(item), f" {qa.question} ", *spaced, LETTERS[right], split])
        first.append([image, qa.question, qa.answer, *cells, LETTERS[right]])
    choices = [f"Choice {letter}" for letter in LETTERS]
    heads = ["index", "Figure_path", "Caption", "Question", *choices, "Answer", "split"]
    _csv(folder / f"{split}_2.csv", heads, second)
    records = {f"{split}_2.csv": len(second)}
    if split == "train":
        _csv(folder / "train.csv", ["Figure_path", "Question", "Answer", *choices, "Answer_label"], first)
        records["train.csv"] = len(first)
    return Release(folder, records, len(items), _seeds(items))


def texts(folder: Path) -> Iterator[str]:
    """Every text of the annotation files below `folder`, in a fixed order: what the demo's tokenizer learns from."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".json":
            yield from _strings(json.loads(path.read_text()))
        elif path.suffix == ".jsonl":
            yield from (text for line in path.read_text().splitlines() for text in _strings(json.loads(line)))
        elif path.suffix == ".csv":
            with path.open(newline="") as file:
                yield from (text for row in csv.DictReader(file) for text in _strings(row))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for key in TEXT_KEYS if key in value for text in _strings(value[key]))
    elif isinstance(value, list):
        yield from (text for item in value for text in _strings(item))


def _llava(name: str, image: str, turns: Iterable[tuple[str, str]], after: bool = False) -> dict[str, Any]:
    said = _turns(turns)
    question = said[0]["value"]
    said[0]["value"] = f"{question}\n<image>" if after else f"<image>\n{question}"
    return {"id": name, "image": image, "conversations": said}


def _arc(image: str, kind: str, turns: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {"img_ids": image, "instruction_type": kind, "conversations": _turns(turns)}


def _turns(turns: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"from": role, "value": text} for turn in turns for role, text in zip(("human", "gpt"), turn, strict=True)]


def _denial(item: Scene, rng: random.Random) -> tuple[str, str]:
    colour = rng.choice([c for c in COLOURS if all(o.colour != c for o in item.objects)])
    return f"Where is the {colour} {rng.choice(SHAPES)}?", f"There is no {colour} object."


def framed(item: Scene, index: int) -> Image.Image:
    """The scene with a red frame painted around one object."""
    picture = render(item)
    x1, y1, x2, y2 = item.objects[index].box
    # Two pixels wide and just outside the object, so that nothing of it is covered.
    ImageDraw.Draw(picture).rectangle((x1 - 2, y1 - 2, x2 + 1, y2 + 1), outline=FRAME, width=2)
    return picture


def _coco_name(item: Scene) -> str:
    return f"{item.seed:012d}.{'jpg' if item.seed % 2 else 'png'}"


def _save(picture: Image.Image, folder: Path, name: str) -> str:
    path = folder / "images" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        picture.save(path, quality=95, subsampling=0)
    else:
        picture.save(path, compress_level=1)
    return name


def _seeds(items: Iterable[Scene]) -> tuple[int, ...]:
    return tuple(item.seed for item in items)


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def _csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
