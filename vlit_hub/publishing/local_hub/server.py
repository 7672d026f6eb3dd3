"""The local Hub as a server: routes, faults on request, a background thread for tests, a blocking face for the CLI."""

import errno
import fcntl
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
from starlette.types import ASGIApp, Receive, Scope, Send

from vlit_hub.publishing.local_hub import repos, uploads
from vlit_hub.publishing.local_hub.access import Account, Gate
from vlit_hub.publishing.local_hub.call import PREFIX, Call, Handler, Hub, new_hub
from vlit_hub.publishing.local_hub.store import HubError, Store

HOSTS = ("127.0.0.1", "localhost")
TOKENS: Mapping[str, str | Account] = {"hf_local_write": "write"}
CUT = 0  # as a fault: the request is carried out, but its reply breaks off

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
    ("GET", REPO + "/xet-write-token/{{rev}}", "xet", repos.xet_token),
    ("GET", REPO + "/xet-read-token/{{rev}}", "xet", repos.xet_token),
    ("POST", FILES + ".git/info/lfs/objects/batch", "lfs-batch", uploads.lfs_batch),
    ("GET", FILES + "/resolve/{{rev}}/{{path:path}}", "resolve", repos.resolve),
    ("GET", "/api/{kind}/{{name}}", "unknown", repos.unknown),
    ("GET", "/{prefix}{{name}}/resolve/{{path:path}}", "unknown", repos.unknown),
)


@dataclass(frozen=True)
class Faults:
    """Every `every`-th request of a route fails with `status`: an HTTP status, or CUT. `routes` empty means all."""

    status: int = 429
    every: int = 3
    routes: tuple[str, ...] = ()

    def __call__(self, method: str, route: str, count: int) -> int | None:
        return self.status if count % self.every == 0 and (not self.routes or route in self.routes) else None


Fault = Callable[[str, str, int], int | None]


class LocalHub:
    """A Hub under the folder `root`, served from a background thread while used as a context manager.

    `tokens` maps a token to an `Account`, or to "read" or "write" for the user "local". `port` 0 takes a free one.
    `faults(method, route, count)`, with count = how many requests of that method and route there were, this one
    included, returns None or the status to fail with (CUT = lose the reply).

    `endpoint` is the URL for HF_ENDPOINT; `requests` counts requests by (method, route), routes as named in ROUTES.

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
        self._gate, self._address = Gate(tokens), (host, port)

    def __enter__(self) -> Self:
        self._lock = _lock(self.root)
        try:
            self._socket = socket.create_server(self._address)
        except OSError:
            self._lock.close()
            raise
        self.endpoint = f"http://{self._address[0]}:{self._socket.getsockname()[1]}"
        app = self._app(new_hub(Store(self.root), self._gate))
        config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self._lock.close()

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
                if fault:
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
            return CutReply() if fault == CUT else response

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


class CutReply(Response):
    """A reply that ends before the length it announced; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


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
