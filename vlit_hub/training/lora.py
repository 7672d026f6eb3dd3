"""LoRA (arXiv 2106.09685): low-rank adapters on attention and FFN of the language model, all else frozen.

The survey's rows: MultiModal-GPT (both attentions and FFN), Clever Flamingo, GPT4Tools, MMC. Checkpoints hold the
adapters alone; what a run leaves has them merged, so that it loads without peft.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlit_hub.training.checkpoint import CheckpointError
from vlit_hub.training.settings import ADAPTED, LANGUAGE_MODEL, SettingError, matches

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

SETTING = "LoRA"


@dataclass(frozen=True)
class Lora:
    """Shape of the adapters: the recipe key ``lora``."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.rank < 1 or not 0 <= self.dropout < 1:
            raise ValueError(f"lora: rank {self.rank} is at least 1, dropout {self.dropout} at least 0 and below 1")


def adapt(model: PreTrainedModel, family: str, shape: Lora) -> PeftModel:
    """The model with adapters; raises SettingError where the family's modules hold no linear layer."""
    from peft import LoraConfig, get_peft_model

    targets = linear_layers(model, ADAPTED.get(family, LANGUAGE_MODEL))
    config = LoraConfig(r=shape.rank, lora_alpha=shape.alpha, lora_dropout=shape.dropout, target_modules=targets)
    return get_peft_model(model, config)


def linear_layers(model: Any, patterns: Iterable[str]) -> list[str]:
    """Names of the linear layers in the modules that match; raises SettingError for a pattern without any."""
    from torch import nn

    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    found = {pattern: [name for name in linear if matches(name, pattern)] for pattern in patterns}
    if empty := [pattern for pattern, names in found.items() if not names]:
        raise SettingError(f"LoRA: {empty[0]!r} holds no linear layer of this model; add its family to lora.ADAPTED")
    return sorted({name for names in found.values() for name in names})


def restore(model: Any, checkpoint: Path) -> None:
    """Load a checkpoint's adapters into a PeftModel in place, bit for bit; raises CheckpointError naming the others."""
    from peft import get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    saved = load_file(checkpoint / "adapter_model.safetensors")
    ours = get_peft_model_state_dict(model)
    if amiss := sorted(saved.keys() ^ ours.keys()):
        raise CheckpointError(f"{checkpoint}: its adapters are not those of this model: {', '.join(amiss[:5])}")
    set_peft_model_state_dict(model, saved)
