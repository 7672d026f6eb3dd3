"""Callbacks of a run: one example in words before step 1, the place in the data after each step, the loss curve."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import ProgressCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from vlit_hub.processing.masking import IGNORED
from vlit_hub.shards import Fetch

OPEN, CLOSE = "⟦", "⟧"
"""What stands around supervised tokens in the printed example."""
LOSSES = "losses.jsonl"


class _Keeps(Protocol):
    def commit(self) -> None: ...

    @property
    def epoch(self) -> float: ...


class CursorKeeper(TrainerCallback):
    """Moves the trainer's cursor when, and only when, the optimiser step over that data is done."""

    def __init__(self, trainer: _Keeps) -> None:
        self.trainer = trainer

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.trainer.commit()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        # The Trainer counts from where its loader began, which after a resume is not where the epoch began.
        state.epoch = self.trainer.epoch


class ExamplePrinter(TrainerCallback):
    """Prints the first item to come as the model gets it: decoded, supervised tokens in ⟦ ⟧, picture tokens counted."""

    def __init__(self, log: Callable[[str], Any] = print) -> None:
        self.log = log

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        loader: Any = kwargs["train_dataloader"]
        fetch: Fetch | None = next(iter(loader.batch_sampler), None)
        if state.is_world_process_zero and fetch is not None:
            batch = loader.collate_fn(loader.dataset.__getitems__(fetch))
            real = slice(batch["vlit"]["lengths"][0][0])
            text = describe(batch["input_ids"][0][real], batch["labels"][0][real], kwargs["processing_class"])
            where = loader.dataset.provenance(fetch.items[0][0])
            self.log(f"the first example to train on ({where}), {OPEN}supervised{CLOSE}:\n{text}")


def describe(ids: torch.Tensor, labels: torch.Tensor, processor: Any) -> str:
    """One row of a batch (length,) as text: supervised runs in ⟦ ⟧, runs of one special token as ``<token> x n``."""
    tokenizer = processor.tokenizer
    special = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    text = []
    for supervised, run in groupby(zip(ids.tolist(), labels.tolist(), strict=True), lambda pair: pair[1] != IGNORED):
        words = []
        for key, same in groupby((token for token, _ in run), lambda token: token if token in special else None):
            tokens = list(same)
            words.append(
                tokenizer.decode(tokens)
                if key is None or len(tokens) == 1
                else f"{tokenizer.decode([key])} x {len(tokens)} "
            )
        text.append(f"{OPEN}{''.join(words)}{CLOSE}" if supervised else "".join(words))
    return "".join(text)


class LossLog(TrainerCallback):
    """Writes ``losses.jsonl`` and says it: a line per logged loss; a resumed run goes on where its checkpoint stands.

    Line: step; loss (nats per supervised token, mean over the steps since the line before); lr; tokens (supervised, of
    those steps); seconds (of training, interruptions left out); datasets (name -> loss).
    """

    def __init__(self, folder: Path, log: Callable[[str], Any] = print) -> None:
        self.path, self.log = folder / LOSSES, log
        self.started = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.started = time.monotonic()
        if not state.is_world_process_zero:
            return
        kept = [line for line in read_losses(self.path.parent) if line["step"] <= state.global_step]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(json.dumps(line) + "\n" for line in kept))
        self.started -= kept[-1]["seconds"] if kept else 0.0

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not state.is_world_process_zero or not logs:
            return
        if "loss" not in logs:
            figures = {key: value for key, value in logs.items() if key.startswith("eval_")}
            if figures:
                self.log(f"step {state.global_step}: " + ", ".join(f"{key} {figures[key]:.4g}" for key in figures))
            return
        line = {
            "step": state.global_step,
            "loss": logs["loss"],
            "lr": logs["learning_rate"],
            "tokens": logs["supervised_tokens"],
            "seconds": round(time.monotonic() - self.started, 3),
            "datasets": {key.partition("/")[2]: value for key, value in logs.items() if key.startswith("loss/")},
        }
        with open(self.path, "a") as file:
            file.write(json.dumps(line) + "\n")
        self.log(
            f"step {line['step']} of {state.max_steps}: loss {line['loss']:.4f}, lr {line['lr']:.2e}, "
            f"{line['tokens']} tokens, {line['seconds']:.0f} s"
            + (f", {logs['skipped']} skipped" if "skipped" in logs else "")
        )


class Bar(ProgressCallback):
    """transformers' progress bar (stderr) without its printing of losses to stdout, which belongs to ``--json``."""

    def on_log(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: LossLog says it."""


def read_losses(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run's loss curve; none if it has not begun. A last line torn by a kill is left out."""
    path = folder / LOSSES
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]
