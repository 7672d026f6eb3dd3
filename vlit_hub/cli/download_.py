"""``vlit download NAME --raw DIR``: the files of a release that the Hub or a web server gives."""

from __future__ import annotations

from typing import Annotated

import typer

from vlit_hub import registry
from vlit_hub.cli.common import Json, Raw, Subset, emit, progress, table, verb


@verb
def command(
    name: Annotated[str, typer.Argument(help="A name of `vlit list`.")],
    raw: Raw,
    subset: Subset = "",
    endpoint: Annotated[str | None, typer.Option(help="Of a Hub other than the client's, e.g. `vlit hub`'s.")] = None,
    only_list: Annotated[bool, typer.Option("--list", help="Show what would be fetched.")] = False,
    as_json: Json = False,
) -> None:
    """Fetch a release into a raw folder, and tell what must be done for the rest. Run again, it goes on."""
    from vlit_hub.download import download

    with progress(f"download {name}") as step:
        report = download(
            registry.get(name), raw, subset, endpoint=endpoint, only_list=only_list,
            progress=lambda file, done, whole: step(file, done),
        )  # fmt: skip
    if as_json:
        return emit(report.to_dict())
    state = dict.fromkeys(report.fetched, "fetched") | dict.fromkeys(report.present, "was there")
    rows = [
        (file.name, file.size if file.size >= 0 else "?", state.get(file.name, "to fetch"), file.source)
        for file in report.files
    ]
    table(f"{name}, subset {report.subset} -> {raw}", ("file", "bytes", "state", "from"), rows, right=("bytes",))
    for key in ("absent", "refused"):
        if found := getattr(report, key):
            print(f"{key}: {'; '.join(found)}")
    print(f"licence: {'; '.join([report.licence, *report.terms])}\nfor the rest: {report.obtain}")
