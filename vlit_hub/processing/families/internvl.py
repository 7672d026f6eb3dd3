"""InternVL: a picture is stretched onto the grid of tiles nearest to its shape, a thumbnail comes last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers.models.got_ocr2.image_processing_got_ocr2 import get_optimal_tiled_canvas

from vlit_hub.processing.families.base import (
    Family,
    FamilyError,
    Picture,
    Pixels,
    Size,
    Videos,
    frames_of,
    halves,
    tiles,
)
from vlit_hub.video import Clip


def _tiles(native: Any) -> tuple[int, int]:
    """(least, most) tiles of a picture, the thumbnail not counted; the processor's word goes before its images'."""
    images = native.image_processor
    settings = native.images_kwargs
    if not settings.get("crop_to_patches", images.crop_to_patches):
        return 1, 1
    return settings.get("min_patches", images.min_patches), settings.get("max_patches", images.max_patches)


def _grid(native: Any, size: Size, budget: int | None) -> tuple[int, int]:
    """(columns, rows)."""
    least, most = _tiles(native)
    most = most if budget is None else min(most, budget)
    images = native.image_processor
    if not images.do_resize:
        raise FamilyError("InternVL needs tiles of one size: set do_resize")
    return get_optimal_tiled_canvas(
        (size[1], size[0]), (images.size["height"], images.size["width"]), min(least, most), most
    )


def _resize(native: Any, size: Size, budget: int | None) -> Size:
    columns, rows = _grid(native, size, budget)
    tile = native.image_processor.size
    return columns * tile["width"], rows * tile["height"]


def _write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    grids = [_grid(native, size, budget) for size in sizes]
    text = f"{native.start_image_token}{native.image_token}{native.end_image_token}"
    tiles = [columns * rows + (columns * rows > 1) for columns, rows in grids]
    return [Picture(text, (native.image_seq_length * count,)) for count in tiles]


def _lower_budgets(native: Any) -> tuple[int, ...]:
    return halves(_tiles(native)[1], 1)


def _pixel_settings(native: Any, budget: int) -> dict[str, Any]:
    least, most = _tiles(native)
    return {"min_patches": min(least, budget), "max_patches": min(most, budget)}


def _prepare(native: Any, pictures: Sequence[Any], count: int, settings: dict[str, Any]) -> list[Pixels]:
    """Tiles, cut where the pictures end."""
    out = native.image_processor(images=list(pictures), return_tensors="pt", **{**native.images_kwargs, **settings})
    return [{"pixel_values": tiles} for tiles in out["pixel_values"].split(list(map(int, out["num_patches"])))]


def _write_video(native: Any, clip: Clip) -> Picture:
    """Frames by number, one tile each."""
    shown = f"{native.start_image_token}{native.image_token}{native.end_image_token}"
    count = len(clip.times)
    return Picture("\n".join(f"Frame{i + 1}: {shown}" for i in range(count)), (native.image_seq_length,) * count)


def _prepare_video(native: Any, clip: Clip, frames: Sequence[Any]) -> Pixels:
    return {"pixel_values": frames_of(native, frames)["pixel_values_videos"][0]}


FAMILY = Family(
    name="internvl",
    model_types=("internvl",),
    processors=("InternVLProcessor",),
    dialect="refbox",
    resize=_resize,
    write=_write,
    lower_budgets=_lower_budgets,
    pixel_settings=_pixel_settings,
    prepare=_prepare,
    videos=Videos(_write_video, _prepare_video),
    packs=True,
    shares_pictures=True,
    entries=tiles,
    logits_to_keep=True,
    template=(
        "{% for message in messages %}"
        "{{ '<|im_start|>' + message['role'] + '\n' }}"
        "{% for content in message['content'] %}"
        "{% if content['type'] == 'image' %}{{ '<IMG_CONTEXT>\n' }}"
        "{% elif content['type'] == 'video' %}{{ '<video>\n' }}"
        "{% elif content['type'] == 'text' %}{{ content['text'] }}{% endif %}"
        "{% endfor %}{{ '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
)
