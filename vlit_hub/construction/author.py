"""The author of a run with a model: an endpoint, its cache and quarantine in one folder, its cost, what passed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vlit_hub.construction.asked import Asked, Written
from vlit_hub.construction.cache import Cache
from vlit_hub.construction.endpoint import Cost, Endpoint, Limits
from vlit_hub.construction.written import Refused, Tally, Writer, Writing, in_order


@dataclass
class EndpointAuthor:
    """Writes through an OpenAI-compatible endpoint; ``folder`` keeps requests.sqlite and quarantine.jsonl.

    A killed run that is started again with the same options asks nothing twice.
    """

    url: str
    writing: Writing
    folder: Path
    limits: Limits = field(default_factory=Limits)
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
            endpoint = Endpoint(self.url, cache, self.limits, self.cost)
            writer = Writer(endpoint, self.writing, self.tally)
            with open(self.folder / "quarantine.jsonl", "w", encoding="utf-8") as quarantine:
                for asked, found in in_order(work, writer, self.limits.concurrency, lambda: endpoint):
                    if isinstance(found, Refused):
                        quarantine.write(json.dumps(found.row, ensure_ascii=False) + "\n")
                    yield asked, found if isinstance(found, Written) else None

    def to_dict(self) -> dict[str, Any]:
        """What passed and what it cost."""
        return {**self.tally.to_dict(), "cost": self.cost.to_dict()}
