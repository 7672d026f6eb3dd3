"""Row readers per container: json array, json object around an array or of rows by key, jsonl, csv, tsv. Flat memory.

Each yields ``(row number, record)``, read_dict the row's key as third; a row that cannot be read is yielded as a
BadRecord in the record's place. A file that breaks in the middle yields its good rows, then one BadRecord that says
where it broke. ``window`` (window.py) picks rows by number or a share of the file: what lies before it is passed over
at the speed of parsing (csv and json some 20 times that of converting, lines and parquet far more).
"""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from vlit_hub.formats.cells import read_csv, read_tsv
from vlit_hub.formats.parquet import read_parquet, refuse_pickle
from vlit_hub.formats.window import WHOLE, Window
from vlit_hub.spec import BadRecord

Row = tuple[int, "Mapping[str, Any] | BadRecord"]
KeyedRow = tuple[int, "Mapping[str, Any] | BadRecord", str]

CHUNK = 1 << 18
"""Bytes read at a time."""
MAX_RECORD = 64 << 20
"""A record longer than this many characters is refused: one record is never gigabytes."""

MAX_FACT = 1 << 20
"""A list beside the rows that is longer than this many characters is no fact of the file: it is read past."""

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODE = json.JSONDecoder(strict=False).raw_decode
_DECODE_LIST = msgspec.json.Decoder(list[dict[str, Any]]).decode
_KEY = re.compile(r'"([^"\\\x00-\x1f]*)"[ \t\r\n]*:[ \t\r\n]*')
"""A key without escapes, its colon too."""
_OPENING = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*"[^"\\]*"')


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
        self.between = ""
        """How one object of an array ends and the next begins, as far as seen: ``}, {"id"``."""
        self.refused = False
        self.size = os.fstat(handle.fileno()).st_size
        handle.seek(0)
        self.before = 0

    def more(self) -> bool:
        """Read on; False at the end of the file."""
        if self.ended:
            return False
        self.before = self.handle.tell()
        # At least as much as is pending: a long record is scanned again only a logarithmic number of times.
        data = self.handle.read(max(CHUNK, len(self.buffer) - self.at))
        self.ended = not data
        text = self.decoder.decode(data, final=self.ended)
        self.offset()
        self.consumed += self.at
        self.buffer = self.buffer[self.at :] + text
        self.at = self.counted = 0
        self.refused = False
        return True

    def share(self) -> float:
        """How much of the file was read before the chunk that the last value ended in, 0..1."""
        return self.before / max(self.size, 1)

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

    def objects(self) -> list[dict[str, Any]]:
        """Consume the objects of an array that stand whole in the buffer, decoded at once; [] where that cannot be.

        The cut is a guess at the border of two objects. It is proven by the decoding: text in brackets that is a list,
        and that ends where an object does, is the same list in the whole text. What msgspec refuses and json does not
        (NaN, control characters, half surrogates) is left to :meth:`value`.
        """
        if self.refused or not self.between:
            return []
        cut = self.buffer.rfind(self.between, self.at) + 1
        if not cut:
            return []
        try:
            found = _DECODE_LIST(f"[{self.buffer[self.at : cut]}]")
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self.refused = True  # until more is read
            return []
        self.at = cut
        return found

    def learn(self) -> None:
        """Note how an object that was just consumed, its comma too, and the next one meet."""
        close = self.buffer.rfind("}", 0, self.at)
        opening = _OPENING.match(self.buffer, self.at)
        if opening and close >= 0 and not self.buffer[close + 1 : self.at].strip(", \t\r\n"):
            self.between = self.buffer[close : opening.end()]

    def _unfinished(self, error: json.JSONDecodeError) -> bool:
        """Whether the error may come from a value cut at the end of the buffer (an escape or literal is < 16 long)."""
        return error.pos > len(self.buffer) - 16 or error.msg.startswith("Unterminated string")

    def broken(self, reason: str, position: int | None = None) -> BadRecord:
        at = self.consumed + (self.at if position is None else position)
        return BadRecord("file", f"malformed JSON at character {at}: {reason}")


def read_json(path: Path, rows: str = "", head: dict[str, Any] | None = None, window: Window = WHOLE) -> Iterator[Row]:
    """Rows of a JSON array, or of the array under the key ``rows`` of a JSON object, whose other keys go to ``head``.

    ``rows`` may lead through several objects (``data.dialogs``). A bare array is read whatever ``rows`` says. A
    trailing comma is accepted. One pass, so keys that follow the rows reach ``head`` after them, and only where the
    window reaches to the end.
    """
    with open(path, "rb") as handle:
        text = _Text(handle)
        yield from window.cut(_json_rows(text, rows, {} if head is None else head), text.share)


def _json_rows(text: _Text, rows: str, head: dict[str, Any]) -> Iterator[Row]:
    number = 0
    try:
        for record in _at(text, rows if text.peek() != "[" else "", head, _array):
            yield number, record
            number += 1
        if text.peek():
            raise text.broken("something follows the end of the value")
    except BadRecord as error:
        yield number, error


def read_dict(
    path: Path, rows: str = "", head: dict[str, Any] | None = None, window: Window = WHOLE
) -> Iterator[KeyedRow]:
    """Rows of a JSON object whose values are the records, by key; of the one under ``rows`` where that is given."""
    with open(path, "rb") as handle:
        text = _Text(handle)
        yield from window.cut(_dict_rows(text, rows, {} if head is None else head), text.share)


def _dict_rows(text: _Text, rows: str, head: dict[str, Any]) -> Iterator[KeyedRow]:
    number = 0
    try:
        for key, record, _, _ in _at(text, rows, head, _members):
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
        yield from _at(_Text(handle), rows, {}, partial(_members, places=True))


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
        objects = text.objects()
        yield from objects
        if not objects:
            value = text.value()
            if not isinstance(value, Mapping):
                value = BadRecord("record", f"expected an object, found {value!r:.60}", native=value)
            yield value
        if text.peek() != ",":
            break
        text.take(",")
        if not objects:
            text.learn()
    text.take("]")


def _members(text: _Text, places: bool = False) -> Iterator[tuple[str, Any, int, int]]:
    """(key or position, value, first byte, byte behind) of each entry of an object or a list.

    The bytes are counted where ``places`` are asked for, else 0.
    """
    close = "}" if text.take("[{") == "{" else "]"
    position = start = end = 0
    while text.peek() != close:
        key = str(position)
        if close == "}":
            if plain := _KEY.match(text.buffer, text.at):
                key, text.at = plain[1], plain.end()
            else:
                key = str(text.value())
                text.take(":")
            text.peek()
        if places:
            start = text.offset()
        value = text.value()
        if places:
            end = text.offset()
        yield key, value, start, end
        position += 1
        if text.peek() != ",":
            break
        text.at += 1
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


def read_jsonl(path: Path, rows: str = "", head: dict[str, Any] | None = None, window: Window = WHOLE) -> Iterator[Row]:
    """One JSON object a line; blank lines are skipped, a line that is no JSON is one bad row."""
    with open(path, "rb") as handle:
        size = max(os.fstat(handle.fileno()).st_size, 1)
        cut = window != WHOLE
        number = -1
        start = 0
        while line := handle.readline(MAX_RECORD):
            at, start = start / size, start + len(line)
            whole = line.endswith(b"\n") or len(line) < MAX_RECORD
            while not whole and (rest := handle.readline(MAX_RECORD)):
                start += len(rest)
                if rest.endswith(b"\n"):
                    break
            line = line.strip().removeprefix(codecs.BOM_UTF8)
            if not line:
                continue
            number += 1
            if cut and window.behind(number, at):
                return
            if not (cut and window.before(number, at)):
                yield number, _line(line, whole)


_DECODE_LINE = msgspec.json.Decoder().decode


def _line(line: bytes, whole: bool) -> dict[str, Any] | BadRecord:
    if not whole:
        return BadRecord("record", f"a line of more than {MAX_RECORD} bytes", _text(line[:1000]))
    try:
        value = _DECODE_LINE(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return BadRecord("record", f"not JSON: {error}", _text(line))
    return value if isinstance(value, dict) else BadRecord("record", "expected an object", value)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")


def read_lines(path: Path, rows: str = "", head: dict[str, Any] | None = None, window: Window = WHOLE) -> Iterator[Row]:
    """One record ``{"line": text}`` a line of a text file; blank lines are skipped."""
    with open(path, "rb") as handle:
        size = max(os.fstat(handle.fileno()).st_size, 1)
        yield from window.cut(_lines(handle), lambda: handle.tell() / size)


def _lines(handle: BinaryIO) -> Iterator[Row]:
    number = 0
    while line := handle.readline(MAX_RECORD):
        text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape").rstrip("\r\n")
        if text.strip():
            yield number, {"line": text}
            number += 1


READERS: dict[str, Callable[..., Iterator[Any]]] = {
    "json": read_json,
    "dict": read_dict,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "tsv": read_tsv,
    "lines": read_lines,
    "parquet": read_parquet,
    "pkl": refuse_pickle,
    "p": refuse_pickle,
}


def container_of(path: Path) -> str:
    """The container that the suffix tells; '' if none is known."""
    suffix = path.suffix.lower().lstrip(".")
    return suffix if suffix in READERS else ""
