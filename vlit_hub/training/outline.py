"""What a recipe would do, without weights: tokens and pictures of a step, what is trained, the memory it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from vlit_hub.processing import VLITCollator, family_of, measure
from vlit_hub.processing.masking import IGNORED
from vlit_hub.shards import Fetch, Plan, Store, read_measure
from vlit_hub.shards.index import MEDIA_TYPES
from vlit_hub.shards.plan import Item
from vlit_hub.training import lora
from vlit_hub.training.encoder import EncoderCheckpointing, encoder_layers
from vlit_hub.training.loader import batch_shape
from vlit_hub.training.memory import Memory, Shapes, estimate
from vlit_hub.training.recipe import RecipeError, TrainRecipe
from vlit_hub.training.run import check_family, collator_of
from vlit_hub.training.settings import apply

STEPS = 50
"""Steps that are looked at from the start of the order."""


@dataclass(frozen=True)
class Outline:
    """Figures per optimiser step are means over the first STEPS; of all processes, unless it says otherwise."""

    family: str
    setting: str
    modules: dict[str, int]  # trainable pattern -> parameters
    trainable: int
    frozen: int
    processes: int
    micro_batch: int  # items of one process
    accumulation: int
    samples: float
    tokens: float
    supervised: float
    pictures: float  # with the frames of videos
    padded: float  # share of the places of a micro-batch that are padding
    steps: int  # of the first epoch
    memory: Memory  # of one process, bytes
    peak: int  # memory.total
    shapes: dict[str, Any]  # of the largest micro-batch, which memory is of

    def rows(self) -> list[tuple[str, object]]:
        """Fact and value, for people."""
        gib = {name: f"{value / 2**30:.3f} GiB" for name, value in asdict(self.memory).items() if name != "missing"}
        return [
            ("tokens per step", f"{self.tokens:,.0f} ({self.supervised:,.0f} supervised, {self.padded:.1%} padding)"),
            ("pictures and frames per step", f"{self.pictures:,.1f}"),
            ("samples per step", f"{self.samples:,.1f}"),
            ("steps of an epoch", self.steps),
            ("batch", f"{self.processes} processes x {self.micro_batch} x {self.accumulation} accumulated"),
            *((f"trains {pattern}", f"{count:,}") for pattern, count in self.modules.items()),
            ("trained, frozen", f"{self.trainable:,}, {self.frozen:,} parameters"),
            *((f"memory: {name}", value) for name, value in gib.items()),
            ("memory of a process", f"{self.peak / 2**30:.3f} GiB" + self._without()),
        ]

    def _without(self) -> str:
        return f", without the activations of {self.memory.missing}" if self.memory.missing else ""


def outline(recipe: TrainRecipe, processes: int = 1) -> Outline:
    """The outline of a recipe on so many processes; reads (and measures) its data, and no weights.

    Raises RecipeError and SettingError as a run would, ValueError for an optimiser whose states are not known.
    """
    processor = recipe.processor_of()
    model, tuned = skeleton(recipe)
    mixture = recipe.mixture()
    check_family(recipe, mixture, processor)
    if recipe.shard and processes == 1:
        raise RecipeError("shard: one process has nobody to share with; say --processes, or leave it out")
    keys = ("per_device_train_batch_size", "gradient_accumulation_steps")
    micro, accumulation = batch_shape(recipe.global_batch, processes, *(recipe.training.get(key) for key in keys))
    store = Store(mixture.parts, on_error=recipe.on_error)
    fingerprint = measure(store, processor, recipe.max_length).fingerprint
    plan = mixture.plan(store.index, fingerprint)
    items = [item for item, _ in islice(plan.items(), STEPS * recipe.global_batch)]
    steps = len(items) // recipe.global_batch
    if not steps:
        raise RecipeError(f"global_batch: {recipe.global_batch} items are more than an epoch of {len(items)} has")
    items = items[: steps * recipe.global_batch]
    rows = [row for item in items for row in item]
    batches = [items[at : at + micro] for at in range(0, len(items), micro)]
    places = [micro * max(map(plan.length, batch)) for batch in batches]
    tokens = sum(map(plan.length, items))
    most = batches[max(range(len(places)), key=places.__getitem__)]
    shapes = largest(collator_of(recipe, processor, model), store, plan, most)
    measured = read_measure(store.index, fingerprint)
    _, media = store.index.take_media(np.array(rows))
    pictures = int((media["type"] != MEDIA_TYPES.index("video")).sum()) + int(measured.frames[rows].sum())
    memory = estimate(
        model,
        tuned.family,
        shapes,
        processes=processes,
        shard=recipe.shard,
        optimiser=recipe.training.get("optim", "adamw_torch_fused"),
        autocast=torch.bfloat16 if recipe.training.get("bf16") else None,
    )
    return Outline(
        family=tuned.family,
        setting=tuned.setting,
        modules=tuned.modules,
        trainable=tuned.trainable,
        frozen=tuned.frozen,
        processes=processes,
        micro_batch=micro,
        accumulation=accumulation,
        samples=len(rows) / steps,
        tokens=tokens / steps,
        supervised=float(measured.supervised[rows].sum()) / steps,
        pictures=pictures / steps,
        padded=1 - tokens / sum(places),
        steps=plan.steps(0, recipe.global_batch),
        memory=memory,
        peak=memory.total,
        shapes={"rows": shapes.rows, "tokens": shapes.tokens, "supervised": shapes.supervised}
        | {"pixels": {name: list(shape) for name, (shape, _) in shapes.pixels.items()}},
    )


def skeleton(recipe: TrainRecipe) -> tuple[Any, Any]:
    """The recipe's model on the meta device, frozen and recomputed as its run would, and the settings' report."""
    config = AutoConfig.from_pretrained(Path(recipe.model))
    with torch.device("meta"):
        model: Any = AutoModelForImageTextToText.from_config(config, dtype=getattr(torch, recipe.dtype))
        family = family_of(config).name
        base = model
        if recipe.setting == lora.SETTING:
            model = lora.adapt(model, family, recipe.adapters())
    report = apply(model, family, recipe.setting)
    if recipe.training.get("activation_checkpointing") or recipe.training.get("gradient_checkpointing"):
        how = {"use_reentrant": False, "preserve_rng_state": False}
        base.activation_checkpointing_enable(activation_checkpointing_kwargs=how)
    if recipe.encoder_checkpointing is not None:
        layers = encoder_layers(model, family)
        EncoderCheckpointing(layers, recipe.encoder_checkpointing).set(preserve_rng_state=False)
    return model, report


def largest(collator: VLITCollator, store: Store, plan: Plan, items: Sequence[Item]) -> Shapes:
    """The shapes of a micro-batch, which is really collated."""
    lengths = [plan.length(item) for item in items]
    batch = collator(store.__getitems__(Fetch(list(items), lengths, 0, True, (0, 0, 0))))
    rows, tokens = batch["input_ids"].shape
    supervised = int((batch["labels"] != IGNORED).sum()) if collator.supervised_only else rows * tokens
    names = [name for name in batch if name.startswith(("pixel_", "image_"))]
    return Shapes(rows, tokens, supervised, {name: (tuple(batch[name].shape), batch[name].dtype) for name in names})
