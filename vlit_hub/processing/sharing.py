"""One encoded picture for all its mentions in a batch.

A batch made with ``share_pictures`` holds each distinct picture once, and ``picture_index``: which entry of the vision
features each place in the text gets, in order. :func:`share_pictures` makes a model's forward take it: the features are
computed once, repeated by the index and handed in as ``mm_encoder_outputs``. Losses and gradients are those of repeated
pictures.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

INDEX = "picture_index"
GRIDS = "image_grid_thw"
PICTURES = ("pixel_values", GRIDS, "pixel_attention_mask", "image_sizes")
"""What ``get_image_features`` takes of a batch."""


def share_pictures(model: nn.Module) -> Any:
    """Let ``model(**batch)`` take ``picture_index``; returns the hook's handle."""
    return model.register_forward_pre_hook(_encode, with_kwargs=True)


def _encode(model: Any, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]] | None:
    index = kwargs.pop(INDEX, None)
    if index is None:
        return None
    pictures = {name: kwargs.pop(name) for name in PICTURES if name in kwargs}
    # A checkpointed encoder is recomputed as it was called; the features themselves are kept.
    features = model.get_image_features(**pictures, return_dict=True)
    if GRIDS in pictures:  # position ids are made of them
        kwargs[GRIDS] = pictures[GRIDS][index]
    outputs = {"image": repeated(features, index.tolist())}
    return args, {**kwargs, "pixel_values": None, "mm_encoder_outputs": outputs}  # BLIP-2 wants pixel_values named


def repeated(features: Any, index: list[int]) -> Any:
    """Vision features with their entries in the order of ``index``, in place."""
    entries = list(features.pooler_output)
    pooled = [entries[i] for i in index]
    if features.get("deepstack_features") is not None:
        features.deepstack_features = [tuple(layer[i] for i in index) for layer in features.deepstack_features]
    features.pooler_output = torch.stack(pooled) if torch.is_tensor(features.pooler_output) else pooled
    return features
