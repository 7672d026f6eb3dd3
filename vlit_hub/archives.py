"""The archives of one folder, read as if they were unpacked in it: an index on disk, made once, and members by name."""

from __future__ import annotations

import hashlib
import logging
import os
import posixpath
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from vlit_hub.archive_members import BrokenArchive, Member, members, read_member

log = logging.getLogger("vlit_hub")
FORM = 1
"""Of the index; a new number leaves older ones unread."""


class Archives:
    """Members of zip and tar files by the paths that they would have, unpacked beside their archive or into a folder of
    its name: ``a.jpg`` of ``train2017.zip`` is found as ``a.jpg`` and as ``train2017/a.jpg``.

    Of members of one name the last of the first archive counts. May be pickled and carried over a fork.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(sorted(paths))
        self._stems: dict[str, list[int]] = {}
        for number, path in enumerate(self.paths):
            self._stems.setdefault(os.path.basename(path)[:-4], []).append(number)
        self._opened: tuple[int, sqlite3.Connection, dict[int, int]] | None = None

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a member of at most ``limit`` bytes, None where there is none. Raises UnreadableMedia."""
        found = self._find("name = ? ORDER BY archive", name)
        first, _, rest = name.partition("/")
        for number in self._stems.get(first, ()) if found is None and rest else ():
            found = found or self._find("name = ? AND archive = ?", rest, number)
        if found is None:
            return None
        number, member = found
        return read_member(self._handle(number), member, self.paths[number], limit)

    @cached_property
    def faults(self) -> list[str]:
        """``archive: why`` of those that cannot be read, or only in part."""
        rows = self._index.execute("SELECT archive, why FROM faults ORDER BY archive, why").fetchall()
        return [f"{os.path.basename(self.paths[number])}: {why}" for number, why in rows]

    def holds(self, folder: str) -> bool:
        """Whether any member lies below ``folder``."""
        if not folder:
            return self._index.execute("SELECT 1 FROM members LIMIT 1").fetchone() is not None
        first, _, rest = folder.partition("/")
        below = [(folder, "")] + [(rest, f" AND archive = {number}") for number in self._stems.get(first, ())]
        query = "SELECT 1 FROM members WHERE name > ? AND name < ?"  # "0" is what follows "/"
        return any(
            not start or self._index.execute(query + also, (f"{start}/", f"{start}0")).fetchone()
            for start, also in below
        )

    def _find(self, where: str, *values: object) -> tuple[int, Member] | None:
        query = f"SELECT archive, name, start, packed, size, crc, how FROM members WHERE {where} LIMIT 1"
        row = self._index.execute(query, values).fetchone()
        return None if row is None else (row[0], Member(*row[1:]))

    @property
    def _index(self) -> sqlite3.Connection:
        if self._opened is None or self._opened[0] != os.getpid():  # a connection does not outlive a fork
            self._opened = (os.getpid(), self._connect(), {})
        return self._opened[1]

    def _handle(self, number: int) -> int:
        assert self._opened is not None
        handles = self._opened[2]
        if number not in handles:
            handles[number] = os.open(self.paths[number], os.O_RDONLY | os.O_CLOEXEC)
        return handles[number]

    def _connect(self) -> sqlite3.Connection:
        return index_of(self.paths, self._fill)

    def _fill(self, index: sqlite3.Connection) -> None:
        index.execute(
            "CREATE TABLE members (name TEXT, archive INTEGER, start INTEGER, packed INTEGER, size INTEGER,"
            " crc INTEGER, how TEXT, PRIMARY KEY (name, archive)) WITHOUT ROWID"
        )
        index.execute("CREATE TABLE faults (archive INTEGER, why TEXT)")
        for number, path in enumerate(self.paths):
            log.info("indexing %s", path)
            unsafe: list[str] = []
            try:
                index.executemany(
                    "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?)", _rows(number, path, unsafe)
                )
            except BrokenArchive as error:
                index.execute("INSERT INTO faults VALUES (?, ?)", (number, str(error)))
            if unsafe:
                why = f"{len(unsafe)} members whose paths leave it, {unsafe[0]!r} the first, are passed over"
                index.execute("INSERT INTO faults VALUES (?, ?)", (number, why))

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_opened": None}

    def __del__(self) -> None:
        for handle in self._opened[2].values() if self._opened and self._opened[0] == os.getpid() else ():
            os.close(handle)


def _rows(number: int, path: str, unsafe: list[str]) -> Iterator[tuple[object, ...]]:
    for member in members(path):
        name = safe_name(member.name)
        if name is None:
            unsafe.append(member.name)
        else:
            yield name, number, member.start, member.packed, member.size, member.crc, member.how


def safe_name(name: str) -> str | None:
    """A member's path with forward slashes, None where it would leave the folder it is unpacked in."""
    name = name.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or "\0" in name or ".." in name.split("/"):
        return None
    return posixpath.normpath(name).encode(errors="replace").decode()


def cache_folder() -> Path:
    """Where indexes are kept: ``vlit_hub`` beside the Hub's and datasets' own caches (``HF_HOME``)."""
    return Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser() / "vlit_hub"


def index_of(paths: Iterable[str], fill: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """The sqlite index over some files, opened for reading; made by ``fill`` where none of these very files (path,
    size, mtime) is cached. Two processes that make it at once each make a whole one."""
    key = hashlib.sha256(repr(FORM).encode())
    for path in paths:
        status = os.stat(path)
        key.update(
            f"{os.path.abspath(path)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape")
        )
    made = cache_folder() / "indexes" / f"{key.hexdigest()[:32]}.sqlite"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        temporary = made.with_name(f"{made.name}.{os.getpid()}.{threading.get_ident()}")
        temporary.unlink(missing_ok=True)
        try:
            index = sqlite3.connect(temporary)
            index.execute("PRAGMA journal_mode = OFF")
            index.execute("PRAGMA synchronous = OFF")
            with index:
                fill(index)
            index.close()
            os.replace(temporary, made)
        finally:
            temporary.unlink(missing_ok=True)
    return sqlite3.connect(f"{made.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
