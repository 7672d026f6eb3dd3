"""``vlit card FOLDER``: the card of shards or of a tuned model, from measured facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vlit_hub.cli.common import BadInput, Json, emit, verb


@verb
def command(
    folder: Annotated[Path, typer.Argument(help="Folder of shards, or of a tuned model.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data", help="For a model: the shards (or mixture) it was tuned on; one for all stages, or one each."
        ),
    ] = None,
    evaluation: Annotated[
        Path | None, typer.Option("--eval", help="For a model: a report of `vlit eval --out`.")
    ] = None,
    earlier: Annotated[
        list[Path] | None, typer.Option("--earlier", help="For a model: the folder of an earlier stage, in order.")
    ] = None,
    lock: Annotated[
        Path | None,
        typer.Option("--lock", help="For a model: the vlit.lock of its mixture; that in its folder, if any."),
    ] = None,
    base_model: Annotated[str, typer.Option(help="For a model: the Hub id it was tuned from.")] = "",
    repo: Annotated[str, typer.Option("--repo", help="Repository that the card's loading code names.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Default: README.md in the folder.")] = None,
    as_json: Json = False,
) -> None:
    """Write a dataset or model card; every number on it was measured and names its command."""
    if (folder / "manifest.json").is_file():
        from vlit_hub.publishing.cards import shards_card

        text = shards_card(folder, repo_id=repo)
    elif (folder / "train_report.json").is_file():
        text = _model_card([*(earlier or []), folder], data or [], evaluation, base_model, repo, lock)
    else:
        raise BadInput(f"{folder} holds neither manifest.json (shards) nor train_report.json (a tuned model)")
    target = out or folder / "README.md"
    target.write_text(text, encoding="utf-8")
    if as_json:
        return emit({"card": str(target), "characters": len(text)})
    print(target)


def _model_card(
    stages: list[Path], data: list[Path], evaluation: Path | None, base_model: str, repo: str, lock: Path | None
) -> str:
    """``stages``: folders of the models, the card's own last."""
    from vlit_hub.publishing.facts import dataset_facts
    from vlit_hub.publishing.model_card import model_card

    beside = stages[-1] / "vlit.lock"
    lock = lock or (beside if beside.is_file() else None)
    if lock and not data and len(stages) == 1:
        data = [lock]  # it names its shards
    if len(data) not in (1, len(stages)):
        raise BadInput(
            f"a model's card needs --data, the shards it was tuned on: one for all or {len(stages)} in order"
        )
    reports = [_read(stage / "train_report.json") for stage in stages]
    folders = data * len(stages) if len(data) == 1 else data
    verified = stages[-1] / "verify.json"
    return model_card(
        reports[-1],
        _read(evaluation) if evaluation else None,
        _read(verified) if verified.is_file() else None,
        [dataset_facts(place, index=report["data"]["index"]) for place, report in zip(folders, reports, strict=True)],
        earlier=reports[:-1],
        base_model=base_model,
        lock=lock,
        repo_id=repo,
    )


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
