"""``vlit curate RECIPE.yaml``: threshold, deduplicate, decontaminate, balance and select built shards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlit_hub.cli.common import Json, emit, progress, table, verb


@verb
def command(
    recipe: Annotated[Path, typer.Argument(help="Shards and steps, in YAML (docs: curation/recipe.py).")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the selection, its trace and its random twin.")],
    rewrite: Annotated[Path | None, typer.Option(help="Write the kept samples as shards of their own too.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    as_json: Json = False,
) -> int:
    """Keep what a recipe asks for. Every drop is traced with its rule and value; no shard is copied or changed."""
    from vlit_hub.curation import selection
    from vlit_hub.curation.columns import one_process, processes
    from vlit_hub.curation.curate import Curation
    from vlit_hub.curation.recipe import load

    made = Curation(load(recipe), processes(workers) if workers > 1 else one_process)
    with progress("curate", len(made.recipe.steps)) as step:
        report = made.run(step)
    selection.write(out, made, report)
    if rewrite:
        selection.rewrite(rewrite, made)
    if as_json:
        emit(report.to_dict() | {"out": str(out)})
        return 0
    datasets = list(report.counts[0][1])
    rows = [(title, *(f"{counts[name]:,}" for name in datasets)) for title, counts in report.counts]
    table(f"{report.kept:,} kept, {report.dropped:,} dropped: {out}", ("after", *datasets), rows, right=datasets)
    return 0
