"""``vlit quality SHARDS``: the indicators of every sample, summed up per dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlit_hub.cli.common import Json, emit, progress, table, verb
from vlit_hub.curation.indicator import PRINCIPLES

if TYPE_CHECKING:
    from vlit_hub.curation.summary import Figure


@verb
def command(
    shards: Annotated[list[Path], typer.Argument(help="Folders of shards.")],
    indicator: Annotated[list[str] | None, typer.Option("--indicator", help="Only these; all if left out.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    as_json: Json = False,
) -> int:
    """Measure correctness, diversity, complexity and balance. Values are kept beside the index and not made twice."""
    from vlit_hub.curation.columns import Work, compute, one_process, processes
    from vlit_hub.curation.indicator import chosen
    from vlit_hub.curation.summary import summarise
    from vlit_hub.shards import Store

    store = Store(shards)
    work = Work(store, tuple(made.name for made in chosen(indicator)))
    with progress("quality", len(store)) as step:
        engine = processes(workers) if workers > 1 else one_process
        found = compute(work, engine, lambda done: step("", done))
    figures = summarise(found, work.indicators)
    if as_json:
        emit({"fingerprint": work.fingerprint, "figures": [figure.to_dict() for figure in figures]})
        return 0
    show(figures)
    return 0


def show(figures: Sequence[Figure]) -> None:
    """One table per principle: datasets down, columns across."""
    for principle in PRINCIPLES:
        mine = [figure for figure in figures if figure.principle == principle]
        columns = tuple(dict.fromkeys(figure.column for figure in mine))
        if columns:
            by_dataset: dict[str, list[object]] = {}
            for figure in mine:
                by_dataset.setdefault(figure.dataset, [figure.dataset, f"{figure.samples:,}"]).append(_cell(figure))
            table(f"{principle} (indicators of our own)", ("dataset", "samples", *columns), by_dataset.values())


def _cell(figure: Figure) -> str:
    """The mean and half the width of its interval; of names the evenness and the most frequent one."""
    if figure.mean:
        half = (figure.mean.high - figure.mean.low) / 2
        return f"{figure.mean.value:.3g} ±{half:.2g}"
    if figure.top:
        spread = "" if figure.entropy is None else f"{figure.entropy:.2f}; "
        return f"{spread}{figure.top} {figure.top_share:.0%}"
    return "-"
