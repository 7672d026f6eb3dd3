"""One request to the local Hub, as its handlers see it."""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vlit_hub.publishing.local_hub.access import Account, Gate, Need
from vlit_hub.publishing.local_hub.store import Repo, Store

PAGE = 1000  # entries of a listing in one answer
PREFIX = {"models": "", "datasets": "datasets/"}


@dataclass(frozen=True)
class Hub:
    """What the handlers share. `secret` signs upload URLs, which the client calls without its token."""

    store: Store
    gate: Gate
    secret: bytes

    def ticket(self, oid: str, size: int) -> str:
        """The signature that an upload URL of this object carries."""
        return hmac.new(self.secret, f"{oid}:{size}".encode(), hashlib.sha256).hexdigest()


def new_hub(store: Store, gate: Gate) -> Hub:
    """A hub whose upload URLs end with this process."""
    return Hub(store, gate, secrets.token_bytes(32))


@dataclass(frozen=True)
class Call:
    """One request: the hub, the kind of repository its route names, and the unquoted path parameters."""

    hub: Hub
    request: Request
    kind: str

    @cached_property
    def args(self) -> dict[str, str]:
        return {name: unquote(value) for name, value in self.request.path_params.items()}

    @property
    def rev(self) -> str:
        return self.args.get("rev", "main")

    @property
    def base(self) -> str:
        return f"http://{self.request.headers['host']}"

    @cached_property
    def account(self) -> Account | None:
        return self.hub.gate.account(self.request.headers.get("authorization"))

    def repo(self, need: Need) -> Repo:
        """The repository that the path names. Raises HubError as `Gate.admit` does."""
        repo = self.hub.store.repo(self.kind, f"{self.args['ns']}/{self.args['name']}")
        return self.hub.gate.admit(repo, self.account, need)

    def page(self, items: list[Any]) -> Response:
        """One page of a listing, with the Link header to the next."""
        query = dict(self.request.query_params)
        start = int(query.get("cursor", 0))
        headers = {}
        if start + PAGE < len(items):
            path = self.request.scope["raw_path"].decode("ascii")
            following = urlencode({**query, "cursor": start + PAGE})
            headers["Link"] = f'<{self.base}{path}?{following}>; rel="next"'
        return JSONResponse(items[start : start + PAGE], headers=headers)


Handler = Callable[[Call], Awaitable[Response]]
