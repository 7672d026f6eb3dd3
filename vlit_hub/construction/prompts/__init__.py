"""The prompts: our own, one Jinja file each, whose first line tells its version; a change of the wording raises it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from vlit_hub.construction.templates import VERSION, Turn

FORMS = {
    "conversation": "several short turns",
    "detail": "one turn, a full description",
    "reasoning": "one turn, conclusions from what is seen",
}
_VERSION = re.compile(r"\{# version: (\d+) #\}\n")


def render(name: str, **values: Any) -> str:
    """The prompt ``name`` filled in; a name that it uses and is not given is an error."""
    return _environment().get_template(f"{name}.jinja").render(**values).strip()


def version(*names: str) -> str:
    """The versions of the prompts a text was made of: ``global@1+rules@1``."""
    return "+".join(f"{name}@{_version(name)}" for name in names)


def writing(
    kind: str, form: str, facts: Mapping[str, Any], examples: Sequence[tuple[Mapping[str, Any], Sequence[Turn]]] = ()
) -> tuple[list[dict[str, str]], str]:
    """The messages that ask for one dialogue of an instruction type and form, worked examples before it, and the
    version of their prompts."""
    if form not in FORMS:
        raise ValueError(f"form: {form!r} is not one of: {', '.join(FORMS)}")
    messages = [{"role": "system", "content": render("rules")}]
    for known, turns in examples:
        told = json.dumps({"turns": [asdict(turn) for turn in turns]}, ensure_ascii=False)
        messages += [_asking(kind, form, known), {"role": "assistant", "content": told}]
    made_of = version(kind, "rules", "facts") + (f"+{len(examples)}xtemplates@{VERSION}" if examples else "")
    return [*messages, _asking(kind, form, facts)], made_of


def _asking(kind: str, form: str, facts: Mapping[str, Any]) -> dict[str, str]:
    return {"role": "user", "content": f"{render('facts', **facts)}\n\n{render(kind, form=form)}"}


@cache
def _version(name: str) -> int:
    text = files(__name__).joinpath(f"{name}.jinja").read_text(encoding="utf-8")
    match = _VERSION.match(text)
    if match is None:
        raise ValueError(f"{name}.jinja: its first line must be {{# version: N #}}")
    return int(match[1])


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader(__name__, ""),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
