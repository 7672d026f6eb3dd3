"""An http server of a folder, on a thread per request, that goes wrong when asked to."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Fault = Callable[[str, int], str]
"""(path below the folder, how often it was asked for) -> "" (all is well) or one of: 429, 503, 404, 403, reset, short,
slow, stall, whole (the Range is ignored), flip (some bytes are changed)."""


class Server:
    """``url`` serves ``folder``; ``asked`` lists (path, first byte, end) of every GET, in order."""

    def __init__(self, folder: Path, fault: Fault = lambda path, count: "", *, query: str = "") -> None:
        self.folder, self.fault, self.query = folder, fault, query
        self.asked: list[tuple[str, int, int]] = []
        self.counts: Counter[str] = Counter()
        self.lock, self.stopping = threading.Lock(), threading.Event()

    def __enter__(self) -> Server:
        owner = self

        class Handler(_Handler):
            server_of = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/data"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def tar_bytes(self) -> int:
        """Bytes of tars that were asked for."""
        return sum(stop - start for path, start, stop in self.asked if path.endswith(".tar"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: Server

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(False)

    def do_GET(self) -> None:
        self._answer(True)

    def _answer(self, body: bool) -> None:
        owner = self.server_of
        path, _, query = self.path.removeprefix("/data/").partition("?")
        file = owner.folder / path
        if query != owner.query or not file.is_file():
            return self._refuse(403 if query != owner.query else 404)
        data = file.read_bytes()
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, stop = (int(match[1]), int(match[2] or len(data) - 1) + 1) if match else (0, len(data))
        with owner.lock:
            owner.counts[path] += body
            count = owner.counts[path]
            if body:
                owner.asked.append((path, start, stop))
        fault = owner.fault(path, count) if body else ""
        if fault.isdecimal():
            return self._refuse(int(fault))
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return None
        part = data if fault == "whole" else data[start:stop]
        if fault == "flip":
            part = bytes(byte ^ (at % 1000 == 0) for at, byte in enumerate(part))
        self.send_response(206 if match and fault != "whole" else 200)
        if match and fault != "whole":
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.send_header("Accept-Ranges", "none" if fault == "whole" else "bytes")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if body:
            self._send(part, fault)
        return None

    def _send(self, part: bytes, fault: str) -> None:
        try:
            if fault == "short":
                self.wfile.write(part[: len(part) // 2])
                self.close_connection = True
            elif fault in ("slow", "stall"):
                for at in range(0, len(part), 1 + len(part) // 10):
                    self.wfile.write(part[at : at + 1 + len(part) // 10])
                    self.wfile.flush()
                    self.server_of.stopping.wait(0.02 if fault == "slow" else 60)
            else:
                self.wfile.write(part)
        except OSError:  # the client has had enough
            self.close_connection = True

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "0")
        self.end_headers()


def wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Return as soon as ``true()``; AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
