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
    elif first:
        refuse_on_red(loaded, as_json)
    report = run(loaded, log=lambda text: err.print(text, markup=False, highlight=False))
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


def _tuned(recipe: Any, processor: Any) -> Any:
    """The recipe's model in float32, as it begins, and the collator of its run."""
    from vlit_hub.processing.sharing import share_pictures
    from vlit_hub.training.run import check_pair, collator_of, load_model

    model = load_model(replace(recipe, dtype="float32"))
    check_pair(model, processor)
    if recipe.share_pictures:
        share_pictures(model)
    return verify_.tuned(model, collator_of(recipe, processor, model))


def refuse_on_red(recipe: Any, as_json: bool) -> None:
    """Run ``verify`` on a sample of the recipe's data; leaves ``verify.json`` in its out folder for the card."""
    from vlit_hub.processing import VLITProcessor
    from vlit_hub.shards import Store
    from vlit_hub.verify import verify

    store = Store(recipe.mixture().parts)
    processor = VLITProcessor.from_pretrained(recipe.processor or recipe.model)
    tuned = _tuned(recipe, processor)
    report = verify(store, processor, recipe.max_length, CHECKED, recipe.on_error, tuned)
    del tuned  # the run loads its own
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


def _flat(found: dict[str, Any]) -> list[list[object]]:
    return [[key, value] for key, value in found.items() if isinstance(value, (str, int, float))]
