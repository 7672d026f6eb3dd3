"""Samples out of plain WebDataset members, and the shards as a pipeline of the webdataset package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from vlit_hub import schema
from vlit_hub.schema import COLUMNS, Blob, Sample
from vlit_hub.shards.errors import ShardError

if TYPE_CHECKING:
    import webdataset


def from_members(members: Mapping[str, Any]) -> Sample:
    """The Sample of one WebDataset record: ``{"json": bytes, "0.jpg": bytes, ...}`` (other keys are ignored).

    Raises ShardError naming ``__key__`` where a medium that the JSON has is no member.
    """
    sample = schema.from_json(members["json"])
    data = {name.partition(".")[0]: value for name, value in members.items() if name.partition(".")[0].isdecimal()}
    filled: dict[str, list[Blob | None]] = {
        column: list(blobs) for column in COLUMNS.values() if (blobs := getattr(sample, column))
    }
    for position, medium in enumerate(sample.media):
        blobs = filled[COLUMNS[medium.type]]
        if blobs[medium.index] is None:
            continue
        if str(position) not in data:
            raise ShardError(f"{members.get('__key__', '')}: no member {position}.* for {medium.type} {medium.index}")
        blobs[medium.index] = Blob(bytes=data[str(position)])
    return msgspec.structs.replace(sample, **filled)


def webdataset_pipeline(urls: str | Sequence[str]) -> webdataset.WebDataset:
    """Our shards as a webdataset pipeline of Samples, in order of the files; add ``.shuffle(n)`` and the like to it.

    Shards are split by node, then by worker, the webdataset way. For an exact order and resume use ``ShardStream``.
    """
    import webdataset

    source = webdataset.WebDataset(
        urls if isinstance(urls, str) else list(urls), shardshuffle=False, nodesplitter=webdataset.split_by_node
    )
    return source.map(from_members)
