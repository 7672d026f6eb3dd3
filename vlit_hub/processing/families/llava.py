"""LLaVA-1.5: one picture is one square of a fixed number of patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import LlavaImageProcessor, LlavaImageProcessorPil

from vlit_hub.processing.families.base import Family, FamilyError, Picture, Size, Window, whole
from vlit_hub.regions.geometry import square_padding


def _resize(native: Any, size: Size, budget: int | None) -> Size:
    images = native.image_processor
    target = images.crop_size if images.do_center_crop else images.size
    if not target or not target["height"] or not target["width"]:
        raise FamilyError(
            "LLaVA needs pictures of one size: set do_center_crop or size = {'height', 'width'} in the image processor"
        )
    return target["width"], target["height"]


def _window(native: Any, size: Size, count: int) -> Window:
    images = native.image_processor
    left, top, right, bottom = whole(native, size, count)
    if images.do_pad and isinstance(images, (LlavaImageProcessor, LlavaImageProcessorPil)):
        x, y, side = square_padding(size)
        left, top, right, bottom = -x, -y, side - x, side - y
    if not images.do_center_crop:
        return left, top, right, bottom
    width, height = right - left, bottom - top
    across = down = 1.0  # stored pixels to a pixel that is cropped
    if images.do_resize and images.size["shortest_edge"]:
        across = down = min(width, height) / images.size["shortest_edge"]
    elif images.do_resize:
        across, down = width / images.size["width"], height / images.size["height"]
    x = (width - images.crop_size["width"] * across) / 2
    y = (height - images.crop_size["height"] * down) / 2
    return left + x, top + y, right - x, bottom - y


def _write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    width, height = _resize(native, (1, 1), budget)
    grid = (width // native.patch_size) * (height // native.patch_size)
    tokens = grid + native.num_additional_image_tokens - (native.vision_feature_select_strategy == "default")
    return [Picture(native.image_token, (tokens,))] * len(sizes)


FAMILY = Family(
    name="llava",
    model_types=("llava",),
    processors=("LlavaProcessor",),
    dialect="square",
    resize=_resize,
    stretches=True,
    write=_write,
    window=_window,
    packs=True,
    shares_pictures=True,
    logits_to_keep=True,
    template=(
        "{% for message in messages %}"
        "{% if message['role'] != 'system' %}{{ message['role'].upper() + ': ' }}{% endif %}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
        "{% if message['role'] == 'assistant' %}{% generation %}{{ content['text'] + eos_token }}{% endgeneration %}"
        "{% else %}{{ content['text'] + ' ' }}{% endif %}{% endfor %}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
    ),
)
