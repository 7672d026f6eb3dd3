"""Two processes over gloo, as copies (DDP) and split (fully_shard): the gradients and the run of one process."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText, PreTrainedConfig

from tests.tiny import BUILDERS
from tests.training import gradients
from tests.training.show_resume import launch
from tests.training.support import keys, keys_of, recipe, some, write_shards
from vlit_hub.processing import VLITProcessor
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.run import run

STEPS, STOP = 5, 2


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """One sample a micro-batch: on most steps one rank has a picture and the other none."""
    return write_shards(tmp_path_factory.mktemp("mixed"), pictures=8, texts=8)


def saved(family: str, folder: Path) -> Path:
    model, native = BUILDERS[family]()
    without_dropout(model.config)
    model.save_pretrained(folder)
    VLITProcessor(native).save_pretrained(folder)
    return folder


def without_dropout(config: PreTrainedConfig) -> None:
    """Each process draws its own (BLIP-2, InstructBLIP and Kosmos-2 have it by default)."""
    for name, value in list(vars(config).items()):
        if isinstance(value, PreTrainedConfig):
            without_dropout(value)
        elif "drop" in name and isinstance(value, float):
            setattr(config, name, 0.0)


def launched(flat: dict, folder: Path, stop: int = STEPS) -> dict:
    launch(flat, folder, processes=2, stop=stop, by="tests.training.gradients")
    return torch.load(Path(flat["out"]) / gradients.FILE)


@pytest.mark.parametrize("family", some(BUILDERS, ("llava",)))
@pytest.mark.parametrize("setting", some(("VLIT", "FA", "LoRA", "all"), ("all",)))
@pytest.mark.parametrize("shard", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_gradients_are_those_of_one_process(mixed, tmp_path, family, setting, shard):
    model = saved(family, tmp_path / "model")
    shape = dict(global_batch=4, per_device_train_batch_size=1, max_steps=1, max_grad_norm=0.0, setting=setting)
    one = gradients.run(recipe(model, mixed, tmp_path / "one", **shape))
    two = launched(keys(model, mixed, tmp_path / "two", **shape, shard=shard), tmp_path, stop=1)
    assert keys_of(tmp_path / "two") == keys_of(tmp_path / "one")
    names = set(dict(AutoModelForImageTextToText.from_pretrained(model).named_parameters()))
    assert not one["split"] and (len(two["split"]) >= len(names) if shard else not two["split"])
    pairs = {name: (grad, two["gradients"].get(name)) for name, grad in one["gradients"].items()}
    assert any(grad.abs().max() > 0 for grad, _ in pairs.values())
    for name, (grad, other) in pairs.items():
        assert torch.allclose(torch.zeros_like(grad) if other is None else other, grad, atol=1e-6, rtol=1e-4), name


@pytest.mark.parametrize("setting", some(("VLIT", "LoRA"), ("VLIT",)))
def test_a_sharded_run_resumes_exactly_on_two_and_on_one(mixed, tmp_path, setting):
    model = saved("llava", tmp_path / "model")
    shape = dict(global_batch=4, max_steps=STEPS, setting=setting)
    gradients.run(recipe(model, mixed, tmp_path / "one", **shape, save_strategy="steps", save_steps=STOP))
    expected = [line["loss"] for line in read_losses(tmp_path / "one")]
    flat = keys(model, mixed, tmp_path / "two", **shape, shard=True, save_strategy="steps", save_steps=STOP)
    launched(flat, tmp_path, stop=STOP)
    checkpoint = str(tmp_path / "two" / "checkpoints" / f"checkpoint-{STOP}")
    launched(flat | {"resume": checkpoint, "save_strategy": "no"}, tmp_path)
    gradients.run(recipe(model, mixed, tmp_path / "on one", **shape, resume=checkpoint))
    before = str(tmp_path / "one" / "checkpoints" / f"checkpoint-{STOP}")
    launched(keys(model, mixed, tmp_path / "from one", **shape, shard=True, resume=before), tmp_path)
    assert [line["loss"] for line in read_losses(tmp_path / "two")] == pytest.approx(expected, abs=1e-5)
    for out in ("on one", "from one"):
        assert [line["loss"] for line in read_losses(tmp_path / out)] == pytest.approx(expected[STOP:], abs=1e-5)
        assert list(keys_of(tmp_path / out)) == list(range(STOP, STEPS))
    file = "adapter_model.safetensors" if setting == "LoRA" else "model.safetensors"
    files = [load_file(tmp_path / out / file) for out in ("two", "on one", "from one")]
    assert files[0] and all(
        file.keys() == files[0].keys() and all(torch.allclose(file[n], files[0][n], atol=1e-5) for n in file)
        for file in files
    )


@pytest.mark.slow
def test_adapters_of_a_sharded_run_are_merged(mixed, tmp_path):
    model = saved("llava", tmp_path / "model")
    shape = dict(global_batch=4, max_steps=2, setting="LoRA")
    run(recipe(model, mixed, tmp_path / "one", **shape), log=lambda text: None)
    launch(keys(model, mixed, tmp_path / "two", **shape, shard=True), tmp_path, processes=2)
    one, two = (load_file(tmp_path / out / "model.safetensors") for out in ("one", "two"))
    assert one.keys() == two.keys() and all(torch.allclose(two[name], one[name], atol=1e-5) for name in one)
    start = load_file(model / "model.safetensors")
    assert any(not torch.equal(start[name], two[name]) for name in two)
    assert (tmp_path / "two" / "train_report.json").exists()
