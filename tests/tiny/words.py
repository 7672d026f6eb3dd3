"""Tokenizers trained on the spot with the real classes' own rules.

Llama: metaspace and byte fallback; Qwen2: NFC and byte level; Gemma: no pre-tokens; GPT-2, XLM-R, BERT: so boundaries,
spaces and emoji behave as in the released checkpoints.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

CORPUS = [
    "What is in the picture? How many red circles are there? Is there a blue square to the left of the dog?",
    "USER: ASSISTANT: user assistant system You are a helpful assistant. Describe the image in detail.",
    "The picture shows a man riding a brown horse on the beach, with two small boats in the background.",
    "There are three green triangles in the top right cell. Yes, it is. No, there is not. Yes No one two three four",
    "Answer the question using a single word or phrase. What colour is the car? Which shape is in the centre?",
    '{"bbox_2d": [12, 34, 56, 78], "label": "cat"} [0.123, 0.456, 0.789, 1.000] 0 1 2 3 4 5 6 7 8 9',
    " ".join(map(chr, range(33, 127))),
]


@cache
def llama_bpe(corpus: tuple[str, ...]) -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first")
    special = ["<unk>", "<s>", "</s>", "<pad>", *(f"<0x{byte:02X}>" for byte in range(256))]
    return _train(tokenizer, corpus, trainers.BpeTrainer(vocab_size=900, special_tokens=special, show_progress=False))


@cache
def byte_bpe(corpus: tuple[str, ...]) -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return _train(
        tokenizer,
        corpus,
        trainers.BpeTrainer(
            vocab_size=900, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"], show_progress=False
        ),
    )


@cache
def gemma_bpe(corpus: tuple[str, ...]) -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")  # only while it learns: words, not lines
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))]
    return _train(tokenizer, corpus, trainers.BpeTrainer(vocab_size=900, special_tokens=special, show_progress=False))


@cache
def gpt2_bpe(corpus: tuple[str, ...]) -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet, special = pre_tokenizers.ByteLevel.alphabet(), ["<s>", "<pad>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=900, initial_alphabet=alphabet, special_tokens=special, show_progress=False
    )
    return _train(tokenizer, corpus, trainer)


@cache
def unigram(corpus: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=500, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator([*CORPUS, *corpus], trainer)
    return tuple((piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"])


@cache
def wordpiece(corpus: tuple[str, ...]) -> dict[str, int]:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=500, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([*CORPUS, *corpus], trainer)
    return json.loads(tokenizer.to_str())["model"]["vocab"]


def _train(
    tokenizer: Tokenizer, corpus: tuple[str, ...], trainer: trainers.BpeTrainer
) -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    tokenizer.train_from_iterator([*CORPUS, *corpus], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], tuple(tuple(pair) for pair in model["merges"])


def ids(tokenizer: Any) -> dict[str, int]:
    return {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
