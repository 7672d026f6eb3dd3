"""``vlit quality SHARDS``: the indicators of every sample, summed up per dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlit_hub.cli.common import Json, emit, pairs, progress, table, verb
from vlit_hub.curation.indicator import PRINCIPLES

if TYPE_CHECKING:
    from vlit_hub.curation.summary import Figure


@verb
def command(
    shards: Annotated[list[Path], typer.Argument(help="Folders of shards.")],
    indicator: Annotated[
        list[str] | None, typer.Option("--indicator", help="Only these; all but the optional ones if left out.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="NAME=ID or folder of optional indicators: blind=, clip=.")
    ] = None,
    annotations: Annotated[
        str,
        typer.Option(
            help="What is known of the pictures from another source: coco:FOLDER, regions:SHARDS (what is there), or"
            " complete:SHARDS (all that is there)."
        ),
    ] = "",
    html: Annotated[Path | None, typer.Option(help="Write one page with distributions and examples.")] = None,
    sample: Annotated[int, typer.Option(min=2, help="Samples of each dataset that diversity is measured on.")] = 1000,
    embedding: Annotated[str, typer.Option(help="Spread and nearest neighbours too, by this model: wordllama.")] = "",
    workers: Annotated[int, typer.Option(min=1, help="Processes, or tasks of --engine ray at once.")] = 1,
    engine: Annotated[str, typer.Option(help="local, or ray (extra ray; RAY_ADDRESS says where).")] = "local",
    as_json: Json = False,
) -> int:
    """Measure correctness, diversity, complexity and balance. Values are kept beside the index and not made twice."""
    from vlit_hub.curation.annotations import source
    from vlit_hub.curation.columns import Work, compute
    from vlit_hub.curation.diversity import diversity
    from vlit_hub.curation.engines import engine_of
    from vlit_hub.curation.indicator import chosen
    from vlit_hub.curation.page import page
    from vlit_hub.curation.summary import summarise
    from vlit_hub.shards import Store

    store = Store(shards)
    work = Work(
        store,
        tuple(made.name for made in chosen(indicator)),
        source(annotations) if annotations else None,
        models=tuple(sorted(pairs(model, "--model").items())),
    )
    with progress("quality", len(store)) as step:
        found = compute(work, engine_of(engine, workers), lambda done: step("", done))
    figures = summarise(found, work.indicators)
    spread = diversity(store, sample, embedding=embedding)
    if html:
        html.write_text(page(work, found, figures), encoding="utf-8")
    if as_json:
        rows = [figure.to_dict() for figure in figures]
        emit({"fingerprint": work.fingerprint, "figures": rows, "diversity": [each.to_dict() for each in spread]})
        return 0
    show(figures)
    columns = [name for name in spread[0].to_dict() if name != "embedding" and (embedding or name not in APART)]
    cells = [[_real(each.to_dict()[name]) for name in columns] for each in spread]
    table(f"diversity over {spread[0].samples} samples each", columns, cells)
    return 0


APART = ("spread", "nearest")


def show(figures: Sequence[Figure]) -> None:
    """One table per principle: datasets down and columns across, or of few datasets the other way round."""
    from vlit_hub.curation.page import told

    for principle in PRINCIPLES:
        mine = [figure for figure in figures if figure.principle == principle]
        datasets = {figure.dataset: f"{figure.samples:,}" for figure in mine}
        if not mine:
            continue
        title = f"{principle} (indicators of our own)"
        cells = {(figure.dataset, figure.column): told(figure) for figure in mine}
        columns = list(dict.fromkeys(figure.column for figure in mine))
        if len(datasets) <= FEW:
            heads = ("", *(f"{name} ({samples})" for name, samples in datasets.items()))
            table(title, heads, [(column, *(cells[name, column] for name in datasets)) for column in columns])
        else:
            rows = [(name, n, *(cells[name, column] for column in columns)) for name, n in datasets.items()]
            table(title, ("dataset", "samples", *columns), rows)


FEW = 4


def _real(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else "-" if value is None else str(value)
