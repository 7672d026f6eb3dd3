"""LLaVA-NeXT in small: CLIP tower, two-layer projector, Llama; tiles of 28 pixels."""

from __future__ import annotations

import torch
from transformers import (
    AddedToken,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaTokenizer,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextImageProcessor,
    LlavaNextProcessor,
)

from tests.tiny.llava import STOP, TEMPLATE
from tests.tiny.llava_onevision import REGIONS
from tests.tiny.words import ids, llama_bpe

GRIDS = [[28, 56], [56, 28], [56, 56], [84, 28], [28, 84]]
"""Those of the released checkpoints, in tiles."""

__all__ = ["REGIONS", "STOP", "TEMPLATE", "build"]


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, seed: int = 0
) -> tuple[LlavaNextForConditionalGeneration, LlavaNextProcessor]:
    """A tile is 2 x 2 tokens."""
    vocab, merges = llama_bpe(corpus)
    tokenizer = LlamaTokenizer(vocab=dict(vocab), merges=list(merges), pad_token="<pad>", add_bos_token=True)
    tokenizer.add_tokens([AddedToken("<image>", special=True, normalized=False)])
    processor = LlavaNextProcessor(
        image_processor=LlavaNextImageProcessor(
            size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}, image_grid_pinpoints=GRIDS
        ),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    layers = dict(hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=2, num_attention_heads=2)
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(**layers, image_size=28, patch_size=14),
        text_config=LlamaConfig(
            **layers,
            vocab_size=len(tokenizer),
            num_key_value_heads=2,
            max_position_embeddings=4096,
            **ids(tokenizer),
        ),
        image_token_index=processor.image_token_id,
        image_grid_pinpoints=GRIDS,
    )
    torch.manual_seed(seed)
    return LlavaNextForConditionalGeneration(config).eval(), processor
