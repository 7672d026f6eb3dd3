"""Gemma 3: one square of a fixed number of tokens a picture; with pan and scan, crops of it after the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from vlit_hub.processing.families import blocks
from vlit_hub.processing.families.base import Family, FamilyError, Picture, Pixels, Size, stretched, tiles

if TYPE_CHECKING:
    import PIL.Image


def _adapt(native: Any) -> None:
    # Its image_token is the one that opens a picture, for which the processor writes a whole sequence.
    native.image_token_id = native.tokenizer.image_token_id


def _crops(native: Any, size: Size) -> int:
    """How many crops pan and scan cuts out of a picture of this size, by its own rule."""
    images = native.image_processor
    return len(
        images.pan_and_scan_batched(
            torch.empty(1).expand(1, 1, size[1], size[0]),
            images.pan_and_scan_min_crop_size,
            images.pan_and_scan_max_num_crops,
            images.pan_and_scan_min_ratio_to_activate,
        )
    )


def _write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    pans = native.image_processor.do_pan_and_scan and budget is None
    token, count = native.tokenizer.image_token, native.image_seq_length
    written = []
    for size in sizes:
        crops = _crops(native, size) if pans else 0
        text = native.replace_image_token({"num_crops": [crops]}, 0)
        written.append(Picture(text.replace(token * count, token), (count,) * (1 + crops)))
    return written


def _prepare(native: Any, pictures: Sequence[PIL.Image.Image], count: int, settings: dict[str, Any]) -> list[Pixels]:
    made = [native.image_processor(images=[picture], return_tensors="pt", **settings) for picture in pictures]
    return [{"pixel_values": out["pixel_values"]} for out in made]


def _packed(native: Any, batch: Any, rows: blocks.Rows, window: int | None) -> dict[str, Any]:
    """Masks of both kinds of its layers: a picture's tokens see each other, beyond that nobody sees what comes."""
    if window is None:
        raise FamilyError("packs of Gemma 3 need the sliding window of its text model: give the collator `window`")
    ids = batch["input_ids"]
    pictures = ids == native.image_token_id
    starts = pictures & ~F.pad(pictures, (1, 0))[:, :-1]
    within = blocks.same(starts.cumsum(1)) & pictures[:, :, None] & pictures[:, None, :]
    longest = ids.shape[1]
    full = (blocks.before(longest) | within) & blocks.same(blocks.numbers(rows, longest))
    sliding = full & blocks.near(longest, window)
    return {"attention_mask": {"full_attention": full[:, None], "sliding_attention": sliding[:, None]}}


FAMILY = Family(
    name="gemma3",
    model_types=("gemma3",),
    processors=("Gemma3Processor",),
    dialect="float",
    resize=stretched,
    write=_write,
    lower_budgets=lambda native: (1,) if native.image_processor.do_pan_and_scan else (),
    pixel_settings=lambda native, budget: {"do_pan_and_scan": False},
    prepare=_prepare,
    adapt=_adapt,
    token_types="token_type_ids",
    packs=True,
    entries=tiles,
    packed=_packed,
    shares_pictures=True,
    logits_to_keep=True,
    template=(
        "{{ bos_token }}{% set ns = namespace(prefix='') %}"
        "{% if messages[0]['role'] == 'system' %}"
        "{% for content in messages[0]['content'] %}{% set ns.prefix = ns.prefix + content['text'] %}{% endfor %}"
        "{% set ns.prefix = ns.prefix + '\n\n' %}{% set messages = messages[1:] %}{% endif %}"
        "{% for message in messages %}"
        "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('roles must alternate: user, assistant, user, ...') }}{% endif %}"
        "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else 'user') + '\n' }}"
        "{{ ns.prefix if loop.first else '' }}"
        "{% for content in message['content'] %}"
        "{% if content['type'] == 'image' %}{{ '<start_of_image>' }}{% else %}{{ content['text'] | trim }}{% endif %}"
        "{% endfor %}{{ '<end_of_turn>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
    ),
)
