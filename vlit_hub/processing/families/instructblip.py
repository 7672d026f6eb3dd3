"""InstructBLIP with Vicuna: as BLIP-2, and the Q-Former reads the instruction by a tokenizer of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from vlit_hub.processing.families.base import Family, Says, stretched
from vlit_hub.processing.families.blip2 import adapt, blank, packed_with, pair, write

MOST = 512
"""Tokens of an instruction that the Q-Former reads: the positions of its BERT. What is beyond, it does not see."""


def _extras(native: Any, batch: dict[str, Tensor], rows: Sequence[Any]) -> dict[str, Tensor]:
    """The instruction of each picture, tokenised for the Q-Former."""
    texts = [_instruction(native, row) for row in rows if row.pictures]
    tokens = native.qformer_tokenizer(
        texts or [""], padding=True, truncation=True, max_length=MOST, return_token_type_ids=False, return_tensors="pt"
    )
    out = {f"qformer_{key}": value for key, value in tokens.items()}
    return out if texts else {**out, "pixel_values": blank(native)}


def _instruction(native: Any, row: Any) -> str:
    end = row.turns[0].start if row.turns else len(row.input_ids)
    kept = [token for token in row.input_ids[:end] if token != native.image_token_id]
    return native.tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False).strip()


FAMILY = Family(
    name="instructblip",
    model_types=("instructblip",),
    processors=("InstructBlipProcessor",),
    dialect="float",
    resize=stretched,
    write=write,
    extras=_extras,
    adapt=adapt,
    says=Says(most_pictures=1, pictures_anywhere=False, several_turns=False, system=False),
    pair=pair,
    picture_first=True,
    packs=True,
    packed=packed_with(_extras),
    why_not="no picture is shared: its features depend on the instruction",
    logits_to_keep=True,
    template=(
        "{% for message in messages %}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>' }}{% endfor %}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
        "{% if message['role'] == 'assistant' %}{{ ' ' + (content['text'] | trim) + eos_token }}"
        "{% else %}{{ content['text'] | trim }}{% endif %}{% endfor %}{% endfor %}"
    ),
)
