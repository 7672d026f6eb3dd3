"""Encoded samples and their pictures as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from vlit_hub.media import UnreadableMedia, image_size
from vlit_hub.processing.families import Family, Pixels, Size
from vlit_hub.processing.masking import IGNORED
from vlit_hub.processing.truncation import Encoded
from vlit_hub.schema import Blob, Sample
from vlit_hub.shards.decode import Decoded, decode


def picture_sizes(sample: Sample) -> dict[int, Size]:
    """Index into ``images`` -> (width, height), as recorded or from the header; unreadable ones are absent."""
    sizes = {m.index: (m.width, m.height) for m in sample.media if m.type == "image" and m.width and m.height}
    for index, blob in enumerate(sample.images):
        if index not in sizes and blob is not None and (blob.bytes is not None or blob.path):
            try:
                sizes[index] = image_size(blob.path if blob.bytes is None else bytes(blob.bytes))
            except UnreadableMedia:
                continue
    return sizes


def open_picture(sample: Sample, index: int, shown: Size | None = None) -> Decoded:
    """One picture as stored (its EXIF orientation is not applied: sizes and regions are those of the stored picture);
    an even fraction of it where it is ``shown`` small (decode.py).

    Raises UnreadableMedia naming the sample: for broken bytes, and for a size other than the recorded one, on which
    token counts rest.
    """
    where = f"{sample.dataset} {sample.id}: picture {index}"
    blob = sample.images[index]
    if blob is None or blob == Blob():
        raise UnreadableMedia(f"{where} is missing")
    try:
        found = decode(Path(blob.path).read_bytes() if blob.bytes is None else blob.bytes, shown)
    except OSError as error:
        raise UnreadableMedia(f"{where}: {error.strerror or error}") from None
    except UnreadableMedia as error:
        raise UnreadableMedia(f"{where} cannot be decoded: {error}") from None
    check_size(sample, index, found.size)
    return found


def check_size(sample: Sample, index: int, size: Size) -> None:
    """Raise UnreadableMedia where a picture is not of its recorded size, on which token counts rest."""
    recorded = next((m for m in sample.media if m.type == "image" and m.index == index), None)
    if recorded and recorded.width and recorded.height and size != (recorded.width, recorded.height):
        said = recorded.width, recorded.height
        raise UnreadableMedia(f"{sample.dataset} {sample.id}: picture {index} is {size}, recorded as {said}")


Shown = tuple[bytes | str, int | None, bool]
"""A distinct picture of a batch: its bytes or path, its budget, whether it is alone in its sample."""


class Gallery:
    """The pictures of one batch: each distinct one is decoded once and preprocessed once.

    ``fast``: where a family only stretches pictures, large JPEGs are decoded at an even fraction of their size that the
    native processor then resizes; never where that would change what stands for the picture in the sequence.
    """

    def __init__(self, family: Family, native: Any, fast: bool = False) -> None:
        self.family, self.native, self.fast = family, native, fast and family.stretches
        self._opened: dict[tuple[bytes | str, int | None], Decoded] = {}
        self._pixels: dict[Shown, Pixels] = {}

    def take(self, sample: Sample, encoded: Encoded) -> list[Shown]:
        """Open the kept pictures of a sample, in order; raises UnreadableMedia."""
        taken: list[Shown] = []
        for index in encoded.pictures:
            blob = sample.images[index]
            key: bytes | str = b"" if blob is None else blob.path if blob.bytes is None else bytes(blob.bytes)
            opened = key, encoded.budget if self.fast else None
            if opened in self._opened:
                check_size(sample, index, self._opened[opened].size)
            elif self.fast:
                self._opened[opened] = self._reduced(sample, index, encoded.budget)
            else:
                self._opened[opened] = open_picture(sample, index)
            taken.append((key, encoded.budget, len(encoded.pictures) == 1))
        return taken

    def _reduced(self, sample: Sample, index: int, budget: int | None) -> Decoded:
        size = picture_sizes(sample).get(index)
        if size is None:
            return open_picture(sample, index)  # which says why
        shown, before = self.family.resize(self.native, size, budget), self.family.write(self.native, [size], budget)
        found = open_picture(sample, index, shown)
        kept = found.image.size
        same = kept == found.size or (
            self.family.resize(self.native, kept, budget) == shown
            and self.family.write(self.native, [kept], budget) == before
        )
        return found if same else open_picture(sample, index)

    def prepare(self, taken: Sequence[Sequence[Shown]]) -> list[list[Pixels]]:
        """What the native image processor makes of each picture; those of one setting in one call."""
        groups: dict[tuple[int | None, bool], list[Shown]] = {}
        for shown in dict.fromkeys(shown for pictures in taken for shown in pictures):
            groups.setdefault(shown[1:], []).append(shown)
        for (budget, alone), group in groups.items():
            settings = {}
            if budget is not None and self.family.pixel_settings is not None:
                settings = self.family.pixel_settings(self.native, budget)
            pictures = [self._opened[key, budget if self.fast else None].image for key, *_ in group]
            made = self.family.prepare(self.native, pictures, 1 if alone else 2, settings)
            self._pixels |= dict(zip(group, made, strict=True))
        return [[self._pixels[shown] for shown in pictures] for pictures in taken]


def pixels(family: Family, native: Any, samples: Sequence[Sample], encoded: Sequence[Encoded]) -> list[list[Pixels]]:
    """What the native image processor makes of each kept picture of each sample, in order."""
    gallery = Gallery(family, native)
    return gallery.prepare([gallery.take(sample, one) for sample, one in zip(samples, encoded, strict=True)])


def join(family: Family, samples: Sequence[Sequence[Pixels]]) -> dict[str, Tensor]:
    """The pictures of several samples as the model takes them; empty without any."""
    return family.gather(samples) if any(samples) else {}


Side = Literal["left", "right"]


def pad_id(tokenizer: Any) -> int:
    """The token that fills a batch: the tokenizer's own for that, or the one that ends a text."""
    return tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id


def pad(family: Family, native: Any, encoded: Sequence[Encoded], side: Side = "right") -> dict[str, Tensor]:
    """``input_ids, attention_mask, labels``, each of shape (samples, longest), int64, padded on ``side``; and what else
    the family's model takes beside pixels."""
    batch = {
        "input_ids": rows([e.input_ids for e in encoded], pad_id(native.tokenizer), side),
        "attention_mask": rows([[1] * e.length for e in encoded], 0, side),
        "labels": rows([e.labels for e in encoded], IGNORED, side),
    }
    if native.return_mm_token_type_ids:
        kinds = native.create_mm_token_type_ids([e.input_ids for e in encoded])
        batch[family.token_types] = rows(kinds, 0, side)
    if family.extras is not None:
        batch |= family.extras(native, batch, encoded)
    return batch


def rows(values: Sequence[Sequence[int]], fill: int, side: Side) -> Tensor:
    """Rows of unequal length as one int64 tensor (rows, longest), filled up on ``side``."""
    longest = max(map(len, values), default=0)
    out = torch.full((len(values), longest), fill, dtype=torch.long)
    for number, row in enumerate(values):
        start = longest - len(row) if side == "left" else 0
        out[number, start : start + len(row)] = torch.tensor(row, dtype=torch.long)
    return out


def score_supervised_only(batch: dict[str, Any]) -> None:
    """Add ``logits_to_keep`` (samples, longest; bool) and ``shift_labels`` (supervised positions,) to a batch.

    The model then computes logits where the next token is supervised, and nowhere else: same loss and gradients.
    """
    shifted = torch.nn.functional.pad(batch["labels"], (0, 1), value=IGNORED)[:, 1:]
    batch["logits_to_keep"] = shifted != IGNORED
    batch["shift_labels"] = shifted[batch["logits_to_keep"]]
