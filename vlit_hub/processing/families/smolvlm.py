"""SmolVLM and Idefics3: a picture is rows and columns of tiles, each named in the text, and the whole of it last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import chain
from math import ceil
from typing import Any

from transformers.models.idefics3.image_processing_idefics3 import (
    MAX_IMAGE_SIZE,
    _resize_output_size_rescale_to_max_len,
    _resize_output_size_scale_below_upper_bound,
)
from transformers.models.smolvlm.processing_smolvlm import (
    DEFAULT_MEDIA_OUTTRO,
    DEFAULT_VIDEO_INTRO,
    FRAME_TIMESTAMP_MESSAGE,
)

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


def _sides(native: Any) -> tuple[int, int]:
    """(pixels a side of a tile, pixels of the longest edge) of the native setting."""
    images = native.image_processor
    if not images.do_resize or not images.size["longest_edge"]:
        raise FamilyError("SmolVLM and Idefics3 resize to a longest edge: set do_resize and size = {'longest_edge': n}")
    return images.max_image_size["longest_edge"], images.size["longest_edge"]


def _resize(native: Any, size: Size, budget: int | None) -> Size:
    """Whole tiles, each side a multiple of one."""
    tile, longest = _sides(native)
    if not native.image_processor.do_image_splitting:
        return tile, tile
    longest = longest if budget is None else min(longest, budget * tile)
    height, width = _resize_output_size_rescale_to_max_len(size[1], size[0], max_len=longest)
    most: Any = MAX_IMAGE_SIZE  # a number, whatever its annotation says
    height, width = _resize_output_size_scale_below_upper_bound(height, width, max_len=most)
    aspect = width / height
    if width >= height:
        width = ceil(width / tile) * tile
        height = ceil(int(width / aspect) / tile) * tile
    else:
        height = ceil(height / tile) * tile
        width = ceil(int(height * aspect) / tile) * tile
    return width, height


def _write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    tile = _sides(native)[0]
    shown = [_resize(native, size, budget) for size in sizes]
    return [_picture(native, height // tile, width // tile) for width, height in shown]


def _picture(native: Any, rows: int, columns: int) -> Picture:
    fake, image = native.fake_image_token, native.image_token
    last = f"{fake}{_global(native)}{image}{fake}"
    tokens = native.image_seq_len
    if rows * columns == 1:
        return Picture(last, (tokens,))
    lines = ["".join(f"{fake}<row_{r}_col_{c}>{image}" for c in range(1, columns + 1)) for r in range(1, rows + 1)]
    return Picture("".join(f"{line}\n" for line in lines) + f"\n{last}", (tokens,) * (rows * columns + 1))


def _global(native: Any) -> str:
    """What Idefics3 calls its tag, SmolVLM calls its token."""
    return native.global_image_tag if type(native).__name__ == "Idefics3Processor" else native.global_image_token


def _lower_budgets(native: Any) -> tuple[int, ...]:
    tile, longest = _sides(native)
    return halves(ceil(longest / tile), 1) if native.image_processor.do_image_splitting else ()


def _pixel_settings(native: Any, budget: int) -> dict[str, Any]:
    tile, longest = _sides(native)
    return {"size": {"longest_edge": min(longest, budget * tile)}}


def _prepare(native: Any, pictures: Sequence[Any], count: int, settings: dict[str, Any]) -> list[Pixels]:
    """Tiles (tiles, 1, 3, height, width) of each picture; the native batch pads every picture to the most tiles."""
    out = native.image_processor(
        images=[[picture] for picture in pictures], return_row_col_info=True, return_tensors="pt", **settings
    )
    grids = zip(chain(*out["rows"]), chain(*out["cols"]), strict=True)
    tiles = [rows * columns + 1 for rows, columns in grids]
    names = ("pixel_values", "pixel_attention_mask")
    return [{key: out[key][i, :n, None] for key in names if key in out} for i, n in enumerate(tiles)]


def _write_video(native: Any, clip: Clip) -> Picture:
    """Frames by minute and second, one tile each."""
    from num2words import num2words

    count, lasts = len(clip.times), timedelta(seconds=int(clip.duration))
    text = DEFAULT_VIDEO_INTRO.format(frame_count=num2words(count), video_duration=str(lasts))
    for time in clip.times:
        at = f"{int(time // 60):02d}:{int(time % 60):02d}"
        text += FRAME_TIMESTAMP_MESSAGE.format(timestamp=at) + _picture(native, 1, 1).text
    return Picture(text + DEFAULT_MEDIA_OUTTRO, (native.image_seq_len,) * count)


def _prepare_video(native: Any, clip: Clip, frames: Sequence[Any]) -> Pixels:
    """Frames (frames, 1, 3, height, width), as tiles are."""
    made = frames_of(native, frames)
    return {name: made[name][0][:, None] for name in ("pixel_values", "pixel_attention_mask") if name in made}


FAMILY = Family(
    name="smolvlm",
    model_types=("smolvlm", "idefics3"),
    processors=("SmolVLMProcessor", "Idefics3Processor"),
    dialect="float",
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
        "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}"
        "{% if message['content'][0]['type'] == 'image' %}{{ ':' }}{% else %}{{ ': ' }}{% endif %}"
        "{% for line in message['content'] %}"
        "{% if line['type'] == 'text' %}{{ line['text'] }}{% elif line['type'] == 'image' %}{{ '<image>' }}"
        "{% elif line['type'] == 'video' %}{{ '<video>' }}{% endif %}"
        "{% endfor %}<end_of_utterance>\n{% endfor %}"
        "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
    ),
)
