"""Qwen2.5-VL: a picture is resized to whole tokens within a number of pixels; its grid is what counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

from vlit_hub.processing.families.base import Family, FamilyError, Picture, Pixels, Size, Videos, frames_of, halves
from vlit_hub.video import Clip

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


def patches(native: Any, clip: Clip) -> list[int]:
    """Tokens of each temporal patch of a video."""
    if not native.video_processor.do_resize:
        raise FamilyError("Qwen-VL needs sides that are multiples of its patches: set do_resize of the video processor")
    videos, (width, height), count = native.video_processor, clip.size, len(clip.times)
    temporal = -(-count // videos.temporal_patch_size)
    total = videos.get_num_of_video_patches(count, height, width, {}) // videos.merge_size**2
    return [total // temporal] * temporal


def _write_video(native: Any, clip: Clip) -> Picture:
    if native.video_processor.cap_pixels_per_frame:
        raise FamilyError(
            "cap_pixels_per_frame: Qwen2.5-VL's processor does not count tokens under it; set it to false"
        )
    return Picture(native.video_token, (sum(patches(native, clip)),))


def _prepare_video(native: Any, clip: Clip, frames: Sequence[Any]) -> Pixels:
    """With the seconds that one temporal patch stands for."""
    seconds = native.video_processor.temporal_patch_size * clip.duration / len(clip.times)
    return {**frames_of(native, frames), "second_per_grid_ts": torch.tensor([seconds])}


def positions(native: Any, ids: Sequence[int], media: Sequence[Pixels], rate: float | None) -> Tensor:
    """mRoPE of one sample, (3, length): time, height and width; text counts on in all three.

    As the models' ``get_rope_index``: a picture or video starts where the text before it ended and takes as many
    positions as its longer side has tokens. ``rate``: positions a second, by which the temporal patches of a video lie
    apart (``config.vision_config.tokens_per_second``).
    """
    merged = native.image_processor.merge_size
    tokens = {native.image_token_id, native.video_token_id}
    parts: list[Tensor] = []
    at = place = 0  # token, position
    for frames, height, width, apart in _grids(media, merged, rate):
        start = next(n for n in range(at, len(ids)) if ids[n] in tokens)
        parts.append((torch.arange(start - at) + place).expand(3, -1))
        place += start - at
        across = torch.arange(frames * height * width)
        time = (across // (height * width) * apart).long()
        parts.append(torch.stack([time, across // width % height, across % width]) + place)
        place += max(height, width)
        at = start + len(across)
    parts.append((torch.arange(len(ids) - at) + place).expand(3, -1))
    return torch.cat(parts, dim=1)


def _grids(media: Sequence[Pixels], merged: int, rate: float | None) -> Iterator[tuple[int, int, int, float]]:
    """(frames, height, width, positions between frames) of each unbroken run of tokens, in tokens."""
    for pixels in media:
        name = "video_grid_thw" if "video_grid_thw" in pixels else "image_grid_thw"
        frames, height, width = pixels[name][0].tolist()
        size = height // merged, width // merged
        if "second_per_grid_ts" in pixels:
            if rate is None:
                raise ValueError("positions of a video in a pack need the model's tokens_per_second, and got none")
            yield frames, *size, rate * float(pixels["second_per_grid_ts"])
        else:  # Qwen3-VL writes the time before each temporal patch
            for _ in range(frames):
                yield 1, *size, 0.0


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
    videos=Videos(_write_video, _prepare_video, token="video_token_id"),
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
        "{% elif content['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
        "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
        "{% endfor %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
)
