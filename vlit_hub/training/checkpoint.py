"""What a checkpoint of ours holds beside the Trainer's files, and weights that are truly restored.

transformers 5.23 saves checkpoints under the Hub's parameter names and loads them under the module's own, with
``load_state_dict(strict=False)``: in llava 46 of 64 tensors stay at fresh init, and a log line is all. :func:`restore`
goes the road of ``from_pretrained`` (which converts names) and is strict.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.trainer_callback import TrainerState
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from vlit_hub.shards.mixture_lock import differences
from vlit_hub.training.sharding import set_weights

STATE = "vlit_state.json"
TRAINER_STATE = "trainer_state.json"


class CheckpointError(RuntimeError):
    """A checkpoint that is not whole, holds other tensors than the model, or belongs to another plan."""


@dataclass(frozen=True)
class Progress:
    """Where the data stands after ``step`` optimiser steps: the content of ``vlit_state.json``."""

    step: int = 0
    cursor: tuple[int, int, int] = (0, 0, 0)  # epoch, window, position of the NEXT item
    global_batch: int = 0  # items per optimiser step over all ranks
    seen: dict[str, int] = field(default_factory=dict)  # samples trained on, per dataset
    skipped: dict[str, int] = field(default_factory=dict)  # samples that could not be read, per dataset
    tokens: int = 0  # supervised tokens trained on
    plan: dict[str, Any] = field(default_factory=dict)  # what the plan's fingerprint is made of

    def save(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{STATE}.part"
        temporary.write_text(json.dumps(asdict(self), indent=1) + "\n")
        os.replace(temporary, folder / STATE)

    @classmethod
    def load(cls, folder: Path) -> Progress:
        """Read it; raises CheckpointError where the folder is no whole checkpoint of ours."""
        try:
            data = json.loads((folder / STATE).read_text())
        except (OSError, json.JSONDecodeError) as error:
            raise CheckpointError(f"{folder}: no readable {STATE} ({error}); it cannot be resumed exactly") from None
        return cls(**{**data, "cursor": tuple(data["cursor"])})

    def check(self, plan: Mapping[str, Any], global_batch: int) -> None:
        """Raise CheckpointError naming every fact of the plan that is not as it was when the checkpoint was made."""
        now: dict[str, Any] = {**json.loads(json.dumps(plan)), "global_batch": global_batch}
        then: dict[str, Any] = {**self.plan, "global_batch": self.global_batch}
        if differing := list(differences(then, now, "the checkpoint")):
            raise CheckpointError(
                "this checkpoint belongs to another plan, its place in the data means nothing here: "
                + "; ".join(differing)
            )


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of an output folder that was written to its end (a kill may leave a torn one)."""
    found = {
        int(path.name.rpartition("-")[2]): path
        for path in folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*")
        if path.name.rpartition("-")[2].isdigit()
    }
    return next((found[step] for step in sorted(found, reverse=True) if _whole(found[step])), None)


def _whole(checkpoint: Path) -> bool:
    # The Trainer writes trainer_state.json after everything else; Progress is saved before it starts.
    try:
        TrainerState.load_from_json(str(checkpoint / TRAINER_STATE))
        Progress.load(checkpoint)
    except (OSError, ValueError, CheckpointError):
        return False
    return True


def restore(model: PreTrainedModel, checkpoint: Path) -> None:
    """Load a checkpoint's weights into ``model`` in place, bit for bit; raises CheckpointError naming what is amiss.

    A second copy of the weights lives in memory meanwhile.
    """
    dtypes = {parameter.dtype for parameter in model.parameters()}
    answer: Any = type(model).from_pretrained(
        str(checkpoint),
        config=model.config,
        dtype=dtypes.pop() if len(dtypes) == 1 else torch.float32,
        output_loading_info=True,
    )
    loaded, info = answer
    amiss = {kind: sorted(map(str, info[kind])) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")}
    if any(amiss.values()):
        text = "; ".join(f"{kind.removesuffix('_keys')}: {', '.join(keys)}" for kind, keys in amiss.items() if keys)
        raise CheckpointError(f"{checkpoint}: its weights are not those of this model: {text}")
    set_weights(model, loaded.state_dict())
