"""InternVL3 in small: InternViT tower, pixel shuffle, Qwen2."""

from __future__ import annotations

import torch
from transformers import (
    AddedToken,
    GotOcr2ImageProcessor,
    InternVLConfig,
    InternVLForConditionalGeneration,
    InternVLProcessor,
    InternVLVideoProcessor,
    InternVLVisionConfig,
    Qwen2Config,
    Qwen2Tokenizer,
)

from tests.tiny.words import byte_bpe, ids

REGIONS = [
    "At <ref>this</ref><box>[[100, 200, 500, 600]]</box> place.",
    "<ref>that</ref><box>[[100, 200, 500, 600]]</box>",
]
STOP = "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n'}}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}{{ '<IMG_CONTEXT>\n' }}"
    "{% elif content['type'] == 'video' %}{{ '<video>\n' }}"
    "{% elif content['type'] == 'text' %}{{ content['text'] }}{% endif %}"
    "{% endfor %}{% endif %}{{'<|im_end|>\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{'<|im_start|>assistant\n' }}{% endif %}"
)
_NAMED = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": "<IMG_CONTEXT>",
    "video_token": "<video>",
}
_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", *_NAMED.values())


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, max_patches: int = 6, seed: int = 0
) -> tuple[InternVLForConditionalGeneration, InternVLProcessor]:
    """A tile is 28 x 28 pixels: 4 patches of 14, one token after the shuffle of 2 x 2."""
    processor = _processor(corpus, max_patches)
    tokenizer = processor.tokenizer
    vision = InternVLVisionConfig(
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=[28, 28],
        patch_size=[7, 7],
    )
    text = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        **ids(tokenizer),
    )
    config = InternVLConfig(
        vision_config=vision,
        text_config=text,
        image_token_id=processor.image_token_id,
        image_seq_length=processor.image_seq_length,
        tie_word_embeddings=False,
    )
    torch.manual_seed(seed)
    return InternVLForConditionalGeneration(config).eval(), processor


def _processor(corpus: tuple[str, ...], max_patches: int) -> InternVLProcessor:
    vocab, merges = byte_bpe(corpus)
    tokenizer = Qwen2Tokenizer(
        vocab=dict(vocab),
        merges=list(merges),
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=_NAMED,
    )
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in _SPECIAL])
    size = {"height": 28, "width": 28}
    return InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(size=size, crop_to_patches=False, max_patches=max_patches),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=size),
        image_seq_length=4,
        chat_template=TEMPLATE,
    )
