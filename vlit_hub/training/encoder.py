"""Recomputing the encoder's activations in the backward pass, or keeping them: its own switch.

An encoder that learns nothing keeps none (no gradient passes it); one that learns holds as much as it has pictures, not
as much as the text is long, so what pays for the language model need not pay for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from torch import nn
from torch.utils.checkpoint import checkpoint
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.modeling_layers import GradientCheckpointingLayer

from vlit_hub.training.settings import ENCODER, SettingError, matches


def encoder_layers(model: Any, family: str) -> list[GradientCheckpointingLayer]:
    """The layers of the encoder; raises SettingError for one that cannot be recomputed layer by layer."""
    names = (name.removeprefix("base_model.model.") for name, _ in model.named_modules())
    named: zip[tuple[str, nn.Module]] = zip(names, model.modules(), strict=True)
    found = [m for name, m in named if isinstance(m, GradientCheckpointingLayer) and matches(name, ENCODER[family])]
    if not found:
        raise SettingError(f"encoder_checkpointing: the encoder of {family} has no layers of its own; leave it out")
    return found


class EncoderCheckpointing(TrainerCallback):
    """Sets the switch of the encoder's layers when training begins, after the Trainer has set that of all."""

    def __init__(self, layers: Sequence[GradientCheckpointingLayer], on: bool) -> None:
        self.layers, self.on = layers, on

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.set()

    def set(self, *, preserve_rng_state: bool = True) -> None:
        """Set it."""
        how = partial(checkpoint, use_reentrant=False, preserve_rng_state=preserve_rng_state)
        for layer in self.layers:
            layer.gradient_checkpointing = self.on
            vars(layer)["_gradient_checkpointing_func"] = how
