"""Jinja over the templates of ``vlit_hub.model_cards``, and a card out of metadata and text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
import yaml

REPO = "<your repository>"
"""Stands in a card for a repository that was not named."""
SURVEY = """@article{li2024vlit,
  title = {Vision-Language Instruction Tuning: A Review and Analysis},
  author = {Li, Chen and Ge, Yixiao and Li, Dian and Shan, Ying},
  journal = {Transactions on Machine Learning Research},
  eprint = {2311.08172},
  archivePrefix = {arXiv},
  year = {2024}
}"""


def card(metadata: Mapping[str, Any], body: str) -> str:
    """YAML between dashes, then the text: what a Hub reads as README.md."""
    front = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{front}---\n\n{body}"


def render(template: str, **values: Any) -> str:
    """A template of ``vlit_hub.model_cards``; an unknown name in it is an error."""
    return _environment().get_template(template).render(survey=SURVEY, **values)


def resource(name: str) -> str:
    """The text of a file of ``vlit_hub.model_cards``; raises FileNotFoundError."""
    return files("vlit_hub.model_cards").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(resource), undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"n": "{:,}".format, "cell": _cell, "percent": _percent, "real": _real}
    return environment


def _cell(value: Any) -> str:
    """One line without column marks, for a Markdown table."""
    return " ".join(str(value).split()).replace("|", "\\|")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _real(value: float | None) -> str:
    return "not logged" if value is None else f"{value:.4f}"
