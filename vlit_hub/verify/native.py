"""What transformers' own processor makes of pictures: the measure that a batch's pictures are held to.

A processor is asked as its users ask it, for a text that holds the pictures and nothing else. No family is known here
but those that want to be asked otherwise.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

WRITES_PICTURES = {"Blip2Processor", "InstructBlipProcessor", "Kosmos2Processor"}
"""Native processors that put their one picture before the text themselves."""
QUERIES = {"Blip2Processor", "InstructBlipProcessor"}
"""Native processors that keep their picture token as an AddedToken."""
INTERLEAVES = {"IdeficsProcessor"}
"""Native processors that take one list of texts and pictures."""
PLACES = "image_embeds_position_mask"
"""Where Kosmos-2 says that pictures stand: the ids there are those of words."""


@dataclass(frozen=True)
class Made:
    """Pictures of one sample, as the native processor makes them for the model."""

    runs: list[list[int]]
    """Of each picture the lengths of its runs of picture tokens: one run, or one a tile."""
    pixels: Mapping[str, Any]
    """Tensors by the names of the model's arguments."""

    @property
    def tokens(self) -> int:
        """Picture tokens of all pictures."""
        return sum(map(sum, self.runs))


def make(native: Any, pictures: Sequence[Any]) -> Made:
    """``pictures``: PIL pictures of one sample, in order."""
    kinds, stop = {cls.__name__ for cls in type(native).__mro__}, native.tokenizer.eos_token
    if kinds & QUERIES:
        native = _own_token(native)
    if kinds & INTERLEAVES:
        mixed = [piece for picture in pictures for piece in (picture, stop)]
        out = native(text=[mixed], return_tensors="pt")
    else:
        text = stop if kinds & WRITES_PICTURES else "".join(f"{native.image_token}{stop}" for _ in pictures)
        out = native(images=[list(pictures)], text=[text], return_tensors="pt")
    ids = out["input_ids"][0].tolist()
    shown = out[PLACES][0].tolist() if PLACES in out else [token == native.image_token_id for token in ids]
    return Made(_by_picture(ids, shown, native.tokenizer.eos_token_id), out)


def _own_token(native: Any) -> Any:
    """A copy whose picture token has the ``content`` that it reads, whatever ours made of it."""
    from tokenizers import AddedToken

    own = copy.copy(native)
    own.image_token = AddedToken(str(native.image_token), normalized=False, special=True)
    return own


def _by_picture(ids: list[int], shown: Sequence[Any], stop: int) -> list[list[int]]:
    """Runs of shown positions, cut into pictures where a run of others holds the ``stop`` token."""
    out: list[list[int]] = [[]]
    at = 0
    for is_shown, run in groupby(shown, bool):
        length = len(list(run))
        if is_shown:
            out[-1].append(length)
        elif out[-1] and stop in ids[at : at + length]:
            out.append([])
        at += length
    return [runs for runs in out if runs]


def views(pixels: Mapping[str, Any]) -> np.ndarray:
    """``pixel_values`` as (views, 3, height, width): pictures, or their tiles; not of Qwen's rows of patches."""
    values = pixels["pixel_values"].numpy()
    return values.reshape(-1, *values.shape[-3:])


def features(native: Any, pixels: Mapping[str, Any], made: Made) -> int:
    """Features that the model makes of ``pixels``: by their grids or sizes, or as many a view as in ``made``."""
    for name in ("image_grid_thw", "image_sizes"):
        if name in pixels:
            plain = {**pixels, name: pixels[name].tolist()} if name == "image_sizes" else pixels
            texts = [native.replace_image_token(plain, i) for i in range(len(pixels[name]))]
            return sum(text.count(native.image_token) for text in texts)
    return made.tokens * len(views(pixels)) // len(views(made.pixels))
