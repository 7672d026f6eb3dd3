"""InstructBLIP in small: ViT, Q-Former that reads the instruction by BERT's words, Llama."""

from __future__ import annotations

import torch
from transformers import (
    BertTokenizer,
    BlipImageProcessor,
    InstructBlipConfig,
    InstructBlipForConditionalGeneration,
    InstructBlipProcessor,
    InstructBlipQFormerConfig,
    InstructBlipVisionConfig,
    LlamaConfig,
    LlamaTokenizer,
)

from tests.tiny.words import ids, llama_bpe, wordpiece

STOP = "</s>"
_DIALOGUES = ("turns", "pictures", "untrained", "again", "regions")
REFUSES = {**dict.fromkeys(_DIALOGUES, "several_turns"), "system": "system"}


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, seed: int = 0
) -> tuple[InstructBlipForConditionalGeneration, InstructBlipProcessor]:
    """A picture is 28 x 28 pixels and four tokens."""
    vocab, merges = llama_bpe(corpus)
    tokenizer = LlamaTokenizer(vocab=dict(vocab), merges=list(merges), pad_token="<pad>", add_bos_token=True)
    words = BertTokenizer(vocab=dict(wordpiece(corpus)))
    words.add_special_tokens({"bos_token": "[DEC]"})
    images = BlipImageProcessor(size={"height": 28, "width": 28})
    processor = InstructBlipProcessor(
        image_processor=images, tokenizer=tokenizer, qformer_tokenizer=words, num_query_tokens=4
    )
    layers = dict(hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=2, num_attention_heads=2)
    config = InstructBlipConfig(
        vision_config=InstructBlipVisionConfig(**layers, image_size=28, patch_size=14, initializer_range=0.1).to_dict(),
        qformer_config=InstructBlipQFormerConfig(**layers, encoder_hidden_size=hidden, vocab_size=len(words)).to_dict(),
        text_config=LlamaConfig(
            **layers,
            vocab_size=len(tokenizer),
            num_key_value_heads=2,
            max_position_embeddings=4096,
            **ids(tokenizer),
        ).to_dict(),
        num_query_tokens=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    torch.manual_seed(seed)
    model = InstructBlipForConditionalGeneration(config).eval()
    # transformers begins them at zero, where LayerNorm multiplies gradients by a million; a released model's are not.
    torch.nn.init.normal_(model.query_tokens, std=0.02)
    return model, processor
