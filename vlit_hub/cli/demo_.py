"""``vlit demo``: the whole line once, offline, on rendered scenes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from vlit_hub.cli.common import Json, emit, err, table, verb


@verb
def command(
    out: Annotated[
        Path, typer.Option("--out", help="Folder for everything the demo makes; what it held is lost.")
    ] = Path("demo_out"),
    scenes: Annotated[int, typer.Option(help="Training scenes.")] = 0,
    seed: Annotated[int, typer.Option(help="Of weights and order.")] = 0,
    as_json: Json = False,
) -> int:
    """Render scenes as raw releases, build, verify, tune in two stages, evaluate, publish locally, load back."""
    # Beside a busy process, threads that spin while they wait make steps ten times slower. Read at torch's import.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from vlit_hub.demo.run import run

    report = run(out, scenes=scenes or None, seed=seed, log=lambda text: err.print(text, markup=False, highlight=False))
    if as_json:
        emit(report.to_dict())
    else:
        heads, body = report.table()
        table("held-out scenes, accuracy in percent", heads, body, right=heads[1:])
        means = f"mean {report.accuracy:.3f}, shuffled {report.shuffled:.3f}, majority {report.majority:.3f}"
        print(f"{means}; {report.seconds:.0f} s")
        print(f"page: {report.page}")
    return 0 if report.ok else 1
