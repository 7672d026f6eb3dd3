"""``vlit index DIR``: another's WebDataset folder, indexed for our plan, store and stream."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlit_hub.cli.common import Json, emit, progress, table, verb


@verb
def command(
    folder: Annotated[Path, typer.Argument(help="Folder of tars; they are not changed.")],
    name: Annotated[str, typer.Option(help="Name of the dataset; the folder's if left out.")] = "",
    split: Annotated[str, typer.Option(help="Split that all tars make up.")] = "train",
    convert: Annotated[str, typer.Option(help="A name of `vlit list`: each json is a native record of it.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first record or member left out.")] = False,
    energon: Annotated[bool, typer.Option("--energon", help="Write the sidecars of Megatron-Energon too.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read the tars; the files are the same.")] = 1,
    as_json: Json = False,
) -> int:
    """Index others' WebDataset shards, checking them on the way: exact order and resume without rewriting them.

    Each record is a Sample of ours, a native record (--convert) or a caption: its txt, or caption in its json. What
    cannot be read is left out and counted; pickles are never loaded. What was interrupted goes on behind the last tar.
    """
    from vlit_hub.shards.foreign_index import index_foreign

    with progress(f"index {folder.name}") as step:
        report = index_foreign(
            folder,
            name=name,
            split=split,
            native=convert,
            strict=strict,
            sidecars=energon,
            workers=workers,
            progress=step,
        ).to_dict()
    if as_json:
        emit(report)
        return 0
    counts = ("shards", "resumed", "records", "samples", "bytes", "seconds")
    table(f"{folder}: {report['name']}/{split}", ("count", "value"), ([key, report[key]] for key in counts), ("value",))
    for title in ("skipped", "unknown_members"):
        if report[title]:
            table(title.replace("_", " "), ("what", "times"), report[title].items(), right=("times",))
    return 0
