"""``vlit verify SHARDS --processor DIR --max-length N``: prove what the model sees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vlit_hub.cli.common import Json, emit, table, verb


@verb
def command(
    shards: Annotated[Path, typer.Argument(help="Folder of shards.")],
    processor: Annotated[Path, typer.Option("--processor", help="Folder of the processor (or of the model).")],
    max_length: Annotated[int, typer.Option(help="Tokens, pictures included.")] = 2048,
    limit: Annotated[int, typer.Option(help="Samples to check, spread evenly; 0 = all.")] = 256,
    subset: Annotated[str, typer.Option(help="Of the shards; all if left out.")] = "",
    split: Annotated[str, typer.Option(help="Of the shards; all if left out.")] = "",
    as_json: Json = False,
) -> int:
    """Check token counts, supervised text, boundaries and pictures of real samples. Exit code 1 on a red row."""
    from vlit_hub.processing import VLITProcessor
    from vlit_hub.shards import Store
    from vlit_hub.verify import verify

    store = Store(shards, subset=subset or None, split=split or None)
    report = verify(store, VLITProcessor.from_pretrained(processor), max_length, limit or None)
    if as_json:
        emit(report.as_dict())
    else:
        show(report)
    return 0 if report.ok else 1


def show(report: Any) -> None:
    """The rows as a table, the first failure of each red one below it."""
    rows = ([row.check, row.result, row.checked, row.failed, row.what] for row in report.rows)
    table(
        f"verify: {report.samples} samples",
        ("check", "result", "checked", "failed", "what"),
        rows,
        ("checked", "failed"),
    )
    for row in report.rows:
        if row.first:
            print(f"{row.check}: {row.first}")
        if row.unsaid:
            print(f"{row.check}: nothing said of {row.unsaid} samples: {row.why}")
    if report.dropped:
        print("left out of training:", ", ".join(f"{count} {reason}" for reason, count in report.dropped.items()))
