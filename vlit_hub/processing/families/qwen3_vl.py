"""Qwen3-VL: pictures as Qwen2.5-VL's, of its own patch size; boxes in thousandths."""

from __future__ import annotations

from vlit_hub.processing.families import qwen2_5_vl as qwen
from vlit_hub.processing.families.base import Family

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
        "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
        "{% endfor %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
)
