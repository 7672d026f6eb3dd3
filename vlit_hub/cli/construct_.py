"""``vlit construct --coco DIR --out RAW``: instructions from captions and boxes, in coco-arc's native format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlit_hub.cli.common import BadInput, Json, emit, progress, table, verb

if TYPE_CHECKING:
    from vlit_hub.construction.author import ModelAuthor
    from vlit_hub.construction.construct import Author


@verb
def command(
    out: Annotated[Path, typer.Option("--out", help="Raw folder to write; `vlit build coco-arc --raw` reads it.")],
    coco: Annotated[
        Path | None, typer.Option("--coco", help="Folder with captions.json, instances.json and images/.")
    ] = None,
    shards: Annotated[Path | None, typer.Option(help="Instead: built shards whose regions have labels.")] = None,
    vg: Annotated[
        Path | None,
        typer.Option(
            "--vg", help="Instead: Visual Genome's objects.json, relationships.json, attributes.json and pictures."
        ),
    ] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Every instance of every label of --shards is annotated.")
    ] = False,
    kind: Annotated[list[str] | None, typer.Option("--type", help="global, negative, region; all if left out.")] = None,
    limit: Annotated[int | None, typer.Option(help="Pictures to use, the first by id.")] = None,
    seed: Annotated[int, typer.Option(help="Draws wordings and objects.")] = 0,
    endpoint: Annotated[
        str, typer.Option(help="Base URL of an OpenAI-compatible endpoint (.../v1); its key: OPENAI_API_KEY.")
    ] = "",
    model: Annotated[
        str, typer.Option(help="Who writes: a model of the endpoint, or without one the folder of a language model.")
    ] = "",
    form: Annotated[
        list[str] | None, typer.Option("--form", help="conversation, detail, reasoning; conversation if left out.")
    ] = None,
    judge: Annotated[
        str, typer.Option(help="Model that rates what is written, 1 to 5; of the endpoint, or MODEL.")
    ] = "",
    least: Annotated[int, typer.Option(help="Rating from which a dialogue is kept.")] = 3,
    attempts: Annotated[
        int, typer.Option(help="Times that a dialogue is asked for, with the reason of the fault.")
    ] = 3,
    shots: Annotated[
        int,
        typer.Option(
            help="Worked examples shown with each conversation, written by the templates; a help for small models."
        ),
    ] = 0,
    max_tokens: Annotated[int, typer.Option(help="Of one answer.")] = 1024,
    temperature: Annotated[float, typer.Option(help="Of sampling; 0: always the likeliest.")] = 0.7,
    budget: Annotated[int, typer.Option(help="Tokens of the run, prompts and answers; 0: no limit.")] = 0,
    rate: Annotated[float, typer.Option(help="Requests a minute; 0: no limit.")] = 0.0,
    concurrency: Annotated[int, typer.Option(help="Requests at a time; of a local model, the size of a batch.")] = 8,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.")] = 120.0,
    price: Annotated[tuple[float, float], typer.Option(help="Of a million prompt and a million answer tokens.")] = (
        0,
        0,
    ),
    vlm: Annotated[
        Path | None,
        typer.Option(help="Model that sees: each question is put to it with, without and with another picture."),
    ] = None,
    right_blind: Annotated[
        str, typer.Option(help="What --vlm answers right without the picture: drop, or count and keep.")
    ] = "drop",
    work: Annotated[
        Path | None, typer.Option(help="Folder of requests.sqlite and quarantine.jsonl; OUT.work if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make global, negative and region instructions from captions and boxes: by templates, or by a model whose
    every claim is checked. A run that was killed goes on where it was; nothing is asked twice."""
    from vlit_hub.construction.author import endpoint_author, local_author
    from vlit_hub.construction.built import collect_built
    from vlit_hub.construction.construct import TEMPLATES, construct
    from vlit_hub.construction.endpoint import Limits
    from vlit_hub.construction.generate import TYPES
    from vlit_hub.construction.pictured import by_vlm
    from vlit_hub.construction.visual_genome import collect_vg
    from vlit_hub.construction.written import Writing

    if sum(place is not None for place in (coco, shards, vg)) != 1:
        raise BadInput("give either --coco FOLDER or --shards FOLDER or --vg FOLDER")
    if endpoint and not model:
        raise BadInput("--endpoint needs the name of its model: --model NAME")
    if model and not endpoint and (rate or any(price) or judge not in ("", model)):
        raise BadInput(
            "--rate and --price are of an --endpoint; a local model can be judged by itself alone: --judge MODEL"
        )
    folder = work or out.with_name(f"{out.name}.work")
    written: ModelAuthor | None = None
    if model:
        forms = tuple(form or ("conversation",))
        writing = Writing(model, forms, attempts, max_tokens, temperature, shots, judge, least)
        limits = Limits(budget, rate, concurrency, timeout=timeout, price=price)
        written = (
            endpoint_author(endpoint, writing, folder, limits)
            if endpoint
            else local_author(model, writing, folder, concurrency, budget)
        )
    author: Author = written or TEMPLATES
    tested = by_vlm(author, vlm, folder, right_blind) if vlm else None
    with progress("construct", limit) as step:
        report = construct(
            coco or (collect_vg(vg) if vg else collect_built(shards or "", folder / "pictures", complete)),
            out,
            types=kind or TYPES,
            limit=limit,
            seed=seed,
            author=tested or author,
            progress=lambda done, total: step("", done),
        )
    found = report.to_dict() | ({"author": written.to_dict()} if written else {})
    found |= {"pictured": tested.seen.to_dict()} if tested else {}
    if as_json:
        return emit(found)
    counts = ([name, found["records"][name], found["turns"][name]] for name in found["records"])
    table(f"{found['pictures']} pictures -> {out}", ("type", "records", "turns"), counts, right=("records", "turns"))
    if found["issues"]:
        table("faults", ("reason", "times"), found["issues"].items(), right=("times",))
    if written:
        _written(written, found["author"])
    if tested:
        rows = [(name, count) for name, count in found["pictured"].items() if name != "not_asked"]
        table(f"questions put to {vlm}", ("what", "number"), rows, right=("number",))


def _written(author: ModelAuthor, found: dict[str, Any]) -> None:
    claims = ([when, *found[f"claims_{when}"].values()] for when in ("before", "kept"))
    table(
        "claims", ("", "right", "wrong", "unknown", "passing"), claims, right=("right", "wrong", "unknown", "passing")
    )
    for what in ("asked_again", "quarantined"):
        if found[what]:
            title = what.replace("_", " ") + (f" -> {author.folder}" if what == "quarantined" else "")
            table(title, ("reason", "times"), found[what].items(), right=("times",))
    table("cost", ("what", "number"), found["cost"].items(), right=("number",))
