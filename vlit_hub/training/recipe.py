"""``TrainRecipe``: one run as a flat YAML file, our keys and those of transformers' TrainingArguments side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from transformers import TrainingArguments
from transformers.utils import is_torch_bf16_gpu_available, is_torch_xla_available

from vlit_hub.processing import VLITProcessor
from vlit_hub.shards import Shards
from vlit_hub.shards.mixture import SUFFIXES, Mixture, load_mixture, packer_of
from vlit_hub.training.loader import batch_shape
from vlit_hub.training.lora import Lora

OWNED = {
    "output_dir": "out",
    "seed": "seed",
    "data_seed": "seed",
    "resume_from_checkpoint": "resume",
    "ignore_data_skip": "resume",
    "remove_unused_columns": "nothing, the processor decides",
    "push_to_hub": "vlit push",
    "hub_token": "vlit push",
    "hub_model_id": "vlit push",
    "hub_strategy": "vlit push",
    "hub_private_repo": "vlit push",
    "hub_always_push": "vlit push",
    "hub_revision": "vlit push",
}
"""Training arguments that a recipe may not set -> what does."""
DEFAULTS: dict[str, Any] = {
    "report_to": "none",
    "logging_steps": 10,
    "save_steps": 500,
    # transformers turns it off under activation checkpointing; a rank with text alone then never meets the others.
    "ddp_find_unused_parameters": True,
}
"""Where we differ from transformers' defaults."""
CHECKPOINTS = "checkpoints"


class RecipeError(ValueError):
    """A recipe with an unknown key or an impossible value; says what to set."""


@dataclass(frozen=True, kw_only=True)
class TrainRecipe:
    """One run. ``training`` holds the TrainingArguments; in YAML they stand at the top level beside the others.

    ``per_device_train_batch_size`` and ``gradient_accumulation_steps`` follow from ``global_batch`` and the number of
    processes where they are left out, so one recipe runs, and resumes, on any number of them.
    """

    model: str  # a folder (from_pretrained), or a config.json (random weights, drawn from `seed`)
    data: str  # folder of shards; or a mixture (.yaml) or its vlit.lock, which then says seed of the order, tail, ...
    setting: str  # stage of settings.SETTINGS: FA, VLIT, VLIT-only, or all
    out: str  # model, processor, losses.jsonl, train_report.json; checkpoints/ below
    global_batch: int  # samples per optimiser step over all processes
    processor: str = ""  # folder; the model's by default
    root: str = ""  # folder that a mixture's or lock's paths start from; its own by default
    subset: str = ""  # of the shards; all by default
    split: str = ""
    max_length: int = 2048  # tokens, pictures included
    frames: int = 0  # a video is shown by so many, spread over its clip; 0: as the processor has it (8 by default)
    fps: float = 0.0  # but no more than so many a second of it; 0: as the processor has it (any)
    dtype: Literal["float32", "bfloat16"] = "float32"  # of the weights; for mixed precision keep float32, set bf16
    lr: Mapping[str, float] = field(default_factory=dict)  # module pattern -> learning rate of its own
    lora: Mapping[str, Any] = field(default_factory=dict)  # rank, alpha, dropout of setting LoRA
    seed: int = 0  # of weights, order and dropout
    resume: str = ""  # "auto": newest whole checkpoint of `out`, if any; or a checkpoint's path
    missing: Literal["drop", "raise"] = "drop"  # samples with missing media or unresolved regions
    on_error: Literal["raise", "skip"] = "raise"  # samples that cannot be read
    decode: Literal["exact", "fast"] = "exact"  # fast: large JPEGs at a fraction, if pictures are only stretched
    tail: Literal["drop", "repeat"] = "drop"  # items that do not fill an epoch's last global batch
    packing: Mapping[str, Any] | bool = False  # true, or packer.Packer's fields; tokens: max_length by default
    share_pictures: bool = False  # a picture that several samples of a micro-batch show is encoded once
    shard: bool = False  # parameters, gradients and optimiser over the processes (sharding.py), instead of copies
    encoder_checkpointing: bool | None = None  # recompute the encoder; as activation_checkpointing by default
    eval_data: str = ""  # folder of shards whose questions the model answers by generation; with eval_strategy
    eval_limit: int = 256  # of those questions, drawn once by seed
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {f.name: f for f in dataclasses.fields(TrainingArguments) if f.init}
        for key in self.training:
            if key in OWNED:
                raise RecipeError(f"{key}: set by {OWNED[key]}")
            if key not in known:
                raise RecipeError(_unknown(key, list(known)))
        for key, allowed in CHOICES.items():
            if getattr(self, key) not in allowed:
                raise RecipeError(f"{key}: {getattr(self, key)!r} is not one of: {', '.join(allowed)}")
        if self.frames < 0 or not 0 <= self.fps < 1e6:
            raise RecipeError("frames and fps of a video are at least 0, which is: as the processor has it")
        if self.global_batch < 1 or self.max_length < 1:
            raise RecipeError("global_batch and max_length are at least 1")
        if not self.processor and self.model.endswith(".json"):
            raise RecipeError("processor: a model that is only a config needs the folder of its processor")

    def processor_of(self) -> VLITProcessor:
        """The processor of the run, which is saved with the model; raises RecipeError where its family cannot show
        videos so."""
        found = VLITProcessor.from_pretrained(self.processor or self.model)
        try:
            return found.showing(self.frames or found.frames, self.fps or found.fps)
        except ValueError as error:
            raise RecipeError(str(error)) from None

    def mixture(self) -> Mixture:
        """What ``data`` names; raises RecipeError, MixtureError or LockError."""
        if Path(self.data).suffix not in SUFFIXES:
            budgets = self.packing if isinstance(self.packing, Mapping) else {}
            packer = packer_of({"tokens": self.max_length, **budgets}) if self.packing is not False else None
            part = Shards(Path(self.data), self.subset or None, self.split or None)
            return Mixture((part,), seed=self.seed, missing=self.missing, tail=self.tail, packer=packer)
        fixed = ("subset", "split", "missing", "tail", "packing")
        defaults = {f.name: f.default for f in dataclasses.fields(self)}
        if said := [key for key in fixed if getattr(self, key) != defaults[key]]:
            raise RecipeError(f"{', '.join(said)}: to be set in the mixture {self.data}, not in the recipe")
        return load_mixture(self.data, self.root or None)

    def adapters(self) -> Lora:
        """The shape of the adapters of setting LoRA; raises RecipeError for an unknown key."""
        if unknown := set(self.lora) - {f.name for f in dataclasses.fields(Lora)}:
            raise RecipeError(
                _unknown(f"lora.{sorted(unknown)[0]}", [f"lora.{f.name}" for f in dataclasses.fields(Lora)])
            )
        return Lora(**self.lora)

    def arguments(self) -> TrainingArguments:
        """The TrainingArguments of this process; raises ValueError where the batch sizes do not come out, RecipeError
        for bf16 without a device that takes it."""
        keys: dict[str, Any] = {**DEFAULTS, **self.training}
        if keys.get("bf16") and not (keys.get("use_cpu") or is_torch_bf16_gpu_available() or is_torch_xla_available()):
            raise RecipeError("bf16: no GPU here takes it; --bf16 false trains in float32 (--use_cpu true: in bf16)")
        keys |= {"output_dir": str(Path(self.out) / CHECKPOINTS), "seed": self.seed}
        world = TrainingArguments(**keys).world_size
        shape = ("per_device_train_batch_size", "gradient_accumulation_steps")
        sizes = batch_shape(self.global_batch, world, *(self.training.get(key) for key in shape))
        return TrainingArguments(**keys | dict(zip(shape, sizes, strict=True)))


CHOICES: dict[str, Sequence[str]] = {
    "dtype": ("float32", "bfloat16"),
    "missing": ("drop", "raise"),
    "on_error": ("raise", "skip"),
    "decode": ("exact", "fast"),
    "tail": ("drop", "repeat"),
}


def load_recipe(path: str | Path, overrides: Mapping[str, Any] | None = None) -> TrainRecipe:
    """Read a recipe; ``overrides`` (key -> value, text is read as YAML) win over the file.

    Paths in it are relative to the current folder. Raises RecipeError naming the key and its nearest known ones.
    """
    text = {key: yaml.safe_load(value) if isinstance(value, str) else value for key, value in (overrides or {}).items()}
    data = yaml.safe_load(Path(path).read_text())
    if not isinstance(data, dict):
        raise RecipeError(f"{path}: a recipe is a mapping of keys to values")
    return recipe_from({**data, **text})


def overrides(words: Sequence[str]) -> dict[str, str]:
    """Key -> value from ``KEY=VALUE``, ``--KEY=VALUE``, ``--KEY VALUE`` or ``--KEY`` (true), as HfArgumentParser's.

    Raises RecipeError for a word that is none of these.
    """
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if not name or not (equals or word.startswith("--")):
            raise RecipeError(f"{word}: expected KEY=VALUE or --KEY VALUE")
        if not equals:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        found[name.replace("-", "_")] = value
    return found


def recipe_from(flat: Mapping[str, Any]) -> TrainRecipe:
    """A recipe from one flat mapping."""
    own = {f.name: f for f in dataclasses.fields(TrainRecipe) if f.name != "training"}
    theirs = {f.name: f.default for f in dataclasses.fields(TrainingArguments) if f.init}
    mine: dict[str, Any] = {}
    training: dict[str, Any] = {}
    for key, value in flat.items():
        if key in own:
            mine[key] = value
        elif key in theirs:
            # YAML 1.1 takes 1e-4 (no dot) for text.
            training[key] = float(value) if isinstance(theirs[key], float) and isinstance(value, str) else value
        else:
            raise RecipeError(_unknown(key, [*own, *theirs]))
    absent = [f.name for f in own.values() if f.name not in mine and _required(f)]
    if absent:
        raise RecipeError(f"a recipe needs: {', '.join(absent)}")
    mine["lr"] = {pattern: float(value) for pattern, value in (mine.get("lr") or {}).items()}
    return TrainRecipe(**mine, training=training)


def _required(key: dataclasses.Field) -> bool:
    return key.default is dataclasses.MISSING and key.default_factory is dataclasses.MISSING


def _unknown(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, 3)
    return f"{key}: no such key" + (f"; nearest: {', '.join(near)}" if near else "")
