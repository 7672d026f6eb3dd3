"""Recipes: flat YAML, errors that say what to set, batch sizes that must come out."""

import dataclasses
import json
from pathlib import Path

import pytest
import yaml
from transformers import TrainingArguments

from tests.tiny import BUILDERS
from vlit_hub.processing.families import FAMILIES
from vlit_hub.training.loader import batch_shape
from vlit_hub.training.recipe import OWNED, RecipeError, TrainRecipe, load_recipe, overrides, recipe_from
from vlit_hub.training.settings import apply, learning_rates, patterns_of

LEAST = {"model": "m", "data": "d", "setting": "FA", "out": "o", "global_batch": 8}


def test_flat_yaml_splits_into_ours_and_training_arguments(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump(LEAST) + "learning_rate: 1e-4\nlr: {model.language_model: 2e-5}\nuse_cpu: true\n")
    assert load_recipe(path) == TrainRecipe(
        **LEAST, lr={"model.language_model": 2e-5}, training={"learning_rate": 1e-4, "use_cpu": True}
    )
    changed = load_recipe(path, {"learning_rate": "3e-4", "setting": "VLIT", "max_steps": "5"})
    assert (changed.setting, changed.training["learning_rate"], changed.training["max_steps"]) == ("VLIT", 3e-4, 5)


@pytest.mark.parametrize(
    ("flat", "message"),
    [
        ({**LEAST, "learning_rat": 1}, "learning_rat: no such key; nearest: learning_rate"),
        ({**LEAST, "output_dir": "x"}, "output_dir: set by out"),
        ({**LEAST, "push_to_hub": True}, "push_to_hub: set by vlit push"),
        ({**LEAST, "hub_token": "hf_x"}, "hub_token: set by vlit push"),
        ({**LEAST, "tail": "keep"}, "tail: 'keep' is not one of: drop, repeat"),
        ({**LEAST, "model": "tiny.json"}, "processor: a model that is only a config"),
        ({**LEAST, "global_batch": 0}, "at least 1"),
        ({"model": "m", "out": "o"}, "a recipe needs: data, setting, global_batch"),
    ],
)
def test_bad_keys_say_what_to_set(flat, message):
    with pytest.raises(RecipeError, match=message):
        recipe_from(flat)


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [((8, 1), (8, 1)), ((8, 2), (4, 1)), ((8, 2, 2), (2, 2)), ((8, 1, None, 4), (2, 4)), ((8, 2, 2, 2), (2, 2))],
)
def test_batch_shape_follows_from_the_global_batch(arguments, shape):
    assert batch_shape(*arguments) == shape


@pytest.mark.parametrize("arguments", [(8, 3), (8, 1, 3), (8, 2, 8), (8, 2, 2, 4), (1, 2)])
def test_batch_shape_that_does_not_come_out(arguments):
    with pytest.raises(ValueError, match="global_batch . is not per_device_train_batch_size"):
        batch_shape(*arguments)


def test_overrides_as_hf_argument_parser_reads_them():
    words = "--learning_rate 1e-5 max_steps=3 --lr={lm_head: 1e-4} --bf16 --warmup-steps 5 --shard".split(" ")
    words[3:5] = [" ".join(words[3:5])]
    assert overrides(words) == {
        "learning_rate": "1e-5", "max_steps": "3", "lr": "{lm_head: 1e-4}", "bf16": "true", "warmup_steps": "5",
        "shard": "true",
    }  # fmt: skip
    for wrong in ("max_steps", "--", "=3"):
        with pytest.raises(RecipeError, match="expected KEY=VALUE or --KEY VALUE"):
            overrides([wrong])


def test_arguments_of_one_process(tmp_path):
    made = recipe_from({**LEAST, "out": str(tmp_path), "use_cpu": True, "per_device_train_batch_size": 2, "seed": 7})
    args = made.arguments()
    assert (args.per_device_train_batch_size, args.gradient_accumulation_steps, args.seed) == (2, 4, 7)
    assert args.report_to == [] and args.ddp_find_unused_parameters


def test_every_argument_about_the_hub_is_owned():
    """A token in them would be written into checkpoints."""
    theirs = {f.name for f in dataclasses.fields(TrainingArguments) if f.name.startswith(("hub_", "push_to_hub"))}
    assert theirs and theirs <= set(OWNED)


SHIPPED = {
    "llava_fa": "llava", "llava_vlit": "llava", "llava_lora": "llava", "instructblip_vlit": "instructblip",
    "minigpt4_vlit": "blip2", "videochat_vlit": "blip2", "openflamingo_vlit": "idefics",
    "multimodal_gpt_lora": "idefics", "qwen2_5_vl_vlit_packed": "qwen2_5_vl",
}  # fmt: skip
"""Recipe -> the family it is for."""


def test_every_shipped_recipe_is_for_a_family_that_can():
    folder = Path(__file__).parents[2] / "recipes"
    assert {path.stem for path in folder.glob("*.yaml")} == set(SHIPPED)
    for name, family in SHIPPED.items():
        made = load_recipe(folder / f"{name}.yaml", {"out": "o", "use_cpu": "true", "global_batch": "8"})
        assert patterns_of(family, made.setting) and made.adapters().rank >= 1
        assert made.arguments().learning_rate == made.training["learning_rate"]
        assert not made.packing or (FAMILIES[family].packs and made.mixture().packer.group)
        assert not made.share_pictures or FAMILIES[family].shares_pictures
        if made.lr:
            assert learning_rates(apply_to(family, made.setting), made.lr)


def apply_to(family, setting):
    model = BUILDERS[family]()[0]
    apply(model, family, setting)
    return model


def test_the_deepspeed_config_is_json_and_said_to_be_untested():
    repo = Path(__file__).parents[2]
    config = json.loads((repo / "recipes" / "deepspeed_zero3.json").read_text())
    assert config["zero_optimization"]["stage"] == 3
    assert "the config is shipped **untested**" in (repo / "docs" / "GPU.md").read_text()
