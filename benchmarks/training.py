"""Batches and training beside TRL's SFTTrainer and its collator: the same tiny LLaVA, samples and chat template, CPU.

Each figure comes from fresh processes with one thread; rates are of their processor time. A conversation has three
turns; every four share a picture.
"""

from __future__ import annotations

import io
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import Row, child, interleaved, main
from benchmarks.normalising import WORDS

SAMPLES, PER_PICTURE, BATCH = 192, 4, 8
WIDTH, HEIGHT = 640, 480
STEPS = 12
LENGTH = 2048
REPEATED = 1_000_000
"""Items of the long epoch: a thousand samples, a thousand times over."""


CHARACTERS = (
    24, 36, 43, 49, 59, 70, 81, 99, 108, 118, 133, 147, 179, 216, 258, 295, 360, 437, 553, 1414, 14811,
)  # fmt: skip
"""Twentieths of the text of the 286 samples that the survey's native records (23 folders) convert into."""
PICTURES = (4, 225, 28, 4, 8, 8, 3, 4, 2)
"""How many of them have 0, 1, 2, ... media."""
PACK, AHEAD, PACKED = 4096, 1000, 50_000


def lengths(a_picture: int) -> Any:
    """PACKED lengths drawn from those, four characters a token; the few that fit no pack are left out."""
    import numpy as np

    draw = np.random.default_rng(0)
    text = np.interp(draw.random(PACKED), np.linspace(0, 1, len(CHARACTERS)), CHARACTERS) // 4 + 8
    shown = draw.choice(len(PICTURES), PACKED, p=np.array(PICTURES) / sum(PICTURES))
    drawn = (text + a_picture * shown).astype(np.int64)
    return drawn[drawn <= PACK]


def ours_packed(a_picture: str) -> dict[str, float]:
    """Share of PACK tokens taken by our packs."""
    import numpy as np

    from vlit_hub.shards import Packer

    drawn, packer = lengths(int(a_picture)), Packer(PACK, look_ahead=AHEAD)
    windows = [drawn[at : at + AHEAD] for at in range(0, len(drawn), AHEAD)]
    packs = sum(len(packer.bins(np.stack([w, 0 * w, 0 * w], axis=1))) for w in windows)
    return {"taken": float(drawn.sum()) / (packs * PACK)}


def trl_packed(a_picture: str) -> dict[str, float]:
    """The same of TRL's best fit over as many rows."""
    import datasets
    from trl.data_utils import pack_dataset

    datasets.disable_progress_bars()
    drawn = lengths(int(a_picture))
    rows = datasets.Dataset.from_dict({"input_ids": [[0] * length for length in drawn.tolist()]})
    found = pack_dataset(rows, PACK, "bfd", map_kwargs={"batch_size": AHEAD})
    return {"taken": int(drawn.sum()) / (len(found) * PACK)}


def words(draw: random.Random, least: int, most: int) -> str:
    """A sentence; lengths as uneven as those of real answers."""
    count = min(most, max(least, int(draw.lognormvariate(3.0, 0.9))))
    return " ".join(draw.choices(WORDS, k=count)).capitalize() + "."


def conversations(count: int) -> list[list[tuple[str, str]]]:
    """Question and answer of each turn of each sample."""
    draw = random.Random(0)
    return [[(words(draw, 5, 20), words(draw, 3, 200)) for _ in range(3)] for _ in range(count)]


def picture(number: int) -> bytes:
    """A JPEG of smooth noise, about as hard to decode as a photograph."""
    import numpy as np
    import PIL.Image

    noise = np.random.default_rng(number).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(noise).resize((WIDTH, HEIGHT), PIL.Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def prepare(folder: Path, image_size: int) -> None:
    """Model, processor and shards."""
    from tests.tiny.llava import build
    from vlit_hub.processing import VLITProcessor
    from vlit_hub.shards import ShardWriter

    patch = {64: 16, 336: 14}[image_size]
    model, native = build((" ".join(WORDS),), image_size=image_size, patch_size=patch, hidden=64)
    model.save_pretrained(folder / "model")
    VLITProcessor(native).save_pretrained(folder / "model")
    with ShardWriter(folder / "data", "made", "default", "train") as writer:
        for sample in samples():
            writer.write(sample)


def samples(count: int = SAMPLES, pictures: bool = True) -> list[Any]:
    """The conversations as Samples."""
    from vlit_hub.schema import Blob, Media, Message, Part, Sample

    files = [picture(number) for number in range(-(-count // PER_PICTURE))] if pictures else []
    made = []
    for number, turns in enumerate(conversations(count)):
        messages = []
        for at, (question, answer) in enumerate(turns):
            parts = [Part(text=question)]
            if pictures and not at:
                parts.insert(0, Part(type="image", index=0))
            messages += [Message(role="user", content=parts), Message(role="assistant", content=[Part(text=answer)])]
        shown = number // PER_PICTURE
        media = Media(type="image", index=0, ref=f"{shown}.jpg", width=WIDTH, height=HEIGHT)
        made.append(
            Sample(
                images=[Blob(bytes=files[shown])] if pictures else [],
                media=[media] if pictures else [],
                messages=messages,
                id=str(number),
                group=f"{shown}.jpg",
                dataset="made",
                subset="default",
                split="train",
            )  # fmt: skip
        )
    return made


def chats(count: int = SAMPLES, pictures: bool = True) -> list[dict[str, Any]]:
    """The same as TRL takes them, with the bytes of the picture."""
    made = []
    for number, turns in enumerate(conversations(count)):
        messages = []
        for question, answer in turns:
            messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        made.append({"messages": messages, "file": number // PER_PICTURE if pictures else None})
    return made


def batches(samples_: list[Any], alone: bool) -> list[list[Any]]:
    """Batches of samples with a picture each of its own, or of two pictures four times each."""
    order = sorted(range(len(samples_)), key=lambda number: number % PER_PICTURE) if alone else range(len(samples_))
    put = [samples_[number] for number in order]
    return [put[at : at + BATCH] for at in range(0, len(put), BATCH)]


def timed(collate: Any, made: list[list[Any]]) -> float:
    """Samples a second of processor time; the first batch is not counted."""
    collate(made[0])
    began = time.process_time()
    for batch in made[1:]:
        collate(batch)
    return sum(map(len, made[1:])) / (time.process_time() - began)


def ours_collate(folder: str, *kinds: str) -> dict[str, float]:
    """Samples a second of VLITCollator for each of the kinds: text, alone, shared."""
    one_thread()
    from vlit_hub.processing import VLITCollator, VLITProcessor

    processor = VLITProcessor.from_pretrained(f"{folder}/model")

    def rate(kind: str) -> float:
        collator = VLITCollator(processor, LENGTH, supervised_only=True, share_pictures=kind == "shared")
        return timed(collator, batches(samples(pictures=kind != "text"), kind == "alone"))

    return {kind: rate(kind) for kind in kinds}


def trl_collate(folder: str, *kinds: str) -> dict[str, float]:
    """The same of TRL's; pictures are opened from the same bytes, as a dataset's Image column would."""
    one_thread()
    import PIL.Image
    from transformers import AutoProcessor
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    processor = AutoProcessor.from_pretrained(f"{folder}/model")
    files = [picture(number) for number in range(SAMPLES // PER_PICTURE)]
    collator = DataCollatorForVisionLanguageModeling(processor, max_length=LENGTH, assistant_only_loss=True)

    def collate(batch: list[dict[str, Any]]) -> Any:
        opened = [[] if one["file"] is None else [PIL.Image.open(io.BytesIO(files[one["file"]]))] for one in batch]
        pairs = zip(batch, opened, strict=True)
        return collator([{"messages": one["messages"], "images": images} for one, images in pairs])

    return {kind: timed(collate, batches(chats(pictures=kind != "text"), kind == "alone")) for kind in kinds}


def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


ARGUMENTS: dict[str, Any] = {
    "learning_rate": 1e-3, "report_to": "none", "save_strategy": "no", "disable_tqdm": True, "logging_steps": 1000,
    "use_cpu": True, "dataloader_num_workers": 0, "num_train_epochs": 1, "logging_strategy": "no",
}  # fmt: skip


def ours_train(folder: str) -> dict[str, float]:
    """Supervised tokens a second of processor time of an epoch of our Trainer with packing and shared pictures."""
    one_thread()
    from vlit_hub.training.recipe import recipe_from
    from vlit_hub.training.run import build

    with tempfile.TemporaryDirectory() as out:
        flat = {"model": f"{folder}/model", "data": f"{folder}/data", "out": out, "setting": "all", "global_batch": 1}
        packing = {"tokens": LENGTH, "group": True}
        recipe = recipe_from(flat | {"max_length": LENGTH, "packing": packing, "share_pictures": True} | ARGUMENTS)
        trainer, _ = build(recipe, log=lambda text: None)
        began = time.process_time()
        trainer.train()
        return {"rate": trainer.settle().tokens / (time.process_time() - began)}


def trl_train(folder: str) -> dict[str, float]:
    """The same of SFTTrainer, which packs no pictures: batches of BATCH padded samples."""
    one_thread()
    import datasets
    from transformers import AutoModelForImageTextToText, AutoProcessor
    from trl import SFTConfig, SFTTrainer

    processor = AutoProcessor.from_pretrained(f"{folder}/model")
    files = [{"bytes": picture(number), "path": None} for number in range(SAMPLES // PER_PICTURE)]
    rows = [{"messages": one["messages"], "images": [files[one["file"]]]} for one in chats()]
    features = datasets.Features(
        {"messages": datasets.List({"role": datasets.Value("string"), "content": datasets.Value("string")}),
         "images": datasets.List(datasets.Image())}
    )  # fmt: skip
    data = datasets.Dataset.from_list(rows, features=features)
    with tempfile.TemporaryDirectory() as out:
        config = SFTConfig(
            output_dir=out, per_device_train_batch_size=BATCH, max_length=LENGTH, assistant_only_loss=True, **ARGUMENTS
        )
        model = AutoModelForImageTextToText.from_pretrained(f"{folder}/model")
        trainer = SFTTrainer(model, config, train_dataset=data, processing_class=processor)
        counted = [0]
        collate = trainer.data_collator

        def counting(examples: list[Any]) -> Any:
            batch = collate(examples)
            counted[0] += int((batch["labels"][:, 1:] != -100).sum())
            return batch

        trainer.data_collator = counting
        began = time.process_time()
        trainer.train()
        return {"rate": counted[0] / (time.process_time() - began)}


def prepare_long(folder: Path) -> None:
    """A mixture whose epoch has REPEATED samples, and a checkpoint in the middle of it."""
    from vlit_hub.shards import ShardWriter
    from vlit_hub.training.run import run

    with ShardWriter(folder / "texts", "made", "default", "train") as writer:
        for sample in samples(1000, pictures=False):
            writer.write(sample)
    source = {"shards": "texts", "weight": REPEATED // 1000}
    (folder / "long.yaml").write_text(json.dumps({"sources": [source]}))
    run(long_recipe(folder, "cold", max_steps=1, save_strategy="steps", save_steps=1), log=lambda text: None)
    made = folder / "cold" / "checkpoints" / "checkpoint-1"
    step = REPEATED // 2 // BATCH
    for name, changes in (
        ("vlit_state.json", {"cursor": [0, 0, step * BATCH], "step": step}),
        ("trainer_state.json", {"global_step": step, "max_steps": step + 1}),
    ):
        (made / name).write_text(json.dumps(json.loads((made / name).read_text()) | changes))


def long_recipe(folder: Path, name: str, **more: Any) -> Any:
    from vlit_hub.training.recipe import recipe_from

    flat = {"model": str(folder / "model"), "data": str(folder / "long.yaml"), "out": str(folder / name)}
    return recipe_from(flat | {"setting": "all", "global_batch": BATCH, "max_length": LENGTH} | ARGUMENTS | more)


def first_step(folder: str, resumed: str = "") -> dict[str, float]:
    """Seconds from building the trainer to the end of its first step, at an epoch's start or in its middle."""
    one_thread()
    from vlit_hub.training.run import build

    step = REPEATED // 2 // BATCH if resumed else 0
    recipe = long_recipe(Path(folder), f"timed{resumed}", max_steps=step + 1)
    began = time.perf_counter()
    trainer, _ = build(recipe, log=lambda text: None)
    checkpoint = str(Path(folder) / "cold" / "checkpoints" / "checkpoint-1")
    trainer.train(resume_from_checkpoint=checkpoint if resumed else None)
    assert trainer.progress.step == step + 1 and trainer.progress.cursor[2] == (step + 1) * BATCH
    return {"seconds": time.perf_counter() - began}


def bench() -> list[Row]:
    """All rows."""
    peer = "TRL DataCollatorForVisionLanguageModeling"
    rows = []
    with tempfile.TemporaryDirectory() as work:
        for size in (64, 336):
            folder = Path(work) / str(size)
            prepare(folder, size)
            kinds = ("text", "alone", "shared") if size == 64 else ("alone", "shared")
            names = ("ours_collate", "trl_collate")
            calls = [lambda n=n, f=str(folder), k=kinds: child("benchmarks.training", n, f, *k) for n in names]
            rates = interleaved(calls)
            said = {
                "text": ("text side, samples/s", 3.0),
                "alone": (f"whole collate at {size} px, a picture each, samples/s", 1.0),
                "shared": (f"whole collate at {size} px, {PER_PICTURE} samples a picture, samples/s", 2.0),
            }
            for kind in kinds:
                ours, theirs = (rate[kind] for rate in rates)
                rows.append(Row(said[kind][0], ours, peer, theirs, ours / theirs, said[kind][1]))
        folder = Path(work) / "64"
        ours, theirs = interleaved(
            [lambda name=name: child("benchmarks.training", name, str(folder)) for name in ("ours_train", "trl_train")]
        )
        rows.append(Row("supervised tokens/s of an epoch, packed", ours["rate"], "TRL SFTTrainer, unpacked",
                        theirs["rate"], ours["rate"] / theirs["rate"], 1.5))  # fmt: skip
        prepare_long(folder)
        cold, resumed = interleaved(
            [lambda r=r: child("benchmarks.training", "first_step", str(folder), r) for r in ("", "resumed")]
        )
    for a_picture in (16, 576):  # at 64 px, and at 336: there seven of ten samples have 580 to 680 tokens, six a pack
        taken, theirs_taken = (
            child("benchmarks.training", name, str(a_picture))["taken"] for name in ("ours_packed", "trl_packed")
        )
        what = f"share of {PACK:,} tokens taken, {AHEAD:,} samples ahead, {a_picture} tokens a picture"
        if a_picture == 16:
            rows.append(Row(what, taken, "limit", 0.97, taken / 0.97, 1.0))
        rows.append(Row(what, taken, "TRL pack_dataset(bfd)", theirs_taken, taken / theirs_taken, None))
    what, limit = "seconds to the first step, resumed in the middle of 1M samples", cold["seconds"] + 2
    rows.append(Row(what, resumed["seconds"], "a cold start + 2 s", limit, limit / resumed["seconds"], 1.0))
    return rows


if __name__ == "__main__":
    main("training", bench, ("vlit_hub", "trl", "transformers", "torch"))
