"""``vlit contamination build SHARDS``: the pack of a benchmark, that ``vlit curate`` looks for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlit_hub.cli.common import BadInput, Json, emit, verb


@verb
def command(
    action: Annotated[str, typer.Argument(help="build")],
    shards: Annotated[list[Path], typer.Argument(help="The benchmark, built by `vlit build` from your copy.")],
    out: Annotated[Path, typer.Option("--out", help="The pack, a .parquet without pictures and texts.")],
    name: Annotated[str, typer.Option(help="Of the benchmark; its first dataset's by default.")] = "",
    as_json: Json = False,
) -> int:
    """Hash the pictures and the questions of a benchmark into a pack."""
    from vlit_hub.curation.contamination import build
    from vlit_hub.shards import Store

    if action != "build":
        raise BadInput(f"vlit contamination {action}: write build")
    store = Store(shards)
    pack = build(store, name or store.index.splits[0].dataset)
    out.parent.mkdir(parents=True, exist_ok=True)
    pack.save(out)
    found = {"name": pack.name, "pictures": len(pack.hashes), "ngrams": len(pack.grams), "out": str(out)}
    if as_json:
        emit(found)
    else:
        print(f"{pack.name}: {len(pack.hashes):,} pictures, {len(pack.grams):,} n-grams of questions: {out}")
    return 0
