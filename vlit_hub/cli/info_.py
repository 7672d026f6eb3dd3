"""``vlit info NAME``: all that is known of one dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlit_hub import registry
from vlit_hub.cli import list_
from vlit_hub.cli.common import Json, emit, table, verb
from vlit_hub.release import how_to_get


@verb
def command(name: Annotated[str, typer.Argument(help="A name of `vlit list`.")], as_json: Json = False) -> None:
    """Tell everything about one dataset, and how to obtain its files."""
    spec = registry.get(name)
    files = [
        {"subset": f.subset, "split": f.split, "alternatives": [list(a) for a in f.alternatives]} for f in spec.files
    ]
    facts = list_.row(spec) | {
        "paper": spec.paper,
        "arxiv": spec.arxiv,
        "year": spec.year,
        "homepage": spec.homepage,
        "hub_id": spec.hub_id,
        "licence_stated": spec.licence_stated,
        "terms": list(spec.terms),
        "languages": list(spec.languages),
        "survey_category": spec.survey_category,
        "picture_sources": list(spec.picture_sources),
        "generator": spec.generator,
        "size_source": spec.size_source,
        "substitute": spec.substitute,
        "subsets": list(spec.subsets),
        "options": dict(spec.options),
        "media_roots": sorted({rule.root for rule in spec.media}),
        "files": files,
        "download": list(spec.download),
        "obtain": spec.obtain,
    }
    if as_json:
        return emit(facts)
    shown = {key: value for key, value in facts.items() if key not in ("files", "obtain") and value not in ("", [], {})}
    table(
        spec.title,
        ("fact", "value"),
        ([k, ", ".join(map(str, v)) if isinstance(v, list) else v] for k, v in shown.items()),
    )
    for subset in spec.subsets:
        print(how_to_get(spec, Path("RAW"), subset) if subset == spec.default_subset else f"subset {subset}: "
              + how_to_get(spec, Path("RAW"), subset).partition(": ")[2].removesuffix(f". {spec.obtain}"))  # fmt: skip
