"""Options that exclude each other, and the switch of the encoder's recomputation."""

from collections import Counter

import pytest

from tests.tiny import BUILDERS
from tests.training.support import recipe, some
from vlit_hub.processing import family_of
from vlit_hub.training.encoder import EncoderCheckpointing, encoder_layers
from vlit_hub.training.guards import refuse
from vlit_hub.training.recipe import RecipeError
from vlit_hub.training.run import build


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shard": True}, "shard: one process has nobody to share with; launch several"),
        ({"setting": "FA", "lora": {"rank": 2}}, "lora: only with setting LoRA, not FA"),
    ],
)
def test_impossible_pairs_say_what_to_set(model, data, tmp_path, options, message):
    with pytest.raises(RecipeError, match=message):
        build(recipe(model, data, tmp_path, **options), log=lambda text: None)


def test_the_trainers_own_sharding_is_refused_on_a_cpu(model, data, tmp_path):
    args = recipe(model, data, tmp_path).arguments()
    args.fsdp = True
    with pytest.raises(ValueError, match="fsdp on a CPU: accelerate would make it DDP; set shard: true"):
        refuse(args)


@pytest.mark.parametrize("family", some(BUILDERS, ("llava", "idefics")))
def test_every_encoder_has_layers_that_are_not_the_language_models(family):
    model = BUILDERS[family]()[0]
    found = encoder_layers(model, family_of(model.config).name)
    inside = {id(layer) for layer in found}
    names = [name for name, module in model.named_modules() if id(module) in inside]
    assert names and all("vision" in name or "visual" in name for name in names)


@pytest.mark.parametrize(("everything", "encoder"), [(True, False), (False, True)])
def test_the_encoder_has_its_own_switch(model, data, tmp_path, everything, encoder):
    """Layers run once more in the backward pass, or they do not; the last one of this encoder is not read."""
    ran = []
    for more in ({}, {"activation_checkpointing": everything, "encoder_checkpointing": encoder}):
        made = recipe(model, data, tmp_path / str(len(more)), max_steps=1, **more)
        trainer, _ = build(made, log=lambda text: None)
        whole = trainer.model.model
        count = Counter()
        for name, part in (("encoder", whole.vision_tower), ("text", whole.language_model)):
            for layer in part.modules():
                if type(layer).__name__ in ("CLIPMLP", "LlamaMLP"):
                    layer.register_forward_pre_hook(lambda *_, name=name, count=count: count.update([name]))
        trainer.train()
        ran.append(count)
    assert ran == [{"encoder": 2, "text": 2}, {"encoder": 2 + encoder, "text": 2 + 2 * everything}]


def test_the_switch_is_of_the_layers_alone():
    model = BUILDERS["llava"]()[0]
    layers = encoder_layers(model, "llava")
    EncoderCheckpointing(layers, True).on_train_begin(None, None, None)
    on = {name for name, module in model.named_modules() if getattr(module, "gradient_checkpointing", False)}
    assert len(on) == 2 and all(name.startswith("model.vision_tower.") for name in on)
