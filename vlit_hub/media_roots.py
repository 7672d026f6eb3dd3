"""What a user may give as a media root: a folder, an archive or a folder of one, a table from URLs to files."""

from __future__ import annotations

import csv
import os
import posixpath
import sqlite3
import stat
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from vlit_hub.archive_members import kind
from vlit_hub.archives import Archives, index_of, safe_name
from vlit_hub.media_errors import UnsafePath
from vlit_hub.media_listing import Listing
from vlit_hub.schema import Blob

TABLES = (".tsv", ".csv", ".jsonl", ".parquet")
Listed = list[tuple[str, int, int]]
"""(path, bytes, mtime in ns) of files."""


class Root(Protocol):
    """Where the media of one root lie."""

    def find(self, relative: str, ref: str, limit: int) -> Blob | None:
        """The medium at a candidate's path or of a native reference, None where there is none.

        A member of an archive is of at most ``limit`` bytes. Raises UnsafePath, UnreadableMedia.
        """

    def holds(self, folder: str) -> bool:
        """Whether anything can be found below a folder."""

    def files(self) -> Listed:
        """The files it is made of."""

    def faults(self) -> list[str]:
        """What of it could not be read, and why."""


def open_root(name: str, given: str) -> Root:
    """The root that the absolute path ``given`` names, ValueError where it is none.

    A folder (archives in it stand for what they would be unpacked to), an archive (.zip, .tar), a folder inside one
    (``a.zip/photos``), or a table (.tsv, .csv, .jsonl, .parquet with the columns ``url`` and ``file``, the file
    relative to the table).
    """
    if os.path.isdir(given):
        return Folder(given)
    if os.path.isfile(given) and given.endswith(TABLES):
        return UrlTable(given)
    archive, inner = given, ""
    while not os.path.exists(archive) and os.path.dirname(archive) != archive:
        archive, last = os.path.split(archive)
        inner = f"{last}/{inner}"
    if os.path.isfile(archive) and kind(archive):
        return Archive(archive, inner)
    raise ValueError(
        f"media root {name}: {given} is no folder, no archive (.zip, .tar) and no table ({', '.join(TABLES)})"
    )


class Folder:
    """A folder and the archives in it, at any depth; a file that is there counts before a member."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._listing = Listing(path)
        self._archives: dict[str, Archives | None] = {}
        self._bare: set[str] = set()
        """Folders with no archive in them or above them, as far as asked."""
        self._faults: list[str] = []

    def find(self, relative: str, ref: str, limit: int) -> Blob | None:
        folder, _, name = relative.rpartition("/")
        listed = self._listing.has(folder, name)
        if listed:
            return Blob(path=f"{self.path}/{relative}")
        if listed is None and (found := _inside(self.path, relative)) is not None:
            return Blob(path=found)
        if folder in self._bare:
            return None
        above = list(self._above(relative))
        for archives, rest in above:
            if rest and (data := archives.read(rest, limit)) is not None:
                return Blob(bytes=data)
        if not above:
            self._bare.add(folder)
        return None

    def holds(self, folder: str) -> bool:
        return os.path.isdir(os.path.join(self.path, folder)) or any(
            archives.faults or archives.holds(rest) for archives, rest in self._above(folder)
        )

    def files(self) -> Listed:
        return list_files(self.path)

    def faults(self) -> list[str]:
        return self._faults

    def _above(self, relative: str) -> Iterator[tuple[Archives, str]]:
        """(archives, path relative to them) of each folder on the way to a path, the root first."""
        parts = _normal(relative).split("/")
        for depth in range(len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in self._archives:
                self._archives[folder] = found = _archives_in(self.path, folder)
                self._faults += found.faults if found else []
            if (archives := self._archives[folder]) is not None:
                yield archives, "/".join(parts[depth:])


class Archive:
    """One archive given as the root itself, or a folder in it."""

    def __init__(self, path: str, inner: str = "") -> None:
        self.path, self.inner = path, inner
        self.archives = Archives([path])
        if not self.holds(""):
            raise ValueError(f"media root {path}: {(*self.archives.faults, f'no member below {inner!r}')[0]}")

    def find(self, relative: str, ref: str, limit: int) -> Blob | None:
        data = self.archives.read(self.inner + _normal(relative), limit)
        return None if data is None else Blob(bytes=data)

    def holds(self, folder: str) -> bool:
        return self.archives.holds((self.inner + folder).rstrip("/"))

    def files(self) -> Listed:
        status = os.stat(self.path)
        return [(self.path, status.st_size, status.st_mtime_ns)]

    def faults(self) -> list[str]:
        return self.archives.faults


class UrlTable:
    """References (URLs or any others) looked up as they are; the files lie beside the table, in archives too."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.folder = Folder(os.path.dirname(path))
        self._index: tuple[int, sqlite3.Connection] | None = None
        self._find("")

    def find(self, relative: str, ref: str, limit: int) -> Blob | None:
        file = self._find(ref)
        if not file:
            return None
        if safe_name(file) is None:
            raise UnsafePath("media", f"{os.path.basename(self.path)} leads {ref!r} out of its folder: {file!r}")
        return self.folder.find(file, ref, limit)

    def holds(self, folder: str) -> bool:
        return not folder  # each reference is looked up once, whatever the candidates

    def files(self) -> Listed:
        status = os.stat(self.path)
        return [(self.path, status.st_size, status.st_mtime_ns), *self.folder.files()]

    def faults(self) -> list[str]:
        return self.folder.faults()

    def _find(self, ref: str) -> str | None:
        if self._index is None or self._index[0] != os.getpid():
            self._index = (os.getpid(), index_of([self.path], self._fill))
        row = self._index[1].execute("SELECT file FROM files WHERE url = ?", (_storable(ref),)).fetchone()
        return row and row[0]

    def _fill(self, index: sqlite3.Connection) -> None:
        index.execute("CREATE TABLE files (url TEXT PRIMARY KEY, file TEXT) WITHOUT ROWID")
        rows = ((_storable(url), _storable(file)) for url, file in _rows(self.path))
        index.executemany("INSERT OR REPLACE INTO files VALUES (?, ?)", rows)

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_index": None}


def _rows(path: str) -> Iterator[tuple[str, str]]:
    """(url, file) of each row of a table. Raises ValueError naming the row that is none."""
    number = 0
    try:
        for number, row in enumerate(_tables(path), 1):  # noqa: B007
            url, file = row.get("url"), row.get("file")
            if not isinstance(url, str) or not isinstance(file, str):
                raise TypeError(f"it has {', '.join(map(str, row))}")
            yield url, file
    except (csv.Error, AttributeError, OSError, TypeError, ValueError) as error:
        where = f"{path}, row {number}" if number else path
        raise ValueError(f"{where}: expected the columns url and file ({error})") from None


def _tables(path: str) -> Iterator[dict[str, Any]]:
    if path.endswith(".parquet"):
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(path) as file:
            names = [name for name in file.schema_arrow.names if name in ("url", "file")]
            for batch in file.iter_batches(4096, columns=names):
                yield from batch.to_pylist()
        return
    with open(path, encoding="utf-8-sig", newline="") as text:
        if path.endswith(".jsonl"):
            yield from (msgspec.json.decode(line) for line in text if line.strip())
        else:
            yield from csv.DictReader(text, delimiter="\t" if path.endswith(".tsv") else ",")


def _storable(text: str) -> str:
    return text if text.isascii() else text.encode(errors="replace").decode()


def _normal(relative: str) -> str:
    return posixpath.normpath(relative) if "//" in relative or "./" in relative else relative


def _archives_in(root: str, folder: str) -> Archives | None:
    """The archives that lie in a folder itself, None where there are none; links out of the root are passed over."""
    path = os.path.join(root, folder) if folder else root
    try:
        with os.scandir(path) as entries:
            paths = [e.path for e in entries if kind(e.name) and e.is_file() and _beneath(root, e.path)]
    except (OSError, ValueError):
        return None
    return Archives(paths) if paths else None


_is_there: Callable[[str], bool] = (  # the error of a failed lstat would double the time of a miss
    partial(os.access, mode=os.F_OK, follow_symlinks=False)
    if os.access in os.supports_follow_symlinks
    else os.path.lexists
)


def _inside(folder: str, relative: str) -> str | None:
    path = f"{folder}/{relative}"
    try:
        if not _is_there(path):
            return None
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return None
    is_link = stat.S_ISLNK(mode)
    if not _beneath(folder, path if is_link else os.path.dirname(path)):
        raise UnsafePath(
            "media", f"{relative!r} is a link out of its root; name the folder it points to as the media root"
        )
    return path if os.path.isfile(path) else None


@lru_cache(maxsize=4096)
def _beneath(folder: str, path: str) -> bool:
    """Whether ``path`` lies below ``folder`` once all symbolic links are followed (asked once per folder)."""
    root = os.path.realpath(folder)
    return os.path.commonpath([root, os.path.realpath(path)]) == root


def list_files(folder: str | Path) -> list[tuple[str, int, int]]:
    """(relative path with forward slashes, bytes, mtime in ns) of every file below ``folder``, sorted."""
    rows: list[tuple[str, int, int]] = []
    stack = [os.fspath(folder)]
    start = len(os.path.join(stack[0], ""))
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                elif _is_readable_file(entry):
                    status = entry.stat()
                    rows.append((entry.path[start:].replace(os.sep, "/"), status.st_size, status.st_mtime_ns))
    return sorted(rows)


def _is_readable_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a loop of links
        return False
