"""Idefics in small: ViT, resampler of four latents, gated cross-attention before every layer of a Llama."""

from __future__ import annotations

import torch
from transformers import (
    AddedToken,
    IdeficsConfig,
    IdeficsForVisionText2Text,
    IdeficsImageProcessor,
    IdeficsProcessor,
    LlamaTokenizer,
)

from tests.tiny.words import ids, llama_bpe

STOP = "<end_of_utterance>"
_ADDED = ("<fake_token_around_image>", "<image>", STOP)


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, seed: int = 0
) -> tuple[IdeficsForVisionText2Text, IdeficsProcessor]:
    """A picture is 28 x 28 pixels and one token. Gates are open, or no picture would count before training."""
    vocab, merges = llama_bpe(corpus)
    tokenizer = LlamaTokenizer(vocab=dict(vocab), merges=list(merges), pad_token="<pad>", add_bos_token=True)
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in _ADDED])
    processor = IdeficsProcessor(IdeficsImageProcessor(image_size=28), tokenizer, image_size=28)
    layers = dict(intermediate_size=2 * hidden, num_hidden_layers=2, num_attention_heads=2)
    config = IdeficsConfig(
        **layers,
        hidden_size=hidden,
        vocab_size=len(tokenizer) - len(_ADDED),
        additional_vocab_size=len(_ADDED),
        max_position_embeddings=4096,
        use_resampler=True,
        qk_layer_norms=True,
        alpha_initializer="ones",
        freeze_text_layers=False,
        freeze_vision_layers=False,
        vision_config=dict(**layers, embed_dim=hidden, image_size=28, patch_size=14),
        perceiver_config=dict(
            use_resampler=True, resampler_n_latents=4, resampler_depth=1, resampler_n_heads=2, resampler_head_dim=16
        ),
        **ids(tokenizer),
    )
    torch.manual_seed(seed)
    return IdeficsForVisionText2Text(config).eval(), processor
