"""Row readers per container: json array, json object around an array or of rows by key, jsonl, csv, tsv. Flat memory.

Each yields ``(row number, record)``, read_dict the row's key as third; a row that cannot be read is yielded as a
BadRecord in the record's place. A file that breaks in the middle yields its good rows, then one BadRecord that says
where it broke.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from vlit_hub.formats.parquet import read_parquet, refuse_pickle
from vlit_hub.spec import BadRecord

Row = tuple[int, "Mapping[str, Any] | BadRecord"]
KeyedRow = tuple[int, "Mapping[str, Any] | BadRecord", str]

CHUNK = 1 << 20
"""Bytes read at a time."""
MAX_RECORD = 64 << 20
"""A record longer than this many characters is refused: one record is never gigabytes."""

MAX_FACT = 1 << 20
"""A list beside the rows that is longer than this many characters is no fact of the file: it is read past."""

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODE = json.JSONDecoder(strict=False).raw_decode


class _Text:
    """A JSON text read in chunks: decodes one value after another, keeps only what is not consumed yet."""

    def __init__(self, handle: BinaryIO) -> None:
        self.handle = handle
        # Bytes that are not UTF-8 stay as surrogates: the one record that holds them is refused later, not the file.
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self.buffer = ""
        self.at = 0
        self.consumed = 0
        self.ended = False
        self.bytes = len(codecs.BOM_UTF8) if handle.read(3) == codecs.BOM_UTF8 else 0
        self.counted = 0
        handle.seek(0)

    def more(self) -> bool:
        """Read on; False at the end of the file."""
        if self.ended:
            return False
        # At least as much as is pending: a long record is scanned again only a logarithmic number of times.
        data = self.handle.read(max(CHUNK, len(self.buffer) - self.at))
        self.ended = not data
        text = self.decoder.decode(data, final=self.ended)
        self.offset()
        self.consumed += self.at
        self.buffer = self.buffer[self.at :] + text
        self.at = self.counted = 0
        return True

    def offset(self) -> int:
        """The byte of the file that the text stands at."""
        passed = self.buffer[self.counted : self.at]
        self.bytes += len(passed) if passed.isascii() else len(passed.encode(errors="surrogateescape"))
        self.counted = self.at
        return self.bytes

    def peek(self) -> str:
        """The next character that is no white space; '' at the end."""
        found = self.buffer[self.at : self.at + 1]
        if found > " ":  # the usual case, fast: white space in JSON is no greater
            return found
        while True:
            match = _SPACE.match(self.buffer, self.at)
            assert match is not None
            self.at = match.end()
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self.more():
                return ""

    def take(self, allowed: str) -> str:
        """Consume one character out of ``allowed``."""
        found = self.peek()
        if not found or found not in allowed:
            raise self.broken(f"expected {' or '.join(allowed)}, found {found or 'the end of the file'}")
        self.at += 1
        return found

    def value(self) -> Any:
        """Consume one JSON value."""
        start = self.peek()
        while True:
            try:
                value, end = _DECODE(self.buffer, self.at)
                if start in '"{[' or end < len(self.buffer) or not self.more():
                    self.at = end
                    return value
            except json.JSONDecodeError as error:
                if not self._unfinished(error) or not self.more():
                    raise self.broken(error.msg, error.pos) from None
            except RecursionError:
                raise self.broken("nested too deeply") from None
            except ValueError as error:
                raise self.broken(str(error)) from None
            if len(self.buffer) - self.at > MAX_RECORD:
                raise self.broken(f"a record of more than {MAX_RECORD} characters")

    def _unfinished(self, error: json.JSONDecodeError) -> bool:
        """Whether the error may come from a value cut at the end of the buffer (an escape or literal is < 16 long)."""
        return error.pos > len(self.buffer) - 16 or error.msg.startswith("Unterminated string")

    def broken(self, reason: str, position: int | None = None) -> BadRecord:
        at = self.consumed + (self.at if position is None else position)
        return BadRecord("file", f"malformed JSON at character {at}: {reason}")


def read_json(path: Path, rows: str = "", head: dict[str, Any] | None = None) -> Iterator[Row]:
    """Rows of a JSON array, or of the array under the key ``rows`` of a JSON object, whose other keys go to ``head``.

    ``rows`` may lead through several objects (``data.dialogs``). A bare array is read whatever ``rows`` says. A
    trailing comma is accepted. One pass, so keys that follow the rows reach ``head`` after them.
    """
    with open(path, "rb") as handle:
        text = _Text(handle)
        number = 0
        try:
            where = rows if text.peek() != "[" else ""
            for record in _at(text, where, {} if head is None else head, _array):
                yield number, record
                number += 1
            if text.peek():
                raise text.broken("something follows the end of the value")
        except BadRecord as error:
            yield number, error


def read_dict(path: Path, rows: str = "", head: dict[str, Any] | None = None) -> Iterator[KeyedRow]:
    """Rows of a JSON object whose values are the records, by key; of the one under ``rows`` where that is given."""
    with open(path, "rb") as handle:
        text = _Text(handle)
        number = 0
        try:
            for key, record, _, _ in _at(text, rows, {} if head is None else head, _members):
                if not isinstance(record, Mapping):
                    record = BadRecord("record", f"expected an object, found {record!r:.60}", native=record)
                yield number, record, key
                number += 1
            if text.peek():
                raise text.broken("something follows the end of the value")
        except BadRecord as error:
            yield number, error, ""


def located(path: Path, rows: str = "") -> Iterator[tuple[str, Any, int, int]]:
    """(key or position, value, first byte, byte behind) of each entry of the list or object under ``rows``."""
    with open(path, "rb") as handle:
        yield from _at(_Text(handle), rows, {}, _members)


def _at(text: _Text, rows: str, head: dict[str, Any], entries: Callable[[_Text], Iterator[Any]]) -> Iterator[Any]:
    """The entries of the value that the keys of ``rows`` lead to."""
    step, _, rest = rows.partition(".")
    return _object(text, step, rest, head, entries) if step else entries(text)


def _object(
    text: _Text, rows: str, rest: str, head: dict[str, Any], entries: Callable[[_Text], Iterator[Any]]
) -> Iterator[Any]:
    """The rows under one key of an object; every other key goes to ``head``."""
    keys = []
    text.take("{")
    while text.peek() != "}":
        key = str(text.value())
        keys.append(key)
        text.take(":")
        if key == rows:
            yield from _at(text, rest, head, entries)
        elif text.peek() != "[":
            head[key] = text.value()
        elif (facts := _facts(text)) is not None:
            head[key] = facts
        if text.peek() != ",":
            break
        text.take(",")
    text.take("}")
    if rows not in keys:
        raise BadRecord("file", f"no key {rows!r} that holds the records; found: {', '.join(keys) or 'nothing'}")


def _array(text: _Text) -> Iterator[Any]:
    text.take("[")
    while text.peek() != "]":
        value = text.value()
        if not isinstance(value, Mapping):
            value = BadRecord("record", f"expected an object, found {value!r:.60}", native=value)
        yield value
        if text.peek() != ",":
            break
        text.take(",")
    text.take("]")


def _members(text: _Text) -> Iterator[tuple[str, Any, int, int]]:
    """(key or position, value, first byte, byte behind) of each entry of an object or a list."""
    close = "}" if text.take("[{") == "{" else "]"
    position = 0
    while text.peek() != close:
        key = str(position)
        if close == "}":
            key = str(text.value())
            text.take(":")
            text.peek()
        start = text.offset()
        yield key, text.value(), start, text.offset()
        position += 1
        if text.peek() != ",":
            break
        text.take(",")
    text.take(close)


def _facts(text: _Text) -> list[Any] | None:
    """A list that stands beside the rows; None where it is longer than MAX_FACT characters (never held whole)."""
    start = text.consumed + text.at
    found: list[Any] | None = []
    for _, value, _, _ in _members(text):
        if text.consumed + text.at - start > MAX_FACT:
            found = None
        if found is not None:
            found.append(value)
    return found


def read_jsonl(path: Path, rows: str = "", head: dict[str, Any] | None = None) -> Iterator[Row]:
    """One JSON object a line; blank lines are skipped, a line that is no JSON is one bad row."""
    decode = msgspec.json.Decoder().decode
    with open(path, "rb") as handle:
        number = -1
        while line := handle.readline(MAX_RECORD):
            whole = line.endswith(b"\n") or len(line) < MAX_RECORD
            line = line.strip().removeprefix(codecs.BOM_UTF8)
            if not line:
                continue
            number += 1
            if not whole:
                while (rest := handle.readline(MAX_RECORD)) and not rest.endswith(b"\n"):
                    pass
                yield number, BadRecord("record", f"a line of more than {MAX_RECORD} bytes", _text(line[:1000]))
                continue
            try:
                value = decode(line)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
                yield number, BadRecord("record", f"not JSON: {error}", _text(line))
                continue
            yield number, value if isinstance(value, dict) else BadRecord("record", "expected an object", value)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")


def read_csv(path: Path, rows: str = "", head: dict[str, Any] | None = None, delimiter: str = ",") -> Iterator[Row]:
    """Rows of a csv file with a header, every cell as the text that stands there; a broken row is one bad row."""
    csv.field_size_limit(MAX_RECORD)
    with open(path, "rb") as raw, io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="") as handle:
        reader = csv.reader(handle, delimiter=delimiter, strict=True)
        names: list[str] | None = None
        number = 0
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield number, BadRecord("record", f"broken at line {reader.line_num}: {error}")
                number += 1
                continue
            if cells is None:
                break
            if names is None:
                names = cells
                if len(set(names)) != len(names):
                    yield 0, BadRecord("header", f"a column name repeats: {', '.join(names)}")
                    return
            elif cells:
                fault = BadRecord("record", f"{len(cells)} cells under {len(names)} columns", cells)
                yield number, dict(zip(names, cells, strict=True)) if len(cells) == len(names) else fault
                number += 1
        if names is None:
            yield 0, BadRecord("header", "the file is empty")


def read_tsv(path: Path, rows: str = "", head: dict[str, Any] | None = None) -> Iterator[Row]:
    """Rows of a tab-separated file with a header."""
    return read_csv(path, delimiter="\t")


READERS: dict[str, Callable[..., Iterator[Any]]] = {
    "json": read_json,
    "dict": read_dict,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "tsv": read_tsv,
    "parquet": read_parquet,
    "pkl": refuse_pickle,
    "p": refuse_pickle,
}


def container_of(path: Path) -> str:
    """The container that the suffix tells; '' if none is known."""
    suffix = path.suffix.lower().lstrip(".")
    return suffix if suffix in READERS else ""
