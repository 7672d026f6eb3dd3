"""A tiny random LLaVA for shards of your own: ``python -m vlit_hub.demo.tiny SHARDS OUT``. For trying the line out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from transformers import LlavaConfig

from vlit_hub import schema
from vlit_hub.demo.model import build_model, build_processor, build_tokenizer
from vlit_hub.demo.run import RECIPES
from vlit_hub.shards import Store


def write_tiny(shards: Path, out: Path, vocab_size: int = 4096, seed: int = 0) -> None:
    """Write the demo's LLaVA with random weights and a tokenizer of ``vocab_size`` trained on their texts."""
    store = Store(shards)
    texts = (part.text for row in range(len(store)) for part in schema.parts(store[row]) if part.text)
    config = LlavaConfig.from_pretrained(RECIPES / "tiny_llava.json")
    text: Any = config.text_config
    text.vocab_size, text.max_position_embeddings = vocab_size, 2048
    build_model(config, seed).save_pretrained(out)
    build_processor(build_tokenizer(texts, vocab_size), config).save_pretrained(out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m vlit_hub.demo.tiny SHARDS OUT")
    write_tiny(Path(sys.argv[1]), Path(sys.argv[2]))
