"""The chat form of a published folder: what plain TRL and ``apply_chat_template`` take, one row a sample."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa

from vlit_hub.chat import NotChat, to_chat
from vlit_hub.publishing.configs import Config, ConfigSplit, names, prefixed
from vlit_hub.publishing.finished import Finished
from vlit_hub.publishing.forms import config_split, published
from vlit_hub.publishing.tables import ParquetFiles
from vlit_hub.schema import parts
from vlit_hub.shards import Store

_LIST = datasets.List(datasets.Json())
_REST = {"images": datasets.List(datasets.Image()), "tools": datasets.Json()}
CHAT_FEATURES = {
    "messages": datasets.Features({"messages": _LIST, **_REST}),
    "completion": datasets.Features({"prompt": _LIST, "completion": _LIST, **_REST}),
}
"""Messages are JSON: an Arrow struct would add keys of null, which chat templates take for content."""


def chat_form(
    store: Store, folder: Path, terms: Container[str], dialect: str, finished: Finished
) -> tuple[list[Config], dict[str, dict[str, int]]]:
    """The chat configs, one per (dataset, subset) and kind, and those left out: subset's config -> reason -> samples.

    Made by ``vlit_hub.to_chat``; pictures keep their original bytes. Media of the datasets in ``terms`` stay behind.
    """
    known = names(store.index.splits)
    splits: dict[tuple[str, str], list[ConfigSplit]] = {}
    left_out: dict[str, Counter[str]] = {name: Counter() for name in known.values()}
    for number, split in enumerate(store.index.splits):
        name = known[split.dataset, split.subset]
        step = f"{_chat_prefix(dialect, 'messages')}/{name}/{split.split}"
        if finished.get(step) is None:
            finished.note(step, _chat_split(store, number, terms, dialect, folder, name))
        written, reasons = finished.get(step)
        left_out[name].update(reasons)
        for kind, found in written.items():
            splits.setdefault((name, kind), []).extend(ConfigSplit(**entry) for entry in found)
    configs = [
        Config(
            prefixed(_chat_prefix(dialect, kind), name, list(known.values())),
            "chat",
            tuple(found),
            CHAT_FEATURES[kind].to_dict(),
        )
        for (name, kind), found in splits.items()
        if found
    ]
    return configs, {name: dict(reasons.most_common()) for name, reasons in left_out.items() if reasons}


def _chat_split(
    store: Store, number: int, terms: Container[str], dialect: str, folder: Path, name: str
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, int]]:
    """Write one split: kind -> its ConfigSplit as plain data (none without rows), and reason -> samples left out."""
    split = store.index.splits[number].split
    places = {kind: f"{_chat_prefix(dialect, kind)}/{name}" for kind in CHAT_FEATURES}
    left_out: Counter[str] = Counter()
    with ExitStack() as stack:
        files = {kind: stack.enter_context(_chat_files(folder / place, split, kind)) for kind, place in places.items()}
        for sample, size in published(store, number, terms):
            try:
                chat = to_chat(sample, dialect)
            except NotChat as error:
                left_out[error.reason] += 1
                continue
            chat["images"] = [sample.images[part.index] for part in parts(sample) if part.type == "image"]
            files["messages" if "messages" in chat else "completion"].add(chat, size)
    return {
        kind: [asdict(found) for found in config_split(split, places[kind], written)] for kind, written in files.items()
    }, dict(left_out)


def _chat_prefix(dialect: str, kind: str) -> str:
    return f"chat-{dialect}" if kind == "messages" else f"chat-{dialect}-{kind}"


def _chat_files(folder: Path, split: str, kind: str) -> ParquetFiles[dict[str, Any]]:
    schema = CHAT_FEATURES[kind].arrow_schema
    return ParquetFiles(folder, split, schema, partial(_chat_table, schema))


def _chat_table(schema: pa.Schema, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """pyarrow builds no JSON arrays from Python: the storage type first, then a cast."""
    storage = pa.schema(
        [
            pa.field(field.name, field.type if field.name == "images" else _storage(field.type), field.nullable)
            for field in schema
        ]
    )
    return pa.Table.from_pylist([_chat_row(row) for row in rows], schema=storage).cast(schema)


def _storage(kind: pa.DataType) -> pa.DataType:
    return pa.list_(pa.string()) if pa.types.is_list(kind) else pa.string()


def _chat_row(row: dict[str, Any]) -> dict[str, Any]:
    found = {key: [_json(message) for message in row[key]] for key in row if key not in ("images", "tools")}
    images = [{"bytes": blob.bytes, "path": blob.path} for blob in row["images"]]
    return {**found, "images": images, "tools": _json(row["tools"])}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
