"""Qwen2.5-VL: a picture is resized to whole tokens within a number of pixels; its grid is what counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

from vlit_hub.processing.families.base import Family, FamilyError, Picture, Pixels, Size, halves

LEAST = 64
"""Tokens down to which truncation may lower a picture."""


def limits(native: Any, budget: int | None) -> tuple[int, int, int]:
    """(pixels a side of one token, least pixels, most pixels)."""
    images = native.image_processor
    side = images.patch_size * images.merge_size
    most = images.size["longest_edge"]
    if budget is not None:
        most = min(most, budget * side * side)
    return side, min(images.size["shortest_edge"], most), most


def resize(native: Any, size: Size, budget: int | None) -> Size:
    if not native.image_processor.do_resize:
        raise FamilyError("Qwen-VL needs sides that are multiples of its patches: set do_resize")
    side, least, most = limits(native, budget)
    height, width = smart_resize(size[1], size[0], factor=side, min_pixels=least, max_pixels=most)
    return width, height


def write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    side = limits(native, None)[0]
    shown = [resize(native, size, budget) for size in sizes]
    return [Picture(native.image_token, ((width // side) * (height // side),)) for width, height in shown]


def lower_budgets(native: Any) -> tuple[int, ...]:
    side, _, most = limits(native, None)
    return halves(most // (side * side), LEAST)


def pixel_settings(native: Any, budget: int) -> dict[str, Any]:
    _, least, most = limits(native, budget)
    return {"size": {"shortest_edge": least, "longest_edge": most}}


def prepare(native: Any, pictures: Sequence[Any], count: int, settings: dict[str, Any]) -> list[Pixels]:
    """Rows of patches, cut where the grids say."""
    out = native.image_processor(images=list(pictures), return_tensors="pt", **settings)
    grids = out["image_grid_thw"]
    patches = out["pixel_values"].split(grids.prod(dim=1).tolist())
    return [{"pixel_values": p, "image_grid_thw": grids[i : i + 1]} for i, p in enumerate(patches)]


def positions(native: Any, ids: Sequence[int], pictures: Sequence[Pixels]) -> Tensor:
    """mRoPE of one sample, (3, length): time, height and width; text counts on in all three.

    As the models' ``get_rope_index``: a picture starts where the text before it ended and takes as many positions as
    its longer side has tokens.
    """
    image, merged = native.image_token_id, native.image_processor.merge_size
    parts: list[Tensor] = []
    at = place = 0  # token, position
    for pixels in pictures:
        _, height, width = (pixels["image_grid_thw"][0] // merged).tolist()
        start = ids.index(image, at)
        parts.append((torch.arange(start - at) + place).expand(3, -1))
        place += start - at
        across = torch.arange(height * width)
        parts.append(torch.stack([across * 0, across // width, across % width]) + place)
        place += max(height, width)
        at = start + height * width
    parts.append((torch.arange(len(ids) - at) + place).expand(3, -1))
    return torch.cat(parts, dim=1)


FAMILY = Family(
    name="qwen2_5_vl",
    model_types=("qwen2_5_vl",),
    processors=("Qwen2_5_VLProcessor",),
    dialect="qwen25-json",
    resize=resize,
    stretches=True,
    write=write,
    lower_budgets=lower_budgets,
    pixel_settings=pixel_settings,
    prepare=prepare,
    positions=positions,
    packs=True,
    shares_pictures=True,
    varlen=False,
    logits_to_keep=True,
    template=(
        "{% for message in messages %}"
        "{% if loop.first and message['role'] != 'system' %}"
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
        "<|im_start|>{{ message['role'] }}\n"
        "{% for content in message['content'] %}"
        "{% if content['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
        "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
        "{% endfor %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
)
