"""Shards: write, index, read by row, plan the order, and step through it."""

from typing import TYPE_CHECKING, Any

from vlit_hub.shards.blend import Blend
from vlit_hub.shards.errors import MediumError, RemoteError, ShardError, TooManyFailures
from vlit_hub.shards.filters import Filter, FilterError
from vlit_hub.shards.index import Index, MediaRow, Row, Shards
from vlit_hub.shards.measured import Measure, read_measure, write_measure
from vlit_hub.shards.packer import Packer
from vlit_hub.shards.pipeline import from_members, webdataset_pipeline
from vlit_hub.shards.plan import START, Cursor, Fetch, Item, Plan, Skipped
from vlit_hub.shards.provenance import Provenance
from vlit_hub.shards.remote import Remote
from vlit_hub.shards.sampler import StepSampler
from vlit_hub.shards.select import Source
from vlit_hub.shards.store import Store
from vlit_hub.shards.writer import ShardWriter

if TYPE_CHECKING:
    from vlit_hub.shards.stream import ShardStream

__all__ = [
    "START",
    "Blend",
    "Cursor",
    "Fetch",
    "Filter",
    "FilterError",
    "Index",
    "Item",
    "Measure",
    "MediaRow",
    "MediumError",
    "Packer",
    "Plan",
    "Provenance",
    "Remote",
    "RemoteError",
    "Row",
    "ShardError",
    "ShardStream",
    "ShardWriter",
    "Shards",
    "Skipped",
    "Source",
    "StepSampler",
    "Store",
    "TooManyFailures",
    "from_members",
    "read_measure",
    "webdataset_pipeline",
    "write_measure",
]


def __getattr__(name: str) -> Any:
    if name == "ShardStream":  # an IterableDataset: only its user pays for torch
        from vlit_hub.shards.stream import ShardStream

        return ShardStream
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
