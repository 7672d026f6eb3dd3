"""Where a push goes: a repository and a revision of it, asked and made ready through the real client."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

from huggingface_hub import CommitInfo, HfApi, RepoFile, constants
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from vlit_hub.publishing.push_client import retry
from vlit_hub.publishing.push_errors import NoToken, NotPrivate, NotYourRepo, ReadOnlyToken

RepoType = Literal["model", "dataset"]
Gated = Literal["auto", "manual"]


@dataclass(frozen=True)
class Target:
    """``revision``: a branch, refs/pr/N, or None for main. ``create_pr``: what is pushed becomes a new proposal."""

    api: HfApi
    repo_id: str
    repo_type: RepoType
    revision: str | None
    create_pr: bool

    @property
    def is_main(self) -> bool:
        return self.revision in (None, constants.DEFAULT_REVISION)

    @property
    def is_branch(self) -> bool:
        """A branch other than main."""
        return not self.is_main and not str(self.revision).startswith("refs/")

    @property
    def url(self) -> str:
        return f"{self.api.endpoint}/{constants.REPO_TYPES_URL_PREFIXES.get(self.repo_type, '')}{self.repo_id}"

    def tree(self, revision: str | None) -> dict[str, RepoFile]:
        """Path -> file of a revision."""
        found = retry(
            lambda: list(
                self.api.list_repo_tree(self.repo_id, recursive=True, revision=revision, repo_type=self.repo_type)
            )
        )
        return {entry.path: entry for entry in found if isinstance(entry, RepoFile)}

    def remote(self) -> dict[str, RepoFile]:
        """What the revision holds; a branch that does not exist would start from main."""
        try:
            return self.tree(self.revision)
        except RevisionNotFoundError:
            return self.tree(None)

    def head(self, revision: str | None) -> str:
        """The commit of a revision."""
        info = retry(lambda: self.api.repo_info(self.repo_id, repo_type=self.repo_type, revision=revision))
        return info.sha or ""

    def branches(self) -> Set[str]:
        """Names of the branches."""
        refs = retry(lambda: self.api.list_repo_refs(self.repo_id, repo_type=self.repo_type))
        return {ref.name for ref in refs.branches}

    def commit_info(self, oid: str, pull: int = 0) -> CommitInfo:
        """What the client says of a commit."""
        pr_url = f"{self.url}/discussions/{pull}" if pull else None
        return CommitInfo(f"{self.url}/commit/{oid}", "", "", oid, pr_url=pr_url, _endpoint=self.api.endpoint)


def checked_name(api: HfApi, repo_id: str, proposed: bool) -> str:
    """NAMESPACE/NAME; raises where the token may not write there (``proposed``: a proposal may go anywhere)."""
    if not api.token:
        raise NoToken("No token: run `hf auth login`, set HF_TOKEN, or give one")
    me = retry(api.whoami)
    if me.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise ReadOnlyToken("This token may only read: make one with write rights under Settings, Access Tokens")
    full = repo_id if "/" in repo_id else f"{me['name']}/{repo_id}"
    names = [me["name"], *(org["name"] for org in me.get("orgs", ()))]
    if not proposed and full.split("/")[0].casefold() not in [name.casefold() for name in names]:
        remedy = f"push to {me['name']}/{full.split('/')[1]}, or propose a pull request"
        raise NotYourRepo(f"{full} is not in a namespace of this token ({', '.join(names)}): {remedy}")
    return full


def exists(target: Target, private: bool) -> bool:
    """Whether the repository is there; raises NotPrivate where it is and the push must be private."""
    try:
        info = retry(lambda: target.api.repo_info(target.repo_id, repo_type=target.repo_type))
    except RepositoryNotFoundError:
        if target.create_pr:
            raise
        return False
    if private and not info.private:
        raise NotPrivate(f"{target.repo_id} is public: make it private in its settings, or push to another name")
    return True


def create(target: Target, private: bool) -> None:
    """Make the repository."""
    api, repo_id, repo_type = target.api, target.repo_id, target.repo_type
    retry(lambda: api.create_repo(repo_id, repo_type=repo_type, private=private, exist_ok=True))


def gate(target: Target, gated: Gated) -> None:
    """Let nobody read files without asking."""
    retry(lambda: target.api.update_repo_settings(target.repo_id, repo_type=target.repo_type, gated=gated))
