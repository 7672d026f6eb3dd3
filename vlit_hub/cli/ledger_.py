"""``vlit ledger``: licences, generator terms, picture sources, and which datasets share pictures."""

from __future__ import annotations

from vlit_hub import registry
from vlit_hub.cli.common import Json, emit, table, verb
from vlit_hub.ledger import ledger


@verb
def command(as_json: Json = False) -> None:
    """Tell licences, terms and picture sources of all datasets, and which share a picture source."""
    found = ledger(registry.get(name) for name in registry.names())
    if as_json:
        return emit(found)
    facts = ([name, row["licence"] or row["licence_stated"], "; ".join(row["terms"]), ", ".join(row["sources"])]
             for name, row in found["datasets"].items())  # fmt: skip
    table("licences and sources", ("dataset", "licence", "terms", "sources"), facts)
    shared = ([source, len(names), ", ".join(names)] for source, names in found["by_source"].items())
    table("datasets that share a picture source", ("source", "datasets", "names"), shared, right=("datasets",))
