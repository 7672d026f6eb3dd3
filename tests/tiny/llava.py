"""LLaVA-1.5 in small: CLIP tower, two-layer projector, Llama."""

from __future__ import annotations

import torch
from transformers import (
    AddedToken,
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaTokenizer,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaImageProcessor,
    LlavaProcessor,
)

from tests.tiny.words import ids, llama_bpe

REGIONS = ["At this [0.100, 0.312, 0.500, 0.562] place.", "that [0.100, 0.312, 0.500, 0.562]"]
STOP = "</s>"
TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] != 'system' %}{{ message['role'].upper() + ': ' }}{% endif %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ content['text'] + eos_token }}{% endgeneration %}"
    "{% else %}{{ content['text'] + ' ' }}{% endif %}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
"""llava-1.5-hf's template, with the end-of-turn token that LLaVA was trained with and the released one leaves out."""


def build(
    corpus: tuple[str, ...] = (),
    *,
    image_size: int = 28,
    patch_size: int = 14,
    hidden: int = 32,
    pads: bool = True,
    seed: int = 0,
) -> tuple[LlavaForConditionalGeneration, LlavaProcessor]:
    """A picture is (image_size / patch_size)^2 tokens.

    ``corpus``: more text for the tokenizer to learn its words from. ``pads``: pictures are padded to a square, as
    LLaVA-1.5 was trained; else cropped, as its released CLIP processor does.
    """
    processor = _processor(corpus, image_size, patch_size, pads)
    tokenizer = processor.tokenizer
    vision = CLIPVisionConfig(
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=image_size,
        patch_size=patch_size,
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        **ids(tokenizer),
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=processor.image_token_id,
        image_seq_length=(image_size // patch_size) ** 2,
    )
    torch.manual_seed(seed)
    return LlavaForConditionalGeneration(config).eval(), processor


def _processor(corpus: tuple[str, ...], image_size: int, patch_size: int, pads: bool) -> LlavaProcessor:
    vocab, merges = llama_bpe(corpus)
    tokenizer = LlamaTokenizer(vocab=dict(vocab), merges=list(merges), pad_token="<pad>", add_bos_token=True)
    tokenizer.add_tokens([AddedToken("<image>", special=True, normalized=False)])
    sizes = {"size": {"shortest_edge": image_size}, "crop_size": {"height": image_size, "width": image_size}}
    image_processor = LlavaImageProcessor(**sizes, do_pad=True) if pads else CLIPImageProcessor(**sizes)
    return LlavaProcessor(
        image_processor=image_processor,
        tokenizer=tokenizer,
        patch_size=patch_size,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
