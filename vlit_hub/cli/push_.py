"""``vlit push FOLDER REPO``: publish shards as a dataset, or a tuned model, with its card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlit_hub.cli.common import BadInput, Json, emit, err, progress, table, verb

if TYPE_CHECKING:
    from vlit_hub.publishing.push import PushReport


@verb
def command(
    folder: Annotated[Path, typer.Argument(help="Folder of shards, or of a tuned model with its card.")],
    repo: Annotated[str, typer.Argument(help="NAMESPACE/NAME on the Hub; NAME: in the token's namespace.")],
    endpoint: Annotated[str | None, typer.Option(help="Of a Hub other than the client's, e.g. `vlit hub`'s.")] = None,
    token: Annotated[
        str | None, typer.Option(envvar="HF_TOKEN", help="The client's own if left out.", show_envvar=True)
    ] = None,
    chat: Annotated[str, typer.Option("--chat", help="Add a chat config with regions in this dialect.")] = "",
    references: Annotated[
        bool, typer.Option("--references", help="Push texts and references where media may not be passed on.")
    ] = False,
    rights_held: Annotated[
        bool, typer.Option("--rights-held", help="Push all: I hold the rights to pass on what licences do not give.")
    ] = False,
    form: Annotated[list[str] | None, typer.Option("--form", help="parquet or webdataset; both if left out.")] = None,
    merged: Annotated[bool, typer.Option("--merged", help="An adapter: push it added to its base model.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Make the repository private.")] = False,
    gated: Annotated[str | None, typer.Option(help="auto or manual: files on request only.")] = None,
    revision: Annotated[str | None, typer.Option(help="Branch to push to.")] = None,
    tag: Annotated[str | None, typer.Option(help="Tag to put on the commit.")] = None,
    create_pr: Annotated[bool, typer.Option("--pr", help="Propose the push as a pull request.")] = False,
    message: Annotated[str, typer.Option("--message", help="Commit message.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent.")] = False,
    as_json: Json = False,
) -> None:
    """Publish a dataset (parquet, WebDataset tars, chat form) or a model, whole or not at all; a second run resumes."""
    from vlit_hub.publishing.publish import Destination, publish_dataset, publish_model

    if gated not in (None, "auto", "manual"):
        raise BadInput(f"--gated {gated}: auto or manual")
    if references and rights_held:
        raise BadInput("--references leaves media behind, --rights-held takes them along: choose one")
    to = Destination(repo, endpoint, token, private, gated, revision, tag, create_pr, message)  # type: ignore[arg-type]
    with progress(f"push {repo}") as step:
        steps = partial(_step, step)
        if (folder / "manifest.json").is_file():
            report, exported = publish_dataset(
                folder, to, forms=tuple(form or ("parquet", "webdataset")), dialect=chat or None,  # type: ignore[arg-type]
                media="all" if rights_held else "references" if references else "refuse", dry_run=dry_run,
                on_progress=steps,
            )  # fmt: skip
            for dataset, count in exported.withheld.items():
                why = "; ".join(exported.terms[dataset])
                err.print(f"{dataset}: {count} media stay behind ({why})", highlight=False)
        else:
            report = publish_model(folder, to, merged=merged, dry_run=dry_run, on_progress=steps)
    if as_json:
        return emit(asdict(report))
    table(report.repo_id, ("fact", "value"), _facts(report))
    if report.stale:
        err.print(f"{len(report.stale)} files on the Hub are not in this folder and were left there", highlight=False)


def _step(show: Callable[[str, int], None], label: str, done: int, total: int) -> None:
    show(f"{label} of {total:,} bytes", done)


def _facts(report: PushReport) -> Iterator[tuple[str, object]]:
    """The report; paths that are or would be sent one a line in a dry run, counted else."""
    for key, value in asdict(report).items():
        if key == "sent" and not report.dry_run:
            yield key, len(value)
        elif value not in ("", ()):
            yield key, "\n".join(value) if isinstance(value, tuple) else value
