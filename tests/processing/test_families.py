"""Picture tokens from sizes alone = what the native processor makes of real pixels."""

import random
import re

import PIL.Image
import pytest
from transformers import CLIPImageProcessor, LlavaConfig, LlavaProcessor, Qwen2_5_VLConfig
from transformers.models.clip import CLIPProcessor

from tests.processing.samples import FAMILIES, processor, tiny
from tests.tiny import BUILDERS
from vlit_hub.processing import FAMILIES as TABLE
from vlit_hub.processing import FamilyError, UnknownFamily, family_of
from vlit_hub.regions import DIALECTS


def native_tokens(native, size, settings):
    """The native processor's own expansion of one picture, from pixels."""
    settings = {**getattr(native, "images_kwargs", {}), **settings}
    pixels = native.image_processor(images=[PIL.Image.new("RGB", size)], return_tensors="pt", **settings)
    return native.replace_image_token(pixels, image_idx=0), pixels


def expanded(token, picture):
    """A written picture with its runs in full."""
    runs = iter(picture.runs)
    return re.sub(re.escape(token), lambda found: found.group() * next(runs), picture.text)


def sizes(seed, count):
    rng = random.Random(seed)
    return [(rng.randint(8, 700), rng.randint(8, 700)) for _ in range(count)] + [(28, 28), (1, 150), (900, 5), (13, 15)]


@pytest.mark.parametrize("family", FAMILIES)
def test_tokens_equal_the_native_expansion_at_every_budget(family):
    row, native = processor(family).family, tiny(family)[1]
    token = native.tokenizer.convert_ids_to_tokens(processor(family).native.image_token_id)
    for budget in row.budgets(native):
        settings = row.pixel_settings(native, budget) if budget is not None else {}
        for size in sizes(budget or 0, 25):
            try:
                (written,) = row.write(native, [size], budget)
            except ValueError:
                with pytest.raises((ValueError, TypeError)):  # the native processor has no place for it either
                    native_tokens(native, size, settings)
                continue
            if "budget" in settings:  # the picture itself is made smaller
                pixels = row.gather([row.prepare(native, [PIL.Image.new("P", size)], 1, settings)])
                expected = native.replace_image_token(pixels, image_idx=0)
            else:
                expected, pixels = native_tokens(native, size, settings)
            assert expanded(token, written) == expected, (size, budget)
            assert row.image_tokens(native, [size], budget) == [expected.count(token)]
            if "image_grid_thw" in pixels:
                _, h, w = pixels["image_grid_thw"][0].tolist()
                side = native.image_processor.patch_size
                assert row.resize(native, size, budget) == (w * side, h * side)


def test_budgets_fall_from_the_native_limit_to_the_least():
    assert TABLE["qwen2_5_vl"].budgets(tiny("qwen2_5_vl")[1]) == (None, 128, 64)
    assert TABLE["llava"].budgets(tiny("llava")[1]) == (None,)


@pytest.mark.parametrize("strategy", ["default", "full"])
@pytest.mark.parametrize(
    "settings",
    [
        {"size": {"height": 42, "width": 56}, "do_center_crop": False},
        {"size": {"shortest_edge": 40}, "crop_size": {"height": 42, "width": 28}},
    ],
)
def test_llava_settings(strategy, settings):
    native = LlavaProcessor(
        CLIPImageProcessor(**settings),
        tiny("llava")[1].tokenizer,
        patch_size=14,
        vision_feature_select_strategy=strategy,
        num_additional_image_tokens=1,
    )
    for size in sizes(3, 3)[:4]:
        assert TABLE["llava"].image_tokens(native, [size]) == [native_tokens(native, size, {})[0].count("<image>")]


def test_llava_without_one_picture_size_is_refused():
    native = LlavaProcessor(CLIPImageProcessor(do_center_crop=False), tiny("llava")[1].tokenizer, patch_size=14)
    with pytest.raises(FamilyError, match="do_center_crop"):
        TABLE["llava"].image_tokens(native, [(10, 10)])


def test_family_of_configs_and_processors():
    assert family_of(LlavaConfig()).name == family_of(tiny("llava")[1]).name == "llava"
    assert family_of(Qwen2_5_VLConfig()).name == family_of(tiny("qwen2_5_vl")[1]).name == "qwen2_5_vl"
    with pytest.raises(UnknownFamily, match=r"CLIPProcessor; known: .*llava \(LlavaProcessor\); "):
        family_of(CLIPProcessor(tiny("llava")[1].image_processor, tiny("llava")[1].tokenizer))
    with pytest.raises(UnknownFamily, match="'clip_vision_model'"):
        family_of(tiny("llava")[0].config.vision_config)


def test_every_row_is_complete():
    for name, row in TABLE.items():
        assert row.name == name and row.dialect in DIALECTS and row.template
        assert row.why_not or (row.packs and row.shares_pictures)
        assert name in BUILDERS, f"tests/tiny/{name}.py builds no model of the family"
        assert not row.lower_budgets(tiny(name)[1]) or row.pixel_settings is not None


@pytest.mark.parametrize("family", FAMILIES)
def test_the_template_of_the_table_is_the_native_one(family):
    chat = [
        {"role": "system", "content": [{"type": "text", "text": "s"}]},
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "q"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "a"}]},
    ]
    native, row = processor(family).native, processor(family).family
    assert native.apply_chat_template(chat) == native.apply_chat_template(chat, chat_template=row.template)
