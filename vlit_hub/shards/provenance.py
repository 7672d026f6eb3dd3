"""Where samples lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, overload

from vlit_hub.shards.manifest import Split


class Provenance(NamedTuple):
    """Where a sample lies."""

    dataset: str
    shard: str
    offset: int
    """Bytes, of its JSON in the shard."""
    key: str

    def __str__(self) -> str:
        return f"{self.dataset}, {self.shard} at byte {self.offset}, {self.key}"


def provenance(split: Split, shard: int, offset: int, number: int) -> Provenance:
    """Of the sample of that number in a split, ``shard`` being the number of its tar."""
    file = split.shards[shard].file if shard < len(split.shards) else f"shard {shard}"
    return Provenance(split.dataset, file, offset, f"{split.prefix}-{number:09d}")


Place = tuple[int, int, int, int]
"""Position of the split in the index, number of the shard, offset, number of the sample."""


class Places(Sequence[Provenance]):
    """The provenance of the samples of a micro-batch, in words only when asked; a plain list once pickled."""

    def __init__(self, splits: Sequence[Split], places: list[Place]) -> None:
        self._splits, self._places = splits, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Provenance: ...
    @overload
    def __getitem__(self, at: slice) -> list[Provenance]: ...
    def __getitem__(self, at: int | slice) -> Provenance | list[Provenance]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        split, *rest = self._places[at]
        return provenance(self._splits[split], *rest)

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)
