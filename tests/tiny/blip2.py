"""BLIP-2 in small: ViT, Q-Former of four queries, OPT."""

from __future__ import annotations

import torch
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessor,
    GPT2Tokenizer,
    OPTConfig,
)

from tests.tiny.words import gpt2_bpe, ids

STOP = "</s>"
REFUSES = {"pictures": "several_pictures", "system": "system"}


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, seed: int = 0
) -> tuple[Blip2ForConditionalGeneration, Blip2Processor]:
    """A picture is 28 x 28 pixels and four tokens. OPT begins and ends a text by the same token."""
    vocab, merges = gpt2_bpe(corpus)
    ends = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "</s>")
    tokenizer = GPT2Tokenizer(vocab=dict(vocab), merges=list(merges), **ends, pad_token="<pad>", add_bos_token=True)
    images = BlipImageProcessor(size={"height": 28, "width": 28})
    processor = Blip2Processor(image_processor=images, tokenizer=tokenizer, num_query_tokens=4)
    layers = dict(hidden_size=hidden, num_hidden_layers=2, num_attention_heads=2)
    config = Blip2Config(
        vision_config=Blip2VisionConfig(
            **layers, intermediate_size=2 * hidden, image_size=28, patch_size=14, initializer_range=0.1
        ).to_dict(),
        qformer_config=Blip2QFormerConfig(
            **layers, intermediate_size=2 * hidden, encoder_hidden_size=hidden, vocab_size=100
        ).to_dict(),
        text_config=OPTConfig(
            **layers,
            ffn_dim=2 * hidden,
            word_embed_proj_dim=hidden,
            vocab_size=len(tokenizer),
            max_position_embeddings=4096,
            **ids(tokenizer),
        ).to_dict(),
        num_query_tokens=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    torch.manual_seed(seed)
    model = Blip2ForConditionalGeneration(config).eval()
    # transformers begins them at zero, where LayerNorm multiplies gradients by a million; a released model's are not.
    torch.nn.init.normal_(model.query_tokens, std=0.02)
    return model, processor
