"""Native releases of any size, grown from the hand-written rows of tests/rows/: the same fields, longer prose."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from benchmarks.normalising import WORDS
from tests import rows
from vlit_hub import registry
from vlit_hub.formats.readers import container_of
from vlit_hub.release import Release
from vlit_hub.spec import Files

PROSE = (
    "value",
    "response",
    "output",
    "caption",
    "caption_str",
    "desc",
    "a",
    "model",
    "dense_caption",
    "raw",
    "phrase",
)
"""Keys whose texts grow by a sentence where they end like prose."""
DATA = (".json", ".jsonl", ".csv", ".parquet", ".txt")
"""Endings of the files that are no media."""


@dataclass(frozen=True)
class Family:
    """One row format: the file of one dataset's hand-written rows that grows, the other files stay as they are."""

    what: str
    script: str
    file: str
    subset: str = ""
    split: str = "train"
    without: tuple[str, ...] = ()
    """Files that are left out: pictures kept in a second file."""
    link: tuple[str, str, str] = ("", "", "")
    """(key of a row, list beside the rows, key there): both get the row's number, so that the look-up grows too."""
    mended: Mapping[str, Any] = field(default_factory=dict)
    """What stands in the record in place of faults, where all hand-written rows have some: as a release writes it."""
    text_only: bool = True
    arrow: bool = False
    """Whether the way to Arrow and two workers are measured too: once per container."""

    @property
    def name(self) -> str:
        return self.script.replace("_", "-")


def grow(family: Family, folder: Path, records: int) -> Path:
    """The raw folder of a release whose file holds ``records`` records, grown from those that convert whole."""
    module = importlib.import_module(f"tests.rows.{family.script}")
    kept = {k: v for k, v in module.FILES.items() if k not in family.without and Path(k).suffix in DATA}
    raw = rows.write(folder, kept)
    release = Release(registry.get(family.name), raw, family.subset)
    entry, path = next((entry, path) for entry, path in release.files[family.split] if path == raw / family.file)
    read = release.read_file(entry, path)
    made = [o for o in read if o.samples]
    whole = [o for o in made if not o.bad] or made
    sound = [(o.key, o.native | family.mended) for o in whole]
    texts = ((f"{key}_{i}", longer(native, i, family.link[0])) for i, (key, native) in _cycle(sound, records))
    _write(path, entry, texts, family, records)
    for split, entries in release.files.items():  # what is measured is this file alone
        for other, file in entries:
            if file != path and (split, other.subset) == (family.split, entry.subset):
                file.unlink(missing_ok=True)
    return raw


def _cycle(sound: list[Any], records: int) -> Iterator[tuple[int, Any]]:
    return ((i, sound[i % len(sound)]) for i in range(records))


def longer(native: Any, i: int, link: str = "") -> Any:
    """The record with a sentence of its own behind every prose text, and its number under ``link``."""
    grown = _longer(native, i, "")
    return grown | {link: i} if link else grown


def _longer(value: Any, i: int, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _longer(inner, i, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_longer(inner, i + j, key) for j, inner in enumerate(value)]
    if key in PROSE and isinstance(value, str) and re.search(r"[a-z][.?]?$", value):
        start = i * 7 % 11
        return f"{value} {' '.join(WORDS[start : start + 10])} {i}."
    return value


def _write(path: Path, entry: Files, records: Iterator[tuple[str, Any]], family: Family, count: int) -> None:
    container = entry.container or container_of(path)
    if container == "parquet":
        table = pyarrow.Table.from_pylist([record for _, record in records], pyarrow.parquet.read_schema(path))
        pyarrow.parquet.write_table(table, path, row_group_size=10_000)
        return
    before, after, between = "", "", "\n"
    lines: Iterator[str]
    if container == "csv":
        first = next(records)
        lines = chain([_cells({name: name for name in first[1]})], (_cells(r) for _, r in chain([first], records)))
    elif container == "jsonl":
        lines = (json.dumps(record, ensure_ascii=False) for _, record in records)
    else:
        between = ", "
        before, after = _around(path, entry.rows, family.link, count)
        brackets = "{}" if container == "dict" else "[]"
        before, after = before + brackets[0], brackets[1] + after
        lines = (
            (f"{json.dumps(key)}: " if container == "dict" else "") + json.dumps(record, ensure_ascii=False)
            for key, record in records
        )
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(before)
        for i, line in enumerate(lines):
            handle.write((between if i else "") + line)
        handle.write(after)


def _cells(record: dict[str, str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(record.values())
    return line.getvalue()


def _around(path: Path, keys: str, link: tuple[str, str, str], count: int) -> tuple[str, str]:
    """What stands before and behind the rows of a JSON file: the other keys of the objects they lie in."""
    value = json.loads(path.read_text(encoding="utf-8"))
    before, after = "", ""
    for key in keys.split(".") if keys and isinstance(value, dict) else ():
        others = {name: inner for name, inner in value.items() if name != key}
        if link[1] in others:
            model = others[link[1]]
            others[link[1]] = [model[i % len(model)] | {"id": i, link[2]: i} for i in range(count)]
        head = json.dumps(others)[1:-1]
        before += "{" + head + (", " if head else "") + json.dumps(key) + ": "
        after = "}" + after
        value = value[key]
    return before, after
