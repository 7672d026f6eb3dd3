"""Qwen2.5-VL in small: window-attention tower, merger, mRoPE."""

from __future__ import annotations

import torch
from transformers import (
    AddedToken,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2Tokenizer,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from tests.tiny.words import byte_bpe, ids

REGIONS = [
    'At {"bbox_2d": [56, 67, 280, 202], "label": "this"} place.',
    '{"bbox_2d": [56, 67, 280, 202], "label": "that"}',
]
"""640 x 400 is 560 x 336 after the resize to at most 256 tokens of 28 x 28."""
STOP = "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n"
    "{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif content['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Qwen2.5-VL's template."""
SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, max_pixels: int = 28 * 28 * 256, seed: int = 0
) -> tuple[Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor]:
    """One token is 28 x 28 pixels after the resize."""
    processor = _processor(corpus, max_pixels)
    tokenizer = processor.tokenizer
    vision = dict(
        depth=2,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_heads=2,
        out_hidden_size=hidden,
        fullatt_block_indexes=[1],
    )
    text = dict(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 1e6,
            "mrope_section": [hidden // 16, hidden // 16, hidden // 8],
        },
        **ids(tokenizer),
    )
    tokens = {
        "image_token_id": "<|image_pad|>",
        "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>",
        "vision_end_token_id": "<|vision_end|>",
    }
    config = Qwen2_5_VLConfig(
        vision_config=vision,
        text_config=text,
        **{name: tokenizer.convert_tokens_to_ids(token) for name, token in tokens.items()},
    )
    torch.manual_seed(seed)
    return Qwen2_5_VLForConditionalGeneration(config).eval(), processor


def _processor(corpus: tuple[str, ...], max_pixels: int) -> Qwen2_5_VLProcessor:
    vocab, merges = byte_bpe(corpus)
    tokenizer = Qwen2Tokenizer(
        vocab=dict(vocab), merges=list(merges), eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    size = {"shortest_edge": 28 * 28, "longest_edge": max_pixels}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=TEMPLATE,
    )
