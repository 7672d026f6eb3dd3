"""``vlit`` (and ``hf vlit``): one small file per verb, named ``<verb>_.py``, each with a function ``command``."""

from __future__ import annotations

import importlib

VERBS = ("list", "info", "check", "build", "construct", "verify", "train", "eval", "card", "push", "hub", "demo")
"""In the order of the work."""


def main() -> None:
    """Entry point of the console scripts ``vlit`` and ``hf-vlit``."""
    import typer

    app = typer.Typer(
        name="vlit",
        help="Vision-language instruction tuning: from a raw release to a grounded, published model.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for verb in VERBS:
        app.command(verb)(importlib.import_module(f"vlit_hub.cli.{verb}_").command)
    app()
