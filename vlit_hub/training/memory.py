"""Memory of one training step, without weights or data: a step on fake tensors, every storage counted while it lives.

States (weights, gradients, optimiser) come from shapes and sharding and are exact. Activations: the step is really
gone through, forward and backward, under FakeTensorMode, which computes shapes alone. A whole forward of a VLM cannot
be had so (the place of pictures in the text is data), so the encoder's features are put before the text's.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
)
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary
from transformers import PreTrainedModel

from vlit_hub.training.sharding import layers

OPTIMISER_STATES = {"adamw_torch": 2, "adamw_torch_fused": 2, "sgd": 0}
"""Optimiser -> copies of the trainable parameters that it keeps, in their dtype."""
PIXELS = ("pixel_values", "pixel_attention_mask")
ENCODER, ALL = "encoder", "encoder and language model"
OTHERWISE = ("blip2", "instructblip", "kosmos2", "idefics")
"""Families whose language model does not take text and features in one sequence of embeddings: no activations."""


@dataclass(frozen=True)
class Shapes:
    """One micro-batch of one process: rows x tokens, supervised positions that get logits, pixel tensors."""

    rows: int
    tokens: int
    supervised: int
    pixels: Mapping[str, tuple[tuple[int, ...], torch.dtype]]


@dataclass(frozen=True)
class Memory:
    """Bytes of one process at the peak of a step after the first."""

    weights: int  # parameters and buffers
    optimiser: int
    gathered: int  # of a sharded model: what is whole while it is used
    step: int  # gradients and activations, at most
    gradients: int  # all of them, part of `step` at its end
    missing: str  # activations that are not in `step`: "" (none), ENCODER or ALL

    @property
    def total(self) -> int:
        """The peak."""
        return self.weights + self.optimiser + self.gathered + self.step


class Live(TorchDispatchMode):
    """Bytes of the storages made while it is on: ``now`` and, gradients taken by one ``part`` each, the ``peak``."""

    def __init__(self, model: nn.Module, part: int) -> None:
        super().__init__()
        self.part, self.now, self.gradients, self.peak = part, 0, 0, 0
        self.sizes: Any = WeakIdKeyDictionary()  # storage -> [bytes, is a gradient]
        for tensor in [*model.parameters(), *model.buffers()]:
            self.sizes[tensor.untyped_storage()] = [0, False]
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.register_post_accumulate_grad_hook(self._is_gradient)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor):
                self._note(leaf.untyped_storage())
        return out

    def _note(self, storage: torch.UntypedStorage) -> None:
        if storage in self.sizes:
            return
        entry = [storage.nbytes(), False]
        self.sizes[storage] = entry
        self.now += entry[0]
        weakref.finalize(storage, self._gone, entry)
        self.peak = max(self.peak, self.now + self.gradients // self.part)

    def _gone(self, entry: list) -> None:
        if entry[1]:
            self.gradients -= entry[0]
        else:
            self.now -= entry[0]

    def _is_gradient(self, parameter: Tensor) -> None:
        assert parameter.grad is not None
        entry = self.sizes[parameter.grad.untyped_storage()]
        if not entry[1]:
            entry[1] = True
            self.now -= entry[0]
            self.gradients += entry[0]


def estimate(
    model: Any,
    family: str,
    shapes: Shapes,
    *,
    processes: int = 1,
    shard: bool = False,
    optimiser: str = "adamw_torch_fused",
    autocast: torch.dtype | None = None,
) -> Memory:
    """Memory of a step of ``model``, which lies on the meta device with ``requires_grad`` and checkpointing set.

    Raises ValueError for an optimiser whose states are not known.
    """
    if optimiser not in OPTIMISER_STATES:
        raise ValueError(f"optim: the states of {optimiser} are not known; known: {', '.join(OPTIMISER_STATES)}")
    part = processes if shard else 1
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradients = sum(split(parameter, part) for parameter in trainable)
    buffers = sum(buffer.nbytes for buffer in model.buffers())
    weights = sum(split(parameter, part) for parameter in model.parameters()) + buffers
    gathered = _gathered(model, family) if part > 1 else 0
    peak, missing = (0, ALL) if family in OTHERWISE else _step(model, family, shapes, part, autocast)
    return Memory(
        weights=weights,
        optimiser=OPTIMISER_STATES[optimiser] * gradients,
        gathered=gathered,
        step=max(peak, gradients),
        gradients=gradients,
        missing=missing,
    )


def split(parameter: Tensor, part: int) -> int:
    """Bytes of the first process's part: ``fully_shard`` cuts along the first dimension, rounding up."""
    if not parameter.dim():
        return parameter.nbytes
    return -(-parameter.shape[0] // part) * prod(parameter.shape[1:]) * parameter.element_size()


def _gathered(model: Any, family: str) -> int:
    """The part of the model that is gathered once, and two layers: one at work and the next."""
    parts = list(layers(model, family))
    inside = {id(p) for layer in parts for p in layer.parameters()}
    root = sum(p.nbytes for p in model.parameters() if id(p) not in inside)
    return root + 2 * max((sum(p.nbytes for p in layer.parameters()) for layer in parts), default=0)


def _step(model: Any, family: str, shapes: Shapes, part: int, autocast: torch.dtype | None) -> tuple[int, str]:
    """(peak bytes of gradients and activations, what is not in it)."""
    base = model if isinstance(model, PreTrainedModel) else model.get_base_model()
    with FakeTensorMode(allow_non_fake_inputs=True), _mixed(autocast):
        model.to_empty(device="cpu")
        base.tie_weights()
        model.train()
        live = Live(model, part)
        with live:
            features = _features(base, shapes)
            _text(base, shapes, features).backward()
        return live.peak, ENCODER if features is None and shapes.pixels else ""


@contextmanager
def _mixed(dtype: torch.dtype | None) -> Iterator[None]:
    if dtype is None:
        yield
        return
    with torch.autocast("cpu", dtype=dtype):
        yield


def _features(model: Any, shapes: Shapes) -> Tensor | None:
    """(image tokens, hidden size) of the micro-batch; None without pictures, or where the encoder looks at data."""
    if not shapes.pixels or set(shapes.pixels) - set(PIXELS):
        return None
    made = {name: torch.empty(shape, dtype=dtype) for name, (shape, dtype) in shapes.pixels.items()}
    try:
        found = model.get_image_features(**made, return_dict=True).pooler_output
    except (AttributeError, TypeError, DataDependentOutputException, DynamicOutputShapeException):
        return None
    pieces = list(found) if not torch.is_tensor(found) else [found]
    return torch.cat([piece.reshape(-1, piece.shape[-1]) for piece in pieces])


def _text(model: Any, shapes: Shapes, features: Tensor | None) -> Tensor:
    """The loss of the language model over text and features."""
    ids = torch.zeros(shapes.rows, shapes.tokens, dtype=torch.long)
    hidden = model.get_input_embeddings()(ids)
    flat = hidden.reshape(-1, hidden.shape[-1])
    if features is not None:
        pictures = features[: len(flat)].to(flat.dtype)
        flat = torch.cat([pictures, flat[len(pictures) :]])
    out = model.get_decoder()(inputs_embeds=flat.reshape(hidden.shape), use_cache=False)[0]
    logits = model.get_output_embeddings()(out.reshape(-1, out.shape[-1])[: shapes.supervised])
    return F.cross_entropy(logits.float(), torch.zeros(len(logits), dtype=torch.long), reduction="none").sum()
