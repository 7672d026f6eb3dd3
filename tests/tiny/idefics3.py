"""Idefics3 in small: what SmolVLM was made from, in the same family."""

from __future__ import annotations

import torch
from transformers import (
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessor,
    Idefics3Processor,
    Idefics3VisionConfig,
)

from tests.tiny.smolvlm import REGIONS, STOP, TEMPLATE, parts, sides, tokenizer_of

__all__ = ["REGIONS", "STOP", "TEMPLATE", "build"]


def build(
    corpus: tuple[str, ...] = (), *, hidden: int = 32, seed: int = 0
) -> tuple[Idefics3ForConditionalGeneration, Idefics3Processor]:
    """As tests.tiny.smolvlm."""
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessor(**sides()),
        tokenizer=tokenizer_of(corpus),
        image_seq_len=4,
        chat_template=TEMPLATE,
    )
    config = Idefics3Config(**parts(processor, Idefics3VisionConfig, hidden))
    torch.manual_seed(seed)
    return Idefics3ForConditionalGeneration(config).eval(), processor
