"""One encoded picture for all its mentions in a batch; and a batch without any that runs the encoder all the same.

A batch made with ``share_pictures`` holds each distinct picture once, and ``picture_index``: which entry of the vision
features each place in the text gets, in order. :func:`share_pictures` makes a model's forward take it: the features are
computed once, repeated by the index and handed in as ``mm_encoder_outputs``. Losses and gradients are those of repeated
pictures.

Sharded ranks gather the encoder's weights together, in its forward: a rank whose micro-batch is text alone must run it
too, or the others wait for ever. :func:`meet_pictures` runs it on one small blank picture then, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import PIL.Image
import torch
from torch import nn
from transformers import PreTrainedModel

from vlit_hub.processing.families import Family, Pixels

INDEX = "picture_index"
GRIDS = "image_grid_thw"
PICTURES = ("pixel_values", GRIDS, "pixel_attention_mask", "image_sizes")
"""What ``get_image_features`` takes of a batch."""


def share_pictures(model: nn.Module) -> Any:
    """Let ``model(**batch)`` take ``picture_index``; returns the hook's handle."""
    return model.register_forward_pre_hook(_encode, with_kwargs=True)


def blank_picture(family: Family, native: Any) -> Pixels:
    """The smallest black picture that the family takes, as its model does."""
    images = native.image_processor
    budget = family.budgets(native)[-1]
    settings = family.pixel_settings(native, budget) if budget is not None and family.pixel_settings else {}
    side = max(getattr(images, "patch_size", 0) * getattr(images, "merge_size", 1), 32)
    (made,) = family.prepare(native, [PIL.Image.new("RGB", (side, side))], 1, settings)
    return family.gather([[made]])


def meet_pictures(model: PreTrainedModel, blank: Mapping[str, Any]) -> list[Any]:
    """Let ``model(**batch)`` run its encoder and projector without pictures too; returns the hooks' handles.

    ``blank``: :func:`blank_picture`. Logits, losses and gradients stay; parameters that only pictures reach get a
    gradient of zero instead of none.
    """
    waiting: list[Any] = []

    def before(module: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        waiting.clear()
        if not any(kwargs.get(name) is not None for name in (*PICTURES, "mm_encoder_outputs")):
            place = next(module.parameters())
            pixels = {
                name: value.to(place.device, place.dtype if value.is_floating_point() else value.dtype)
                for name, value in blank.items()
            }
            features = module.get_image_features(**pixels, return_dict=True)
            entries = list(features.pooler_output)
            for layer in features.get("deepstack_features") or ():
                entries += layer
            waiting.append(sum(entry.flatten()[:0].sum() for entry in entries))

    def embedded(module: Any, args: Any, output: Any) -> Any:
        return output + waiting.pop() if waiting else None

    embeddings = model.get_input_embeddings()
    return [model.register_forward_pre_hook(before, with_kwargs=True), embeddings.register_forward_hook(embedded)]


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
    if kwargs.get("pixel_values_videos") is not None:  # the model takes pixels or features, of both or of none
        grids = {name: kwargs[name] for name in ("video_grid_thw",) if name in kwargs}
        outputs["video"] = model.get_video_features(kwargs.pop("pixel_values_videos"), **grids, return_dict=True)
    return args, {**kwargs, "pixel_values": None, "mm_encoder_outputs": outputs}  # BLIP-2 wants pixel_values named


def repeated(features: Any, index: list[int]) -> Any:
    """Vision features with their entries in the order of ``index``, in place."""
    entries = list(features.pooler_output)
    pooled = [entries[i] for i in index]
    if features.get("deepstack_features") is not None:
        features.deepstack_features = [tuple(layer[i] for i in index) for layer in features.deepstack_features]
    features.pooler_output = torch.stack(pooled) if torch.is_tensor(features.pooler_output) else pooled
    return features
