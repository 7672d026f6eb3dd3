"""LoRA in every family: adapters where the table says, checkpoints of adapters alone, a merged model at the end."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText

from tests.tiny import BUILDERS
from tests.training.support import recipe, some, train, write_shards
from tests.training.test_resume import Begin
from vlit_hub.processing import VLITProcessor
from vlit_hub.training import lora
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.checkpoint import CheckpointError, last_checkpoint
from vlit_hub.training.recipe import RecipeError
from vlit_hub.training.run import build, run
from vlit_hub.training.settings import SettingError, apply


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return write_shards(tmp_path_factory.mktemp("shards"), pictures=10, texts=6)


def made(family, shards, folder, **more):
    model, native = BUILDERS[family]()
    model.save_pretrained(folder / "start")
    VLITProcessor(native).save_pretrained(folder / "start")
    short = dict(setting="LoRA", max_steps=3, save_strategy="steps", save_steps=2, lora={"rank": 4})
    return recipe(folder / "start", shards, folder / "out", **short, **more)


@pytest.mark.parametrize("family", BUILDERS)
def test_adapters_lie_in_the_language_model_alone(family):
    model = lora.adapt(BUILDERS[family]()[0], family, lora.Lora(rank=2))
    report = apply(model, family, "LoRA")
    assert report.names and all(".lora_" in name for name in report.names)
    inside = lora.ADAPTED.get(family, lora.LANGUAGE_MODEL)
    assert all(any(f"base_model.model.{place}." in name for place in inside) for name in report.names)
    for part in ("q_proj", "fc1" if family in ("blip2", "kosmos2") else "up_proj"):
        assert any(f".{part}.lora_A" in name for name in report.names)


@pytest.mark.parametrize("family", some(BUILDERS, ("idefics", "llava")))
def test_resumed_adapters_are_the_checkpoints_bit_for_bit(family, shards, tmp_path):
    this = made(family, shards, tmp_path)
    stopped = train(this, stop=2)
    saved = {name: value.clone() for name, value in stopped.model.state_dict().items()}
    checkpoint = last_checkpoint(Path(this.out) / "checkpoints")
    assert (checkpoint / "adapter_model.safetensors").exists() and not (checkpoint / "model.safetensors").exists()
    again, _ = build(this, log=lambda text: None)
    begin = Begin()
    again.add_callback(begin)
    again.train(resume_from_checkpoint=True)
    assert begin.step == 2 and begin.weights.keys() == saved.keys()
    assert all(torch.equal(begin.weights[name], saved[name]) for name in saved)
    assert any(value.abs().max() > 0 for name, value in saved.items() if ".lora_B" in name), "they have learnt"
    tensors = load_file(checkpoint / "adapter_model.safetensors")
    lost = sorted(tensors)[0]
    save_file(
        {name: value for name, value in tensors.items() if name != lost}, checkpoint / "adapter_model.safetensors"
    )
    with pytest.raises(CheckpointError, match="its adapters are not those of this model: base_model"):
        lora.restore(again.model, checkpoint)


def test_what_is_left_is_merged_and_loads_without_peft(shards, tmp_path):
    this = made("llava", shards, tmp_path)
    report = run(this, log=lambda text: None)
    assert report.hyper["lora"] == {"rank": 4, "alpha": 32, "dropout": 0.0}
    assert report.setting == "LoRA" and report.trainable == sum(report.modules.values()) > 0
    assert not list(Path(this.out).glob("adapter*"))
    old, new = (AutoModelForImageTextToText.from_pretrained(path).state_dict() for path in (this.model, this.out))
    assert old.keys() == new.keys()
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert changed and all(name.startswith("model.language_model.layers.") for name in changed)
    assert len(read_losses(Path(this.out))) == 3


def test_what_cannot_be_is_refused(shards, tmp_path):
    with pytest.raises(RecipeError, match=r"lora.ranks: no such key; nearest: lora.rank"):
        recipe(tmp_path, shards, tmp_path, setting="LoRA", lora={"ranks": 3}).adapters()
    with pytest.raises(ValueError, match="rank 0 is at least 1"):
        lora.Lora(rank=0)
    with pytest.raises(SettingError, match="holds no linear layer of this model"):
        lora.linear_layers(BUILDERS["llava"]()[0], ["model.layers"])
    with pytest.raises(SettingError, match="matches no parameter"):
        apply(BUILDERS["llava"]()[0], "llava", "LoRA")
