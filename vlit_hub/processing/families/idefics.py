"""Idefics, the open Flamingo: a picture is one token, and its features are read by cross-attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.models.idefics.processing_idefics import IMAGE_TOKEN

from vlit_hub.processing.families import blocks
from vlit_hub.processing.families.base import Family, FamilyError, Picture, Pixels, Size, stretched

if TYPE_CHECKING:
    import PIL.Image

STOP = "<end_of_utterance>"


def _adapt(native: Any) -> None:
    native.image_token = IMAGE_TOKEN
    if STOP in native.chat_template and STOP not in native.tokenizer.get_vocab():
        raise FamilyError(
            f"this Idefics has no {STOP}: take an -instruct checkpoint, or add the token to tokenizer and model "
            "(after an end of text Idefics reads no picture)"
        )


def _write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    return [Picture(IMAGE_TOKEN, (1,))] * len(sizes)


def _prepare(native: Any, pictures: Sequence[PIL.Image.Image], count: int, settings: dict[str, Any]) -> list[Pixels]:
    made = native.image_processor(images=list(pictures), return_tensors="pt")
    return [{"pixel_values": picture} for picture in made]


def _gather(samples: Sequence[Sequence[Pixels]]) -> Pixels:
    """(samples, most pictures, 3, height, width), black where a sample has fewer."""
    shape = next(part["pixel_values"].shape for pictures in samples for part in pictures)
    out = torch.zeros(len(samples), max(map(len, samples)), *shape)
    for row, pictures in enumerate(samples):
        for column, part in enumerate(pictures):
            out[row, column] = part["pixel_values"]
    return {"pixel_values": out}


def _extras(native: Any, batch: dict[str, Tensor], rows: Sequence[Any]) -> dict[str, Tensor]:
    """Which picture each position reads: the last one before it, none before the first and after an end of text."""
    most = max(len(row.picture_tokens) for row in rows)
    shape = len(rows), batch["input_ids"].shape[1]
    if not most:
        width, height = stretched(native, (1, 1), None)
        blank = torch.zeros(len(rows), 1, 3, height, width)
        return {"pixel_values": blank, "image_attention_mask": torch.zeros(*shape, 1, dtype=torch.long)}
    return {"image_attention_mask": _reads(native, batch["input_ids"], torch.zeros(shape, dtype=torch.long), most)}


def _reads(native: Any, ids: Tensor, starts: Tensor, most: int) -> Tensor:
    """(rows, length, pictures): which picture a position reads; ``starts`` are those of its sample."""
    pictures, places = ids == native.image_token_id, torch.arange(ids.shape[1])
    last = torch.where(pictures, places, -1).cummax(1).values
    ended = F.pad(torch.where(ids == native.tokenizer.eos_token_id, places, -1), (1, -1), value=-1).cummax(1).values
    read = F.one_hot((pictures.cumsum(1) - 1).clamp(min=0), most)
    return read * ((last > ended) & (last >= starts))[..., None]


def _packed(native: Any, batch: Any, rows: blocks.Rows, window: int | None) -> dict[str, Any]:
    """Blocks for the text, and of pictures the last one before in the same sample; blanks where there is none."""
    ids = batch["input_ids"]
    most = max(1, int((ids == native.image_token_id).sum(1).max()))
    starts = torch.arange(ids.shape[1]) - batch["position_ids"]
    width, height = stretched(native, (1, 1), None)
    return {
        "attention_mask": blocks.causal(rows, ids.shape[1]),
        "image_attention_mask": _reads(native, ids, starts, most),
        "pixel_values": torch.zeros(len(ids), most, 3, height, width),
    }


def _pair(native: Any, config: Any) -> str:
    rows = config.vocab_size + config.additional_vocab_size
    return "" if native.image_token_id < rows else f"the picture token is {native.image_token_id}, the model has {rows}"


FAMILY = Family(
    name="idefics",
    model_types=("idefics",),
    processors=("IdeficsProcessor",),
    dialect="float",
    resize=stretched,
    write=_write,
    prepare=_prepare,
    gather=_gather,
    extras=_extras,
    adapt=_adapt,
    pair=_pair,
    packs=True,
    packed=_packed,
    pictures_by_row=True,
    why_not="no picture is shared: the model takes the pixels of a row by themselves",
    logits_to_keep=True,
    template=(
        "{{ bos_token }}{% for message in messages %}"
        "{% if not loop.first %}{{ '\n' }}{% endif %}{{ message['role'].capitalize() + ':' }}"
        "{% set ns = namespace(picture=false) %}"
        "{% for content in message['content'] %}{% if content['type'] == 'image' %}"
        "{{ ('' if ns.picture else '<fake_token_around_image>') + '<image><fake_token_around_image>' }}"
        "{% set ns.picture = true %}"
        "{% else %}{{ '' if ns.picture else ' ' }}{{ content['text'] | trim }}{% set ns.picture = false %}"
        "{% endif %}{% endfor %}{{ '<end_of_utterance>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '\nAssistant:' }}{% endif %}"
    ),
)
