"""Samples out of plain WebDataset members, and the shards as a pipeline of the webdataset package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from vlit_hub import schema
from vlit_hub.schema import COLUMNS, Blob, Sample, SchemaError
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.tar import EXTENSIONS

if TYPE_CHECKING:
    import webdataset


def from_members(members: Mapping[str, Any]) -> Sample:
    """The Sample of one WebDataset record: ``{"json": bytes, "0.jpg": bytes, ...}`` (other keys are ignored).

    Raises ShardError naming ``__url__`` and ``__key__`` where the JSON is none or of no Sample, or where a medium that
    it has is no member, an empty one, or one of an extension that is never read.
    """
    try:
        return _filled(members)
    except (ShardError, SchemaError, KeyError, IndexError, msgspec.DecodeError) as error:
        where = f"{members.get('__url__', '')}, {members.get('__key__', '')}"
        why = f"no member {error}" if isinstance(error, KeyError) else str(error)
        raise ShardError(f"{where}: {why}") from None


def _filled(members: Mapping[str, Any]) -> Sample:
    sample = schema.from_json(members["json"])
    data = {name.partition(".")[0]: name for name in members if name.partition(".")[0].isdecimal()}
    for position, medium in enumerate(sample.media):
        column = getattr(sample, COLUMNS[medium.type])
        if column[medium.index] is None:
            continue
        name = data.get(str(position))
        if name is None:
            raise ShardError(f"no member {position}.* for {medium.type} {medium.index}")
        if name.rpartition(".")[2].lower() not in EXTENSIONS or not members[name]:
            why = "empty" if not members[name] else "of a kind that is never read"
            raise ShardError(f"member {name} for {medium.type} {medium.index} is {why}")
        column[medium.index] = Blob(bytes=members[name])  # a list that from_json has just made
    return sample


def webdataset_pipeline(urls: str | Sequence[str]) -> webdataset.WebDataset:
    """Our shards as a webdataset pipeline of Samples, in order of the files; add ``.shuffle(n)`` and the like to it.

    Shards are split by node, then by worker, the webdataset way. For an exact order and resume use ``ShardStream``.
    """
    import webdataset

    source = webdataset.WebDataset(
        urls if isinstance(urls, str) else list(urls), shardshuffle=False, nodesplitter=webdataset.split_by_node
    )
    return source.map(from_members)
