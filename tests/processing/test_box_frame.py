"""Boxes are written in the frame of the pixels, or the sample is dropped."""

import msgspec
import pytest
from transformers import CLIPImageProcessor, LlavaImageProcessor, LlavaProcessor

from tests.processing.samples import SAMPLES, processor, sample, tiny
from tests.processing.test_families import sizes
from vlit_hub.processing import FAMILIES, VLITProcessor
from vlit_hub.verify.frame import land

EDGE = {"size": {"shortest_edge": 84}}
FIXED = {"size": {"height": 84, "width": 112}}
SETTINGS = {
    "crops": CLIPImageProcessor(**EDGE, crop_size={"height": 84, "width": 84}),
    "crops more": CLIPImageProcessor(**EDGE, crop_size={"height": 42, "width": 70}),
    "crops a border": CLIPImageProcessor(**FIXED, crop_size={"height": 112, "width": 140}),
    "stretches": CLIPImageProcessor(**FIXED, do_center_crop=False),
    "pads": LlavaImageProcessor(**EDGE, crop_size={"height": 84, "width": 84}, do_pad=True),
    "pads, then crops": LlavaImageProcessor(**EDGE, crop_size={"height": 70, "width": 70}, do_pad=True),
    "could pad": LlavaImageProcessor(**EDGE, crop_size={"height": 84, "width": 84}),
}


def llava(settings, **more):
    native = LlavaProcessor(
        SETTINGS[settings], tiny("llava")[1].tokenizer, patch_size=14, num_additional_image_tokens=1
    )
    return VLITProcessor(native, **more)


def grounded(width, height):
    turns = ("user", "<0>Where is [this]?"), ("assistant", "At [this] place.")
    return sample(*turns, sizes=((width, height),))


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_window_is_where_a_mark_lands(settings):
    """Against the native processor itself."""
    native = llava(settings).native
    for size in [(640, 400), (400, 640), (84, 84), *sizes(5, 6)[:6]]:
        found = land(native, size)
        left, top, right, bottom = FAMILIES["llava"].window(native, size, 1)
        start, extent = (left, top), (right - left, bottom - top)
        said = [(mark * size[i % 2] - start[i % 2]) / extent[i % 2] for i, mark in enumerate(found.mark)]
        apart = [
            abs(min(max(s, 0), 1) - b) * found.shown[i % 2]
            for i, (s, b) in enumerate(zip(said, found.box or said, strict=True))
        ]
        assert max(apart) < 1.5, (size, found, said)


@pytest.mark.parametrize(
    ("settings", "dialect", "wide", "square"),
    [
        ("crops", "square", "box_frame", ""),
        ("crops", "float", "box_frame", ""),
        ("crops more", "square", "box_frame", "box_frame"),
        ("stretches", "square", "box_frame", ""),
        ("stretches", "float", "", ""),
        ("pads", "square", "", ""),
        ("pads", "float", "box_frame", ""),
        ("pads, then crops", "square", "box_frame", "box_frame"),
        ("could pad", "square", "box_frame", ""),
    ],
)
def test_boxes_in_another_frame_drop_the_sample(settings, dialect, wide, square):
    ours = llava(settings, dialect=dialect)
    assert [ours.encode(grounded(*size), 4000).dropped for size in ((64, 40), (64, 64))] == [wide, square]


def test_only_boxes_that_are_written_count():
    ours, made = llava("crops"), grounded(64, 40)
    plain = sample(("user", "<0>What?"), ("assistant", "A dog."), sizes=((64, 40),))
    assert plain.regions and not ours.encode(plain, 4000).dropped, "no message writes the box"
    without = [msgspec.structs.replace(m, content=[p for p in m.content if p.type != "image"]) for m in made.messages]
    assert not ours.encode(msgspec.structs.replace(made, messages=without), 4000).dropped, "the picture is not shown"
    assert ours.encode(made, 4000).detail == "picture 0 of (64, 40): its pixels are not in frame square"


def test_padding_changes_the_fingerprint():
    assert len({llava(name).fingerprint(400) for name in ("pads", "could pad", "crops")}) == 3


def test_qwen_shows_the_whole_picture():
    assert not processor("qwen2_5_vl").encode(next(s for s in SAMPLES if s.id == "regions"), 4000).dropped
