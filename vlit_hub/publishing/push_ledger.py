"""What a push has done so far, on disk: one JSON object a line, appended and synced, so that kill -9 loses nothing.

    {"file": [inode, bytes, mtime in ns], "sha256": hex}    a file was hashed
    {"sent": [hex, ...]}                                    the Hub acknowledged these objects
    {"opening": name}, {"pull": number}                     a staging pull request was about to be, and was, opened
    {"commit": seconds}                                     a commit was made (time.time())
    {"done": oid}                                           the push is over: nothing above but hashes and times counts

A line that was cut by a kill is dropped. A file is known by inode, size and time of change, so that a renamed one is
not hashed again. No address and no token is written: the file's name holds a hash of where the push goes.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, Self

from vlit_hub.publishing.push_errors import PushRunning
from vlit_hub.publishing.push_files import sha_of

COMMITS_AN_HOUR = 120
"""The Hub takes 128 of an account."""


class Ledger:
    """The ledger of pushes from one folder to one place; use as a context manager. One process at a time.

    Raises PushRunning where another process holds it.
    """

    def __init__(self, folder: Path, *target: object) -> None:
        name = hashlib.sha256("\n".join(map(str, target)).encode()).hexdigest()[:16]
        self.path = folder / f"push-{name}.jsonl"
        self.sent: set[str] = set()
        self.opening, self.pull = "", 0
        self.commits: list[float] = []
        self._hashes: dict[tuple[int, ...], str] = {}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise PushRunning(f"another push holds {self.path}: wait for it, or end it") from None
        self._read()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._file:
            self._file.close()

    def _read(self) -> None:
        assert self._file
        self._file.seek(0)
        good = 0
        for line in self._file:
            try:
                self._apply(json.loads(line))
            except ValueError:
                break
            good += len(line)
        self._file.truncate(good)

    def _apply(self, entry: dict[str, Any]) -> None:
        if "file" in entry:
            self._hashes[tuple(entry["file"])] = entry["sha256"]
        self.sent.update(entry.get("sent", ()))
        self.opening = entry.get("opening", self.opening)
        self.pull = entry.get("pull", self.pull)
        if "commit" in entry:
            self.commits.append(entry["commit"])
        if "done" in entry or "forget" in entry:
            self.sent, self.opening, self.pull = set(), "", 0

    def note(self, **entry: Any) -> None:
        """Append one entry; a hash may be lost by a power cut, anything else is on disk when this returns."""
        line = json.dumps(entry)
        self._apply(json.loads(line))
        if self._file:
            self._file.write(line.encode() + b"\n")
            self._file.flush()
            if "file" not in entry:
                os.fsync(self._file.fileno())

    def sha256(self, path: Path) -> bytes:
        """Of the file's content; read only where inode, size or time of change are new."""
        stat = path.stat()
        key = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if key not in self._hashes:
            self.note(file=key, sha256=sha_of(path).hex())
        return bytes.fromhex(self._hashes[key])

    def acknowledge(self, digests: Iterable[str]) -> None:
        """Note objects that the Hub now has."""
        if new := sorted(set(digests) - self.sent):
            self.note(sent=new)

    def pace(self, clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait until one more commit stays within COMMITS_AN_HOUR, and note it."""
        recent = [moment for moment in self.commits if moment > clock() - 3600]
        if len(recent) >= COMMITS_AN_HOUR:
            sleep(recent[-COMMITS_AN_HOUR] + 3600 - clock())
        self.note(commit=clock())
