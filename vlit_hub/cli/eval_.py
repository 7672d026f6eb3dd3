"""``vlit eval SHARDS --model DIR``: short answers scored beside their controls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlit_hub.cli.common import BadInput, Json, emit, progress, table, verb

if TYPE_CHECKING:
    from vlit_hub.schema import Sample
    from vlit_hub.shards import Store


@verb
def command(
    shards: Annotated[Path, typer.Argument(help="Folder of shards with the questions.")],
    model: Annotated[Path, typer.Option("--model", help="Folder of the tuned model.")],
    untuned: Annotated[Path | None, typer.Option("--untuned", help="Folder of the model before tuning.")] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="JSON {sample id: ability}; not with --training.")
    ] = None,
    training: Annotated[Path | None, typer.Option("--training", help="Shards to fit the majority answer on.")] = None,
    subset: Annotated[str, typer.Option(help="Of the shards; all if left out.")] = "",
    split: Annotated[str, typer.Option(help="Of the shards; all if left out.")] = "",
    limit: Annotated[int | None, typer.Option(help="Samples to ask, drawn by --seed.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw, the shuffled pictures and the intervals.")] = 0,
    batch_size: Annotated[int, typer.Option(help="Questions asked at once.")] = 8,
    max_new_tokens: Annotated[int, typer.Option(help="Longest answer, in tokens.")] = 16,
    out: Annotated[Path | None, typer.Option("--out", help="Write the report here as JSON (for the card).")] = None,
    as_json: Json = False,
) -> None:
    """Score a model per ability and instruction type, beside majority, blind, shuffled and untuned."""
    from transformers import AutoModelForImageTextToText

    from vlit_hub.evaluation.evaluate_model import evaluate
    from vlit_hub.processing import VLITProcessor
    from vlit_hub.shards import Store

    store = Store(shards, subset=subset or None, split=split or None)
    if not len(store):
        raise BadInput(f"{shards} holds no samples")
    load = AutoModelForImageTextToText.from_pretrained
    with progress("eval") as step:
        report = evaluate(
            store,
            load(model),
            VLITProcessor.from_pretrained(model),
            labels=json.loads(labels.read_text()) if labels else None,
            untuned=load(untuned) if untuned else None,
            training=_samples(Store(training)) if training else None,
            limit=limit,
            seed=seed,
            batch_size=batch_size,
            max_new_tokens=max_new_tokens,
            progress=lambda done, total: step(f"of {total}", done),
        )
    found = report.to_dict()
    if out:
        out.write_text(json.dumps(found, indent=2) + "\n")
    if as_json:
        return emit(found)
    show(report)


def _samples(store: Store) -> Iterator[Sample]:
    return (store[row] for row in range(len(store)))


def show(report: Any) -> None:
    """One row per stratum: accuracy with its interval, then the controls."""
    heads, body = report.table()
    table(f"{report.scored} of {report.samples} samples scored", heads, body, right=heads[1:])
    if report.unanswerable:
        print("not scored:", ", ".join(f"{count} {reason}" for reason, count in report.unanswerable.items()))
