"""``manifest.json``: what a folder of shards holds, with checksums, code tables and the features that readers need."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from vlit_hub import schema
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.tar import IMAGE_EXTENSIONS

NAME = "manifest.json"
LAYOUT = 1
"""Version of the file layout (tars, index, manifest)."""


class ShardFile(Struct, frozen=True):
    """One tar: file name in the folder, samples, size in bytes, checksum."""

    file: str
    samples: int
    bytes: int
    sha256: str


class IndexFile(Struct, frozen=True):
    """One index table: number of rows and checksum of the .npy file."""

    rows: int
    sha256: str


class Split(Struct, frozen=True):
    """One (dataset, subset, split) of a folder. Its index lies in ``index/<prefix>/``."""

    dataset: str
    subset: str
    split: str
    prefix: str
    samples: int
    bytes: int
    counts: dict[str, int]
    """media per type, missing_media, unresolved_regions (both counted in samples), trainable."""
    shards: list[ShardFile]
    rows: IndexFile
    media: IndexFile
    tables: dict[str, list[str]]
    """Index column -> the strings its codes stand for."""
    members: list[str]
    """Every member name without its key, over all samples."""
    facts: dict[str, Any] = {}
    """File-level facts, as the caller gave them."""
    shared: int = 0
    """Media that stand in no member of their own: their index row points to the equal one of an earlier sample of the
    group (``--share-media``). Only the index leads to them; readers of plain tars see the first one only."""
    foreign: bool = False
    """The media lie in another's tars, which hold 0 of our samples; only the texts, beside the index, are ours."""


class Manifest(Struct, frozen=True):
    """The whole folder. ``features`` is ``datasets.Features.to_dict()`` of the union of all members."""

    layout: int = LAYOUT
    schema: int = schema.VERSION
    splits: list[Split] = []
    features: dict[str, Any] = {}


def load(folder: Path) -> Manifest:
    """Read ``folder/manifest.json``; raises ShardError if there is none or it is of another layout or schema."""
    path = folder / NAME
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise ShardError(f"{folder} holds no {NAME}: not a finished folder of shards") from None
    except msgspec.DecodeError as error:
        raise ShardError(f"{path}: {error}") from None
    if (manifest.layout, manifest.schema) != (LAYOUT, schema.VERSION):
        raise ShardError(
            f"{path}: layout {manifest.layout}, schema {manifest.schema}; this version reads layout {LAYOUT}, "
            f"schema {schema.VERSION}: build the shards again"
        )
    for split in manifest.splits:
        for name in (split.prefix, *(shard.file for shard in split.shards)):
            if not _inside(name) or (name == split.prefix and "/" in name):
                raise ShardError(f"{path}: {name!r} is no name of a file in this folder")
    return manifest


def _inside(name: str) -> bool:
    """Whether a path stays in the folder that it is relative to."""
    return not re.search(r"[\0\\]", name) and not {"", ".", ".."} & set(name.split("/"))


def replace_split(folder: Path, prefix: str, split: Split | None) -> None:
    """Put ``split`` into the folder's manifest in place of the one of that prefix (None: only take that one out).

    Writers of one folder finish one after another: the file is read, changed and written without a lock.
    """
    old = load(folder).splits if (folder / NAME).exists() else []
    splits = [entry for entry in old if entry.prefix != prefix] + ([split] if split else [])
    splits.sort(key=lambda entry: entry.prefix)
    manifest = Manifest(splits=splits, features=features(name for entry in splits for name in _members(entry)))
    write_atomic(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def _members(entry: Split) -> list[str]:
    return [] if entry.foreign else entry.members


def write_atomic(path: Path, data: bytes) -> None:
    """The file appears whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def sha256(path: Path) -> str:
    """Hexadecimal checksum of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def features(members: Iterable[str]) -> dict[str, Any]:
    """``datasets.Features.to_dict()`` for ``load_dataset("webdataset", features=Features.from_dict(...))``.

    ``datasets`` infers features from the first five samples only and silently drops a member first seen later, hence
    the union: pictures as Image, point clouds as lists of float32 rows, video and sound as plain bytes.
    """
    value = {"string": {"dtype": "string", "_type": "Value"}, "binary": {"dtype": "binary", "_type": "Value"}}
    cloud = _list_of(_list_of({"dtype": "float32", "_type": "Value"}))
    result: dict[str, Any] = {}
    for name in sorted({"json", *members}, key=_member_order):
        ext = name.rpartition(".")[2]
        if name == "json":
            result[name] = _feature(schema.Sample)
        elif ext in IMAGE_EXTENSIONS:
            result[name] = {"_type": "Image"}
        else:
            result[name] = cloud if ext == "npy" else value["binary"]
    return result | {"__key__": value["string"], "__url__": value["string"]}


def _member_order(name: str) -> tuple[int, str]:
    number, _, ext = name.rpartition(".")
    return (int(number) if number else -1, ext)


def _list_of(feature: Any) -> dict[str, Any]:
    return {"feature": feature, "_type": "List"}


def _feature(hint: Any) -> dict[str, Any]:
    kind, _ = schema.bare(hint)
    if get_origin(kind) is list:
        return _list_of(_feature(get_args(kind)[0]))
    if get_origin(kind) is Literal:
        kind = str
    if issubclass(kind, Struct):
        return {name: _feature(inner) for name, inner in schema.hints(kind).items()}
    names = {str: "string", bool: "bool", float: "float64", bytes: "binary", int: "int32"}
    return {"dtype": names[kind], "_type": "Value"}
