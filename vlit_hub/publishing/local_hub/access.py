"""Who may do what on the local Hub: accounts behind tokens, private and gated repositories."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vlit_hub.publishing.local_hub.store import HubError, Repo

Need = Literal["see", "files", "propose", "write"]
RIGHTS = ("read", "write")


@dataclass(frozen=True)
class Account:
    """Whose token it is, what the token may do ("read" or "write"), and the organisations it may write to."""

    user: str
    right: str = "write"
    orgs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.right not in RIGHTS:
            raise ValueError(f"right {self.right!r} is none of {', '.join(RIGHTS)}")

    def owns(self, repo_id: str) -> bool:
        """Whether the repository lies in the account's own namespace or one of its organisations."""
        return repo_id.split("/")[0] in (self.user, *self.orgs)


class Gate:
    """Tokens are kept as their sha256 only, so that no dump or traceback of the server can show one."""

    def __init__(self, tokens: Mapping[str, str | Account]):
        self._accounts = {
            _digest(token): account if isinstance(account, Account) else Account("local", account)
            for token, account in tokens.items()
        }

    def account(self, authorization: str | None) -> Account | None:
        """The account of an Authorization header, None without one. Raises HubError 401 for an unknown token."""
        if not authorization:
            return None
        account = self._accounts.get(_digest(authorization.removeprefix("Bearer ")))
        if account is None:
            raise HubError(401, "Invalid credentials in Authorization header")
        return account

    def admit(self, repo: Repo | None, account: Account | None, need: Need) -> Repo:
        """`repo`, if the account may see it, read its files, open a pull request on it, or write to it.

        Raises HubError as the real Hub does: a private repository looks like a missing one (RepoNotFound, 401 without
        a token, else 404); a gated one shows its file list, but no file, and takes no proposal (403 GatedRepo).
        """
        owner = repo is not None and account is not None and account.owns(repo.id)
        if repo is None or (repo.settings["private"] and not owner):
            raise HubError(404 if account else 401, "Repository not found", "RepoNotFound")
        if need in ("files", "propose") and repo.settings["gated"] and not owner:
            raise HubError(403, f"Access to {repo.id} is restricted, and you are not on its list.", "GatedRepo")
        if need in ("propose", "write"):
            writer(account)
        if need == "write" and not owner:
            raise HubError(403, f"You don't have the rights to write to {repo.id}. Pass create_pr to propose a change")
        return repo


def writer(account: Account | None) -> Account:
    """The account, if its token may write. Raises HubError 401 without a token, 403 for a read token."""
    if account is None:
        raise HubError(401, "Invalid username or password.")
    if account.right != "write":
        raise HubError(403, "This token has read rights only: a write token is required")
    return account


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
