"""``train_report.json``: what a run was and did, for the model card."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import accelerate
import torch
import transformers

from vlit_hub.training import lora
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.recipe import TrainRecipe
from vlit_hub.training.settings import Report
from vlit_hub.training.trainer import VLITTrainer

NAME = "train_report.json"
ARGUMENTS = (
    "learning_rate",
    "lr_scheduler_type",
    "warmup_steps",
    "optim",
    "weight_decay",
    "adam_beta1",
    "adam_beta2",
    "adam_epsilon",
    "max_grad_norm",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "activation_checkpointing",
    "bf16",
    "fp16",
    "max_steps",
    "num_train_epochs",
    "seed",
)
"""Training arguments that the report repeats."""


@dataclass(frozen=True)
class TrainReport:
    """Counts are over all processes and, after a resume, over the whole run."""

    family: str
    setting: str
    modules: dict[str, int]  # trainable pattern -> parameters
    trainable: int
    frozen: int
    hyper: dict[str, Any]
    data: dict[str, Any]  # what the plan is made of, samples seen and left out per dataset, items of a tail
    steps: int
    epochs: float
    tokens: int  # supervised
    seconds: float  # of training
    loss_first: float | None  # nats per supervised token, first and last logged line
    loss_last: float | None
    hardware: dict[str, Any]
    versions: dict[str, str]
    out: str

    def save(self) -> None:
        """Write ``<out>/train_report.json``; ``out`` itself, a path of this machine, stays out of it."""
        facts = {key: value for key, value in asdict(self).items() if key != "out"}
        (Path(self.out) / NAME).write_text(json.dumps(facts, indent=1) + "\n")


def report_of(recipe: TrainRecipe, tuned: Report, trainer: VLITTrainer) -> TrainReport:
    """The report of a trainer that has trained. Every rank must call it."""
    progress = trainer.settle()
    losses = read_losses(Path(recipe.out))
    args = trainer.args.to_dict()
    return TrainReport(
        family=tuned.family,
        setting=tuned.setting,
        modules=tuned.modules,
        trainable=tuned.trainable,
        frozen=tuned.frozen,
        hyper={key: args[key] for key in ARGUMENTS}
        | {"global_batch": recipe.global_batch, "max_length": recipe.max_length}
        | {"lr": dict(recipe.lr), "dtype": recipe.dtype}
        | ({"lora": asdict(recipe.adapters())} if recipe.setting == lora.SETTING else {}),
        data={**progress.plan, "seen": progress.seen, "skipped": progress.skipped, "left_out": trainer.plan.left_out}
        | {"tail_items": trainer.plan.tail_items(0, recipe.global_batch)},
        steps=progress.step,
        epochs=trainer.epoch,
        tokens=progress.tokens,
        seconds=losses[-1]["seconds"] if losses else 0.0,
        loss_first=losses[0]["loss"] if losses else None,
        loss_last=losses[-1]["loss"] if losses else None,
        hardware=hardware(trainer.args.world_size, trainer.args.device),
        versions={"torch": torch.__version__, "transformers": transformers.__version__}
        | {"accelerate": accelerate.__version__, "python": platform.python_version()},
        out=recipe.out,
    )


def hardware(processes: int, device: torch.device) -> dict[str, Any]:
    """Kind of device and number of processes; nothing that names the machine."""
    cuda = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if cuda else platform.machine()
    return {"device": device.type, "name": name, "processes": processes, "cpus": os.cpu_count()}
