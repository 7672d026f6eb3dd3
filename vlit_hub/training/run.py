"""One run from a recipe: ``python -m vlit_hub.training.run RECIPE.yaml [--key value ...]``.

The same line works under ``torchrun --nproc-per-node N -m`` and ``accelerate launch -m``.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForImageTextToText,
    PreTrainedModel,
    PrinterCallback,
    ProgressCallback,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from vlit_hub.processing import VLITCollator, VLITProcessor, family_of, measure
from vlit_hub.processing.sharing import share_pictures
from vlit_hub.shards import Store
from vlit_hub.shards.mixture import Mixture
from vlit_hub.training import lora, sharding
from vlit_hub.training.callbacks import Bar, ExamplePrinter, LossLog
from vlit_hub.training.checkpoint import last_checkpoint
from vlit_hub.training.encoder import EncoderCheckpointing, encoder_layers
from vlit_hub.training.recipe import CHECKPOINTS, RecipeError, TrainRecipe, load_recipe, overrides
from vlit_hub.training.report import TrainReport, report_of
from vlit_hub.training.settings import Report, apply
from vlit_hub.training.trainer import Evaluation, VLITTrainer

Log = Callable[[str], Any]


def run(
    recipe: TrainRecipe,
    *,
    log: Log = print,
    evaluations: Mapping[str, Evaluation] | None = None,
    callbacks: Sequence[TrainerCallback] = (),
    model: PreTrainedModel | None = None,
) -> TrainReport:
    """Train, and leave in ``recipe.out`` what ``from_pretrained`` loads without vlit_hub, with ``train_report.json``.

    ``model``: the recipe's, where it is loaded already (:func:`load_model`). Raises RecipeError, SettingError,
    ShardError, CheckpointError or NonFiniteLoss, each before or at the step it concerns.
    """
    resume = _resume(recipe)
    trainer, tuned = build(recipe, log=log, evaluations=evaluations, callbacks=callbacks, model=model)
    trainer.train(resume_from_checkpoint=resume)
    out = Path(recipe.out)
    if recipe.setting == lora.SETTING:
        merge(trainer, recipe)
    trainer.save_model(str(out))
    report = report_of(recipe, tuned, trainer)
    if trainer.args.should_save:
        report.save()
    trainer.accelerator.wait_for_everyone()  # nobody reads `out` before it is whole
    return report


def build(
    recipe: TrainRecipe,
    *,
    log: Log = print,
    evaluations: Mapping[str, Evaluation] | None = None,
    callbacks: Sequence[TrainerCallback] = (),
    model: PreTrainedModel | None = None,
) -> tuple[VLITTrainer, Report]:
    """The trainer of a recipe, ready to train, and what its setting froze. Measures the shards if need be."""
    check_evaluation(recipe, evaluations)
    args = recipe.arguments()
    if args.world_size > 1:
        atexit.register(_leave)
    say: Log = log if args.process_index == 0 else (lambda text: None)
    processor = recipe.processor_of()
    model = load_model(recipe) if model is None else model
    check_pair(model, processor)
    family = family_of(model.config).name
    if recipe.setting == lora.SETTING:
        set_seed(recipe.seed)  # of what adapters begin with, the same in each process
        model = lora.adapt(model, family, recipe.adapters())  # type: ignore[assignment]
    tuned = apply(model, family, recipe.setting)
    say(str(tuned))
    mixture = recipe.mixture()
    check_options(recipe, args)
    check_family(recipe, mixture, processor)
    store = Store(mixture.parts, on_error=recipe.on_error)
    with args.main_process_first(local=False, desc="measure"):
        measured = measure(store, processor, recipe.max_length)
    say(
        f"{measured.kept:,} of {measured.samples:,} samples fit max_length {recipe.max_length}: {measured.tokens:,} "
        f"tokens, {measured.supervised:,} supervised"
    )
    plan = mixture.plan(store.index, measured.fingerprint)
    for share in plan.shares if len(plan.shares) > 1 else ():
        say(f"{share.name}: {share.samples_per_epoch:,} of {len(plan):,} samples an epoch, {share.samples:,} to take")
    for dataset, reasons in plan.left_out.items():
        say(f"{dataset}: left out {', '.join(f'{count} {reason}' for reason, count in reasons.items())}")
    if left := plan.tail_items(0, recipe.global_batch):
        done = "dropped" if plan.tail == "drop" else "repeated"
        say(f"{left:,} items {done} at the end of the first epoch, where they fill no global batch")
    collator = collator_of(recipe, processor, model)
    if recipe.share_pictures:
        share_pictures(model)
    if recipe.shard:
        sharding.shard(model, family, args.device.type, args.world_size)
    on = recipe.encoder_checkpointing
    switch = [] if on is None else [EncoderCheckpointing(encoder_layers(model, family), on)]
    trainer = VLITTrainer(
        model,
        args,
        train_plan=plan,
        store=store,
        processor=processor,
        collator=collator,
        global_batch=recipe.global_batch,
        lr=recipe.lr,
        evaluations=evaluations,
        callbacks=[ExamplePrinter(say), LossLog(Path(recipe.out), say), *switch, *callbacks],
    )
    trainer.remove_callback(PrinterCallback)
    if not args.disable_tqdm:
        trainer.remove_callback(ProgressCallback)
        trainer.add_callback(Bar())
    return trainer, tuned


def collator_of(recipe: TrainRecipe, processor: VLITProcessor, model: PreTrainedModel) -> VLITCollator:
    """What makes the batches of a recipe's run."""
    text: Any = model.config.get_text_config()
    return VLITCollator(
        processor,
        recipe.max_length,
        supervised_only=processor.family.logits_to_keep,
        on_error=recipe.on_error,
        attention=text._attn_implementation,
        window=getattr(text, "sliding_window", None),
        rate=getattr(getattr(model.config, "vision_config", None), "tokens_per_second", None),
        decode=recipe.decode,
        share_pictures=recipe.share_pictures,
    )


def merge(trainer: VLITTrainer, recipe: TrainRecipe) -> None:
    """Put the adapters into the weights; those of a sharded model on the first process, where they are whole."""
    tuned: Any = trainer.model
    if trainer.sharded:
        state = sharding.weights(tuned)
        trainer.sharded = trainer.is_distributed_loading_by_transformers = False
        if not trainer.args.should_save:
            return
        base = load_model(recipe)
        tuned = lora.adapt(base, family_of(base.config).name, recipe.adapters())
        tuned.load_state_dict(state, strict=True)
    trainer.model = tuned.merge_and_unload()


def load_model(recipe: TrainRecipe) -> PreTrainedModel:
    """The recipe's model: weights of a folder, or random ones for a config; raises RecipeError if it is neither."""
    path = Path(recipe.model)
    dtype = getattr(torch, recipe.dtype)
    if path.is_dir():
        return AutoModelForImageTextToText.from_pretrained(path, dtype=dtype)
    if not path.is_file():
        raise RecipeError(f"model: {path} is neither a folder nor a config.json")
    set_seed(recipe.seed)
    return AutoModelForImageTextToText.from_config(AutoConfig.from_pretrained(path), dtype=dtype)


def check_pair(model: PreTrainedModel, processor: VLITProcessor) -> None:
    """Raise RecipeError where model and processor do not belong together: picture token, vocabulary."""
    if wrong := processor.family.pair(processor.native, model.config):
        raise RecipeError(wrong)
    embeddings: Any = model.get_input_embeddings()
    rows = sum(len(weight) for weight in embeddings.parameters())  # Idefics has two tables
    if len(processor.tokenizer) > rows:
        raise RecipeError(f"the tokenizer has {len(processor.tokenizer)} tokens, the model embeds {rows}")


def check_family(recipe: TrainRecipe, mixture: Mixture, processor: VLITProcessor) -> None:
    """Raise RecipeError for what the family cannot."""
    family = processor.family
    if mixture.packer and not family.packs:
        raise RecipeError(f"packing: family {family.name} does not pack ({family.why_not}); leave it out")
    if recipe.share_pictures and not family.shares_pictures:
        raise RecipeError(f"share_pictures: family {family.name} does not share ({family.why_not}); leave it out")


def check_evaluation(recipe: TrainRecipe, evaluations: Mapping[str, Evaluation] | None) -> None:
    """Raise RecipeError where questions are given that nobody would ask."""
    if not recipe.eval_data:
        return
    if evaluations is None:
        raise RecipeError("eval_data: asked by `vlit train`; run the recipe by it, or give evaluations")
    if str(recipe.training.get("eval_strategy", "no")) == "no":
        raise RecipeError("eval_data: asked when the Trainer evaluates; set eval_strategy: steps (and eval_steps)")


def check_options(recipe: TrainRecipe, args: TrainingArguments) -> None:
    """Raise RecipeError for what excludes each other, saying what to set."""
    if recipe.shard and args.world_size == 1:
        raise RecipeError("shard: one process has nobody to share with; launch several (torchrun), or leave it out")
    if recipe.shard and (args.fsdp or args.deepspeed):
        raise RecipeError("shard: ours, fsdp and deepspeed exclude each other; set one of them")
    if recipe.encoder_checkpointing and (args.fsdp or args.deepspeed):
        raise RecipeError("encoder_checkpointing: not with fsdp or deepspeed, which wrap the layers; leave it out")
    if recipe.lora and recipe.setting != lora.SETTING:
        raise RecipeError(f"lora: only with setting {lora.SETTING}, not {recipe.setting}")


def _leave() -> None:
    # The group's threads abort a process that ends with them running, now and then. Trainer and DDP hold the group in
    # cycles: while these stand, destroying it ends none of its threads.
    if torch.distributed.is_initialized():
        gc.collect()
        torch.distributed.destroy_process_group()


def _resume(recipe: TrainRecipe) -> str | None:
    folder = Path(recipe.out) / CHECKPOINTS
    newest = last_checkpoint(folder)
    if recipe.resume == "auto":
        return str(newest) if newest else None
    if newest and not recipe.resume:
        raise RecipeError(f"resume: {folder} holds {newest.name} of an earlier run; set resume: auto, or another out")
    return recipe.resume or None


def main(arguments: Sequence[str]) -> None:
    """``RECIPE.yaml [--key value ...]``"""
    if not arguments:
        sys.exit("usage: python -m vlit_hub.training.run RECIPE.yaml [--key value ...]")
    run(load_recipe(arguments[0], overrides(arguments[1:])))


if __name__ == "__main__":
    main(sys.argv[1:])
