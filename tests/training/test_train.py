"""Short real runs: the loss, what is logged and saved, what stops a run."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import msgspec
import pytest
import torch
from transformers import AutoModelForImageTextToText

from tests.training.support import FAMILIES, keys_of, recipe, sample, save_tiny, train, write_shards
from vlit_hub.schema import Blob, Message, Part
from vlit_hub.shards import ShardWriter
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.guards import NonFiniteLoss
from vlit_hub.training.recipe import RecipeError
from vlit_hub.training.run import build, run
from vlit_hub.training.settings import SettingError

RELOAD = """
import sys, PIL.Image, torch
from transformers import AutoModelForImageTextToText, AutoProcessor
model, processor = AutoModelForImageTextToText.from_pretrained(sys.argv[1]), AutoProcessor.from_pretrained(sys.argv[1])
chat = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is it?"}]}]
text = processor.apply_chat_template(chat, add_generation_prompt=True)
batch = processor(images=PIL.Image.new("RGB", (32, 28)), text=text, return_tensors="pt")
assert model.generate(**batch, max_new_tokens=2, do_sample=False).shape[1] > batch["input_ids"].shape[1]
assert not any(name.startswith("vlit_hub") for name in sys.modules)
print(type(processor).__name__)
"""


def losses(out):
    return [line["loss"] for line in read_losses(out)]


@pytest.mark.parametrize("family", FAMILIES)
def test_three_steps_change_what_the_setting_says_and_are_saved(models, data, tmp_path, family):
    said = []
    report = run(recipe(models[family], data, tmp_path, setting="VLIT", max_steps=3), log=said.append)
    old, new = (AutoModelForImageTextToText.from_pretrained(path).state_dict() for path in (models[family], tmp_path))
    tower = "model.vision_tower" if family == "llava" else "model.visual.blocks"
    assert all(torch.equal(old[name], new[name]) for name in old if name.startswith(tower))
    assert not torch.equal(old["lm_head.weight"], new["lm_head.weight"])
    assert (report.steps, report.setting, report.family) == (3, "VLIT", family)
    assert sum(report.data["seen"].values()) == 12
    saved = json.loads((tmp_path / "train_report.json").read_text())
    assert saved["tokens"] == sum(line["tokens"] for line in read_losses(tmp_path)) > 0
    assert (saved["loss_first"], saved["loss_last"]) == (losses(tmp_path)[0], losses(tmp_path)[-1])
    assert str(tmp_path) not in (tmp_path / "train_report.json").read_text()
    assert not (tmp_path / "training_args.bin").exists()
    assert [line.split(":")[0] for line in said[-3:]] == [f"step {step} of 3" for step in (1, 2, 3)]
    example = said[-4]
    assert re.search(r"⟦[^⟧]+(</s>|<\|im_end\|>)⟧", example) and "<pad>" not in example
    assert len(re.findall("⟦", example)) == 2  # the legend and one answer


@pytest.mark.parametrize("bar", [True, False])
def test_nothing_is_written_to_stdout_but_by_log(model, data, tmp_path, capfd, bar):
    run(recipe(model, data, tmp_path, max_steps=1, disable_tqdm=not bar), log=lambda text: None)
    assert capfd.readouterr().out == ""


def test_loads_and_generates_without_vlit_hub(model, data, tmp_path):
    run(recipe(model, data, tmp_path, max_steps=1), log=lambda text: None)
    child = subprocess.run([sys.executable, "-c", RELOAD, tmp_path], capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    assert child.stdout.strip() == "LlavaProcessor"
    assert (tmp_path / "vlit" / "config.json").exists()


@pytest.mark.parametrize("family", FAMILIES)
def test_accumulation_does_not_change_the_loss(tmp_path, family):
    model, data = save_tiny(tmp_path / "model", family), write_shards(tmp_path / "data")
    for micro in (4, 1):
        train(recipe(model, data, tmp_path / str(micro), per_device_train_batch_size=micro, max_steps=4))
    assert keys_of(tmp_path / "4") == keys_of(tmp_path / "1")
    assert losses(tmp_path / "4") == pytest.approx(losses(tmp_path / "1"), abs=1e-5)


def test_loss_is_the_models_own_over_all_positions_and_splits_by_dataset(data, tmp_path):
    made = recipe(save_tiny(tmp_path / "model"), data, tmp_path, max_steps=1, learning_rate=0.0)
    trainer, _ = build(made, log=lambda text: None)
    trainer.data_collator.supervised_only = False
    batch = next(iter(trainer.get_train_dataloader()))
    datasets = batch.pop("vlit")["datasets"]
    assert set(datasets) == {"scenes", "words"} and "logits_to_keep" not in batch
    labels, pixels = batch.pop("labels"), iter(batch.pop("pixel_values").split(1))
    by_row, count = [], (labels != -100).sum(1).tolist()
    with torch.no_grad():
        for row, dataset in enumerate(datasets):
            inputs = {key: value[[row]] for key, value in batch.items()} | {"labels": labels[[row]]}
            inputs["pixel_values"] = next(pixels) if dataset == "scenes" else None
            by_row.append(trainer.model(**inputs).loss.item())
    trainer.data_collator.supervised_only = True
    trainer.train()
    (line,) = read_losses(tmp_path)

    def mean(rows):
        return sum(by_row[row] * count[row] for row in rows) / sum(count[row] for row in rows)

    assert line["loss"] == pytest.approx(mean(range(4)), abs=1e-5)
    assert line["datasets"] == {
        name: pytest.approx(mean([row for row in range(4) if datasets[row] == name]), abs=1e-5)
        for name in set(datasets)
    }
    assert line["tokens"] == sum(count)


def broken(number):
    """A sample whose picture has a recorded size but cannot be decoded."""
    return msgspec.structs.replace(sample(number), images=[Blob(bytes=b"no PNG")])


@pytest.mark.parametrize("micro", [4, 2])
def test_steps_without_a_supervised_token_are_zero_not_nan(model, tmp_path, micro):
    with ShardWriter(tmp_path / "data", "scenes", "default", "train") as writer:
        for number in range(8):
            writer.write(broken(number))
    made = recipe(model, tmp_path / "data", tmp_path / "out", max_steps=2, per_device_train_batch_size=micro)
    with pytest.raises(Exception, match="cannot be decoded"):
        train(made)
    report = run(replace(made, on_error="skip"), log=lambda text: None)
    assert losses(tmp_path / "out") == [0.0, 0.0]
    assert (report.data["seen"], report.data["skipped"], report.tokens) == ({}, {"scenes": 8}, 0)


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_text_alone_changes_nothing_where_only_pictures_are_learnt(models, tmp_path, family, checkpointing):
    data = write_shards(tmp_path / "data", pictures=0, texts=4)
    more = {"setting": "FA", "max_steps": 1, "activation_checkpointing": checkpointing}
    trainer = train(recipe(models[family], data, tmp_path / "out", **more))
    old = AutoModelForImageTextToText.from_pretrained(models[family]).state_dict()
    assert all(torch.equal(old[name], value) for name, value in trainer.model.state_dict().items())
    assert losses(tmp_path / "out")[0] > 0


def test_a_nan_stops_and_names_the_sample(model, tmp_path):
    odd = sample(3, "words", picture=False)
    odd.messages[0] = Message(role="user", content=[Part(text="What is § ?")])
    with ShardWriter(tmp_path / "data", "words", "default", "train") as writer:
        keys = [writer.write(odd if number == 3 else sample(number, "words", False)) for number in range(8)]
    trainer, _ = build(recipe(model, tmp_path / "data", tmp_path / "out", max_steps=8), log=lambda text: None)
    token = trainer.processor.tokenizer.convert_tokens_to_ids("<0xA7>")
    with torch.no_grad():
        trainer.model.get_input_embeddings().weight[token] = float("nan")
    with pytest.raises(NonFiniteLoss) as stopped:
        trainer.train()
    guilty, rest = str(stopped.value).split("; also in the batch: ")
    assert [key for key in keys if key in guilty] == [keys[3]]
    assert len([key for key in keys if key in rest]) == 3
    assert "loss nan in step" in guilty and "words-default-train-000000.tar at byte" in guilty
    assert not list((tmp_path / "out").rglob("checkpoint-*"))


def test_a_gradient_that_is_not_finite_stops_before_the_weights_change(model, data, tmp_path):
    trainer, _ = build(recipe(model, data, tmp_path, max_steps=2), log=lambda text: None)
    trainer.model.lm_head.weight.register_hook(lambda gradient: gradient * float("inf"))
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    with pytest.raises(
        NonFiniteLoss, match="gradient norm (inf|nan) at a finite loss in step 1, rank 0; .*-train-0000"
    ):
        trainer.train()
    assert all(torch.equal(before[name], value) for name, value in trainer.model.state_dict().items())


def test_modules_learn_at_their_own_rate(model, data, tmp_path):
    made = recipe(model, data, tmp_path, setting="VLIT", max_steps=1, lr={"model.multi_modal_projector": 0.0})
    trainer = train(made)
    old = AutoModelForImageTextToText.from_pretrained(model).state_dict()
    new = trainer.model.state_dict()
    same = {name for name in new if torch.equal(old[name], new[name])}
    assert {name for name in same if "multi_modal_projector" in name} == {
        name for name in new if "multi_modal_projector" in name
    }
    assert "lm_head.weight" not in same
    with pytest.raises(SettingError, match="frozen"):
        train(replace(made, setting="FA", lr={"model.language_model": 1e-3}))


def test_evaluations_are_logged_under_their_name(model, data, tmp_path):
    seen = []

    def half(model, processor):
        seen.append((model.training, type(processor).__name__, torch.is_grad_enabled()))
        return {"accuracy": 0.5}

    made = recipe(model, data, tmp_path, max_steps=2, eval_strategy="steps", eval_steps=1)
    trainer, _ = build(made, log=lambda text: None, evaluations={"half": half})
    trainer.train()
    assert seen == [(False, "VLITProcessor", False)] * 2
    assert [line["eval_half_accuracy"] for line in trainer.state.log_history if "eval_half_accuracy" in line] == [
        0.5
    ] * 2


def test_impossible_arguments_are_refused(model, data, tmp_path):
    for key, value, message in [
        ("label_smoothing_factor", 0.1, "label_smoothing_factor"),
        ("auto_find_batch_size", True, "auto_find_batch_size"),
        ("average_tokens_across_devices", False, "average_tokens_across_devices"),
        ("per_device_train_batch_size", 3, "global_batch 4 is not"),
    ]:
        with pytest.raises(ValueError, match=message):
            build(recipe(model, data, tmp_path, **{key: value}), log=lambda text: None)
    with pytest.raises(ValueError, match="an epoch has 26 items to train on, less than one global_batch of 32"):
        train(recipe(model, data, tmp_path, global_batch=32))


def test_a_model_from_a_config_needs_a_processor_that_fits(models, data, tmp_path):
    config = models["llava"] / "config.json"
    for seed, same in ((0, True), (1, False)):
        first, second = (
            build(
                recipe(config, data, tmp_path, processor=str(models["llava"]), seed=value, max_steps=1),
                log=lambda text: None,
            )[0].model.lm_head.weight
            for value in (0, seed)
        )
        assert torch.equal(first, second) is same
    with pytest.raises(RecipeError, match="the processor writes pictures as token"):
        build(recipe(models["llava"], data, tmp_path, processor=str(models["qwen2_5_vl"])), log=lambda text: None)


def test_gradient_checkpointing_and_bf16_pass_through(model, data, tmp_path):
    train(recipe(model, data, tmp_path, max_steps=1, bf16=True, activation_checkpointing=True))
    assert 5 < losses(tmp_path)[0] < 8
