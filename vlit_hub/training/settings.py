"""Which modules train: the survey's tuning settings as a table, family x stage.

The survey (arXiv 2311.08172): VLIT is decided by its *setting* (the modules that are tunable) and by its data.
Stages: FA (feature alignment), VLIT (after FA), VLIT-only (no FA before). Families are the rows of
processing/families.py. A pattern is a glob (fnmatch) on a dotted module or parameter name; a matched module means all
that is below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

LLM = ("model.language_model", "lm_head")
PROJECTOR = ("model.multi_modal_projector",)
QWEN_MERGER = ("model.visual.merger",)
CONNECTOR = (("model.connector",), ("model.text_model", "lm_head"))
Q_FORMER = ("query_tokens", "qformer", "language_projection")
RESAMPLER = ("model.perceiver_resampler", "model.gated_cross_attn_layers")

ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "llava": (PROJECTOR, LLM),
    "qwen2_5_vl": (QWEN_MERGER, LLM),
    "qwen3_vl": ((*QWEN_MERGER, "model.visual.deepstack_merger_list"), LLM),
    "llava_next": ((*PROJECTOR, "model.image_newline"), LLM),
    "llava_onevision": ((*PROJECTOR, "model.image_newline"), LLM),
    "internvl": (PROJECTOR, LLM),
    "smolvlm": CONNECTOR,
    "gemma3": (PROJECTOR, LLM),
    "paligemma": (PROJECTOR, LLM),
    "kosmos2": (("image_to_text_projection",), ("text_model",)),
    "blip2": (Q_FORMER, ()),
    "instructblip": (Q_FORMER, ()),
    "idefics": (RESAMPLER, ("model.embed_tokens",)),
}
"""Family -> (what feature alignment trains, what instruction tuning trains besides).

The survey's rows: LLaVA projector and language model, BLIP-2 and InstructBLIP the Q-Former, OpenFlamingo (here Idefics)
resampler, gated cross-attention and input embeddings. The others: LLaVA's roles under their own names.
"""

SETTINGS: dict[tuple[str, str], tuple[str, ...]] = {
    (family, stage): aligned if stage == "FA" else aligned + besides
    for family, (aligned, besides) in ROLES.items()
    for stage in ("FA", "VLIT", "VLIT-only")
} | {
    (family, stage): patterns
    for family in ("blip2", "instructblip")
    for stage, patterns in (("linear", ("language_projection",)), ("queries", ("query_tokens", "language_projection")))
}
"""(family, stage) -> trainable patterns. ``linear``: MiniGPT-4's linear layer over a frozen Q-Former; ``queries``:
VideoChat's queries and linear layer."""

LANGUAGE_MODEL = ("model.language_model",)
ADAPTED: dict[str, tuple[str, ...]] = {
    "smolvlm": ("model.text_model",),
    "idefics3": ("model.text_model",),
    "kosmos2": ("text_model.model",),
    "blip2": ("language_model.model",),
    "instructblip": ("language_model.model",),
    "idefics": ("model.layers", "model.gated_cross_attn_layers"),
}
"""Family -> where its language model's layers are (LoRA adapts their linear layers), where it is not LANGUAGE_MODEL."""

ENCODER: dict[str, str] = {
    **dict.fromkeys(("llava", "llava_next", "llava_onevision"), "model.vision_tower"),
    **dict.fromkeys(("internvl", "paligemma", "gemma3"), "model.vision_tower"),
    **dict.fromkeys(("qwen2_5_vl", "qwen3_vl"), "model.visual"),
    **dict.fromkeys(("smolvlm", "idefics"), "model.vision_model"),
    **dict.fromkeys(("kosmos2", "blip2", "instructblip"), "vision_model"),
}
"""Family -> its picture encoder."""

ANY_FAMILY: dict[str, tuple[str, ...]] = {"all": ("*",), "LoRA": ("*.lora_*",)}
"""Stages that fit every family. ``all`` trains everything: models from scratch, without a pretrained encoder; ``LoRA``
the adapters that lora.py has put in."""


class SettingError(ValueError):
    """A setting that is not in the table, or a pattern that matches nothing in this model."""


@dataclass(frozen=True)
class Report:
    """What :func:`apply` did. Parameters are counted once, also where two modules share them (tied embeddings)."""

    family: str
    setting: str
    modules: dict[str, int]  # pattern -> parameters that it made trainable
    names: tuple[str, ...]  # trainable parameters, in the model's order
    trainable: int
    frozen: int

    def __str__(self) -> str:
        modules = ", ".join(f"{pattern} ({count:,})" for pattern, count in self.modules.items())
        total = self.trainable + self.frozen
        share = self.trainable / total if total else 0.0
        return (
            f"{self.family} {self.setting}: trains {modules}; "
            f"{self.trainable:,} of {total:,} parameters ({share:.1%}), {self.frozen:,} frozen"
        )


def patterns_of(family: str, setting: str) -> tuple[str, ...]:
    """The table's row; raises SettingError naming what there is."""
    row = SETTINGS.get((family, setting)) or ANY_FAMILY.get(setting)
    if row is None:
        here = [stage for known, stage in SETTINGS if known == family] + list(ANY_FAMILY)
        raise SettingError(f"no setting {setting!r} for family {family!r}; there are: {', '.join(here)}")
    return row


def matches(name: str, pattern: str) -> bool:
    """Whether a parameter's name is matched by a glob, or lies in a module that is."""
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def select(model: nn.Module, patterns: Iterable[str]) -> dict[str, list[str]]:
    """Pattern -> names of the parameters it matches; raises SettingError for a pattern that matches nothing.

    A tied parameter has all its names here, so ``lm_head`` matches where it shares the embedding.
    """
    names = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    found = {pattern: [name for name in names if matches(name, pattern)] for pattern in patterns}
    for pattern, matched in found.items():
        if not matched:
            top = sorted({".".join(name.split(".")[:2]) for name in names})
            raise SettingError(f"the pattern {pattern!r} matches no parameter; this model has: {', '.join(top)}")
    return found


def apply(model: nn.Module, family: str, setting: str) -> Report:
    """Set ``requires_grad`` of every parameter as the table says; raises SettingError, then nothing was changed."""
    found = select(model, patterns_of(family, setting))
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for parameter in parameters.values():
        parameter.requires_grad_(False)
    modules = {}
    for pattern, names in found.items():
        fresh = {id(parameters[name]): parameters[name] for name in names if not parameters[name].requires_grad}
        for parameter in fresh.values():
            parameter.requires_grad_(True)
        modules[pattern] = sum(parameter.numel() for parameter in fresh.values())
    once = list(model.named_parameters())
    return Report(
        family=family,
        setting=setting,
        modules=modules,
        names=tuple(name for name, parameter in once if parameter.requires_grad),
        trainable=sum(parameter.numel() for _, parameter in once if parameter.requires_grad),
        frozen=sum(parameter.numel() for _, parameter in once if not parameter.requires_grad),
    )


def learning_rates(model: nn.Module, lr: Mapping[str, float]) -> dict[int, float]:
    """``id`` of a trainable parameter -> its own learning rate, for those that a pattern matches (the first that does).

    Raises SettingError for a pattern without a trainable parameter: a rate that would do nothing.
    """
    found = select(model, lr)
    parameters = dict(model.named_parameters(remove_duplicate=False))
    rates: dict[int, float] = {}
    for pattern, names in found.items():
        own = [parameters[name] for name in names if parameters[name].requires_grad]
        if not own:
            raise SettingError(f"lr[{pattern!r}]: the modules it matches are frozen in this setting")
        for parameter in own:
            rates.setdefault(id(parameter), lr[pattern])
    return rates


def split(group: Mapping[str, Any], rates: Mapping[int, float]) -> Iterator[dict[str, Any]]:
    """An optimiser's parameter group as one group per learning rate."""
    by_rate: dict[float, list[nn.Parameter]] = {}
    for parameter in group["params"]:
        by_rate.setdefault(rates.get(id(parameter), group["lr"]), []).append(parameter)
    for rate, parameters in by_rate.items():
        yield {**group, "params": parameters, "lr": rate}
