"""A folder of shards, a tiny model beside it, and runs over them; shared by the tests of this folder."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from transformers import TrainerCallback

from tests.tiny.llava import build as tiny_llava
from tests.tiny.qwen2_5_vl import build as tiny_qwen25_vl
from vlit_hub.processing import VLITProcessor
from vlit_hub.schema import Blob, Media, Message, Part, Sample
from vlit_hub.shards import ShardWriter
from vlit_hub.training.recipe import TrainRecipe, recipe_from
from vlit_hub.training.run import build
from vlit_hub.training.trainer import VLITTrainer

FAMILIES = {"llava": tiny_llava, "qwen2_5_vl": tiny_qwen25_vl}
WORDS = ["red", "blue", "green", "three small boats", "one", "two brown horses on the beach", "yes", "no, it is not"]


def some(cells: Iterable[str], fast: Sequence[str]) -> list[Any]:
    """The cells of a matrix, all slow but the ``fast`` ones."""
    return [cell if cell in fast else pytest.param(cell, marks=pytest.mark.slow) for cell in cells]


def sample(number: int, dataset: str = "scenes", picture: bool = True) -> Sample:
    """A question and an answer of varying length, with a 32 x 28 picture of one colour."""
    parts = [Part(text=f"What is in picture {number}?")]
    images, media = [], []
    if picture:
        file = io.BytesIO()
        PIL.Image.new("RGB", (32, 28), (number * 37 % 256, number * 91 % 256, number % 256)).save(file, "PNG")
        parts.insert(0, Part(type="image", index=0))
        images, media = [Blob(bytes=file.getvalue())], [Media(type="image", index=0, ref="a.png", width=32, height=28)]
    answer = [Part(text=f"{WORDS[number % len(WORDS)]}")]
    return Sample(
        images=images,
        media=media,
        messages=[Message(role="user", content=parts), Message(role="assistant", content=answer)],
        id=str(number),
        dataset=dataset,
        subset="default",
        split="train",
    )


def write_shards(folder: Path, pictures: int = 20, texts: int = 6) -> Path:
    """Two datasets in one folder: ``scenes`` with a picture each, ``words`` without."""
    for dataset, count, picture in (("scenes", pictures, True), ("words", texts, False)):
        if not count:
            continue
        with ShardWriter(folder, dataset, "default", "train") as writer:
            for number in range(count):
                writer.write(sample(number, dataset, picture))
    return folder


def save_tiny(folder: Path, family: str = "llava", dropout: float = 0.0) -> Path:
    """A tiny random model and its processor, as a run loads them."""
    model, native = FAMILIES[family]()
    for part in (model.config.text_config, model.config.vision_config):
        part.attention_dropout = dropout
    model.save_pretrained(folder)
    VLITProcessor(native).save_pretrained(folder)
    return folder


def keys(model: Path, data: Path, out: Path, **more: Any) -> dict[str, Any]:
    """The flat keys of a short run on the CPU that logs every step."""
    short = dict(setting="all", global_batch=4, max_length=128, use_cpu=True, max_steps=6, learning_rate=1e-2)
    quiet = dict(disable_tqdm=True, logging_steps=1, save_strategy="no", dataloader_num_workers=0)
    return {**short, **quiet, "model": str(model), "data": str(data), "out": str(out), **more}


def recipe(model: Path, data: Path, out: Path, **more: Any) -> TrainRecipe:
    """The same as a recipe."""
    return recipe_from(keys(model, data, out, **more))


class Recorder(TrainerCallback):
    """Writes the keys of each optimiser step, one file per rank, and stops after ``stop`` steps as a kill would;
    after ``hold`` steps it waits to be killed, as long as whoever started it lives."""

    def __init__(self, trainer: VLITTrainer, folder: Path, stop: int = 0, hold: int = 0) -> None:
        self.trainer, self.stop, self.hold, self.parent = trainer, stop, hold, os.getppid()
        self.path = folder / f"keys-{trainer.args.process_index}-of-{trainer.args.world_size}.jsonl"

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        name = self.trainer.store.provenance
        batches = [[" ".join(name(row).key for row in item) for item in note["rows"]] for note in self.trainer.notes]
        with open(self.path, "a") as file:
            file.write(json.dumps({"step": state.global_step, "batches": batches}) + "\n")

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == self.stop:
            control.should_training_stop = True

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        while self.hold and state.global_step == self.hold and os.getppid() == self.parent:
            time.sleep(0.05)


def train(made: TrainRecipe, stop: int = 0, resume: str | None = None) -> VLITTrainer:
    """Build, record, train up to ``stop`` steps; the trainer as it stands then."""
    trainer, _ = build(made, log=lambda text: None)
    Path(made.out).mkdir(parents=True, exist_ok=True)
    trainer.add_callback(Recorder(trainer, Path(made.out), stop))
    trainer.train(resume_from_checkpoint=resume)
    return trainer


def keys_of(out: Path) -> dict[int, list[str]]:
    """Global step -> its items (keys of a pack joined) in global order, put together from what each rank wrote.

    Micro-batch m of rank r comes at place m x world + r (StepSampler).
    """
    ranks = [[json.loads(line) for line in path.read_text().splitlines()] for path in sorted(out.glob("keys-*.jsonl"))]
    steps: dict[int, list[str]] = {}
    for lines in zip(*ranks, strict=True):
        assert len({line["step"] for line in lines}) == 1
        micro = zip(*(line["batches"] for line in lines), strict=True)
        steps[lines[0]["step"]] = [key for batches in micro for batch in batches for key in batch]
    return steps


def flat(steps: Mapping[int, list[str]]) -> list[str]:
    """The keys of all steps, one after another."""
    return [key for step in sorted(steps) for key in steps[step]]
