"""``vlit cross-eval RECIPE.yaml``: tune one base on each candidate, score all on all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlit_hub.cli.common import Json, emit, err, table, verb

if TYPE_CHECKING:
    from vlit_hub.evaluation.cross.cells import Cell

RESULTS, PAGE, ATTRIBUTION = "results.json", "index.html", "attribution.html"


@verb
def command(
    recipe: Annotated[Path, typer.Argument(help="Candidates, benchmarks, seeds: see evaluation/cross/recipe.py.")],
    root: Annotated[str, typer.Option(help="Folder that the recipe's paths start from.")] = "",
    out: Annotated[str, typer.Option(help="Folder of cells and results; the recipe's if left out.")] = "",
    processes: Annotated[int, typer.Option(min=1, help="Cells at once.")] = 1,
    docs: Annotated[Path | None, typer.Option(help="Write a Markdown page here, pages and heat map beside it.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only list the cells, and check every training recipe.")] = False,
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
    if plan:
        return show_plan(cells, as_json)
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


def show_plan(cells: Sequence[Cell], as_json: bool) -> None:
    """``--plan``. Raises RecipeError for a training recipe that cannot be read; nothing is run."""
    from vlit_hub.training.recipe import recipe_from

    for cell in cells:
        if cell.spec["kind"] == "train":
            recipe_from(cell.spec["recipe"])
    found = [{"cell": cell.name, "kind": cell.spec["kind"], "done": cell.result() is not None} for cell in cells]
    if as_json:
        return emit(found)
    body = [[str(row["cell"]), "yes" if row["done"] else "no"] for row in found]
    table(f"{len(cells)} cells", ["cell", "done"], body)
