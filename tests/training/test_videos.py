"""Videos in training: every family that takes them runs three steps on shards with mp4s, is saved, loaded by
transformers and answers about a video; packs and what is dropped are as the plan says."""

import json
from itertools import islice
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForImageTextToText

from tests.datasets.test_video import numbered
from tests.tiny import BUILDERS
from tests.training.support import recipe, sample, some, train
from vlit_hub.processing import VLITProcessor
from vlit_hub.schema import Blob, Media, Message, Part, Sample
from vlit_hub.shards import ShardWriter, Store
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.outline import outline
from vlit_hub.training.recipe import RecipeError
from vlit_hub.training.run import build

TAKES = [name for name in BUILDERS if name not in ("blip2", "instructblip", "kosmos2")]
FAST = ("qwen2_5_vl",)
LENGTH = 2500


def film(number: int) -> Sample:
    """A question about an mp4 of its own length, 32 x 32 pixels."""
    return Sample(
        videos=[Blob(bytes=numbered(20 + number, size=32))],
        media=[Media(type="video", index=0, ref="a.mp4")],
        messages=[
            Message(role="user", content=[Part(type="video", index=0), Part(text=f"What happens in film {number}?")]),
            Message(role="assistant", content=[Part(text=f"Frames {20 + number} pass.")]),
        ],
        id=f"film {number}",
        dataset="films",
        subset="default",
        split="train",
    )


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    """Six films, three pictures, three texts."""
    folder = tmp_path_factory.mktemp("films")
    made = [*map(film, range(6)), *(sample(n, "films", n % 2 == 0) for n in range(6))]
    with ShardWriter(folder, "films", "default", "train") as writer:
        for one in made:
            writer.write(one)
    return folder


def run_of(family, shards, folder, **more):
    model, native = BUILDERS[family]()
    model.save_pretrained(folder / family)
    VLITProcessor(native, frames=4).save_pretrained(folder / family)
    short = dict(setting="VLIT", max_steps=3, per_device_train_batch_size=2, max_length=LENGTH)
    return recipe(folder / family, shards, folder / "out" / family, **{**short, **more})


@pytest.mark.parametrize("family", some(TAKES, FAST))
def test_three_steps_saved_loaded_and_generating(family, shards, tmp_path):
    run = run_of(family, shards, tmp_path)
    trainer = train(run)
    assert len(trainer.plan) == 12 and not trainer.plan.left_out, "all films are trained on"
    trainer.save_model(run.out)
    losses = [line["loss"] for line in read_losses(Path(run.out))]
    assert len(losses) == 3 and all(0 < loss < 20 for loss in losses)
    model = AutoModelForImageTextToText.from_pretrained(run.out)
    assert all(torch.equal(value, trainer.model.state_dict()[name]) for name, value in model.state_dict().items())
    ours = VLITProcessor.from_pretrained(run.out)
    asked = ours.prompts([film(3), sample(1, picture=False), film(0)])
    with torch.no_grad():
        out = model.generate(**asked, max_new_tokens=2, min_new_tokens=2, do_sample=False, **ours.family.generate)
    assert ours.frames == 4 and out.shape == (3, asked["input_ids"].shape[1] + 2)


@pytest.mark.parametrize("family", some(["qwen2_5_vl", "qwen3_vl", "internvl", "smolvlm", "llava_onevision"], FAST))
def test_packs_with_films_train(family, shards, tmp_path):
    """The plan's lengths are those of the packs that come, or the collator raises."""
    trainer = train(run_of(family, shards, tmp_path, packing=True, global_batch=1, per_device_train_batch_size=1))
    assert [line["loss"] > 0 for line in read_losses(tmp_path / "out" / family)] == [True] * 3
    assert max(len(item) for item, _ in trainer.plan.items((0, 0, 0))) > 1


@pytest.mark.parametrize("family", some(["qwen2_5_vl", "llava"], ("qwen2_5_vl",)))
def test_the_recipe_says_the_frames_and_each_counts_as_a_picture(family, shards, tmp_path):
    """Films of 2 to 2.5 seconds: so many frames in the budget of a pack, in --plan, and saved with the model."""
    run = run_of(family, shards, tmp_path, packing={"tokens": LENGTH, "pictures": 5}, global_batch=1,
                 per_device_train_batch_size=1, frames=3, max_steps=1)  # fmt: skip
    trainer = train(run)
    plan, costs = trainer.plan, []
    for item, _ in islice(plan.items((0, 0, 0)), plan.steps(0, 1)):
        found = [trainer.store[row] for row in item]
        costs.append(sum(3 * len(one.videos) + len(one.images) for one in found))
    assert sum(costs) == 6 * 3 + 3 and max(costs) <= 5
    trainer.save_model(run.out)
    assert VLITProcessor.from_pretrained(run.out).frames == 3
    made = outline(run)
    assert made.pictures == (6 * 3 + 3) / made.steps
    slow = outline(
        run_of(family, shards, tmp_path, fps=1.0, packing=True, global_batch=1, per_device_train_batch_size=1)
    )
    assert slow.pictures * slow.steps == 6 * 2 + 3


def test_frames_that_the_family_cannot_show_are_refused(shards, tmp_path):
    with pytest.raises(RecipeError, match="fps: family llava_onevision shows every video by one number of frames"):
        build(run_of("llava_onevision", shards, tmp_path, fps=1.0), log=lambda text: None)
    with pytest.raises(RecipeError, match="frames and fps of a video are at least 0"):
        run_of("llava", shards, tmp_path, frames=-1)


def test_a_family_of_one_picture_leaves_films_out_and_counts_them(shards, tmp_path):
    trainer = train(run_of("blip2", shards, tmp_path, setting="VLIT", max_steps=1))
    assert trainer.plan.left_out["films"]["unsupported_media"] == 6
    report = json.loads(json.dumps(trainer.plan.left_out))
    assert report == trainer.plan.left_out and len(Store(shards)) == 12
