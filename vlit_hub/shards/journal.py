"""The ledger of a build or an index: what of a split is finished, and the state to go on from behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from vlit_hub.shards.manifest import ShardFile, Split, write_atomic
from vlit_hub.shards.placing import State


class Point(msgspec.Struct):
    """Where a build can go on: all that was done before a batch of records."""

    records: int = 0
    placing: State = msgspec.field(default_factory=State)
    report: dict[str, Any] = {}
    refused: int = 0
    """Bytes of the quarantine so far."""


class Page(msgspec.Struct):
    """``.build/<prefix>.json``."""

    inputs: str
    """Fingerprint of all that the split depends on; another one begins anew."""
    point: Point = msgspec.field(default_factory=Point)
    shards: list[ShardFile] = []
    split: Split | None = None
    """Set once every shard and table is whole: only the entries of manifest, report and quarantine are owed."""


class Journal:
    """Written whole at every finished shard, so that a kill at any moment loses at most what lies behind it."""

    def __init__(self, work: Path, prefix: str, inputs: str) -> None:
        self.path = work / f"{prefix}.json"
        self.refused = work / f"{prefix}.jsonl"
        self.page = Page(inputs)
        self._points: dict[int, bytes] = {}

    def read(self) -> Page | None:
        """What an interrupted build of the same inputs left; None where there is nothing to go on from."""
        try:
            found = msgspec.json.decode(self.path.read_bytes(), type=Page)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        if found.inputs != self.page.inputs:
            return None
        self.page = found
        return found

    def opening(self, shard: int, point: Point) -> None:
        """Keep the point from which ``shard``, about to begin, can be written again."""
        self._points[shard] = msgspec.json.encode(point)

    def finished(self, shards: list[ShardFile], flush: Callable[[], None]) -> None:
        """Note that these shards, the first ones, are whole; ``flush`` brings index and quarantine to the disk."""
        point = self._points.pop(len(shards), None)
        if point is None:  # the last one: its split ends with it
            return
        flush()
        self.reached(msgspec.json.decode(point, type=Point), shards)

    def reached(self, point: Point, shards: list[ShardFile]) -> None:
        """Note that all before the point, and these shards, are on the disk."""
        self.page.point, self.page.shards = point, shards
        self._save()

    def whole(self, split: Split, point: Point) -> None:
        """Note that only the entries are owed."""
        self.page.split, self.page.point = split, point
        self._save()

    def remove(self) -> None:
        """Forget the split; the page goes first, for it says that the rest is of use."""
        self.path.unlink(missing_ok=True)
        self.refused.unlink(missing_ok=True)

    def _save(self) -> None:
        write_atomic(self.path, msgspec.json.encode(self.page))
