"""The memory planner against torch's own tracker over a real step, and ``vlit train --plan``."""

import json

import pytest
import torch
import yaml
from torch.distributed._tools.mem_tracker import MemTracker
from transformers import AutoModelForImageTextToText
from typer.testing import CliRunner

from tests.tiny import BUILDERS
from tests.training.support import keys, recipe, sample, some
from vlit_hub.cli import app
from vlit_hub.processing import VLITCollator, VLITProcessor
from vlit_hub.schema import Part
from vlit_hub.training.loss import token_losses
from vlit_hub.training.memory import ALL, ENCODER, Shapes, estimate, split
from vlit_hub.training.outline import outline, skeleton
from vlit_hub.training.run import build


def long(number):
    """A sample of about 200 tokens."""
    made = sample(number)
    made.messages[1].content[0] = Part(text=" ".join(["red blue green"] * (60 + number)))
    return made


def tracked(model, batch, labels):
    """Peak bytes of the second of two steps, by MemTracker (which takes no frozen parameters), on real tensors."""
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    tracker = MemTracker()
    tracker.track_external(model, optimiser)
    with tracker:
        for step in range(2):
            if step:
                tracker.reset_mod_stats()
            out = model(**batch)
            losses, _ = token_losses(out["logits"], labels)
            losses.sum().backward()
            del out, losses
            optimiser.step()
            optimiser.zero_grad()
    (peak,) = tracker.get_tracker_snapshot("peak").values()
    return peak["Total"]


@pytest.mark.parametrize("family", some(("llava", "internvl", "gemma3"), ("llava",)))
@pytest.mark.parametrize("recompute", [False, True])
def test_within_15_percent_of_torchs_tracker(family, recompute):
    model, native = BUILDERS[family](hidden=128)
    collator = VLITCollator(VLITProcessor(native), 4000, supervised_only=True)
    batch = collator([long(number) for number in range(4)])
    labels, _, _ = batch.pop("labels"), batch.pop("vlit"), batch.pop("shift_labels")
    pixels = {"pixel_values": (tuple(batch["pixel_values"].shape), torch.float32)}
    shapes = Shapes(*batch["input_ids"].shape, int((labels != -100).sum()), pixels)
    with torch.device("meta"):
        meta = AutoModelForImageTextToText.from_config(model.config)
    for each in (model.train(), meta):
        if recompute:
            each.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    found = estimate(meta, family, shapes)
    assert found.missing == ""
    assert found.total == pytest.approx(tracked(model, batch, labels), rel=0.15)


@pytest.mark.parametrize("setting", ["FA", "VLIT", "LoRA"])
def test_states_are_exact_for_every_setting(model, data, tmp_path, setting):
    made = recipe(model, data, tmp_path, setting=setting)
    trainer, tuned = build(made, log=lambda text: None)
    meta, report = skeleton(made)
    assert (report.modules, report.trainable, report.frozen) == (tuned.modules, tuned.trainable, tuned.frozen)
    assert all(parameter.is_meta for parameter in meta.parameters())
    trainer.train()
    found = outline(made)
    state = trainer.optimizer.optimizer.state_dict()["state"].values()
    moments = sum(value.nbytes for each in state for name, value in each.items() if name != "step")
    weights = [*trainer.model.parameters(), *trainer.model.buffers()]
    assert found.memory.optimiser == moments and found.memory.gradients == moments // 2
    assert found.memory.weights == sum(tensor.nbytes for tensor in weights)


def test_parts_of_a_sharded_model(model, data, tmp_path):
    assert [split(torch.empty(5, 3), part) for part in (1, 2, 4)] == [60, 36, 24] and split(torch.tensor(0.0), 2) == 4
    made = recipe(model, data, tmp_path, shard=True)
    one, two = outline(recipe(model, data, tmp_path)).memory, outline(made, processes=2).memory
    assert two.optimiser == pytest.approx(one.optimiser / 2, rel=0.05) and two.gathered > 0 == one.gathered
    assert two.weights == pytest.approx(one.weights / 2, rel=0.05)


def test_what_is_not_estimated_is_said(data, tmp_path):
    for family, missing in (("qwen2_5_vl", ENCODER), ("blip2", ALL)):
        model, native = BUILDERS[family]()
        model.save_pretrained(tmp_path / family)
        VLITProcessor(native).save_pretrained(tmp_path / family)
        found = outline(recipe(tmp_path / family, data, tmp_path, setting="VLIT"))
        assert found.memory.missing == missing
        assert found.rows()[-1][1].endswith(f"GiB, without the activations of {missing}")


def test_the_verb_says_what_a_step_holds(model, data, tmp_path):
    made = keys(model, data, tmp_path / "out", setting="VLIT", global_batch=4)
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(made))
    words = ["train", str(tmp_path / "recipe.yaml"), "--plan", "--processes", "2", "--json", "--bf16", "true"]
    done = CliRunner().invoke(app(), words)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["processes"], found["micro_batch"], found["samples"], found["steps"]) == (2, 2, 4.0, 6)
    assert found["modules"].keys() == {"model.multi_modal_projector", "model.language_model", "lm_head"}
    trainer, _ = build(recipe(model, data, tmp_path, setting="VLIT"), log=lambda text: None)
    items = [item for item, _ in trainer.plan.items()][:24]
    assert found["tokens"] == sum(map(trainer.plan.length, items)) / 6
    names = [trainer.store.provenance(row).key for (row,) in items]
    assert found["pictures"] == sum(name.startswith("scenes") for name in names) / 6
    assert not (tmp_path / "out").exists(), "nothing was trained"
