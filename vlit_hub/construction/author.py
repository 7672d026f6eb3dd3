"""The author of a run with a model: cache and quarantine in one folder, its cost, what passed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self

from vlit_hub.construction.asked import Asked, Written
from vlit_hub.construction.cache import Cache, Reply
from vlit_hub.construction.endpoint import Cost, Endpoint, Limits
from vlit_hub.construction.local import Language, LocalModel
from vlit_hub.construction.written import Refused, Tally, Writer, Writing, in_order


class Connection(Protocol):
    """A model, to be asked between entering and leaving."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...

    async def ask(self, payload: dict[str, Any]) -> Reply: ...


@dataclass
class ModelAuthor:
    """Writes with the model that ``connect`` gives; ``folder`` keeps requests.sqlite and quarantine.jsonl.

    A killed run that is started again with the same options asks nothing twice.
    """

    connect: Callable[[Cache, Cost], Connection]
    writing: Writing
    folder: Path
    concurrency: int
    tally: Tally = field(default_factory=Tally)
    cost: Cost = field(default_factory=Cost)

    @property
    def forms(self) -> tuple[str, ...]:
        return self.writing.forms

    @property
    def shots(self) -> int:
        return self.writing.shots

    def write(self, work: Iterable[Asked], issues: Counter[str]) -> Iterator[tuple[Asked, Written | None]]:
        """Each dialogue that passes; what does not goes to the quarantine."""
        with Cache(self.folder / "requests.sqlite") as cache:
            model = self.connect(cache, self.cost)
            writer = Writer(model, self.writing, self.tally)
            with open(self.folder / "quarantine.jsonl", "w", encoding="utf-8") as quarantine:
                for asked, found in in_order(work, writer, self.concurrency, lambda: model):
                    if isinstance(found, Refused):
                        quarantine.write(json.dumps(found.row, ensure_ascii=False) + "\n")
                    yield asked, found if isinstance(found, Written) else None

    def to_dict(self) -> dict[str, Any]:
        """What passed and what it cost."""
        return {**self.tally.to_dict(), "cost": self.cost.to_dict()}


def endpoint_author(url: str, writing: Writing, folder: Path, limits: Limits | None = None) -> ModelAuthor:
    """Through an OpenAI-compatible endpoint."""
    limits = limits or Limits()
    return ModelAuthor(lambda cache, cost: Endpoint(url, cache, limits, cost), writing, folder, limits.concurrency)


def local_author(path: str | Path, writing: Writing, folder: Path, batch: int = 8, budget: int = 0) -> ModelAuthor:
    """By the model in a folder, which judges too where ``writing`` names a judge; its name stands for both."""
    language = Language.load(path)
    named = replace(writing, model=language.name, judge=language.name if writing.judge else "")
    return ModelAuthor(lambda cache, cost: LocalModel(language, cache, batch, budget, cost), named, folder, batch)
