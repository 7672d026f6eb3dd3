"""``vlit list``: the datasets, with the survey's taxonomy."""

from __future__ import annotations

from textwrap import shorten
from typing import Annotated, Any

import typer

from vlit_hub import registry
from vlit_hub.cli.common import Json, emit, table, verb
from vlit_hub.spec import KINDS, RELEASED, SCOPES, TARGETS, DatasetSpec


def row(spec: DatasetSpec) -> dict[str, Any]:
    """One dataset for ``--json``."""
    return {
        "name": spec.name,
        "title": spec.title,
        "licence": spec.licence or spec.licence_stated,
        "released": spec.released,
        "modalities": list(spec.modalities),
        "scope": list(spec.taxonomy.scope),
        "construction": list(spec.taxonomy.construction),
        "target": list(spec.taxonomy.target),
        "kind": spec.kind,
        "size": spec.size,
    }


def rows() -> list[dict[str, Any]]:
    """All registered datasets."""
    return [row(registry.get(name)) for name in registry.names()]


@verb
def command(
    scope: Annotated[str, typer.Option(help=f"One of {', '.join(SCOPES)}.")] = "",
    target: Annotated[str, typer.Option(help=f"One of {', '.join(TARGETS)}.")] = "",
    modality: Annotated[str, typer.Option(help="image, video, audio, ...")] = "",
    licence: Annotated[str, typer.Option(help="A part of the licence, e.g. CC-BY.")] = "",
    released: Annotated[str, typer.Option(help=f"One of {', '.join(RELEASED)}.")] = "",
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")] = "",
    as_json: Json = False,
) -> None:
    """List the datasets with taxonomy, licence, size and whether they were released."""
    wanted = {"scope": scope, "target": target, "modalities": modality, "released": released, "kind": kind}
    found = [
        entry
        for entry in rows()
        if all(not value or value in entry[key] for key, value in wanted.items())
        and licence.lower() in entry["licence"].lower()
    ]
    if as_json:
        return emit(found)
    columns = ("name", "category", "modalities", "licence", "size", "released")
    table(f"{len(found)} datasets; vlit info NAME tells all", columns,
          ([entry["name"], _category(entry), ", ".join(entry["modalities"]), _brief(entry["licence"]),
            _brief(entry["size"]), entry["released"]] for entry in found))  # fmt: skip


def _brief(text: str) -> str:
    return shorten(text, 40, placeholder="…")


def _category(entry: dict[str, Any]) -> str:
    words = [*entry["scope"], *entry["construction"], *entry["target"]]
    return ", ".join(word for word in words if word != "none")
