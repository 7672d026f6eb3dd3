"""KOSMOS-2: one picture before all text, boxes as cells of a 32 x 32 grid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vlit_hub.processing.families.base import Family, Picture, Says, Size

_TAG = re.compile(r" ?(</?[a-z_]+(?:_\d{4})?/?>) ?")


def _adapt(native: Any) -> None:
    # The places of a picture have ids of ordinary words in the released processor; XLM-R's mask stands for them, which
    # nothing else here writes, until the batch is made.
    native.image_token, native.image_token_id = native.tokenizer.mask_token, native.tokenizer.mask_token_id


def _resize(native: Any, size: Size, budget: int | None) -> Size:
    images = native.image_processor
    target = images.crop_size if images.do_center_crop else images.size
    return target.width, target.height


def _write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    text = f"{native.boi_token}{native.tokenizer.mask_token}{native.eoi_token}"
    return [Picture(text, (native.num_image_tokens,))] * len(sizes)


def _extras(native: Any, batch: dict[str, Tensor], rows: Sequence[Any]) -> dict[str, Tensor]:
    """Where pictures stand, and the ids that the released processor has there.

    A batch without pictures gets no features instead of pixels: the model takes one or the other.
    """
    ids = batch["input_ids"].clone()
    places = ids == native.image_token_id
    first = native.first_image_token_id or native.tokenizer.unk_token_id + 1
    ids[places] = (first + torch.arange(native.num_image_tokens)).repeat(int(places.sum()) // native.num_image_tokens)
    out = {"input_ids": ids, "image_embeds_position_mask": places.long()}
    return out if places.any() else {**out, "image_embeds": torch.zeros(0, 1, 1)}


def _pair(native: Any, config: Any) -> str:
    ours, theirs = native.num_image_tokens, config.latent_query_num
    return "" if ours == theirs else f"the processor gives a picture {ours} places, the model {theirs}"


def _gives_back(decoded: str, answer: str) -> bool:
    """The tokenizer strips white space before tags and adds some behind them."""
    return _TAG.sub(r"\1", decoded).strip() == _TAG.sub(r"\1", answer).strip()


FAMILY = Family(
    name="kosmos2",
    model_types=("kosmos-2",),
    processors=("Kosmos2Processor",),
    dialect="kosmos2",
    resize=_resize,
    write=_write,
    extras=_extras,
    adapt=_adapt,
    placeholder="boi_token",
    generate={"use_cache": False},  # with a cache it counts the padding before a prompt as places
    says=Says(most_pictures=1, pictures_anywhere=False, system=False),
    gives_back=_gives_back,
    pair=_pair,
    why_not="its decoder takes no mask of blocks and makes its features where no other batch can reuse them",
    logits_to_keep=True,
    template=(
        "{{ bos_token }}{% for message in messages %}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>' }}{% endfor %}"
        "{{ ' Question: ' if message['role'] == 'user' else ' Answer: ' }}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
        "{{ content['text'] }}{% endfor %}"
        "{{ eos_token if message['role'] == 'assistant' else '' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ ' Answer:' }}{% endif %}"
    ),
)
"""Template: the model card's form for questions, several rounds one after another."""
