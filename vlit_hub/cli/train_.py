"""``vlit train RECIPE.yaml [--key value ...]``: verify, then tune."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from vlit_hub.cli import verify_
from vlit_hub.cli.common import BadInput, Json, emit, err, table, verb

CHECKED = 64
"""Samples that are verified before the first step."""
VERIFIED = "verify.json"
CONTEXT = {"ignore_unknown_options": True}
"""Any key of a recipe is an option."""


@verb
def command(
    recipe: Annotated[Path, typer.Argument(help="A flat YAML file: our keys and TrainingArguments side by side.")],
    override: Annotated[list[str] | None, typer.Argument(help="--KEY VALUE or KEY=VALUE, wins over the file.")] = None,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Train unverified; the model card will say so.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say what a step holds, what is trained and what memory it takes.")
    ] = False,
    processes: Annotated[int, typer.Option(help="With --plan: the processes it would run on.")] = 1,
    as_json: Json = False,
) -> int:
    """Tune a model by a recipe. Verifies a sample of the data first and refuses on red."""
    from vlit_hub.training.recipe import load_recipe, overrides
    from vlit_hub.training.run import run

    loaded = load_recipe(recipe, overrides(override or ()))
    if plan:
        return say(loaded, processes, as_json)
    first = int(os.environ.get("RANK", "0")) == 0
    if first and no_verify:
        (Path(loaded.out) / VERIFIED).unlink(missing_ok=True)  # of an earlier run: it proves nothing of this one
    proven = refuse_on_red(loaded, as_json) if first and not no_verify else None
    report = run(
        loaded,
        log=lambda text: err.print(text, markup=False, highlight=False),
        evaluations=evaluations(loaded),
        model=proven,
    )
    if not first:
        return 0
    found = json.loads((Path(loaded.out) / "train_report.json").read_text())
    if as_json:
        emit(found)
    else:
        table(f"{report.setting} -> {loaded.out}", ("fact", "value"), _flat(found))
    return 0


def say(recipe: Any, processes: int, as_json: bool) -> int:
    """``--plan``."""
    from vlit_hub.training.outline import outline

    found = outline(recipe, processes)
    if as_json:
        emit(asdict(found))
    else:
        table(f"{found.family} {found.setting}: a step", ("fact", "value"), found.rows())
    return 0


def evaluations(recipe: Any) -> dict[str, Any] | None:
    """What the recipe's ``eval_data`` asks: the accuracy of generated answers, by the scoring of its datasets."""
    if not recipe.eval_data:
        return None
    from vlit_hub.evaluation.evaluate_model import evaluate
    from vlit_hub.shards import Store

    held = Store(recipe.eval_data)

    def generation(model: Any, processor: Any) -> dict[str, float]:
        limit, seed = recipe.eval_limit, recipe.seed
        report = evaluate(held, model, processor, scoring="auto", controls=(), limit=limit, seed=seed)
        row = report.row("all")
        return {"accuracy": row.accuracy, "low": row.low, "high": row.high, "scored": row.n}

    return {"generation": generation}


def refuse_on_red(recipe: Any, as_json: bool) -> Any:
    """Run ``verify`` on a sample of the recipe's data; leaves ``verify.json`` in its out folder for the card.

    Returns the model that it read, as the run begins with it; None where the run's has another dtype.
    """
    from vlit_hub.processing.sharing import share_pictures
    from vlit_hub.shards import Store
    from vlit_hub.training.run import check_pair, collator_of, load_model
    from vlit_hub.verify import verify

    store = Store(recipe.mixture().parts)
    processor = recipe.processor_of()
    model = load_model(replace(recipe, dtype="float32"))
    check_pair(model, processor)
    shared = share_pictures(model) if recipe.share_pictures else None
    tuned = verify_.tuned(model, collator_of(recipe, processor, model))
    report = verify(store, processor, recipe.max_length, CHECKED, recipe.on_error, tuned)
    if shared is not None:
        shared.remove()
    of = {
        "processor": processor.fingerprint(recipe.max_length),
        "index": store.index.fingerprint,
        "max_length": recipe.max_length,
    }
    out = Path(recipe.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / VERIFIED).write_text(json.dumps(report.as_dict() | of, indent=2) + "\n")
    if not report.ok:
        if not as_json:
            verify_.show(report)
        red = "; ".join(f"{row.check}: {row.first}" for row in report.rows if not row.passed)
        raise BadInput(f"verify is red, nothing was trained ({red}). --no-verify trains all the same")
    return model.cpu() if recipe.dtype == "float32" else None


def _flat(found: dict[str, Any]) -> list[list[object]]:
    return [[key, value] for key, value in found.items() if isinstance(value, (str, int, float))]
