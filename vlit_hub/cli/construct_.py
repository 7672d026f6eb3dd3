"""``vlit construct --coco DIR --out RAW``: instructions from captions and boxes, in coco-arc's native format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlit_hub.cli.common import Json, emit, progress, table, verb


@verb
def command(
    coco: Annotated[Path, typer.Option("--coco", help="Folder with captions.json, instances.json and images/.")],
    out: Annotated[Path, typer.Option("--out", help="Raw folder to write; `vlit build coco-arc --raw` reads it.")],
    kind: Annotated[list[str] | None, typer.Option("--type", help="global, negative, region; all if left out.")] = None,
    limit: Annotated[int | None, typer.Option(help="Pictures to use, the first by id.")] = None,
    seed: Annotated[int, typer.Option(help="Draws wordings and objects.")] = 0,
    as_json: Json = False,
) -> None:
    """Make global, negative and region instructions from COCO captions and boxes by deterministic templates."""
    from vlit_hub.construction.construct import construct
    from vlit_hub.construction.generate import TYPES

    with progress("construct", limit) as step:
        report = construct(
            coco, out, types=kind or TYPES, limit=limit, seed=seed, progress=lambda done, total: step("", done)
        )
    found = report.to_dict()
    if as_json:
        return emit(found)
    counts = ([name, found["records"][name], found["turns"][name]] for name in found["records"])
    table(f"{found['pictures']} pictures -> {out}", ("type", "records", "turns"), counts, right=("records", "turns"))
    if found["issues"]:
        table("faults", ("reason", "times"), found["issues"].items(), right=("times",))
