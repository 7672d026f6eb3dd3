"""A run that keeps the gradients of its first step; ``torchrun -m`` with RECIPE and STOP, perhaps HOLD."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from torch.distributed.tensor import DTensor
from transformers import TrainerCallback

from tests.training.support import Recorder
from vlit_hub.training.recipe import TrainRecipe, load_recipe
from vlit_hub.training.run import build

FILE = "gradients.pt"


class Gradients(TrainerCallback):
    """Keeps the gradients of the first step of a run, whole, and which parameters are split."""

    def __init__(self, out: Path, first: bool) -> None:
        self.out, self.first, self.done = out, first, False

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        if self.done:
            return
        self.done = True
        found, split = {}, []
        for name, parameter in model.named_parameters():
            if isinstance(parameter, DTensor):
                split.append(name)
            if parameter.grad is not None:
                grad = parameter.grad
                found[name] = (grad.full_tensor() if isinstance(grad, DTensor) else grad).clone()
        if self.first:
            torch.save({"gradients": found, "split": split}, self.out / FILE)


def run(made: TrainRecipe, stop: int = 0, hold: int = 0) -> dict[str, Any]:
    """Train (``stop``, ``hold`` as in Recorder, recorded); what :class:`Gradients` kept, on the first rank."""
    out = Path(made.out)
    out.mkdir(parents=True, exist_ok=True)
    trainer, _ = build(made, log=lambda text: None)
    first = trainer.args.process_index == 0
    trainer.add_callback(Gradients(out, first))
    trainer.add_callback(Recorder(trainer, out, stop, hold))
    trainer.train(resume_from_checkpoint=made.resume or None)
    if made.resume:
        trainer.save_model(str(out))
    return torch.load(out / FILE) if first else {}


if __name__ == "__main__":
    run(load_recipe(sys.argv[1]), *map(int, sys.argv[2:]))
