"""Two processes over gloo against one: the same global sequence, the same loss, also across a resume."""

import json

import pytest
import torch
from transformers import AutoModelForImageTextToText

from tests.tiny.llava import build as tiny_llava
from tests.training.show_resume import STEPS, STOP, compare, launch, show
from tests.training.support import FAMILIES, flat, keys, keys_of, recipe, save_tiny, train, write_shards
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.checkpoint import Progress, last_checkpoint


def test_two_processes_stopped_and_resumed_by_one(data, tmp_path):
    made = compare(tmp_path, save_tiny(tmp_path / "model"), data)
    assert show(made)
    assert list(made.cut) == list(range(STOP)) and list(made.resumed) == list(range(STOP, STEPS))
    assert len(set(flat(made.whole)[:24])) == 24  # an epoch of 6 steps repeats nothing
    assert made.losses == pytest.approx(made.whole_losses, abs=1e-5)
    progress = Progress.load(last_checkpoint(tmp_path / "cut" / "checkpoints"))
    assert sum(progress.seen.values()) == 4 * STOP
    assert progress.tokens == sum(line["tokens"] for line in read_losses(tmp_path / "cut"))
    left = {rank: (tmp_path / "cut" / f"threads-{rank}.txt").read_text().split("\n") for rank in (0, 1)}
    assert not [name for names in left.values() for name in names if "gloo" in name], left
    assert all(any(name.startswith("python") for name in names) for names in left.values()), left


@pytest.mark.parametrize("setting", ["VLIT", pytest.param("FA", marks=pytest.mark.slow)])
def test_ranks_with_and_without_pictures_meet_under_checkpointing(tmp_path, setting):
    """One sample a rank: on most steps one of them has a picture and the other none."""
    model, data = save_tiny(tmp_path / "model"), write_shards(tmp_path / "data", pictures=4, texts=4)
    made = keys(model, data, tmp_path / "out", setting=setting, global_batch=2, max_steps=4)
    launch({**made, "activation_checkpointing": True}, tmp_path, 2, stop=4, timeout=120)
    steps = [{key.partition("-")[0] for key in step} for step in keys_of(tmp_path / "out").values()]
    assert {"scenes", "words"} in steps and len(steps) == 4


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("micro", [1, 2])
def test_one_process_stopped_and_resumed_by_two(tmp_path, family, workers, micro):
    model, data = save_tiny(tmp_path / "model", family), write_shards(tmp_path / "data")
    shape = {"max_steps": STEPS, "per_device_train_batch_size": micro, "dataloader_num_workers": workers}
    train(recipe(model, data, tmp_path / "whole", max_steps=STEPS))
    saves = {"save_strategy": "steps", "save_steps": STOP}
    train(recipe(model, data, tmp_path / "cut", **shape, **saves), stop=STOP)
    checkpoint = tmp_path / "cut" / "checkpoints" / f"checkpoint-{STOP}"
    launch(keys(model, data, tmp_path / "resumed", **shape, resume=str(checkpoint)), tmp_path, 2, stop=STEPS)
    assert keys_of(tmp_path / "cut") | keys_of(tmp_path / "resumed") == keys_of(tmp_path / "whole")
    losses = [line["loss"] for out in ("cut", "resumed") for line in read_losses(tmp_path / out)]
    assert losses == pytest.approx([line["loss"] for line in read_losses(tmp_path / "whole")], abs=1e-5)


@pytest.mark.slow
def test_the_module_under_torchrun_saves_a_model_and_its_report(data, tmp_path):
    launch(keys(save_tiny(tmp_path / "model"), data, tmp_path / "out", setting="VLIT"), tmp_path, 2)
    report = json.loads((tmp_path / "out" / "train_report.json").read_text())
    assert (report["steps"], report["hardware"]["processes"], sum(report["data"]["seen"].values())) == (6, 2, 24)
    assert report["hyper"]["per_device_train_batch_size"] == 2
    AutoModelForImageTextToText.from_pretrained(tmp_path / "out")


@pytest.mark.slow
def test_a_nan_on_one_rank_ends_all(tmp_path):
    model, _ = tiny_llava()
    save_tiny(tmp_path / "model")
    data = write_shards(tmp_path / "data")
    with torch.no_grad():
        model.model.multi_modal_projector.linear_1.bias.fill_(float("nan"))  # text alone stays finite
    model.save_pretrained(tmp_path / "model")
    with pytest.raises(RuntimeError, match=r"NonFiniteLoss: loss nan in step 1, rank 1; not finite on: scenes, "):
        launch(keys(tmp_path / "model", data, tmp_path / "out", save_strategy="steps", save_steps=1), tmp_path, 2)
    assert last_checkpoint(tmp_path / "out" / "checkpoints") is None
