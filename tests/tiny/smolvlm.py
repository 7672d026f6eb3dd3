"""SmolVLM2 in small: SigLIP-like tower, pixel shuffle, Llama; tiles named in the text."""

from __future__ import annotations

import torch
from transformers import (
    AddedToken,
    LlamaConfig,
    Qwen2Tokenizer,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessor,
    SmolVLMProcessor,
    SmolVLMVideoProcessor,
    SmolVLMVisionConfig,
)

from tests.tiny.words import byte_bpe, ids

REGIONS = ["At this [0.100, 0.200, 0.500, 0.600] place.", "that [0.100, 0.200, 0.500, 0.600]"]
STOP = "<end_of_utterance>"
TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% elif line['type'] == 'video' %}{{ '<video>' }}{% endif %}"
    "{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
SIDE = 28
SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<end_of_utterance>",
    "<fake_token_around_image>",
    "<image>",
    "<global-img>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
)


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, seed: int = 0
) -> tuple[SmolVLMForConditionalGeneration, SmolVLMProcessor]:
    """A tile is 28 x 28 pixels: 4 x 4 patches, 4 tokens after the shuffle of 2 x 2; the longest edge has 4 tiles."""
    processor = SmolVLMProcessor(
        image_processor=SmolVLMImageProcessor(**sides()),
        tokenizer=tokenizer_of(corpus),
        video_processor=SmolVLMVideoProcessor(
            size={"longest_edge": SIDE},
            max_image_size={"longest_edge": SIDE},
            fps=1,
            num_frames=8,
            do_sample_frames=False,
        ),
        image_seq_len=4,
        chat_template=TEMPLATE,
    )
    config = SmolVLMConfig(**parts(processor, SmolVLMVisionConfig, hidden))
    torch.manual_seed(seed)
    return SmolVLMForConditionalGeneration(config).eval(), processor


def sides() -> dict:
    """Of the tiles and of the longest edge."""
    return {"size": {"longest_edge": 4 * SIDE}, "max_image_size": {"longest_edge": SIDE}}


def tokenizer_of(corpus: tuple[str, ...]) -> Qwen2Tokenizer:
    """Byte-level as SmolLM2's and Llama 3's."""
    vocab, merges = byte_bpe(corpus)
    tokenizer = Qwen2Tokenizer(
        vocab=dict(vocab), merges=list(merges), eos_token=STOP, pad_token="<|im_end|>", bos_token="<|im_start|>"
    )
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return tokenizer


def parts(processor, vision_config, hidden: int) -> dict:
    """The configuration of either model."""
    tokenizer = processor.tokenizer
    return dict(
        vision_config=vision_config(
            hidden_size=hidden,
            intermediate_size=2 * hidden,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=SIDE,
            patch_size=7,
        ),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=hidden,
            intermediate_size=2 * hidden,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=4096,
            **ids(tokenizer),
        ),
        scale_factor=2,
        image_token_id=processor.image_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
