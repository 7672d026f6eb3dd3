"""One build at a time in a folder; a killed one gives way once its worker processes are gone."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vlit_hub.shards.errors import ShardError

WORK = ".build"
"""Folder, in that of the shards, of what a build needs to go on: gone when it is finished."""
PATIENCE = 30.0
"""Seconds for the workers of a killed build to notice."""


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Hold the folder, give its work folder; raises ShardError where another live process builds into it.

    The lock is on the folder itself and is inherited by forked workers: none of a killed build can still write when
    the next one begins.
    """
    work = folder / WORK
    work.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        _acquire(handle, folder, work / "pid")
        work.mkdir(exist_ok=True)  # the one before may just have taken it away
        (work / "pid").write_text(str(os.getpid()))
        try:
            yield work
        finally:
            (work / "pid").unlink(missing_ok=True)
            with suppress(OSError):  # an interrupted split is still there
                work.rmdir()
    finally:
        os.close(handle)


def _acquire(handle: int, folder: Path, owner: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pid = owner.read_text() if owner.exists() else ""
            if _alive(pid) or time.monotonic() > until:
                raise ShardError(
                    f"{folder}: process {pid or 'unknown'} is building into it; wait for its end, or build into "
                    "another folder"
                ) from None
            time.sleep(0.05)


def _alive(pid: str) -> bool:
    """Whether that process runs; one that only waits to be reaped does not."""
    if not pid.isdecimal():
        return False
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
