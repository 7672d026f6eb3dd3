"""Tiny random models of real architectures with their native processors, built offline; for tests only.

Tokenizers are trained on the spot with the real classes' own rules (Llama: metaspace and byte fallback; Qwen2: NFC and
byte level), so boundaries, spaces and emoji behave as in the released checkpoints.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
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
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2Tokenizer,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

CORPUS = [
    "What is in the picture? How many red circles are there? Is there a blue square to the left of the dog?",
    "USER: ASSISTANT: user assistant system You are a helpful assistant. Describe the image in detail.",
    "The picture shows a man riding a brown horse on the beach, with two small boats in the background.",
    "There are three green triangles in the top right cell. Yes, it is. No, there is not. Yes No one two three four",
    "Answer the question using a single word or phrase. What colour is the car? Which shape is in the centre?",
    '{"bbox_2d": [12, 34, 56, 78], "label": "cat"} [0.123, 0.456, 0.789, 1.000] 0 1 2 3 4 5 6 7 8 9',
    " ".join(map(chr, range(33, 127))),
]

LLAVA_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] != 'system' %}{{ message['role'].upper() + ': ' }}{% endif %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ content['text'] + eos_token }}{% endgeneration %}"
    "{% else %}{{ content['text'] + ' ' }}{% endif %}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
"""llava-1.5-hf's template, with the end-of-turn token that LLaVA was trained with and the released one leaves out."""

QWEN_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n"
    "{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Qwen2.5-VL's template (pictures only)."""

_QWEN_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)


def tiny_llava(
    corpus: tuple[str, ...] = (),
    *,
    image_size: int = 28,
    patch_size: int = 14,
    hidden: int = 32,
    pads: bool = True,
    seed: int = 0,
) -> tuple[LlavaForConditionalGeneration, LlavaProcessor]:
    """LLaVA-1.5 in small: CLIP tower, two-layer projector, Llama. A picture is (image_size / patch_size)^2 tokens.

    ``corpus``: more text for the tokenizer to learn its words from. ``pads``: pictures are padded to a square, as
    LLaVA-1.5 was trained; else cropped, as its released CLIP processor does.
    """
    processor = _llava_processor(corpus, image_size, patch_size, pads)
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
        **_ids(tokenizer),
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=processor.image_token_id,
        image_seq_length=(image_size // patch_size) ** 2,
    )
    torch.manual_seed(seed)
    return LlavaForConditionalGeneration(config).eval(), processor


def _llava_processor(corpus: tuple[str, ...], image_size: int, patch_size: int, pads: bool) -> LlavaProcessor:
    vocab, merges = _llama_bpe(corpus)
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
        chat_template=LLAVA_TEMPLATE,
    )


def tiny_qwen25_vl(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, max_pixels: int = 28 * 28 * 256, seed: int = 0
) -> tuple[Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor]:
    """Qwen2.5-VL in small: window-attention tower, merger, mRoPE. One token is 28 x 28 pixels after the resize."""
    processor = _qwen_processor(corpus, max_pixels)
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
        **_ids(tokenizer),
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


def _qwen_processor(corpus: tuple[str, ...], max_pixels: int) -> Qwen2_5_VLProcessor:
    vocab, merges = _qwen_bpe(corpus)
    tokenizer = Qwen2Tokenizer(
        vocab=dict(vocab), merges=list(merges), eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in _QWEN_SPECIAL])
    size = {"shortest_edge": 28 * 28, "longest_edge": max_pixels}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=QWEN_TEMPLATE,
    )


@cache
def _llama_bpe(corpus: tuple[str, ...]) -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first")
    special = ["<unk>", "<s>", "</s>", "<pad>", *(f"<0x{byte:02X}>" for byte in range(256))]
    return _train(tokenizer, corpus, trainers.BpeTrainer(vocab_size=900, special_tokens=special, show_progress=False))


@cache
def _qwen_bpe(corpus: tuple[str, ...]) -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return _train(
        tokenizer,
        corpus,
        trainers.BpeTrainer(
            vocab_size=900, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"], show_progress=False
        ),
    )


def _train(
    tokenizer: Tokenizer, corpus: tuple[str, ...], trainer: trainers.BpeTrainer
) -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    tokenizer.train_from_iterator([*CORPUS, *corpus], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], tuple(tuple(pair) for pair in model["merges"])


def _ids(tokenizer: Any) -> dict[str, int]:
    return {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
