"""Parameters, gradients and optimiser states split over the processes: torch's ``fully_shard`` (FSDP2).

Applied by us and not asked of the Trainer, whose ``fsdp`` is plain DDP on a CPU without a word; so it is one road on
every device, and tested on one. Checkpoints hold what those of one process do, whole: weights by the names of
``from_pretrained``, the optimiser's state by the names of parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from vlit_hub.training.settings import ADAPTED, LANGUAGE_MODEL, matches

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
State = dict[str, Any]


def shard(model: nn.Module, family: str, device: str, world: int) -> None:
    """Split the parameters of ``model`` in place over ``world`` processes.

    The layers of the language model are gathered one by one; encoder and projector with the rest, once a step: a
    process whose samples show no picture never calls them, and the others would wait for it. Raises ValueError without
    a process group.
    """
    if not torch.distributed.is_initialized():
        raise ValueError("shard: one process has nobody to share with; launch several (torchrun), or leave it out")
    mesh = init_device_mesh(device, (world,))
    for layer in layers(model, family):
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)


def layers(model: Any, family: str) -> Iterator[nn.Module]:
    """The layers of the language model: what is gathered, and recomputed, as one."""
    base = model if isinstance(model, PreTrainedModel) else model.get_base_model()
    places = ADAPTED.get(family, LANGUAGE_MODEL)
    for name, module in base.named_modules():
        if isinstance(module, GradientCheckpointingLayer) and any(matches(name, place) for place in places):
            yield module


def sharded(model: nn.Module) -> bool:
    """Whether the parameters are split."""
    return any(isinstance(parameter, DTensor) for parameter in model.parameters())


def weights(model: nn.Module) -> State:
    """All weights, whole, on the first process; nothing on the others. Every process must call it."""
    return get_model_state_dict(model, options=WHOLE)


def set_weights(model: nn.Module, whole: State) -> None:
    """Give each process its part of ``whole``, which all have; raises RuntimeError where names differ."""
    if not sharded(model):
        model.load_state_dict(whole, strict=True)
        return
    set_model_state_dict(model, whole, options=StateDictOptions(full_state_dict=True, strict=True))


def optimiser_state(model: nn.Module, optimiser: torch.optim.Optimizer) -> State:
    """As :func:`weights`, of the optimiser: ``state`` and ``param_groups`` by parameter names."""
    return get_optimizer_state_dict(model, optimiser, options=WHOLE)


def set_optimiser_state(model: nn.Module, optimiser: torch.optim.Optimizer, whole: State) -> None:
    """Give the optimiser of this process its part of a whole state: by names, or by numbers (of an unsharded run)."""
    numbered = any(isinstance(key, int) for key in whole["state"])
    if numbered and not sharded(model):
        optimiser.load_state_dict(whole)
        return
    by_name = named(whole, model, optimiser) if numbered else whole
    set_optimizer_state_dict(model, optimiser, by_name, options=StateDictOptions(full_state_dict=True))


def named(state: Mapping[str, Any], model: nn.Module, optimiser: torch.optim.Optimizer) -> State:
    """An optimiser's state by numbers, as torch's ``state_dict`` has it, by the names of the same parameters."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = [
        {**group, "params": [names[id(parameter)] for parameter in ours["params"]]}
        for group, ours in zip(state["param_groups"], optimiser.param_groups, strict=True)
    ]
    numbers = [number for group in state["param_groups"] for number in group["params"]]
    order = dict(zip(numbers, (name for group in groups for name in group["params"]), strict=True))
    return {"state": {order[number]: value for number, value in state["state"].items()}, "param_groups": groups}


def load(path: Path) -> State:
    """A state of a checkpoint; no pickled object but tensors and plain values is read."""
    return torch.load(path, map_location="cpu", weights_only=True)
