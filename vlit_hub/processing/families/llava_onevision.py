"""LLaVA-OneVision: one picture of a sample is tiled (anyres), several are one padded square each."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, isqrt
from typing import Any

import torch
from transformers.image_processing_utils import select_best_resolution

from vlit_hub.processing.families.base import (
    Family,
    FamilyError,
    Picture,
    Pixels,
    Size,
    Videos,
    Window,
    frames_of,
    halves,
    whole,
)
from vlit_hub.regions.geometry import square_padding
from vlit_hub.video import Clip


def _tile(native: Any) -> int:
    size = native.image_processor.size
    if not size["height"] or size["height"] != size["width"]:
        raise FamilyError("LLaVA-OneVision needs square tiles: set size = {'height': n, 'width': n}")
    return size["height"]


def lowered(native: Any, size: Size, budget: int | None) -> Size:
    """The stored size, or what a budget makes of it: at most ``budget`` tiles on its longest edge.

    The grids of tiles are the model's own, so it is the picture that is made smaller.
    """
    if budget is None or max(size) <= budget * _tile(native):
        return size
    scale = budget * _tile(native) / max(size)
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def _resize(native: Any, size: Size, budget: int | None) -> Size:
    """Of a picture that is alone in its sample: on the grid that suits it, without the padding."""
    width, height = lowered(native, size, budget)
    best = _grid(native, (width, height))
    scale = min(best[0] / width, best[1] / height)
    return min(ceil(width * scale), best[0]), min(ceil(height * scale), best[1])


def _grid(native: Any, size: Size) -> Size:
    """Whole tiles that suit a picture; raises ValueError for one so narrow that it would vanish."""
    best = select_best_resolution((size[1], size[0]), native.image_processor.image_grid_pinpoints)
    if best is None:
        raise ValueError(f"a picture of {size[0]}x{size[1]} is too narrow for any grid of tiles")
    return best[1], best[0]


def _window(native: Any, size: Size, count: int) -> Window:
    if count == 1:
        return whole(native, size, count)
    left, top, side = square_padding(size)
    return -left, -top, side - left, side - top


def _write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    tile = _tile(native)
    less = native.vision_feature_select_strategy == "default"
    if len(sizes) != 1:
        return [Picture(native.image_token, (native.num_image_tokens + 1 - less,))] * len(sizes)
    width, height = lowered(native, sizes[0], budget)
    _grid(native, (width, height))
    features = native._get_number_of_features(height, width, tile, tile)
    return [Picture(native.image_token, (features - less,))]


def _lower_budgets(native: Any) -> tuple[int, ...]:
    longest = max(map(max, native.image_processor.image_grid_pinpoints))
    return halves(longest // _tile(native), 1)


def _pixel_settings(native: Any, budget: int) -> dict[str, Any]:
    return {"budget": budget}


def _prepare(native: Any, pictures: Sequence[Any], count: int, settings: dict[str, Any]) -> list[Pixels]:
    budget = settings.get("budget")
    if count == 1 and budget is not None:
        sizes = [lowered(native, picture.size, budget) for picture in pictures]
        pictures = [p.convert("RGB").resize(size) for p, size in zip(pictures, sizes, strict=True)]
    grouped = list(pictures) if count == 1 else [list(pictures) * (2 if len(pictures) == 1 else 1)]
    out = native.image_processor(images=grouped, return_tensors="pt")
    made = []
    for i in range(len(pictures)):
        height, width = out["image_sizes"][i].tolist()
        tiles = _tiles(native, (width, height)) if count == 1 else 1
        made.append({"pixel_values": out["pixel_values"][i, :tiles], "image_sizes": out["image_sizes"][i : i + 1]})
    return made


def _tiles(native: Any, size: Size) -> int:
    """Tiles of a picture, the whole of it included."""
    width, height = _grid(native, size)
    return (width // _tile(native)) * (height // _tile(native)) + 1


def _write_video(native: Any, clip: Clip) -> Picture:
    """Each frame one square, its patches pooled by two each way, and one token that ends the video."""
    side = ceil(isqrt(native.num_image_tokens) / 2)
    return Picture(native.video_token, (len(clip.times) * side * side + 1,))


def _prepare_video(native: Any, clip: Clip, frames: Sequence[Any]) -> Pixels:
    return {"pixel_values_videos": frames_of(native, frames)["pixel_values_videos"]}


def _gather(samples: Sequence[Sequence[Pixels]]) -> Pixels:
    """Tiles of pictures and frames of videos, each one after another; ``batch_num_images`` tells the model which
    pictures are alone in their sample."""
    videos = [part["pixel_values_videos"] for media in samples for part in media if "pixel_values_videos" in part]
    shown = {"pixel_values_videos": torch.cat(videos)} if videos else {}
    pictures = [[part for part in media if "pixel_values" in part] for media in samples]
    return {**(_pictures(pictures) if any(pictures) else {}), **shown}


def _pictures(samples: Sequence[Sequence[Pixels]]) -> Pixels:
    parts = [part for pictures in samples for part in pictures]
    most = max(len(part["pixel_values"]) for part in parts)
    padded = [torch.nn.functional.pad(p["pixel_values"], (0,) * 7 + (most - len(p["pixel_values"]),)) for p in parts]
    return {
        "pixel_values": torch.stack(padded),
        "image_sizes": torch.cat([part["image_sizes"] for part in parts]),
        "batch_num_images": torch.tensor([len(pictures) for pictures in samples if pictures]),
    }


_RELEASED = "message['role'] + ' '"
_ROLE = "message['role'] + (' ' if message['role'] != 'assistant' else '')"
"""The released template opens a reply by "assistant " and a line in a dialogue, without the space for generation; the
model was trained without (LLaVA-NeXT, conversation qwen_1_5)."""

FAMILY = Family(
    name="llava_onevision",
    model_types=("llava_onevision",),
    processors=("LlavaOnevisionProcessor",),
    dialect="float",
    resize=_resize,
    write=_write,
    window=_window,
    lower_budgets=_lower_budgets,
    pixel_settings=_pixel_settings,
    prepare=_prepare,
    gather=_gather,
    videos=Videos(_write_video, _prepare_video, token="video_token_id", exact=True),
    packs=True,
    why_not="the model tells pictures that are alone in their sample from others by counts per sample: it takes all",
    logits_to_keep=True,
    mends={_RELEASED: _ROLE},
    template=(
        "{% for message in messages %}{{'<|im_start|>' + " + _ROLE + "}}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>' }}{% endfor %}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'video') %}{{ '<video>' }}{% endfor %}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
        "{{ '\n' + content['text'] }}{% endfor %}{{'<|im_end|>'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
)
