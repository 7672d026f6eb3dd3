"""The local Hub as a server: routes, faults on request, a background thread for tests, a blocking face for the CLI."""

import asyncio
import errno
import fcntl
import random
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from vlit_hub.publishing.local_hub import pulls, repos, uploads
from vlit_hub.publishing.local_hub.access import Account, Gate
from vlit_hub.publishing.local_hub.call import PREFIX, Call, Handler, Hub, new_hub
from vlit_hub.publishing.local_hub.store import HubError, Store

HOSTS = ("127.0.0.1", "localhost")
TOKENS: Mapping[str, str | Account] = {"hf_local_write": "write"}
CUT, RESET, SHORT = 0, -1, -2
"""Faults that are no status. CUT: the request is carried out, but the connection is lost before its reply. RESET: the
connection is lost before anything is done. SHORT: carried out, but the reply ends after half of its bytes."""

REPO = "/api/{kind}/{{ns}}/{{name}}"
FILES = "/{prefix}{{ns}}/{{name}}"
# method, path ({kind} and {prefix} take each kind of repository in turn), name in LocalHub.requests, handler
ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "/api/whoami-v2", "whoami", repos.whoami),
    ("POST", "/api/validate-yaml", "validate-yaml", repos.validate_yaml),
    ("POST", "/api/repos/create", "create", repos.create_repo),
    ("DELETE", "/api/repos/delete", "delete", repos.delete_repo),
    ("PUT", "/lfs/{{oid}}/{{size}}/{{ticket}}", "lfs-put", uploads.lfs_put),
    ("POST", "/lfs/verify", "lfs-verify", uploads.lfs_verify),
    ("GET", REPO, "info", repos.info),
    ("GET", REPO + "/revision/{{rev}}", "info", repos.info),
    ("PUT", REPO + "/settings", "settings", repos.settings),
    ("GET", REPO + "/tree/{{rev}}", "tree", repos.tree),
    ("GET", REPO + "/tree/{{rev}}/{{path:path}}", "tree", repos.tree),
    ("POST", REPO + "/paths-info/{{rev}}", "paths-info", repos.paths_info),
    ("GET", REPO + "/refs", "refs", repos.refs),
    ("GET", REPO + "/commits/{{rev}}", "commits", repos.commits),
    ("POST", REPO + "/branch/{{rev}}", "branch", repos.branch),
    ("DELETE", REPO + "/branch/{{rev}}", "branch", repos.branch),
    ("POST", REPO + "/tag/{{rev}}", "tag", repos.tag),
    ("DELETE", REPO + "/tag/{{rev}}", "tag", repos.tag),
    ("POST", REPO + "/preupload/{{rev}}", "preupload", uploads.preupload),
    ("POST", REPO + "/commit/{{rev}}", "commit", uploads.commit),
    ("POST", REPO + "/discussions", "pull-create", pulls.create),
    ("GET", REPO + "/discussions", "pulls", pulls.listed),
    ("GET", REPO + "/discussions/{{number}}", "pull", pulls.shown),
    ("POST", REPO + "/discussions/{{number}}/status", "pull-status", pulls.status),
    ("POST", REPO + "/discussions/{{number}}/merge", "pull-merge", pulls.merge),
    ("GET", REPO + "/xet-write-token/{{rev}}", "xet", repos.xet_token),
    ("GET", REPO + "/xet-read-token/{{rev}}", "xet", repos.xet_token),
    ("POST", FILES + ".git/info/lfs/objects/batch", "lfs-batch", uploads.lfs_batch),
    ("GET", FILES + "/resolve/{{rev}}/{{path:path}}", "resolve", repos.resolve),
    ("GET", "/api/{kind}/{{name}}", "unknown", repos.unknown),
    ("GET", "/{prefix}{{name}}/resolve/{{path:path}}", "unknown", repos.unknown),
)


@dataclass(frozen=True)
class Faults:
    """Every `every`-th request of a route fails with `status` (or CUT, RESET, SHORT). `routes` empty means all."""

    status: int = 429
    every: int = 3
    routes: tuple[str, ...] = ()

    def __call__(self, method: str, route: str, count: int) -> int | None:
        return self.status if count % self.every == 0 and (not self.routes or route in self.routes) else None


@dataclass(frozen=True)
class RandomFaults:
    """A share of all requests fails, each by one of ``kinds`` (statuses, CUT, RESET, SHORT), drawn by ``seed``."""

    share: float = 0.3
    seed: int = 0
    kinds: tuple[int, ...] = (429, 503, RESET, SHORT)

    def __call__(self, method: str, route: str, count: int) -> int | None:
        draw = random.Random(f"{self.seed} {method} {route} {count}")
        return draw.choice(self.kinds) if draw.random() < self.share else None


Fault = Callable[[str, str, int], int | None]


class LocalHub:
    """A Hub under the folder `root`, served from a background thread while used as a context manager.

    `tokens` maps a token to an `Account`, or to "read" or "write" for the user "local". `port` 0 takes a free one.
    `faults(method, route, count)`, with count = how many requests of that method and route there were, this one
    included, returns None or how to fail: a status, CUT, RESET or SHORT.

    `endpoint` is the URL for HF_ENDPOINT; `requests` counts requests by (method, route), routes as named in ROUTES;
    `uploads` counts complete receptions of an LFS object by its sha256.

    Raises ValueError for a host that is not loopback, RuntimeError if another process serves the same folder, OSError
    if the port is taken.
    """

    def __init__(
        self,
        root: Path | str,
        tokens: Mapping[str, str | Account] = TOKENS,
        port: int = 0,
        host: str = "127.0.0.1",
        faults: Fault | None = None,
    ):
        if host not in HOSTS:
            raise ValueError(f"the local Hub listens on {' or '.join(HOSTS)} only, not on {host!r}")
        self.root, self.faults = Path(root), faults
        self.requests: Counter[tuple[str, str]] = Counter()
        self.uploads: Counter[str] = Counter()
        self._gate, self._address = Gate(tokens), (host, port)

    def __enter__(self) -> Self:
        self._lock = _lock(self.root)
        try:
            self._socket = socket.create_server(self._address)
        except OSError:
            self._lock.close()
            raise
        self.endpoint = f"http://{self._address[0]}:{self._socket.getsockname()[1]}"
        self.store = Store(self.root)
        app = self._app(new_hub(self.store, self._gate))
        config = uvicorn.Config(
            app, log_level="error", access_log=False, http=Protocol, timeout_graceful_shutdown=2, lifespan="off"
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self._lock.close()

    def read(self, kind: str, repo_id: str, path: str, revision: str = "main") -> bytes:
        """A file as it lies here, without a request. Raises HubError as the store does."""
        repo = self.store.repo(kind, repo_id)
        if repo is None:
            raise HubError(404, "Repository not found", "RepoNotFound")
        return self.store.blobs.path(repo.at(revision).files[path].sha256).read_bytes()

    def wait(self) -> None:
        """Block until the server ends."""
        self._thread.join()

    def _app(self, hub: Hub) -> ASGIApp:
        routes = []
        for method, pattern, name, handler in ROUTES:
            for kind, prefix in reversed(PREFIX.items()):  # datasets first: "/datasets/..." also looks like a model
                path = pattern.format(kind=kind, prefix=prefix)
                routes.append(Route(path, self._endpoint(hub, kind, name, handler), methods=[method]))
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS))  # no web page may reach it by a DNS name
        return RawPath(Starlette(routes=routes, middleware=[hosts]))

    def _endpoint(self, hub: Hub, kind: str, name: str, handler: Handler) -> Callable:
        async def endpoint(request: Request) -> Response:
            key = (request.method, name)
            self.requests[key] += 1
            fault = self.faults(*key, self.requests[key]) if self.faults else None
            try:
                if fault == RESET:
                    return Lost()
                if fault is not None and fault > 0:
                    await request.body()  # a refusal in mid-upload would look like a broken connection
                    return JSONResponse({"error": "injected fault"}, fault, headers={"Retry-After": "0"})
                response = await handler(Call(hub, request, kind))
            except HubError as error:
                response = _refusal(error)
            except (KeyError, ValueError) as error:
                response = _refusal(HubError(400, f"Bad request: {error!r}"))
            except ClientDisconnect:
                return Response(status_code=400)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                response = _refusal(HubError(507, "The disk of this Hub is full"))
            if name == "lfs-put" and response.status_code == 200:
                self.uploads[request.path_params["oid"]] += 1
            return Lost() if fault == CUT else Short(response) if fault == SHORT else response

        return endpoint


def serve(
    root: Path | str,
    port: int = 8787,
    tokens: Mapping[str, str | Account] = TOKENS,
    host: str = "127.0.0.1",
    on_ready: Callable[[LocalHub], None] | None = None,
) -> None:
    """Serve the folder `root` until Ctrl-C. `on_ready` gets the hub once it listens. Raises as LocalHub does."""
    with LocalHub(root, tokens, port, host) as hub:
        if on_ready:
            on_ready(hub)
        try:
            hub.wait()
        except KeyboardInterrupt:
            return


class RawPath:
    """Routes on the path as sent, so that an encoded slash (refs%2Fpr%2F1, a%2Fb) stays inside its segment.

    `HfFileSystem` sends refs/pr/1 with its slashes; they are encoded here.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = re.sub(r"/refs/(pr|convert)/([^/]+)", r"/refs%2F\1%2F\2", scope["raw_path"].decode("ascii"))
            scope = {**scope, "path": path}
        await self.app(scope, receive, send)


class Lost(Response):
    """No reply: the connection is broken off."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"]["transport"].abort()


class Short(Response):
    """The reply that was meant, headers and all, broken off after half of its bytes."""

    def __init__(self, whole: Response):
        super().__init__()
        self.whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = 0

        async def half(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                lengths = [int(value) for name, value in message["headers"] if name.lower() == b"content-length"]
                left = sum(lengths) // 2
                await send(message)
            elif message["type"] == "http.response.body" and left:
                body = message.get("body", b"")[:left]
                left -= len(body)
                await send({**message, "body": body, "more_body": True})

        await self.whole(scope, receive, half)
        scope["extensions"]["transport"].close()  # after what is still to be written


class Protocol(H11Protocol):
    """Gives the handlers their connection, so that a fault can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})["transport"] = transport
            await inner(scope, receive, send)

        self.app = app


def _refusal(error: HubError) -> Response:
    message = "".join(letter if " " <= letter <= "~" else "?" for letter in error.message)
    headers = {"X-Error-Message": message}
    if error.code:
        headers["X-Error-Code"] = error.code
    if error.commit:
        headers["X-Repo-Commit"] = error.commit
    return JSONResponse({"error": error.message}, error.status, headers=headers)


def _lock(root: Path) -> IO[bytes]:
    root.mkdir(parents=True, exist_ok=True)
    lock = (root / ".lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise RuntimeError(f"another process serves {root}") from None
    return lock
