"""BLIP-2 with a decoder-only language model (OPT): one picture is the queries of the Q-Former, before all text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from vlit_hub.processing.families import blocks
from vlit_hub.processing.families.base import Family, Picture, Says, Size, same_picture_token, stretched


def adapt(native: Any) -> None:
    """Blip2Processor keeps its picture token as an AddedToken, and no id."""
    native.image_token = str(native.image_token)
    native.image_token_id = native.tokenizer.convert_tokens_to_ids(native.image_token)


def write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    """One token a query."""
    return [Picture(str(native.image_token), (native.num_query_tokens,))] * len(sizes)


def pair(native: Any, config: Any) -> str:
    """Encoder-decoder language models read the answer elsewhere than the question."""
    if config.is_encoder_decoder:
        return f"{config.text_config.model_type} is an encoder-decoder; take a checkpoint with OPT, Llama or Vicuna"
    if native.num_query_tokens != config.num_query_tokens:
        return f"the processor writes {native.num_query_tokens} queries, the model has {config.num_query_tokens}"
    return same_picture_token(native, config)


def blank(native: Any) -> Tensor:
    """A black picture (1, 3, height, width) for a batch without any: the model takes none without pixels, and leaves
    the features of a picture that has no tokens out."""
    width, height = stretched(native, (1, 1), None)
    return torch.zeros(1, 3, height, width)


def _extras(native: Any, batch: dict[str, Tensor], rows: Sequence[Any]) -> dict[str, Tensor]:
    return {} if any(row.pictures for row in rows) else {"pixel_values": blank(native)}


def packed_with(extras: Callable[[Any, Any, Sequence[Any]], dict[str, Tensor]]) -> Callable[..., dict[str, Any]]:
    """Masks of blocks, as the model puts one of ones where it gets none; and the ``extras`` of any batch."""

    def packed(native: Any, batch: Any, rows: blocks.Rows, window: int | None) -> dict[str, Any]:
        mask = blocks.causal(rows, batch["input_ids"].shape[1])
        return {"attention_mask": mask, **extras(native, batch, [sample for row in rows for sample in row])}

    return packed


FAMILY = Family(
    name="blip2",
    model_types=("blip-2",),
    processors=("Blip2Processor",),
    dialect="float",
    resize=stretched,
    stretches=True,
    write=write,
    extras=_extras,
    adapt=adapt,
    says=Says(most_pictures=1, pictures_anywhere=False, system=False),
    pair=pair,
    picture_first=True,
    packs=True,
    packed=packed_with(_extras),
    shares_pictures=True,
    logits_to_keep=True,
    template=(
        "{% for message in messages %}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>' }}{% endfor %}"
        "{{ '' if loop.first else ' ' }}{{ 'Question: ' if message['role'] == 'user' else 'Answer: ' }}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
        "{{ content['text'] }}{% endfor %}"
        "{{ eos_token if message['role'] == 'assistant' else '' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ ' Answer:' }}{% endif %}"
    ),
)
"""Template: the question-answer form of BLIP-2 (arXiv 2301.12597, section 4.1), several rounds one after another."""
