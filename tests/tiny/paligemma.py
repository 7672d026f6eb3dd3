"""PaliGemma in small: SigLIP tower, linear projector, Gemma."""

from __future__ import annotations

import torch
from transformers import (
    AddedToken,
    Gemma2Config,
    GemmaConfig,
    GemmaTokenizer,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PaliGemmaProcessor,
    SiglipImageProcessor,
    SiglipVisionConfig,
)

from tests.tiny.words import gemma_bpe, ids

STOP = "<eos>"
_DIALOGUES = ("turns", "pictures", "untrained", "again", "regions")
REFUSES = {**dict.fromkeys(_DIALOGUES, "several_turns"), "system": "system"}


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, second: bool = False, seed: int = 0
) -> tuple[PaliGemmaForConditionalGeneration, PaliGemmaProcessor]:
    """A picture is 28 x 28 pixels and four tokens. ``second``: PaliGemma 2, whose Gemma 2 has sliding layers."""
    vocab, merges = gemma_bpe(corpus)
    tokenizer = GemmaTokenizer(vocab=dict(vocab), merges=list(merges))
    tokenizer.add_tokens([AddedToken("\n" * count, normalized=False) for count in (1, 2, 3)])
    images = SiglipImageProcessor(size={"height": 28, "width": 28})
    images.image_seq_length = 4
    processor = PaliGemmaProcessor(image_processor=images, tokenizer=tokenizer)
    layers = dict(hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=2, num_attention_heads=2)
    text = dict(
        **layers,
        vocab_size=len(tokenizer),
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=4096,
        **ids(tokenizer),
    )
    config = PaliGemmaConfig(
        vision_config=SiglipVisionConfig(**layers, image_size=28, patch_size=14, vision_use_head=False),
        text_config=Gemma2Config(**text, sliding_window=64) if second else GemmaConfig(**text),
        image_token_index=processor.image_token_id,
        projection_dim=hidden,
        hidden_size=hidden,
    )
    torch.manual_seed(seed)
    return PaliGemmaForConditionalGeneration(config).eval(), processor
