"""A run that was cut short and resumed is the run that was not: weights, order, losses, dropout."""

import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

from tests.training.show_resume import launch
from tests.training.support import FAMILIES, keys, keys_of, recipe, train
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.checkpoint import CheckpointError, Progress, last_checkpoint, restore
from vlit_hub.training.recipe import RecipeError
from vlit_hub.training.run import build, run

STEPS, STOP = 9, 4  # an epoch has 6 steps


class Begin(TrainerCallback):
    """Keeps the weights as they are when training begins."""

    def on_train_begin(self, args, state, control, model=None, **kwargs):
        self.weights = {name: value.clone() for name, value in model.state_dict().items()}
        self.step = state.global_step


@pytest.fixture(scope="module")
def whole(model, data, tmp_path_factory):
    """An uninterrupted run, with dropout."""
    out = tmp_path_factory.mktemp("whole")
    trainer = train(recipe(model, data, out, max_steps=STEPS))
    return out, trainer


@pytest.fixture(scope="module")
def checkpoint(cut):
    """Where ``cut`` stopped."""
    return last_checkpoint(Path(cut.out) / "checkpoints")


@pytest.fixture(scope="module")
def cut(model, data, tmp_path_factory):
    """The recipe of the same, stopped after STOP steps."""
    made = recipe(model, data, tmp_path_factory.mktemp("cut"), max_steps=STEPS, save_strategy="steps", save_steps=STOP)
    train(made, stop=STOP)
    return made


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_at_train_begin_are_the_checkpoints_bit_for_bit(models, data, tmp_path, family):
    made = recipe(models[family], data, tmp_path, save_strategy="steps", save_steps=2)
    stopped = train(made, stop=2)
    saved = {name: value.clone() for name, value in stopped.model.state_dict().items()}
    again, _ = build(made, log=lambda text: None)
    fresh = {name: value.clone() for name, value in again.model.state_dict().items()}
    begin = Begin()
    again.add_callback(begin)
    again.train(resume_from_checkpoint=True)
    assert begin.step == 2
    assert begin.weights.keys() == saved.keys()
    assert all(torch.equal(begin.weights[name], saved[name]) for name in saved)
    assert not torch.equal(begin.weights["lm_head.weight"], fresh["lm_head.weight"])


def test_no_pickle_of_arguments_is_left(checkpoint):
    assert (checkpoint / "optimizer.pt").exists() and not list(checkpoint.parents[1].rglob("training_args.bin"))


def test_resumed_run_equals_the_uninterrupted_one(whole, cut, checkpoint, tmp_path):
    made = replace(cut, out=str(tmp_path), training={**cut.training, "dataloader_num_workers": 2})
    resumed = train(made, resume=str(checkpoint))
    out, before = tmp_path, Path(cut.out)
    assert list(keys_of(out)) == list(range(STOP, STEPS))
    assert {**keys_of(before), **keys_of(out)} == keys_of(whole[0])
    expected, got = read_losses(whole[0]), read_losses(before) + read_losses(out)
    assert [line["step"] for line in got] == list(range(1, STEPS + 1))
    for key in ("loss", "lr"):
        assert [line[key] for line in got] == pytest.approx([line[key] for line in expected], abs=1e-6)
    assert [line["tokens"] for line in got] == [line["tokens"] for line in expected]
    assert resumed.epoch == whole[1].epoch == pytest.approx(1.5)
    assert resumed.state.epoch == pytest.approx(1.5)
    assert resumed.settle() == whole[1].settle()
    assert all(
        torch.allclose(value, whole[1].model.state_dict()[name], atol=1e-6)
        for name, value in resumed.model.state_dict().items()
    )


def test_resume_auto_goes_on_in_the_same_folder(whole, model, data, tmp_path):
    made = recipe(model, data, tmp_path, max_steps=STEPS, save_strategy="steps", save_steps=2, resume="auto")
    train(made, stop=5)  # a kill after the checkpoint of step 4: step 5 is trained again
    report = run(made, log=lambda text: None)
    lines = read_losses(tmp_path)
    assert [line["step"] for line in lines] == list(range(1, STEPS + 1))
    assert [line["loss"] for line in lines] == pytest.approx([line["loss"] for line in read_losses(whole[0])], abs=1e-6)
    assert (report.steps, report.tokens) == (STEPS, sum(line["tokens"] for line in lines))
    assert sum(report.data["seen"].values()) == 4 * STEPS


def test_a_finished_run_is_not_trained_on_and_an_old_folder_is_refused(model, data, tmp_path):
    made = recipe(model, data, tmp_path, max_steps=2, save_strategy="steps", save_steps=2)
    first = run(made, log=lambda text: None)
    assert run(replace(made, resume="auto"), log=lambda text: None) == first
    with pytest.raises(RecipeError, match=r"resume: .* holds checkpoint-2 of an earlier run; set resume: auto"):
        run(made, log=lambda text: None)


def killed(flat_keys, folder, lines):
    """Train in a child process, SIGKILL it once its loss curve has so many lines; the newest whole checkpoint.

    The child waits for it before its last step, so that the kill always lands in the run.
    """
    (folder / "recipe.yaml").write_text(yaml.safe_dump(flat_keys))
    command = [sys.executable, "-m", "tests.training.gradients", str(folder / "recipe.yaml"), "0", str(STEPS - 1)]
    with open(folder / "said.txt", "w") as said:
        child = subprocess.Popen(command, stdout=said, stderr=said, cwd=Path(__file__).parents[2])
    while child.poll() is None and len(read_losses(Path(flat_keys["out"]))) < lines:
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.1))
    child.kill()
    assert child.wait() == -signal.SIGKILL, (folder / "said.txt").read_text()
    torn = Path(flat_keys["out"]) / "keys-0-of-1.jsonl"
    torn.write_text("".join(line for line in torn.read_text().splitlines(keepends=True) if line.endswith("\n")))
    return last_checkpoint(Path(flat_keys["out"]) / "checkpoints")


@pytest.mark.parametrize("lines", [2, *(pytest.param(lines, marks=pytest.mark.slow) for lines in (3, 5, 6))])
@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_killed_at_a_random_moment_and_resumed(whole, model, data, tmp_path, lines, processes):
    shape = dict(max_steps=STEPS, save_strategy="steps", save_steps=1)
    checkpoint = killed(keys(model, data, tmp_path / "killed", **shape), tmp_path, lines)
    step = Progress.load(checkpoint).step
    assert lines - 1 <= step < STEPS
    out = tmp_path / "resumed"
    if processes == 1:
        train(recipe(model, data, out, **shape), resume=str(checkpoint))
    else:
        launch(keys(model, data, out, **shape, resume=str(checkpoint)), tmp_path, processes, stop=STEPS)
    assert keys_of(tmp_path / "killed") | keys_of(out) == keys_of(whole[0])
    assert list(keys_of(out)) == list(range(step, STEPS))
    got = read_losses(tmp_path / "killed")[:step] + read_losses(out)
    assert [line["step"] for line in got] == list(range(1, STEPS + 1))
    if processes == 1:  # of two processes each draws its own dropout
        assert [line["loss"] for line in got] == pytest.approx(
            [line["loss"] for line in read_losses(whole[0])], abs=1e-6
        )


def test_what_the_checkpoint_says(checkpoint):
    progress = Progress.load(checkpoint)
    assert (progress.step, progress.cursor, progress.global_batch) == (STOP, (0, 0, 4 * STOP), 4)
    assert sum(progress.seen.values()) == 4 * STOP
    assert progress.tokens == sum(line["tokens"] for line in read_losses(checkpoint.parent.parent))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed: 0 in the checkpoint, 1 now"),
        ({"tail": "repeat"}, "tail: 'drop' in the checkpoint, 'repeat' now"),
        ({"max_length": 64}, "measure: '[0-9a-f]{16}' in the checkpoint, '[0-9a-f]{16}' now"),
        ({"global_batch": 2}, "global_batch: 4 in the checkpoint, 2 now"),
        ({"split": "train", "subset": "default"}, ""),
    ],
)
def test_another_plan_is_refused_saying_what_differs(cut, checkpoint, tmp_path, change, message):
    trainer, _ = build(replace(cut, out=str(tmp_path), **change), log=lambda text: None)
    if not message:  # the same rows, chosen by name
        Progress.load(checkpoint).check(trainer._plan_facts(), 4)
        return
    with pytest.raises(CheckpointError, match=message):
        trainer.train(resume_from_checkpoint=str(checkpoint))


def test_a_torn_checkpoint_is_passed_over(model, data, tmp_path):
    train(recipe(model, data, tmp_path, max_steps=4, save_strategy="steps", save_steps=2))
    folder = tmp_path / "checkpoints"
    assert last_checkpoint(folder) == folder / "checkpoint-4"
    (folder / "checkpoint-4" / "trainer_state.json").write_text("{")
    assert last_checkpoint(folder) == folder / "checkpoint-2"
    (folder / "checkpoint-2" / "vlit_state.json").unlink()
    assert last_checkpoint(folder) is None
    trainer, _ = build(recipe(model, data, tmp_path), log=lambda text: None)
    with pytest.raises(CheckpointError, match="holds no whole checkpoint"):
        trainer.train(resume_from_checkpoint=True)
    with pytest.raises(CheckpointError, match="no readable vlit_state.json"):
        trainer.train(resume_from_checkpoint=str(folder / "checkpoint-2"))


def test_weights_that_are_not_all_there_are_refused(model, data, tmp_path):
    trainer = train(recipe(model, data, tmp_path, max_steps=1, save_strategy="steps", save_steps=1))
    checkpoint = last_checkpoint(tmp_path / "checkpoints")
    tensors = load_file(checkpoint / "model.safetensors")
    names = [name for name in tensors if "multi_modal_projector.linear_1.weight" in name]
    file = checkpoint / "model.safetensors"
    save_file({name: value for name, value in tensors.items() if name not in names}, file, {"format": "pt"})
    with pytest.raises(CheckpointError, match=r"missing: model.multi_modal_projector.linear_1.weight"):
        restore(trainer.model, checkpoint)
    save_file({**tensors, "odd": torch.zeros(1)}, file, {"format": "pt"})
    with pytest.raises(CheckpointError, match=r"unexpected: odd"):
        restore(trainer.model, checkpoint)


def test_a_checkpoint_without_optimiser_is_refused(model, data, tmp_path):
    made = recipe(model, data, tmp_path, max_steps=2, save_strategy="steps", save_steps=1, save_only_model=True)
    trainer = train(made, stop=1)
    with pytest.raises(CheckpointError, match="no optimiser state"):
        trainer.train(resume_from_checkpoint=True)


def test_state_is_plain_json(checkpoint):
    data = json.loads((checkpoint / "vlit_state.json").read_text())
    assert set(data) == {"step", "cursor", "global_batch", "seen", "skipped", "tokens", "plan"}
    assert set(data["plan"]) == {
        "fingerprint", "index", "measure", "measured", "missing", "seed", "tail", "mode", "samples", "packing",
        "sources",
    }  # fmt: skip
