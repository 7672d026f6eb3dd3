"""KOSMOS-2 in small: CLIP tower, 64 latent queries, its own decoder with sinusoidal places."""

from __future__ import annotations

import torch
from transformers import (
    CLIPImageProcessor,
    Kosmos2Config,
    Kosmos2ForConditionalGeneration,
    Kosmos2Processor,
    XLMRobertaTokenizer,
)

from tests.tiny.words import unigram

STOP = "</s>"
_LOSES = ("turns", "unicode", "code")
REFUSES = {**dict.fromkeys(_LOSES, "lost_text"), "pictures": "several_pictures", "system": "system"}


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, seed: int = 0
) -> tuple[Kosmos2ForConditionalGeneration, Kosmos2Processor]:
    """A picture is 28 x 28 pixels and 64 tokens: the native class saves no other number."""
    tokenizer = XLMRobertaTokenizer(vocab=list(unigram(corpus)))
    images = CLIPImageProcessor(size={"height": 28, "width": 28}, do_center_crop=False)
    processor = Kosmos2Processor(images, tokenizer, 1024)
    config = Kosmos2Config(
        vision_config=dict(
            hidden_size=hidden,
            intermediate_size=2 * hidden,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=28,
            patch_size=14,
        ),
        text_config=dict(
            vocab_size=len(tokenizer),
            embed_dim=hidden,
            ffn_dim=2 * hidden,
            layers=2,
            attention_heads=2,
            max_position_embeddings=4096,
        ),
    )
    torch.manual_seed(seed)
    return Kosmos2ForConditionalGeneration(config).eval(), processor
