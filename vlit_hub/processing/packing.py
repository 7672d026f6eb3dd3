"""Several samples in one sequence, none of which sees another.

transformers cuts a sequence where its position ids start again, and only if there is no attention mask and no cache:
then sdpa gets a block-diagonal mask. Flash attention gets all packs as one row without padding and the ends of the
samples (``cu_seq_lens``). Packed logits are unpacked ones to 1e-4 in float32 (tests/processing/test_packing.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from vlit_hub.processing.families import Family, Pixels
from vlit_hub.processing.masking import IGNORED
from vlit_hub.processing.truncation import Encoded

Pack = list[tuple[Encoded, list[Pixels]]]
"""The samples of one pack with the pixels of their pictures."""


def pack(
    family: Family,
    native: Any,
    packs: Sequence[Pack],
    fill: int,
    *,
    attention: str = "sdpa",
    window: int | None = None,
    rate: float | None = None,
) -> dict[str, Any]:
    """``input_ids, labels`` (packs, longest) and ``position_ids``, padded on the right with ``fill``; ``use_cache``.

    ``position_ids`` are (packs, longest), or (4, packs, longest) where the family has positions of its own: those of
    the text, then those. Padding is a sub-sequence too. The first token of a sample is never a target. Flash
    ``attention``: all packs in one row, with the arguments of flash attention where the family's model takes them.
    Families with masks of their own have ``attention_mask`` besides (families/blocks.py); ``window`` is the sliding
    window of their language model. ``rate``: positions a second of video (families/base.py ``positions``).
    """
    varlen = attention.startswith("flash_attention")
    if family.packed is not None and attention not in ("sdpa", "eager"):
        raise ValueError(
            f"packs of family {family.name} have a mask of their own, which {attention} takes none of: "
            "set attn_implementation to sdpa"
        )
    if varlen:
        packs = [[sample for one in packs for sample in one]]
    lengths = [[encoded.length for encoded, _ in one] for one in packs]
    longest = max(map(sum, lengths))
    rows = [_row(family, native, one, longest, fill, rate) for one in packs]
    ids, labels, positions = (torch.stack(column, dim=-2) for column in zip(*rows, strict=True))
    out: dict[str, Any] = {"input_ids": ids, "labels": labels, "position_ids": positions, "use_cache": False}
    if family.packed is not None:
        out |= family.packed(native, out, [[encoded for encoded, _ in one] for one in packs], window)
        if attention == "eager":
            out["attention_mask"] = added(out["attention_mask"])
    return out | (flash_arguments(lengths[0]) if varlen and family.varlen else {})


def added(mask: Any) -> Any:
    """A mask that says where attention goes, or several by name, as eager attention adds it."""
    if isinstance(mask, dict):
        return {name: added(one) for name, one in mask.items()}
    return torch.zeros(mask.shape).masked_fill(~mask, torch.finfo(torch.float32).min)


def _row(
    family: Family, native: Any, one: Pack, longest: int, fill: int, rate: float | None
) -> tuple[Tensor, Tensor, Tensor]:
    ids: list[int] = []
    labels: list[int] = []
    positions = []
    for encoded, pictures in one:
        ids += encoded.input_ids
        labels += [IGNORED, *encoded.labels[1:]]
        positions.append(_positions(family, native, encoded.input_ids, pictures, rate))
    if rest := longest - len(ids):
        positions.append(_positions(family, native, [fill] * rest, [], rate))
        ids, labels = ids + [fill] * rest, labels + [IGNORED] * rest
    return torch.tensor(ids), torch.tensor(labels), torch.cat(positions, dim=-1)


def _positions(
    family: Family, native: Any, ids: Sequence[int], pictures: Sequence[Pixels], rate: float | None
) -> Tensor:
    """Of one sample: (length,), or (rows, length)."""
    text = torch.arange(len(ids))
    if family.positions is None:
        return text
    return torch.cat([text[None], family.positions(native, ids, pictures, rate)])


def flash_arguments(lengths: Sequence[int]) -> dict[str, Any]:
    """What flash attention takes of the ``lengths`` of the samples in one row: ends (samples + 1,) int32, and most."""
    ends = torch.tensor([0, *accumulate(lengths)], dtype=torch.int32)
    longest = max(lengths)
    return {"cu_seq_lens_q": ends, "cu_seq_lens_k": ends, "max_length_q": longest, "max_length_k": longest}
