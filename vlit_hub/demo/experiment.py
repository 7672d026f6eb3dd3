"""The survey's experiment in small: which type of instruction moves which ability, on rendered scenes.

``python -m vlit_hub.demo.experiment OUT [--scenes N] [--test N] [--seeds 0 1 2]`` renders what
recipes/cross_eval/scenes.yaml needs: captions for alignment; one dialogue per scene and type (global, negative,
region), about the same scenes; test questions with options along SEED-Bench's dimensions on other scenes; and per
seed the model before tuning.

Some of the dialogues hold wrong answers, as generated ones do. ``curated`` keeps those whose every answer agrees with
the scene's annotations.
"""

from __future__ import annotations

import argparse
import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from vlit_hub.demo.model import write_start
from vlit_hub.demo.releases import INSTRUCTION, framed
from vlit_hub.demo.scenes import CELLS, COLOURS, GRID, NUMBERS, SHAPES, WORDS, Scene, ask, caption, render, scenes
from vlit_hub.schema import Blob, Media, Message, Part, Sample
from vlit_hub.shards import ShardWriter

CONFIG = Path(__file__).parent / "recipes" / "tiny_llava.json"
TYPES = ("global", "negative", "region")
FAULTY = 0.3
"""Share of dialogues of which every other answer is wrong."""
BLOCK = {"train": 11, "test": 12, "captions": 13}
"""Seeds of the scenes, apart from the demo's."""
NAMES = tuple(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES)
OPTIONS = 4
ENCODED = 4000
"""Scenes that the picture encoder learns from: all are in memory at once, 60 KB each."""


@dataclass(frozen=True)
class Asked:
    """A question with its right answer and what a wrong one is drawn from."""

    question: str
    answer: str
    pool: tuple[str, ...]
    ability: str


# -- questions ---------------------------------------------------------------------------------------------------------


def _plain(ability: str, kind: str, pool: Sequence[str]) -> Callable[[Scene, random.Random], Asked | None]:
    def asked(item: Scene, rng: random.Random) -> Asked | None:
        qa = ask(item, kind, rng)
        return Asked(qa.question, qa.answer, tuple(pool), ability) if qa else None

    return asked


def _relation(item: Scene, rng: random.Random) -> Asked | None:
    """What stands right beside an object whose name is its own."""
    names = [o.name for o in item.objects]
    at = {o.cell: o.name for o in item.objects}
    found = [
        (words, o.name, at[o.cell + step])
        for o in item.objects
        for words, step, stays in (
            ("right of", 1, o.cell % GRID < GRID - 1),
            ("left of", -1, o.cell % GRID > 0),
            ("below", GRID, True),
            ("above", -GRID, True),
        )
        if stays and names.count(o.name) == 1 and o.cell + step in at
    ]
    if not found:
        return None
    words, name, answer = rng.choice(found)
    return Asked(f"What is {words} the {name}?", answer, NAMES, "spatial_relation")


def _reasoning(item: Scene, rng: random.Random) -> Asked | None:
    """The number of objects after one was taken away or added: counting and one step more."""
    number = len(item.objects)
    word, by = rng.choice((("taken away", -1), ("added", 1)))
    if not 1 <= number + by <= len(NUMBERS):
        return None
    question = f"How many objects would there be if one was {word}?"
    return Asked(question, NUMBERS[number + by - 1], NUMBERS, "visual_reasoning")


QUESTIONS: dict[str, Callable[[Scene, random.Random], Asked | None]] = {
    "instance_identity": _plain("instance_identity", "shape", SHAPES),
    "instance_attributes": _plain("instance_attributes", "colour", tuple(COLOURS)),
    "instance_location": _plain("instance_location", "location", CELLS),
    "instance_counting": _plain("instance_counting", "counting", NUMBERS),
    "spatial_relation": _relation,
    "visual_reasoning": _reasoning,
    "text_recognition": _plain("text_recognition", "text", WORDS),
}
"""SEED-Bench's dimension -> its question about a scene; None where the scene allows none."""


# -- dialogues ---------------------------------------------------------------------------------------------------------


def _global(item: Scene, rng: random.Random) -> list[Asked | None]:
    """The scene as a whole: what it shows, how many, one step of thought further, what is written."""
    described = Asked(INSTRUCTION, caption(item), (), "scene_understanding")
    names = ("instance_counting", "visual_reasoning", "visual_reasoning", "text_recognition")
    return [described, *(QUESTIONS[name](item, rng) for name in names)]


def _negative(item: Scene, rng: random.Random) -> list[Asked | None]:
    """What is not there beside what is, and where."""
    there = {o.name for o in item.objects}
    absent = rng.sample([name for name in NAMES if name not in there], 3)
    present = rng.choice(sorted(there))
    found = [
        Asked(f"Is there a {absent[0]}?", "no", ("yes", "no"), "none"),
        Asked(f"Is there a {absent[1]}?", "no", ("yes", "no"), "none"),
        Asked(f"Is there a {present}?", "yes", ("yes", "no"), "none"),
        Asked(f"Where is the {absent[2]}?", "nowhere", CELLS, "none"),
        *(QUESTIONS["instance_location"](item, rng) for _ in range(3)),
    ]
    rng.shuffle(found)
    return found


def _region(item: Scene, rng: random.Random, index: int) -> list[Asked | None]:
    """The object in the painted frame, objects by their place, and what stands beside one."""
    o = item.objects[index]
    return [
        Asked("What colour is the object in the red frame?", o.colour, tuple(COLOURS), "none"),
        Asked("What shape is it?", o.shape, SHAPES, "none"),
        *(QUESTIONS[name](item, rng) for name in ("instance_attributes", "instance_identity") for _ in range(3)),
        *(_relation(item, rng) for _ in range(2)),
    ]


def dialogue(item: Scene, kind: str) -> tuple[Sample, bool]:
    """The dialogue of one type about a scene, and whether all its answers agree with the scene."""
    rng = random.Random(f"experiment-{kind}-{item.seed}")
    index = rng.randrange(len(item.objects))
    others = {"global": _global, "negative": _negative}
    asked = _region(item, rng, index) if kind == "region" else others[kind](item, rng)
    turns = list(dict.fromkeys(turn for turn in asked if turn))
    said = [turn.answer for turn in turns]
    if rng.random() < FAULTY:
        checked = [i for i, turn in enumerate(turns) if turn.pool]
        for wrong in rng.sample(checked, (len(checked) + 1) // 2):
            said[wrong] = rng.choice([text for text in turns[wrong].pool if text != turns[wrong].answer])
    picture = framed(item, index) if kind == "region" else render(item)
    holds = all(text == turn.answer for text, turn in zip(said, turns, strict=True))
    return _sample(kind, item, picture, [(t.question, text) for t, text in zip(turns, said, strict=True)], kind), holds


def held_out(item: Scene) -> Iterator[Sample]:
    """One question of each dimension, with four options."""
    for ability, make in QUESTIONS.items():
        rng = random.Random(f"experiment-test-{ability}-{item.seed}")
        asked = make(item, rng)
        if asked is None:
            continue
        options = rng.sample([text for text in asked.pool if text != asked.answer], OPTIONS - 1)
        right = rng.randrange(OPTIONS)
        options.insert(right, asked.answer)
        yield _sample("scenes", item, render(item), [(asked.question, asked.answer)], "none", ability, options, right)


def _sample(
    dataset: str,
    item: Scene,
    picture: Image.Image,
    turns: Sequence[tuple[str, str]],
    kind: str,
    ability: str = "none",
    choices: Sequence[str] = (),
    correct: int = -1,
) -> Sample:
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=1)
    messages = [m for question, answer in turns for m in (("user", question), ("assistant", answer))]
    content = [[Part(text=text)] for _, text in messages]
    content[0].insert(0, Part("image", index=0))
    return Sample(
        id=f"{item.seed}-{ability if choices else kind}",
        dataset=dataset,
        group=str(item.seed),
        images=[Blob(bytes=data.getvalue())],
        media=[Media("image", 0, ref=f"{item.seed}.png", width=picture.width, height=picture.height)],
        messages=[Message(role, parts) for (role, _), parts in zip(messages, content, strict=True)],  # type: ignore[arg-type]
        task="multiple_choice" if choices else "conversation",
        instruction_type=kind,  # type: ignore[arg-type]
        ability=ability,
        choices=list(choices),
        correct=correct,
    )


# -- files -------------------------------------------------------------------------------------------------------------


def write(out: Path, train: int, test: int, seeds: Sequence[int], encoder_steps: int = 400) -> None:
    """All that recipes/cross_eval/scenes.yaml names, below ``out``."""
    drawn = {name: list(scenes("test" if name == "test" else "train", train, block)) for name, block in BLOCK.items()}
    texts: list[str] = []
    with ShardWriter(out / "captions", "captions", "default", "train") as writer:
        for item in drawn["captions"]:
            writer.write(_sample("captions", item, render(item), [(INSTRUCTION, caption(item))], "none"))
            texts += [INSTRUCTION, caption(item)]
    sources = []
    for kind in TYPES:
        made = [dialogue(item, kind) for item in drawn["train"]]
        with ShardWriter(out / kind, kind, "default", "train") as writer:
            for sample, _ in made:
                writer.write(sample)
        texts += [part.text for sample, _ in made for message in sample.messages for part in message.content]
        np.save(out / f"curated-{kind}.npy", np.array([holds for _, holds in made]))
        sources.append({"shards": kind, "keep": f"curated-{kind}.npy"})
    (out / "curated.yaml").write_text(yaml.safe_dump({"seed": 0, "sources": sources}))
    with ShardWriter(out / "test", "scenes", "default", "test") as writer:
        for item in drawn["test"][:test]:
            for sample in held_out(item):
                writer.write(sample)
                texts += [sample.messages[0].content[1].text, *sample.choices]
    for seed in seeds:
        encoder = write_start(
            CONFIG, texts, drawn["captions"][:ENCODED], out / f"start-{seed}", steps=encoder_steps, seed=seed
        )
        print(f"start-{seed}: colour {encoder.colour:.2f}, shape {encoder.shape:.2f}, word {encoder.word:.2f} per cell")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m vlit_hub.demo.experiment")
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=6000, help="of captions, and of dialogues")
    parser.add_argument("--test", type=int, default=400, help="scenes of test questions")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--encoder-steps", type=int, default=400)
    given = parser.parse_args()
    write(given.out, given.scenes, given.test, given.seeds, given.encoder_steps)


if __name__ == "__main__":
    main()
