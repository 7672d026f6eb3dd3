"""A folder of shards behind a URL: its manifest and index kept on disk, its shards read by range, every read bounded in
time. fsspec speaks the protocols; http(s) and hf are tested."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import tenacity

from vlit_hub.shards import manifest as manifests
from vlit_hub.shards.chunks import ChunkCache
from vlit_hub.shards.errors import RemoteError, ShardError
from vlit_hub.shards.manifest import IndexFile, Split

LIMIT = 16 << 30
"""Bytes of shards kept on disk."""
SECONDS = 120.0
"""For one range, retries and waiting included; ten times that for a whole file of the index."""
ATTEMPTS = 8
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses after which asking again makes sense."""
T = TypeVar("T")


def is_remote(path: object) -> bool:
    """Whether that is a URL and no path."""
    return isinstance(path, str) and re.match(r"[a-z][a-z0-9+.-]+://", path) is not None


def default_cache() -> Path:
    """``vlit_hub/shards`` beside the Hub's and datasets' own caches (``HF_HOME``)."""
    return Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser() / "vlit_hub" / "shards"


class Short(OSError):
    """Fewer bytes came than were asked for, or others than the manifest says."""


class Remote:
    """A folder of shards at ``url``; give it to Index or Store in place of a path to set more than the URL.

    ``cache``: where pieces of shards (``limit`` bytes of them at most), manifests and index tables (these stay) are
    kept, named by their checksums. ``seconds``: within which a range comes, or RemoteError is raised; 429, 5xx, resets,
    short and slow answers are tried again with growing pauses until then. What a user, password or query of the URL
    say is sent, and stands in no message and no file. Picklable.
    """

    def __init__(
        self, url: str, *, cache: str | Path | None = None, limit: int = LIMIT, seconds: float = SECONDS
    ) -> None:
        self.url, self.seconds = url, seconds
        self.folder = Path(cache) if cache else default_cache()
        self.chunks = ChunkCache(self.folder / "chunks", limit)
        self._system: tuple[int, Any] | None = None

    def __str__(self) -> str:
        """The URL without user, password and query."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))

    __repr__ = __str__

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_system": None}

    # -- manifest and index --------------------------------------------------------------------------------------------

    def localise(self) -> Path:
        """A folder on disk with the manifest of now; raises ShardError where it is none."""
        data = self._retried(manifests.NAME, self.seconds, lambda: self._fs().cat_file(self._at(manifests.NAME)))
        folder = self.folder / "folders" / hashlib.sha256(data).hexdigest()[:32]
        if not (folder / manifests.NAME).exists():
            folder.mkdir(parents=True, exist_ok=True)
            _appear(folder / manifests.NAME, lambda path: path.write_bytes(data))
        return folder

    def fetch_index(self, split: Split, folder: Path) -> None:
        """Bring the tables of a split to the localised folder, unless they are there; checksums are compared."""
        for file, table in (("rows.npy", split.rows), ("media.npy", split.media)):
            name = f"index/{split.prefix}/{file}"
            if not (folder / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                _appear(folder / name, partial(self._table, name, table))

    def _table(self, name: str, table: IndexFile, path: Path) -> None:
        def read() -> None:
            self._fs().get_file(self._at(name), str(path))
            if (found := manifests.sha256(path)) != table.sha256:
                raise Short(f"sha256 {found}, the manifest says {table.sha256}")

        self._retried(name, self.seconds * 10, read)

    # -- ranges --------------------------------------------------------------------------------------------------------

    def fetch(self, name: str, start: int, stop: int, size: int) -> bytes:
        """Bytes ``start`` .. ``stop`` of a file of ``size`` bytes; raises RemoteError."""

        def read() -> bytes:
            with self._fs().open(self._at(name), "rb", size=size, cache_type="none") as file:
                file.seek(start)
                data = file.read(stop - start)
            if len(data) < stop - start:
                raise Short(f"{len(data)} of {stop - start} bytes came")
            if len(data) > stop - start:
                raise RemoteError("the server sent more than the range asked for: it does not honour ranges")
            return data

        return self._retried(f"{name}, bytes {start} to {stop}", self.seconds, read)

    def _retried(self, what: str, seconds: float, call: Callable[[], T]) -> T:
        deadline = time.monotonic() + seconds
        try:
            for attempt in tenacity.Retrying(
                retry=tenacity.retry_if_exception(_transient),
                wait=_wait,
                stop=tenacity.stop_before_delay(seconds) | tenacity.stop_after_attempt(ATTEMPTS),
                reraise=True,
            ):
                with attempt:
                    return _within(min(seconds / 3, max(deadline - time.monotonic(), 1)), call)
        except ShardError as error:
            raise RemoteError(f"{self}/{what}: {error}") from None
        except Exception as error:
            # Only its kind: the words of a client hold the URL as it was sent.
            raise RemoteError(f"{self}/{what}: {_kind(error)}") from None
        raise AssertionError("tenacity returns or raises")

    def _at(self, name: str) -> str:
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))

    def _fs(self) -> Any:
        """The file system, made anew in a forked process."""
        if self._system is None or self._system[0] != os.getpid():
            import fsspec

            scheme = urlsplit(self.url).scheme
            options: dict[str, Any] = {}
            if scheme in ("http", "https"):
                import aiohttp

                options["client_kwargs"] = {"timeout": aiohttp.ClientTimeout(total=self.seconds * 10)}
            self._system = (os.getpid(), fsspec.filesystem(scheme, skip_instance_cache=True, **options))
        return self._system[1]


def _appear(path: Path, write: Callable[[Path], object]) -> None:
    """The file appears whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _within(seconds: float, call: Callable[[], T]) -> T:
    """The result of ``call``, or TimeoutError after so many seconds; a call that hangs is left to itself."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result(seconds)


def _status(error: BaseException) -> int | None:
    found = getattr(error, "status", None) or getattr(getattr(error, "response", None), "status_code", None)
    return found if isinstance(found, int) else None


def _transient(error: BaseException) -> bool:
    if (status := _status(error)) is not None:
        return status in TRANSIENT
    if isinstance(error, (ShardError, FileNotFoundError, PermissionError, ValueError)):
        return False
    # Resets, broken answers and time-outs; clients that are no OSError are known by the package that raises them.
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in (
        "aiohttp", "httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3", "fsspec", "huggingface_hub",
    )  # fmt: skip


def _kind(error: BaseException) -> str:
    status = _status(error)
    if isinstance(error, FileNotFoundError) or status == 404:
        return "not there"
    if status is not None:
        return f"HTTP {status}" + (", each time" if status in TRANSIENT else "")
    if isinstance(error, ValueError) and "range requests" in str(error):
        return "the server does not honour range requests; copy the folder, or serve it by one that does"
    if isinstance(error, Short):
        return f"{error}, each time"
    return f"{type(error).__name__}, each time" if _transient(error) else type(error).__name__


_backoff = tenacity.wait_exponential_jitter(initial=0.2, max=10, jitter=0.2)


def _wait(state: tenacity.RetryCallState) -> float:
    """Growing pauses; at least what the server asks for by Retry-After."""
    error = state.outcome.exception() if state.outcome else None
    headers = getattr(error, "headers", None) or getattr(getattr(error, "response", None), "headers", None) or {}
    asked = str(headers.get("Retry-After", ""))
    return max(_backoff(state), float(asked) if asked.isdecimal() else 0.0)
