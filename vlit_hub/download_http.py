"""One file by http(s): cut connections resumed where they broke, the whole checked, put in place at the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx2 as httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

ATTEMPTS = 6
T = TypeVar("T")
TIMEOUT = httpx.Timeout(30, connect=10)


class DownloadError(OSError):
    """A file that cannot be fetched; the message names it and says what to do."""


class _Cut(Exception):
    """A connection that broke, or a server that is busy: worth another attempt."""


@dataclass(frozen=True)
class Served:
    """What a server says of a file before it is fetched; ``size`` -1 where it does not tell."""

    size: int
    tag: str
    """ETag or time of change: a part that was kept under another one is fetched anew."""


def served(url: str) -> Served:
    """What the server says of the file. Raises DownloadError."""
    return _attempted(url, lambda: _head(url))


def fetch(url: str, target: Path, progress: Callable[[int], None] | None = None) -> int:
    """Fetch a file to ``target``; its bytes. What an earlier call left in ``<target>.part`` is continued.

    ``progress(bytes so far)``. Raises DownloadError.
    """
    part = target.with_name(f"{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    size = _attempted(url, lambda: _continue(url, part, progress or (lambda done: None)))
    os.replace(part, target)
    part.with_name(f"{part.name}.tag").unlink(missing_ok=True)
    return size


def _attempted(url: str, call: Callable[[], T]) -> T:
    """The call, again after each break, waiting longer from one to the next."""
    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS), wait=wait_random_exponential(0.5, 30), retry=retry_if_exception_type(_Cut),
        reraise=True,
    )  # fmt: skip
    try:
        return retrying(call)
    except _Cut as error:
        raise DownloadError(f"{url}: {error}, {ATTEMPTS} times; run it again, what came is kept") from None
    except httpx.HTTPError as error:
        raise DownloadError(f"{url}: {error}") from None


def _head(url: str) -> Served:
    try:
        reply = httpx.head(url, follow_redirects=True, timeout=TIMEOUT, headers={"Accept-Encoding": "identity"})
    except httpx.TransportError as error:
        raise _Cut(str(error) or type(error).__name__) from None
    _check(url, reply)
    return Served(int(reply.headers.get("Content-Length", -1)), _tag(reply))


def _tag(reply: httpx.Response) -> str:
    tag = reply.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else reply.headers.get("Last-Modified", "")


def _check(url: str, reply: httpx.Response) -> None:
    if reply.status_code in (408, 429) or reply.status_code >= 500:
        raise _Cut(f"the server answers {reply.status_code}")
    if reply.status_code >= 400:
        raise DownloadError(f"{url}: the server answers {reply.status_code} {reply.reason_phrase}")


def _continue(url: str, part: Path, progress: Callable[[int], None]) -> int:
    """Fetch what is not in ``part`` yet; its size when it is whole. Raises _Cut where it is not."""
    kept = part.with_name(f"{part.name}.tag")
    have = part.stat().st_size if part.exists() and kept.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": kept.read_text()}
    try:
        with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT) as reply:
            if have and reply.status_code == 416:  # nothing lies beyond what is here, or it is not of this file
                kept.unlink()
                raise _Cut("the part that was kept does not fit")
            _check(url, reply)
            resumed = reply.status_code == 206 and reply.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            if tag := _tag(reply):
                kept.write_text(tag)
            have = have if resumed else 0
            whole = have + int(reply.headers["Content-Length"]) if "Content-Length" in reply.headers else -1
            with open(part, "ab" if resumed else "wb") as file:
                for piece in reply.iter_raw():  # as it comes: a fixed size would lose what is short of it
                    have += file.write(piece)
                    progress(have)
    except httpx.TransportError as error:
        raise _Cut(str(error) or type(error).__name__) from None
    if whole >= 0 and have != whole:
        raise _Cut(f"{have} of {whole} bytes came")
    return have
