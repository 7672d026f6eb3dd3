"""Which steps of an export are finished, so that the next run does not do them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PLACE = Path(".cache", "vlit_hub", "export.jsonl")
"""Below the exported folder; a push leaves .cache behind."""


class Finished:
    """Key of a step -> what it gave (plain JSON), one a line; a line that was cut by a kill is dropped.

    Without a folder nothing is written.
    """

    def __init__(self, folder: Path | None) -> None:
        self._steps: dict[str, Any] = {}
        self.path = folder and folder / PLACE
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        good = 0
        for line in self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else ():
            try:
                self._steps.update(json.loads(line))
            except ValueError:
                break
            good += len(line)
        with self.path.open("ab") as file:
            file.truncate(good)

    def get(self, key: str) -> Any:
        """What the step gave; None where it is not finished."""
        return self._steps.get(key)

    def note(self, key: str, result: Any) -> None:
        """The step is finished; what it wrote must be in its place."""
        line = json.dumps({key: result})
        self._steps.update(json.loads(line))
        if self.path:
            with self.path.open("ab") as file:
                file.write(line.encode() + b"\n")
