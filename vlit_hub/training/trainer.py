"""``VLITTrainer(Trainer)``: trains on a plan, knows which sample is where, resumes exactly.

What it changes of the Trainer and why: its own unprepared loader (loader.py), the cursor of the plan in the checkpoint
and weights truly restored (checkpoint.py), the loss of its own over supervised positions (loss.py), one count of
supervised tokens over ranks and accumulation, a stop at the first loss that is not finite. All else is the Trainer's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME, TRAINING_ARGS_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from vlit_hub.processing import VLITCollator, VLITProcessor
from vlit_hub.processing.masking import IGNORED
from vlit_hub.shards import Plan, Store
from vlit_hub.training import sharding
from vlit_hub.training.callbacks import CursorKeeper
from vlit_hub.training.checkpoint import TRAINER_STATE, CheckpointError, Progress, last_checkpoint, restore
from vlit_hub.training.guards import NonFiniteLoss, non_finite, refuse
from vlit_hub.training.loader import EpochFetches, batch_shape, epoch_steps, train_loader
from vlit_hub.training.lora import restore as restore_adapters
from vlit_hub.training.loss import by_sample, samples_of, targets_of, tie, token_losses
from vlit_hub.training.settings import learning_rates, split
from vlit_hub.training.tally import NATS, SAMPLES, SKIPPED, TOKENS, Tally, added

Evaluation = Callable[[PreTrainedModel, VLITProcessor], Mapping[str, float]]
"""An evaluation: model (in eval mode) and processor to named figures. Called on every rank."""


class VLITTrainer(Trainer):
    """Tunes ``model`` on ``train_plan`` over ``store``.

    ``collator`` with ``supervised_only`` where the family can; without, every position is scored. ``global_batch`` is
    samples per optimiser step over all ranks: micro-batch x world size x accumulation, else ValueError. ``lr`` gives
    modules their own learning rate (settings.learning_rates). ``evaluations`` run whenever the Trainer evaluates;
    their figures are logged as ``eval_<name>_<figure>``.
    Raises ValueError for arguments that exclude each other, saying what to set.
    """

    loss_is_scaled_for_ga = True

    def __init__(
        self,
        model: PreTrainedModel,
        args: TrainingArguments,
        *,
        train_plan: Plan,
        store: Store,
        processor: VLITProcessor,
        collator: VLITCollator,
        global_batch: int,
        lr: Mapping[str, float] | None = None,
        evaluations: Mapping[str, Evaluation] | None = None,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        refuse(args)
        batch_shape(global_batch, args.world_size, args.per_device_train_batch_size, args.gradient_accumulation_steps)
        args.ignore_data_skip, args.remove_unused_columns, args.logging_nan_inf_filter = True, False, False
        self.plan, self.store, self.processor, self.global_batch = train_plan, store, processor, global_batch
        self.lr, self.evaluations = dict(lr or {}), dict(evaluations or {})
        self.progress = Progress(global_batch=global_batch, plan=self._plan_facts())
        """Where the data stands after the last optimiser step; ``seen`` and ``tokens`` as of the last checkpoint."""
        self._tally = Tally(store.index)
        self.notes: list[dict[str, Any]] = []
        """``vlit`` of the micro-batches of the optimiser step under way."""
        super().__init__(
            model,
            args,
            data_collator=collator,
            processing_class=processor,
            eval_dataset={} if self.evaluations else None,
            callbacks=[CursorKeeper(self), *callbacks],
        )
        if args.fsdp and not self.is_fsdp_enabled:
            raise ValueError(f"fsdp: accelerate made it {self.accelerator.distributed_type}; set shard: true instead")
        self.sharded = sharding.sharded(model)
        """Whether we have split the model (sharding.py): the Trainer then wraps nothing."""
        self.is_distributed_loading_by_transformers = self.sharded
        if not (self.is_fsdp_enabled or self.is_deepspeed_enabled):
            tie(model, always=self.sharded)

    # -- data ----------------------------------------------------------------------------------------------------------

    def get_train_dataloader(self) -> DataLoader:
        """Batches of this rank from where training stands; never prepared by accelerate."""
        fetches = EpochFetches(self.plan, self.args, self.global_batch, lambda: self.progress)
        return train_loader(self.store, fetches, self.data_collator, self.args)

    def set_initial_training_values(
        self, args: TrainingArguments, dataloader: DataLoader
    ) -> tuple[int, int, int, int, int, int | None, int]:
        """The Trainer's seven counts, from the plan: epochs may differ in length."""
        steps, total = epoch_steps(self.plan, self.global_batch, args)
        longest = max(steps)
        batches = longest * args.gradient_accumulation_steps
        # Resumed at its last step the Trainer would still take one more: no epoch is left then.
        epochs = len(steps) if self.progress.step < total else 0
        items = longest * self.global_batch, total * self.global_batch, self.global_batch
        return epochs, longest, *items, batches, total

    def _plan_facts(self) -> dict[str, Any]:
        return {"fingerprint": self.plan.fingerprint, **self.plan.facts}

    # -- loss ----------------------------------------------------------------------------------------------------------

    def _get_num_items_in_batch(self, batch_samples: list, device: torch.device) -> Tensor | None:
        """Supervised tokens of the whole optimiser step, over its micro-batches and all ranks; at least 1.

        One where there is none: the loss is a sum divided by it, and so zero, not nan.
        """
        if not batch_samples:
            return None
        count = sum((targets_of(batch["labels"]) != IGNORED).sum() for batch in batch_samples)
        return self.accelerator.reduce(torch.as_tensor(count, device=device), reduction="sum").clamp(min=1)

    def training_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: Tensor | int | None = None
    ) -> Tensor:
        self.notes.append(inputs.pop("vlit"))
        return super().training_step(model, inputs, num_items_in_batch)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = 1,
    ) -> Any:
        """Summed cross-entropy of the supervised tokens over ``num_items_in_batch``; raises NonFiniteLoss.

        Raised before the backward pass, which would hand the nan to the other ranks.
        """
        labels = inputs["labels"]
        outputs = model(**{key: value for key, value in inputs.items() if key not in ("labels", "shift_labels")})
        losses, kept = token_losses(outputs["logits"], labels)
        # The ranks' gradients are averaged, the tokens are those of all ranks.
        loss = losses.sum() / num_items_in_batch * self.accelerator.num_processes
        if model.training:
            note = self.notes[-1]
            rows = list(chain(*note["rows"]))
            sums, tokens = by_sample(losses, samples_of(kept, note["lengths"]), len(rows))
            if not torch.isfinite(loss):
                raise self._stop(f"loss {loss.item()}", [note], (~torch.isfinite(sums)).tolist())
            self._tally.add(rows, sums.cpu(), tokens.cpu())
        return (loss, outputs) if return_outputs else loss

    def _get_grad_norm(self, model: torch.nn.Module, grad_norm: Any = None) -> Any:
        norm = float(super()._get_grad_norm(model, grad_norm=grad_norm))
        # fp16 scales its loss so that overflows happen and are skipped.
        if not self.args.fp16 and not math.isfinite(norm):
            raise self._stop(f"gradient norm {norm} at a finite loss", self.notes, None)
        return norm

    def _stop(self, what: str, notes: Sequence[Mapping[str, Any]], guilty: Sequence[bool] | None) -> NonFiniteLoss:
        names = [str(self.store.provenance(row)) for note in notes for row in chain(*note["rows"])]
        return non_finite(what, f"step {self.state.global_step + 1}, rank {self.args.process_index}", names, guilty)

    def commit(self) -> None:
        """An optimiser step is done: its data counts as trained on. Called by CursorKeeper."""
        epoch, window, position = self.notes[-1]["cursor"]
        self.progress = replace(self.progress, cursor=(epoch, window, position), step=self.notes[-1]["step"] + 1)
        self._tally.commit()
        self.notes.clear()

    @property
    def epoch(self) -> float:
        """Epochs trained on so far, the one under way as a fraction."""
        number = self.progress.cursor[0]
        whole = self.plan.steps(number, self.global_batch)
        return number + 1 - self.plan.steps(number, self.global_batch, start=self.progress.cursor) / whole

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Adds ``loss/<dataset>`` (nats per supervised token) and ``supervised_tokens``, both since the last line."""
        if "loss" in logs:
            counts = self._over_ranks(self._tally.logged)
            self._tally.logged.zero_()
            tokens = self._tally.by_name(counts, TOKENS)
            nats = self._tally.by_name(counts, NATS)
            logs |= {f"loss/{name}": nats.get(name, 0.0) / count for name, count in tokens.items()}
            logs["supervised_tokens"] = int(sum(tokens.values()))
            if skipped := self._tally.by_name(counts, SKIPPED):
                logs["skipped"] = int(sum(skipped.values()))
        super().log(logs, start_time)

    def _over_ranks(self, counts: Tensor) -> Tensor:
        return self.accelerator.reduce(counts.to(self.args.device), reduction="sum").cpu()

    # -- optimiser, evaluation -----------------------------------------------------------------------------------------

    def create_optimizer(self, model: torch.nn.Module | None = None) -> torch.optim.Optimizer:
        """The Trainer's groups, split where ``lr`` gives a module its own rate."""
        if self.optimizer is None and self.lr:
            whole: Any = self.model if model is None else model
            rates = learning_rates(whole, self.lr)
            optimizer = super().create_optimizer(model)
            optimizer.param_groups[:] = [part for group in optimizer.param_groups for part in split(group, rates)]
        return super().create_optimizer(model)

    def evaluate(self, *args: Any, metric_key_prefix: str = "eval", **kwargs: Any) -> dict[str, float]:
        """Run the evaluation functions; keys are ``<prefix>_<name>_<figure>``."""
        model: Any = self.model
        model.eval()
        with torch.no_grad():
            figures = {
                f"{metric_key_prefix}_{name}_{key}": float(value)
                for name, evaluation in self.evaluations.items()
                for key, value in evaluation(model, self.processor).items()
            }
        self.log(figures)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, figures)
        return figures

    # -- checkpoints ---------------------------------------------------------------------------------------------------

    def train(self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any) -> Any:
        """As the Trainer's. ``True`` resumes the newest whole checkpoint of ``output_dir``.

        Raises CheckpointError where there is none, it is not whole, or it belongs to another plan or global batch.
        """
        fresh = Progress(global_batch=self.global_batch, plan=self._plan_facts())
        self.notes.clear()
        self._tally.clear()
        if not resume_from_checkpoint:
            self.progress = fresh
            return super().train(None, *args, **kwargs)
        checkpoint = (
            last_checkpoint(Path(str(self.args.output_dir)))
            if resume_from_checkpoint is True
            else Path(resume_from_checkpoint)
        )
        if checkpoint is None:
            raise CheckpointError(f"{self.args.output_dir} holds no whole checkpoint to resume from")
        self.progress = Progress.load(checkpoint)
        self.progress.check(fresh.plan, self.global_batch)
        if not self.is_deepspeed_enabled and not (checkpoint / "scheduler.pt").exists():
            raise CheckpointError(
                f"{checkpoint} holds no optimiser state (save_only_model): it cannot be resumed exactly"
            )
        return super().train(str(checkpoint), *args, **kwargs)

    def settle(self) -> Progress:
        """Progress with ``seen`` and ``tokens`` of all ranks up to date. Every rank must call it."""
        counts = self._over_ranks(self._tally.kept)
        self._tally.kept.zero_()
        self.progress = replace(
            self.progress,
            seen=added(self.progress.seen, self._tally.by_name(counts, SAMPLES)),
            skipped=added(self.progress.skipped, self._tally.by_name(counts, SKIPPED)),
            tokens=self.progress.tokens + int(counts[:, TOKENS].sum()),
        )
        return self.progress

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        progress = self.settle()
        folder = Path(self._get_output_dir(trial=trial)) / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
        if self.args.should_save:
            # The Trainer writes this file last: while it is absent the checkpoint is not whole (last_checkpoint).
            (folder / TRAINER_STATE).unlink(missing_ok=True)
            progress.save(folder)
        super()._save_checkpoint(model, trial)

    @contextmanager
    def _defer_fsdp_gradient_reduction(self) -> Iterator[None]:
        """Gradients of micro-batches before the last are kept whole on each rank, as under DDP's ``no_sync``."""
        self.model.set_requires_gradient_sync(False)  # type: ignore[union-attr,operator]
        try:
            yield
        finally:
            self.model.set_requires_gradient_sync(True)  # type: ignore[union-attr,operator]

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not self.sharded:
            return super()._save_optimizer_and_scheduler(output_dir)
        state = sharding.optimiser_state(self.model, self._optimiser())  # type: ignore[arg-type]
        if self.args.should_save:
            torch.save(state, Path(output_dir) / OPTIMIZER_NAME)
            torch.save(self._schedule().state_dict(), Path(output_dir) / SCHEDULER_NAME)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None or self.is_fsdp_enabled or self.is_deepspeed_enabled:
            return super()._load_optimizer_and_scheduler(checkpoint)
        state = sharding.load(Path(checkpoint) / OPTIMIZER_NAME)
        sharding.set_optimiser_state(self.model, self._optimiser(), state)  # type: ignore[arg-type]
        self._schedule().load_state_dict(sharding.load(Path(checkpoint) / SCHEDULER_NAME))

    def _optimiser(self) -> torch.optim.Optimizer:
        wrapped: Any = self.optimizer  # accelerate's
        return wrapped.optimizer

    def _schedule(self) -> torch.optim.lr_scheduler.LambdaLR:
        assert self.lr_scheduler is not None
        return self.lr_scheduler

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        if self.sharded:
            state_dict = sharding.weights(self.model)  # type: ignore[arg-type]
        if not self.args.should_save:
            return
        super()._save(output_dir, state_dict)
        # A pickle of this machine's paths, which nothing reads: neither resume nor from_pretrained.
        (Path(output_dir or str(self.args.output_dir)) / TRAINING_ARGS_NAME).unlink(missing_ok=True)

    def _save_rng_state(self, output_dir: str) -> None:
        super()._save_rng_state(output_dir)
        self.accelerator.wait_for_everyone()  # else rank 0 calls it whole while others still write

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if self.is_fsdp_enabled:
            return super()._load_from_checkpoint(resume_from_checkpoint, model)
        if isinstance(self.model, PreTrainedModel):
            restore(self.model, Path(resume_from_checkpoint))
        else:
            restore_adapters(self.model, Path(resume_from_checkpoint))

    def _load_best_model(self) -> None:
        if self.is_deepspeed_enabled or self.is_fsdp_enabled:
            return super()._load_best_model()
        self._load_from_checkpoint(str(self.state.best_model_checkpoint))
