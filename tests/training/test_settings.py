"""The settings table against the real module names of both families."""

import pytest

from tests.tiny import BUILDERS
from tests.training.support import FAMILIES
from vlit_hub.processing.families import FAMILIES as FAMILIES_OF_MODELS
from vlit_hub.training.settings import (
    ANY_FAMILY,
    ENCODER,
    SETTINGS,
    SettingError,
    apply,
    learning_rates,
    matches,
    select,
)

LLM = ("model.language_model.", "lm_head.")
PROJECTOR = ("model.multi_modal_projector.",)
Q_FORMER = ("qformer.", "query_tokens", "language_projection.")
RESAMPLER = ("model.perceiver_resampler.", "model.gated_cross_attn_layers.")
OTHERS = {
    "llava_next": ((*PROJECTOR, "model.image_newline"), LLM, "model.vision_tower."),
    "llava_onevision": ((*PROJECTOR, "model.image_newline"), LLM, "model.vision_tower."),
    "qwen3_vl": (("model.visual.merger.", "model.visual.deepstack_merger_list."), LLM, "model.visual.blocks."),
    "internvl": (PROJECTOR, LLM, "model.vision_tower."),
    "smolvlm": (("model.connector.",), ("model.text_model.", "lm_head."), "model.vision_model."),
    "gemma3": (PROJECTOR, LLM, "model.vision_tower."),
    "paligemma": (PROJECTOR, LLM, "model.vision_tower."),
    "kosmos2": (("image_to_text_projection.",), ("text_model.",), "vision_model."),
    "blip2": (Q_FORMER, (), "language_model."),
    "instructblip": (Q_FORMER, (), "language_model."),
    "idefics": (RESAMPLER, ("model.embed_tokens.",), "model.layers."),
}
"""Family -> what FA trains, what VLIT trains besides, what is frozen in all."""
PREFIXES = {
    ("llava", "FA"): ("model.multi_modal_projector.",),
    ("llava", "VLIT"): ("model.multi_modal_projector.", "model.language_model.", "lm_head."),
    ("llava", "VLIT-only"): ("model.multi_modal_projector.", "model.language_model.", "lm_head."),
    ("qwen2_5_vl", "FA"): ("model.visual.merger.",),
    ("qwen2_5_vl", "VLIT"): ("model.visual.merger.", "model.language_model.", "lm_head."),
    ("qwen2_5_vl", "VLIT-only"): ("model.visual.merger.", "model.language_model.", "lm_head."),
    **{(family, "FA"): aligned for family, (aligned, _, _) in OTHERS.items()},
    **{(f, "linear"): ("language_projection.",) for f in ("blip2", "instructblip")},
    **{(f, "queries"): ("query_tokens", "language_projection.") for f in ("blip2", "instructblip")},
    **{(f, stage): a + besides for f, (a, besides, _) in OTHERS.items() for stage in ("VLIT", "VLIT-only")},
}
FROZEN = {
    "llava": "model.vision_tower.",
    "qwen2_5_vl": "model.visual.",
    **{family: frozen for family, (_, _, frozen) in OTHERS.items()},
}


@pytest.fixture(scope="module")
def built():
    return {family: BUILDERS[family]()[0] for family in FROZEN}


def test_every_row_of_the_table_is_tested():
    assert set(PREFIXES) == set(SETTINGS)
    assert {family for family, _ in SETTINGS} == set(FAMILIES_OF_MODELS) == set(ENCODER)


@pytest.mark.parametrize(("family", "setting"), SETTINGS)
def test_exactly_the_row_trains(built, family, setting):
    model = built[family]
    report = apply(model, family, setting)
    trains = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    expected = {name for name, _ in model.named_parameters() if name.startswith(PREFIXES[family, setting])}
    assert trains == expected == set(report.names)
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert any(name.startswith(FROZEN[family]) for name in frozen)
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    assert report.trainable == sum(sizes[name] for name in expected) == sum(report.modules.values())
    assert report.trainable + report.frozen == sum(sizes.values())


def test_linear_projector_of_llava_by_name(built):
    assert set(apply(built["llava"], "llava", "FA").names) == {
        f"model.multi_modal_projector.linear_{layer}.{kind}" for layer in (1, 2) for kind in ("weight", "bias")
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_all_trains_everything(built, family):
    report = apply(built[family], family, "all")
    assert report.frozen == 0
    assert set(report.names) == {name for name, _ in built[family].named_parameters()}


def test_tied_embedding_is_counted_once_and_matched_by_both_names():
    model, _ = FAMILIES["llava"]()
    model.lm_head.weight = model.model.language_model.embed_tokens.weight
    report = apply(model, "llava", "VLIT")
    assert report.modules["lm_head"] == 0
    assert report.trainable == sum(report.modules.values())
    assert "lm_head.weight" not in report.names


def test_unknown_setting_names_what_there_is(built):
    with pytest.raises(SettingError, match=r"'QA' for family 'llava'; there are: FA, VLIT, VLIT-only, all"):
        apply(built["llava"], "llava", "QA")
    assert set(ANY_FAMILY) == {"all", "LoRA"}


def test_pattern_without_match_changes_nothing(built):
    model = built["llava"]
    apply(model, "llava", "all")
    with pytest.raises(SettingError, match=r"'model.visual.merger' matches no parameter; this model has: lm_head"):
        apply(model, "qwen2_5_vl", "FA")
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_pattern_is_a_glob_on_modules():
    assert matches("model.language_model.layers.0.mlp.up_proj.weight", "model.language_model")
    assert matches("model.language_model.layers.0.mlp.up_proj.weight", "*.layers.0")
    assert not matches("model.language_model2.weight", "model.language_model")


def test_rates_take_the_first_match_and_refuse_frozen_modules(built):
    model = built["llava"]
    apply(model, "llava", "VLIT")
    by_id = learning_rates(model, {"model.multi_modal_projector": 1e-3, "model": 2e-5})
    rate = {name: by_id.get(id(parameter)) for name, parameter in model.named_parameters()}
    assert rate["model.multi_modal_projector.linear_1.weight"] == 1e-3
    assert rate["model.language_model.norm.weight"] == 2e-5
    assert rate["lm_head.weight"] is None
    assert not any(value for name, value in rate.items() if name.startswith("model.vision_tower"))
    with pytest.raises(SettingError, match="frozen in this setting"):
        learning_rates(model, {"model.vision_tower": 1e-3})
    with pytest.raises(SettingError, match="matches no parameter"):
        select(model, ["nothing"])
