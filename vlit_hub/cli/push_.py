"""``vlit push FOLDER REPO``: publish shards as a dataset, or a tuned model, with its card."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from vlit_hub.cli.common import Json, emit, err, progress, table, verb


@verb
def command(
    folder: Annotated[Path, typer.Argument(help="Folder of shards, or of a tuned model with its card.")],
    repo: Annotated[str, typer.Argument(help="NAMESPACE/NAME on the Hub; NAME: in the token's namespace.")],
    endpoint: Annotated[str | None, typer.Option(help="Of a Hub other than the client's, e.g. `vlit hub`'s.")] = None,
    token: Annotated[
        str | None, typer.Option(envvar="HF_TOKEN", help="The client's own if left out.", show_envvar=True)
    ] = None,
    chat: Annotated[str, typer.Option("--chat", help="Add a chat config with regions in this dialect.")] = "",
    pictures: Annotated[bool, typer.Option("--pictures", help="Push pictures given on request only.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Make the repository private.")] = False,
    revision: Annotated[str | None, typer.Option(help="Branch to push to.")] = None,
    create_pr: Annotated[bool, typer.Option("--pr", help="Propose the push as a pull request.")] = False,
    message: Annotated[str, typer.Option("--message", help="Commit message.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent.")] = False,
    as_json: Json = False,
) -> None:
    """Publish a dataset (parquet, WebDataset tars, chat form) or a model in one commit, and compare checksums."""
    from vlit_hub.publishing.export import OWNED
    from vlit_hub.publishing.push import RepoType, full_name, push_folder
    from vlit_hub.publishing.staging import stage_model

    is_dataset = (folder / "manifest.json").is_file()
    kind: RepoType = "dataset" if is_dataset else "model"
    repo = full_name(repo, endpoint=endpoint, token=token)
    with tempfile.TemporaryDirectory(dir=folder.absolute().parent, prefix=".push-") as work:
        ready = Path(work) / "ready"
        if is_dataset:
            export_dataset(folder, ready, chat, pictures, repo)
        else:
            stage_model(folder, ready)
            name_repository(ready / "README.md", repo)
        with progress(f"push {repo}") as step:
            report = push_folder(
                ready, repo, kind, endpoint=endpoint, token=token, private=private, revision=revision,
                create_pr=create_pr, commit_message=message or f"Publish {repo} with vlit_hub",
                owned=OWNED if is_dataset else None, dry_run=dry_run,
                on_progress=lambda label, done, total: step(f"{label} of {total:,} bytes", done),
            )  # fmt: skip
    if as_json:
        return emit(asdict(report))
    table(repo, ("fact", "value"), ([key, value] for key, value in asdict(report).items() if value not in ("", ())))
    if report.stale:
        err.print(f"{len(report.stale)} files on the Hub are not in this folder and were left there", highlight=False)


def name_repository(card: Path, repo: str) -> None:
    """Put ``repo`` where the card names no repository; the card is a link to that of the model, which stays."""
    from vlit_hub.publishing.rendering import REPO

    text = card.read_text(encoding="utf-8").replace(REPO, repo)
    card.unlink()
    card.write_text(text, encoding="utf-8")


def export_dataset(folder: Path, ready: Path, chat: str, pictures: bool, repo: str) -> Any:
    """The folder to push for a folder of shards."""
    from vlit_hub.publishing.export import export

    report = export(folder, ready, dialect=chat or None, pictures=pictures, repo_id=repo)
    for dataset, count in report.withheld.items():
        terms = ", ".join(report.terms[dataset])
        err.print(f"{dataset}: {count} media stay behind ({terms}); --pictures pushes them", highlight=False)
    return report
