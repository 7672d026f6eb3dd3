"""Gemma 3's pan and scan, LLaVA-NeXT's tiles: counted from sizes, lowered by a budget."""

import PIL.Image
import pytest
import torch
from transformers import Gemma3ImageProcessor, Gemma3Processor, LlavaNextImageProcessor, LlavaNextProcessor

from tests.processing.samples import processor, sample, tiny
from tests.processing.test_families import expanded, sizes
from vlit_hub.processing import FamilyError, VLITProcessor

SCANS = {"pan_and_scan_min_crop_size": 16, "pan_and_scan_max_num_crops": 4, "pan_and_scan_min_ratio_to_activate": 1.2}


@pytest.fixture(scope="module")
def scanning():
    images = Gemma3ImageProcessor(size={"height": 56, "width": 56}, do_pan_and_scan=True, **SCANS)
    native = Gemma3Processor(images, tiny("gemma3")[1].tokenizer, image_seq_length=4)
    return VLITProcessor(native, chat_template=processor("gemma3").chat_template)


def test_crops_of_pan_and_scan_are_the_native_ones(scanning):
    seen = set()
    for size in sizes(7, 30):
        (written,) = scanning.family.write(scanning.native, [size], None)
        pixels = scanning.image_processor(images=[PIL.Image.new("RGB", size)], return_tensors="pt")
        assert expanded("<image_soft_token>", written) == scanning.native.replace_image_token(pixels, 0), size
        assert len(written.runs) == len(pixels["pixel_values"])
        seen.add(len(written.runs))
    assert seen == {1, 3, 4, 5}


def test_crops_go_first_when_a_sample_is_too_long(scanning):
    made = sample(("user", "<0>What is it? Here is <1>"), ("assistant", "A dog."), sizes=((300, 100), (40, 40)))
    whole = scanning.encode(made, 10**6)
    assert whole.picture_tokens == [16, 4] and whole.budget is None
    short = scanning.encode(made, whole.length - 1)
    assert short.picture_tokens == [4, 4] and short.budget == 1
    assert short.input_ids == processor("gemma3").encode(made, 10**6).input_ids
    for encoded, rows in ((whole, 5), (short, 2)):
        assert scanning.pixels(made, encoded)["pixel_values"].shape[0] == rows
    model = tiny("gemma3")[0]
    with torch.no_grad():
        assert model(**scanning([made], 10**6)).loss.isfinite()


def test_tiles_go_before_turns():
    ours, model = processor("llava_next"), tiny("llava_next")[0]
    made = sample(("user", "<0>What is it?"), ("assistant", "A dog."), sizes=((300, 290),))
    assert ours.family.budgets(ours.native) == (None, 3, 2)
    whole = ours.encode(made, 10**6)
    less = ours.encode(made, whole.length - 1)
    assert (whole.budget, less.budget) == (None, 3)
    assert whole.picture_tokens == [4 + 4 * 4 + 4]
    assert less.picture_tokens == [4 + 2 * 2 + 2], "of grids up to three tiles a square fits two"
    with torch.no_grad():
        for length in (whole.length, less.length):
            assert model(**ours([made], length)).loss.isfinite()


def test_tiles_of_another_size_than_the_whole_are_refused():
    images = LlavaNextImageProcessor(size={"shortest_edge": 30}, crop_size={"height": 28, "width": 28})
    native = LlavaNextProcessor(images, tiny("llava_next")[1].tokenizer, patch_size=14)
    with pytest.raises(FamilyError, match="set crop_size and size alike"):
        VLITProcessor(native).family.write(native, [(10, 10)], None)
