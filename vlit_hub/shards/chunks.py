"""A disk cache of pieces of shards, bounded in bytes, shared by processes."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHUNK = 1 << 20
"""Bytes of a piece; the last one of a shard is shorter."""
LOCKS = 64


class ChunkCache:
    """Pieces by (content of the shard, number). Least recently used ones go when there are more than ``limit`` bytes.

    Safe for several processes: a piece appears whole, and one that is deleted while it is read stays readable. The
    bound may be passed by a sixteenth for each process that writes at the time. Picklable.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self._since = 0  # bytes written since the folder was last looked over

    def path(self, content: str, number: int) -> Path:
        return self.folder / content[:2] / f"{content[:32]}-{number}"

    def read(self, content: str, number: int, length: int, start: int, stop: int) -> bytes | None:
        """Bytes ``start`` .. ``stop`` of a piece of ``length`` bytes; None where it is not there, or not whole."""
        try:
            with open(self.path(content, number), "rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_size != length:
                    return None
                os.utime(file.fileno())
                return os.pread(file.fileno(), stop - start, start)
        except OSError:
            return None

    def has(self, content: str, number: int, length: int) -> bool:
        """Whether a piece is there."""
        try:
            return os.stat(self.path(content, number)).st_size == length
        except OSError:
            return False

    def write(self, content: str, number: int, data: bytes) -> None:
        """Keep a piece; a full disk only means that it is not kept."""
        path = self.path(content, number)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            os.replace(temporary, path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            return
        self._since += len(data)
        if self._since >= self.limit // 16:
            self._since = 0
            self._shrink()

    def drop(self, content: str, number: int) -> None:
        """Forget a piece."""
        with suppress(OSError):
            self.path(content, number).unlink()

    def _shrink(self) -> None:
        """Delete what was used longest ago until the bound holds, and what killed writers left."""
        found = []
        for path in self.folder.glob("??/*"):
            with suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self.limit * 15 // 16:
                return
            with suppress(OSError):
                path.unlink()
            total -= size

    @contextmanager
    def alone(self, content: str, number: int, seconds: float) -> Iterator[None]:
        """While one process fetches a piece, others that want it wait, ``seconds`` at most."""
        path = self.folder / "locks" / str((int(content[:8], 16) + number) % LOCKS)
        path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + seconds
        with open(path, "wb") as file:
            while time.monotonic() < deadline:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    time.sleep(0.02)
            yield
