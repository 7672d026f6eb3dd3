"""PaliGemma: pictures, a question that is read in both directions, one answer that is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from vlit_hub.processing.families import blocks
from vlit_hub.processing.families.base import Family, FamilyError, Picture, Says, Size, stretched
from vlit_hub.processing.masking import IGNORED


def _write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    return [Picture(native.image_token, (native.image_seq_length,))] * len(sizes)


def _extras(native: Any, batch: dict[str, Tensor], rows: Sequence[Any]) -> dict[str, Tensor]:
    """1 where attention is causal: the answer, which is all that is supervised."""
    return {"token_type_ids": (batch["labels"] != IGNORED).long()}


def _packed(native: Any, batch: Any, rows: blocks.Rows, window: int | None) -> dict[str, Any]:
    """Question and pictures see each other, the answer what is before it; positions count from 1.

    The model takes one mask for all its layers, so the sliding layers of PaliGemma 2 must reach over every sample.
    """
    if window is not None and (most := max(sample.length for row in rows for sample in row)) > window:
        raise FamilyError(f"a sample of {most} tokens in a pack: PaliGemma 2's sliding layers reach over {window}")
    asked = batch["labels"] == IGNORED
    longest = asked.shape[1]
    seen = blocks.before(longest) | (asked[:, :, None] & asked[:, None, :])
    mask = (seen & blocks.same(blocks.numbers(rows, longest)))[:, None]
    return {"attention_mask": mask, "position_ids": batch["position_ids"] + 1}


FAMILY = Family(
    name="paligemma",
    model_types=("paligemma",),
    processors=("PaliGemmaProcessor",),
    dialect="paligemma",
    resize=stretched,
    stretches=True,
    write=_write,
    extras=_extras,
    says=Says(several_turns=False, system=False),
    picture_first=True,
    packs=True,
    packed=_packed,
    shares_pictures=True,
    logits_to_keep=True,
    template=(
        "{% for message in messages %}"
        "{% if message['role'] == 'user' %}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>' }}{% endfor %}"
        "{{ bos_token }}"
        "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
        "{{ content['text'] }}{% endfor %}{{ '\n' }}"
        "{% else %}{% for content in message['content'] %}{{ (content['text'] | trim) + eos_token }}{% endfor %}"
        "{% endif %}{% endfor %}"
    ),
)
