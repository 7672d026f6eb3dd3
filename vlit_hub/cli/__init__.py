"""``vlit`` (and ``hf vlit``): one small file per verb, named ``<verb>_.py``, each with a function ``command``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

VERBS = (
    "list", "info", "ledger", "download", "check", "build", "index", "construct", "quality", "contamination", "curate",
    "mix", "verify", "train", "eval", "cross-eval", "card", "push", "hub", "demo",
)  # fmt: skip
"""In the order of the work."""


def app() -> typer.Typer:
    """The command line with all its verbs."""
    import typer

    made = typer.Typer(
        name="vlit",
        help="Vision-language instruction tuning: from a raw release to a grounded, published model.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for verb in VERBS:
        module = importlib.import_module(f"vlit_hub.cli.{verb.replace('-', '_')}_")
        made.command(verb, context_settings=getattr(module, "CONTEXT", None))(module.command)
    return made


def main() -> None:
    """Entry point of the console scripts ``vlit`` and ``hf-vlit``."""
    app()()
