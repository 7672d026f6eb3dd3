"""What an indicator is. Each is ours, lives in one file of ``indicators/``, and says which principle it serves.

The survey names four principles of high-quality data; its formulas are not known, so none of these claims to be one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from vlit_hub.curation.facts import Facts

PRINCIPLES = {
    "correctness": "what the answers say is true of the picture, and well formed",
    "diversity": "many kinds of instruction, in many words",
    "complexity": "the answers ask for more than a word, and for the picture",
    "balance": "no ability, type, polarity or length crowds out the others",
}
KINDS = {
    "share": "0..1; summarised by its mean",
    "count": "a whole number; summarised by its mean",
    "flag": "true or false; summarised by its share",
    "name": "one of few names; summarised by entropy and largest share",
}
Values = Mapping[str, Any]
"""Column -> value; None where the indicator does not speak of the sample."""


@dataclass(frozen=True)
class Column:
    """One figure of a sample."""

    name: str
    kind: str
    """Of KINDS."""
    what: str
    """One line, with the unit of a count."""
    better: str = ""
    """"high" or "low" where one end is the better one for any data; else empty."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"column {self.name}: kind {self.kind!r} is not one of: {', '.join(KINDS)}")
        if self.better not in ("", "high", "low"):
            raise ValueError(f"column {self.name}: better {self.better!r} is high, low or empty")


@dataclass(frozen=True)
class Indicator:
    """A function from the facts of one sample to the values of its columns."""

    name: str
    principle: str
    columns: tuple[Column, ...]
    run: Callable[[Facts], Values]
    version: int = 1
    """Counted up whenever the same sample would get other values."""
    annotated: bool = False
    """Whether it speaks only of samples whose picture is annotated."""
    optional: str = ""
    """Why it runs only where it is asked for by name; empty: it always runs."""

    def __post_init__(self) -> None:
        if self.principle not in PRINCIPLES:
            raise ValueError(f"{self.name}: {self.principle!r} is not one of: {', '.join(PRINCIPLES)}")


@cache
def indicators() -> tuple[Indicator, ...]:
    """All of ``indicators/``, in order of their files; each module holds one INDICATOR named after it."""
    from vlit_hub.curation import indicators as folder

    found = []
    for info in pkgutil.iter_modules(folder.__path__):
        made = importlib.import_module(f"{folder.__name__}.{info.name}").INDICATOR
        if made.name != info.name:
            raise ValueError(f"{info.name}.py holds the indicator {made.name!r}; name the file after it")
        found.append(made)
    columns = [column.name for made in found for column in made.columns]
    if twice := {name for name in columns if columns.count(name) > 1}:
        raise ValueError(f"two indicators have the column {', '.join(sorted(twice))}")
    return tuple(found)


def chosen(names: Sequence[str] | None = None) -> tuple[Indicator, ...]:
    """The indicators of these names, or all but the optional ones; raises ValueError naming the known ones."""
    known = {made.name: made for made in indicators()}
    if unknown := [name for name in names or () if name not in known]:
        raise ValueError(f"no indicator {', '.join(unknown)}; known: {', '.join(known)}")
    if names:
        return tuple(known[name] for name in names)
    return tuple(made for made in known.values() if not made.optional)
