"""The demo's start: a tokenizer trained on its texts, LLaVA's own processor classes, a small LLaVA from a config file.

LLaVA starts from a pretrained picture encoder (CLIP) and a pretrained language model. Neither can be had offline. The
language model starts from random weights and learns in both stages; `encoder.py` makes up for CLIP.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessor,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from vlit_hub.demo.encoder import Encoder, pretrain
from vlit_hub.demo.scenes import Scene

PAD, BOS, END, USER, ASSISTANT, IMAGE = SPECIAL = ("<pad>", "<s>", "<end>", "<user>", "<assistant>", "<image>")
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<' + message['role'] + '>' }}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ part['text'] + eos_token }}{% endgeneration %}"
    "{% else %}{{ part['text'] + eos_token }}{% endif %}{% endif %}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)
# The scenes' light grey becomes 0, so that what stands out of an empty cell is its object. With CLIP's own mean the
# background outweighs every object, and after 500 steps the captions were still those of no picture at all.
IMAGE_MEAN = (0.96, 0.96, 0.96)
IMAGE_STD = (1.0, 1.0, 1.0)


def build_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE over `texts` (decoding gives back every text exactly) of at most `vocab_size` tokens."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT, IMAGE],
        extra_special_tokens={"image_token": IMAGE},
        chat_template=TEMPLATE,
        model_input_names=["input_ids", "attention_mask"],
    )


def build_processor(tokenizer: PreTrainedTokenizerFast, config: LlavaConfig) -> LlavaProcessor:
    """LLaVA's processor over pictures of the config's size; a picture is (image_size / patch_size) ** 2 tokens."""
    vision: Any = config.vision_config
    side = vision.image_size
    pictures = CLIPImageProcessor(
        size={"shortest_edge": side},
        crop_size={"height": side, "width": side},
        image_mean=list(IMAGE_MEAN),
        image_std=list(IMAGE_STD),
    )
    return LlavaProcessor(
        image_processor=pictures,
        tokenizer=tokenizer,
        patch_size=vision.patch_size,
        vision_feature_select_strategy=config.vision_feature_select_strategy,
        num_additional_image_tokens=1,
        image_token=IMAGE,
        chat_template=TEMPLATE,
    )


def build_model(config: LlavaConfig, seed: int = 0) -> LlavaForConditionalGeneration:
    """Random float32 weights, the same for the same seed."""
    torch.manual_seed(seed)
    return LlavaForConditionalGeneration(config)


def write_start(
    config_file: Path, texts: Iterable[str], items: Iterable[Scene], out: Path, steps: int = 400, seed: int = 0
) -> Encoder:
    """Write the model that tuning starts from, with its processor, to `out`, as `from_pretrained` loads them.

    `texts`: for the tokenizer. `items`: training scenes for the encoder, `steps` steps of it (about 20 CPU seconds for
    400); 0 leaves it random.
    """
    config = LlavaConfig.from_pretrained(config_file)
    text: Any = config.text_config
    tokenizer = build_tokenizer(texts, text.vocab_size)
    if tokenizer.convert_tokens_to_ids(IMAGE) != config.image_token_id:
        raise ValueError(f"{config_file}: image_token_index must be {tokenizer.convert_tokens_to_ids(IMAGE)}")
    processor, model = build_processor(tokenizer, config), build_model(config, seed)
    encoder = pretrain(model, processor.image_processor, list(items), steps=steps, seed=seed)
    model.save_pretrained(out)
    processor.save_pretrained(out)
    return encoder
