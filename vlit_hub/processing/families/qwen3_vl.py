"""Qwen3-VL: pictures as Qwen2.5-VL's, of its own patch size; boxes in thousandths; videos with their times in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vlit_hub.processing.families import qwen2_5_vl as qwen
from vlit_hub.processing.families.base import Family, Picture, Pixels, Videos, frames_of
from vlit_hub.video import Clip


def _write_video(native: Any, clip: Clip) -> Picture:
    """Before each temporal patch the mean time of its first and last frame, as in ``Qwen3VLProcessor``."""
    together, runs = native.video_processor.temporal_patch_size, qwen.patches(native, clip)
    times = [*clip.times, *clip.times[-1:] * (-len(clip.times) % together)]
    shown = f"{native.vision_start_token}{native.video_token}{native.vision_end_token}"
    means = [(times[i] + times[i + together - 1]) / 2 for i in range(0, len(times), together)]
    return Picture("".join(f"<{time:.1f} seconds>{shown}" for time in means), tuple(runs))


def _prepare_video(native: Any, clip: Clip, frames: Sequence[Any]) -> Pixels:
    return frames_of(native, frames)


FAMILY = Family(
    name="qwen3_vl",
    model_types=("qwen3_vl",),
    processors=("Qwen3VLProcessor",),
    dialect="qwen3-json",
    resize=qwen.resize,
    write=qwen.write,
    lower_budgets=qwen.lower_budgets,
    pixel_settings=qwen.pixel_settings,
    prepare=qwen.prepare,
    videos=Videos(_write_video, _prepare_video, token="video_token_id", least=2),
    positions=qwen.positions,
    packs=True,
    shares_pictures=True,
    varlen=False,
    logits_to_keep=True,
    template=(
        "{% for message in messages %}"
        "<|im_start|>{{ message['role'] }}\n"
        "{% for content in message['content'] %}"
        "{% if content['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
        "{% elif content['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
        "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
        "{% endfor %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
)
