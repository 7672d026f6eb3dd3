"""Gemma 3 in small: SigLIP tower, pooled projector, sliding and full attention."""

from __future__ import annotations

import torch
from transformers import (
    AddedToken,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3ImageProcessor,
    Gemma3Processor,
    Gemma3TextConfig,
    GemmaTokenizer,
    SiglipVisionConfig,
)

from tests.tiny.llava_onevision import REGIONS
from tests.tiny.words import gemma_bpe, ids

__all__ = ["REGIONS", "STOP", "TEMPLATE", "build"]
STOP = "<end_of_turn>"
TEMPLATE = (
    "{{ bos_token }}"
    "{%- if messages[0]['role'] == 'system' -%}"
    "{%- set first_user_prefix = messages[0]['content'][0]['text'] + '\n\n' -%}"
    "{%- set loop_messages = messages[1:] -%}"
    "{%- else -%}{%- set first_user_prefix = '' -%}{%- set loop_messages = messages -%}{%- endif -%}"
    "{%- for message in loop_messages -%}"
    "{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{%- endif -%}"
    "{%- if message['role'] == 'assistant' -%}{%- set role = 'model' -%}"
    "{%- else -%}{%- set role = message['role'] -%}{%- endif -%}"
    "{{ '<start_of_turn>' + role + '\n' + (first_user_prefix if loop.first else '') }}"
    "{%- for item in message['content'] -%}"
    "{%- if item['type'] == 'image' -%}{{ '<start_of_image>' }}"
    "{%- elif item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}{%- endfor -%}"
    "{{ '<end_of_turn>\n' }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}"
)
"""gemma-3-it's template (content as a list)."""


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, seed: int = 0
) -> tuple[Gemma3ForConditionalGeneration, Gemma3Processor]:
    """A picture is 56 x 56 pixels and four tokens; sliding layers see eight positions back."""
    vocab, merges = gemma_bpe(corpus)
    pictures = {
        "image_token": "<image_soft_token>",
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
    }
    tokenizer = GemmaTokenizer(vocab=dict(vocab), merges=list(merges), extra_special_tokens=pictures)
    tokenizer.add_tokens([AddedToken(t, special=True, normalized=False) for t in ("<start_of_turn>", STOP)])
    tokenizer.add_tokens([AddedToken("\n" * count, normalized=False) for count in (1, 2, 3)])
    processor = Gemma3Processor(
        image_processor=Gemma3ImageProcessor(size={"height": 56, "width": 56}),
        tokenizer=tokenizer,
        image_seq_length=4,
        chat_template=TEMPLATE,
    )
    layers = dict(hidden_size=hidden, intermediate_size=2 * hidden, num_attention_heads=2)
    config = Gemma3Config(
        vision_config=SiglipVisionConfig(
            **layers, num_hidden_layers=2, image_size=56, patch_size=14, vision_use_head=False
        ),
        text_config=Gemma3TextConfig(
            **layers,
            vocab_size=len(tokenizer),
            num_hidden_layers=3,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            sliding_window=8,
            num_key_value_heads=1,
            head_dim=16,
            max_position_embeddings=4096,
            **ids(tokenizer),
        ),
        mm_tokens_per_image=4,
        boi_token_index=tokenizer.boi_token_id,
        eoi_token_index=tokenizer.eoi_token_id,
        image_token_index=tokenizer.image_token_id,
    )
    torch.manual_seed(seed)
    return Gemma3ForConditionalGeneration(config).eval(), processor
