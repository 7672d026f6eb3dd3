"""``vlit cross-eval RECIPE.yaml``: tune one base on each candidate, score all on all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vlit_hub.cli.common import Json, emit, err, table, verb

RESULTS, PAGE, ATTRIBUTION = "results.json", "index.html", "attribution.html"


@verb
def command(
    recipe: Annotated[Path, typer.Argument(help="Candidates, benchmarks, seeds: see evaluation/cross/recipe.py.")],
    root: Annotated[str, typer.Option(help="Folder that the recipe's paths start from.")] = "",
    out: Annotated[str, typer.Option(help="Folder of cells and results; the recipe's if left out.")] = "",
    processes: Annotated[int, typer.Option(min=1, help="Cells at once.")] = 1,
    docs: Annotated[Path | None, typer.Option(help="Write a Markdown page here, pages and heat map beside it.")] = None,
    as_json: Json = False,
) -> None:
    """Tune one base on each candidate and score all on all. Cells that are done are not run again."""
    from vlit_hub.evaluation.cross.attribution import write_attribution
    from vlit_hub.evaluation.cross.cells import cells_of, run_cells
    from vlit_hub.evaluation.cross.page import markdown, short_cell, verdict, write_page
    from vlit_hub.evaluation.cross.page import table as rows_of
    from vlit_hub.evaluation.cross.recipe import load_cross
    from vlit_hub.evaluation.cross.results import collect

    loaded = load_cross(recipe, root, out)
    cells = cells_of(loaded)
    ran = run_cells(loaded, cells, processes, log=lambda text: err.print(text, markup=False, highlight=False))
    results = collect(loaded, cells)
    folder = loaded.path(loaded.out)
    (folder / RESULTS).write_text(json.dumps(results.to_dict(), indent=1) + "\n")
    write_page(results, folder / PAGE, recipe.stem)
    write_attribution(results, folder / ATTRIBUTION, recipe.stem)
    if docs:
        again = f"vlit cross-eval {recipe}{f' --root {Path(root).name}' if root else ''} --docs {docs}"
        pages = {
            "heat map": write_page(results, docs.with_suffix(".html"), recipe.stem).name,
            "training loss beside the changes": write_attribution(
                results, docs.with_name(f"{docs.stem}_ATTRIBUTION.html"), recipe.stem
            ).name,
        }
        picture = write_page(results, docs.with_suffix(".svg"), recipe.stem).name
        docs.write_text(markdown(results, recipe.stem, again, loaded.about, pages, picture))
    if as_json:
        return emit(results.to_dict() | {"cells": len(cells), "ran": ran})
    heads, body = rows_of(results, short_cell)
    table(f"{ran} of {len(cells)} cells run; per cent, + and -: beyond {results.untuned or '-'}", heads, body)
    print(f"intervals, differences, costs: {folder / PAGE}; losses beside changes: {folder / ATTRIBUTION}")
    if said := verdict(results):
        print(said)
