"""A relay to a Hub that breaks every connection once so many bytes have passed, and takes none until it is healed."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """``bytes``: how many pass in both directions together before the cut. Use as a context manager."""

    def __init__(self, endpoint: str, bytes: int) -> None:
        self.port = int(endpoint.rpartition(":")[2])
        self.left, self.cut = bytes, False
        self._lock, self._open = threading.Lock(), set()

    def __enter__(self) -> Relay:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.close()
        self._break()

    def heal(self) -> None:
        """Let everything pass from now on."""
        self.left, self.cut = 1 << 60, False

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                if self.cut:
                    client.close()
                    continue
                hub = socket.create_connection(("127.0.0.1", self.port))
                self._open |= {client, hub}
                for pair in ((client, hub), (hub, client)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                with self._lock:
                    data = data[: max(0, self.left)]
                    self.left -= len(data)
                    over = self.left <= 0
                target.sendall(data)
                if over:
                    self._break()
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _break(self) -> None:
        self.cut = True
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()
