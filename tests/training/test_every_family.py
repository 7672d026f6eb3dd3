"""Every family: three steps, resumed with the checkpoint's weights, saved, loaded by transformers alone, generating."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForImageTextToText

from tests.tiny import BUILDERS, tiny
from tests.training.support import recipe, some, train, write_shards
from tests.training.test_resume import Begin
from vlit_hub.processing import VLITProcessor
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.recipe import RecipeError
from vlit_hub.training.run import build, check_pair
from vlit_hub.training.settings import SETTINGS, patterns_of, select

TUNED = sorted({family for family, _ in SETTINGS})
FAST = ("internvl", "blip2")
GENERATES = """
import sys, PIL.Image, torch
from transformers import AutoModelForImageTextToText, AutoProcessor
asked = "Question: What is it? Answer:"
ROADS = {
    "paligemma": lambda processor: {"text": "<image>What is it?"},
    "blip2": lambda processor: {"text": asked},
    "instructblip": lambda processor: {"text": "What is it?"},
    "kosmos2": lambda processor: {"text": asked},
    "idefics": lambda processor: {"text": ["User:", picture, "What is it?<end_of_utterance>\\nAssistant:"]},
}
chat = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is it?"}]}]
picture = PIL.Image.new("RGB", (32, 28))
for folder in sys.argv[1:]:
    family = folder.rpartition("/")[2]
    model, processor = AutoModelForImageTextToText.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
    if family in ROADS:
        said = ROADS[family](processor)
    else:
        said = {"text": processor.apply_chat_template(chat, add_generation_prompt=True)}
    if family != "idefics":
        said["images"] = [picture]
    batch = processor(**said, return_tensors="pt")
    batch.pop("labels", None)
    assert model.generate(**batch, max_new_tokens=2, do_sample=False).shape[1] > batch["input_ids"].shape[1]
    print(family, type(processor).__name__)
assert not any(name.startswith("vlit_hub") for name in sys.modules)
"""


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Pictures in some samples of a batch, and in none of others."""
    return write_shards(tmp_path_factory.mktemp("shards"), pictures=10, texts=6)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def made(family, shards, runs):
    """The recipe of two runs of a family."""
    model, native = BUILDERS[family]()
    folder = runs / "start" / family
    model.save_pretrained(folder)
    VLITProcessor(native).save_pretrained(folder)
    more = dict(setting="VLIT", max_steps=3, save_strategy="steps", save_steps=2, per_device_train_batch_size=2)
    return recipe(folder, shards, runs / family, **more)


@pytest.mark.parametrize("family", some(TUNED, FAST))
def test_three_steps_are_what_the_setting_says_and_resume_begins_with_their_weights(family, shards, runs):
    run = made(family, shards, runs)
    stopped = train(run, stop=2)
    saved = {name: value.clone() for name, value in stopped.model.state_dict().items()}
    again, _ = build(run, log=lambda text: None)
    start = {name: value.clone() for name, value in again.model.state_dict().items()}
    begin = Begin()
    again.add_callback(begin)
    again.train(resume_from_checkpoint=True)
    again.save_model(run.out)
    assert begin.step == 2 and begin.weights.keys() == saved.keys()
    assert all(torch.equal(begin.weights[name], saved[name]) for name in saved)
    changed = {name for name in saved if not torch.equal(saved[name], start[name])}
    moving = select(again.model, patterns_of(family, "VLIT"))
    assert changed <= with_tied(again.model, {name for names in moving.values() for name in names})
    assert all(changed & set(names) for names in moving.values()), "every pattern of the row learns"
    losses = [line["loss"] for line in read_losses(Path(run.out))]
    assert len(losses) == 3 and all(loss > 0 for loss in losses)
    loaded = AutoModelForImageTextToText.from_pretrained(run.out).state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in again.model.state_dict().items())


def with_tied(model, names):
    """``names`` and those that share their weights with one of them."""
    parameters = dict(model.named_parameters(remove_duplicate=False))
    shared = {id(parameters[name]) for name in names}
    return {name for name, parameter in parameters.items() if id(parameter) in shared}


@pytest.mark.slow
def test_every_family_loads_and_generates_without_vlit_hub(shards, runs):
    """Of one family: test_train.py."""
    folders = [str(runs / "all" / family) for family in TUNED]
    for family, folder in zip(TUNED, folders, strict=True):
        train(made(family, shards, runs / "all")).save_model(folder)
    done = subprocess.run([sys.executable, "-c", GENERATES, *folders], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = dict(line.split() for line in done.stdout.splitlines())
    assert found == {family: type(tiny(family)[1]).__name__ for family in TUNED}


def test_a_model_of_another_number_of_queries_is_refused_before_step_1():
    model, native = BUILDERS["blip2"]()
    native.num_query_tokens = 5
    with pytest.raises(RecipeError, match="the processor writes 5 queries, the model has 4"):
        check_pair(model, VLITProcessor(native))
