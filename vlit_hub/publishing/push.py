"""Publish a prepared folder on a Hub through the real client: one commit, compared with the folder afterwards.

Files that the Hub already holds with the same content are not sent again. What is in flight is no part of any branch
until the commit, so a push that stops anywhere leaves the branch as it was.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete, HfApi, RepoFile, constants, get_token
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.utils import validate_repo_id

from vlit_hub.publishing.push_client import client_set, retry
from vlit_hub.publishing.push_errors import (
    CardRejected,
    ChecksumMismatch,
    NoToken,
    NotPrivate,
    NotYourRepo,
    ReadOnlyToken,
    named_errors,
)
from vlit_hub.publishing.push_files import LocalFile, check_limits, differing, scan

BATCH_FILES, BATCH_BYTES = 256, 256 * 2**20  # between two calls of on_progress; the client asks for 256 at a time

RepoType = Literal["model", "dataset"]
Progress = Callable[[str, int, int], None]  # step (compare, upload, commit, verify), bytes done, bytes in all


@dataclass(frozen=True)
class PushReport:
    """What a push did, or with `dry_run` would do. Sizes in bytes.

    `skipped` of the `files` were on the Hub already. Of the files on the Hub that the folder does not hold, `deleted`
    go in the same commit and `stale` are left there. `oid` and `commit_url` name the commit that holds the folder (""
    in a dry run).
    """

    repo_id: str
    repo_type: RepoType
    commit_url: str
    oid: str
    pr_url: str
    files: int
    bytes: int
    skipped: int
    skipped_bytes: int
    deleted: tuple[str, ...]
    stale: tuple[str, ...]
    dry_run: bool


@dataclass(frozen=True)
class _Target:
    api: HfApi
    repo_id: str
    repo_type: RepoType
    revision: str | None
    create_pr: bool

    def tree(self, revision: str | None) -> dict[str, RepoFile]:
        found = retry(
            lambda: list(
                self.api.list_repo_tree(self.repo_id, recursive=True, revision=revision, repo_type=self.repo_type)
            )
        )
        return {entry.path: entry for entry in found if isinstance(entry, RepoFile)}

    def head(self, revision: str | None) -> str:
        info = retry(lambda: self.api.repo_info(self.repo_id, repo_type=self.repo_type, revision=revision))
        return info.sha or ""

    def pull_requests(self) -> set[str]:
        refs = retry(
            lambda: self.api.list_repo_refs(self.repo_id, repo_type=self.repo_type, include_pull_requests=True)
        )
        return {ref.ref for ref in refs.pull_requests or ()}


def push_folder(
    folder: Path | str,
    repo_id: str,
    repo_type: RepoType,
    *,
    endpoint: str | None = None,
    token: str | None = None,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
    commit_message: str,
    owned: re.Pattern[str] | None = None,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> PushReport:
    """Publish all files of `folder` as one commit on `revision` (a branch, made if missing, or refs/pr/N; None = main).

    Left out are .git and .cache, which the client refuses. `repo_id` is NAMESPACE/NAME, or NAME in the token's own
    namespace; the repository is made if missing. `endpoint` and `token` default to the client's own. With `create_pr`
    the commit becomes a new pull request on main. What the Hub holds and the folder does not is deleted where its path
    matches `owned` (export.OWNED for an exported dataset), else left there. `dry_run` asks the Hub what it holds and
    sends nothing. Transient failures (408, 429, 5xx, broken connections) are retried up to 8 times with exponential
    back-off, or after the time that the Hub asks for.

    Raises a subclass of `PushError` (see push_errors), ValueError for `create_pr` with `revision`.
    """
    if create_pr and revision:
        raise ValueError("create_pr proposes a change of main: leave out revision")
    files = scan(Path(folder))
    proposed = create_pr or (revision or "").startswith("refs/pr/")
    report = on_progress or (lambda step, done, total: None)
    with named_errors(repo_id), client_set(endpoint or constants.ENDPOINT, quiet=on_progress is not None):
        validate_repo_id(repo_id)
        api = HfApi(endpoint=endpoint, token=token or get_token(), library_name="vlit_hub")
        target = _Target(api, _checked_name(api, repo_id, proposed), repo_type, revision, create_pr)
        exists = _exists(target, private)
        remote = _remote(target) if exists else {}
        deleted = _deleted(files, remote, owned)
        check_limits({file.path for file in files} | remote.keys() - set(deleted))
        report("compare", 0, _size(files))
        changed = [file for file in files if not file.equals(remote.get(file.path))]
        if dry_run:
            return _report(target, files, changed, deleted, remote, None)
        _prepare(target, exists, private)
        commit = _send(target, changed, deleted, commit_message, report)
        report("verify", 0, _size(files))
        _verify(target, commit.oid, files, deleted)
        return _report(target, files, changed, deleted, remote, commit)


def full_name(repo_id: str, *, endpoint: str | None = None, token: str | None = None) -> str:
    """NAMESPACE/NAME, where only NAME is given in the token's own namespace; raises as `push_folder`."""
    if "/" in repo_id:
        return repo_id
    with named_errors(repo_id), client_set(endpoint or constants.ENDPOINT, quiet=False):
        validate_repo_id(repo_id)
        return _checked_name(
            HfApi(endpoint=endpoint, token=token or get_token(), library_name="vlit_hub"), repo_id, False
        )


def _deleted(
    files: Sequence[LocalFile], remote: Mapping[str, RepoFile], owned: re.Pattern[str] | None
) -> tuple[str, ...]:
    absent = sorted(remote.keys() - {file.path for file in files}) if owned else ()
    return tuple(path for path in absent if owned and owned.fullmatch(path))


def _report(
    target: _Target,
    files: Sequence[LocalFile],
    changed: Sequence[LocalFile],
    deleted: tuple[str, ...],
    remote: Mapping[str, RepoFile],
    commit: CommitInfo | None,
) -> PushReport:
    return PushReport(
        repo_id=target.repo_id,
        repo_type=target.repo_type,
        commit_url=commit.commit_url if commit else "",
        oid=commit.oid if commit else "",
        pr_url=(commit.pr_url or "") if commit else "",
        files=len(files),
        bytes=_size(files),
        skipped=len(files) - len(changed),
        skipped_bytes=_size(files) - _size(changed),
        deleted=deleted,
        stale=tuple(sorted(remote.keys() - {file.path for file in files} - {".gitattributes", *deleted})),
        dry_run=commit is None,
    )


def _size(files: Iterable[LocalFile]) -> int:
    return sum(file.size for file in files)


def _checked_name(api: HfApi, repo_id: str, proposed: bool) -> str:
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


def _exists(target: _Target, private: bool) -> bool:
    try:
        info = retry(lambda: target.api.repo_info(target.repo_id, repo_type=target.repo_type))
    except RepositoryNotFoundError:
        if target.create_pr:
            raise
        return False
    if private and not info.private:
        raise NotPrivate(f"{target.repo_id} is public: make it private in its settings, or push to another name")
    return True


def _remote(target: _Target) -> dict[str, RepoFile]:
    try:
        return target.tree(target.revision)
    except RevisionNotFoundError:
        return target.tree(None)  # a new branch starts from main


def _prepare(target: _Target, exists: bool, private: bool) -> None:
    api, repo_id, repo_type, revision = target.api, target.repo_id, target.repo_type, target.revision
    if not exists:
        retry(lambda: api.create_repo(repo_id, repo_type=repo_type, private=private, exist_ok=True))
    if revision and revision != constants.DEFAULT_REVISION and not revision.startswith("refs/"):
        retry(lambda: api.create_branch(repo_id, branch=revision, repo_type=repo_type, exist_ok=True))


def _send(
    target: _Target, files: Sequence[LocalFile], deleted: Sequence[str], message: str, report: Progress
) -> CommitInfo:
    if not files and not deleted:
        return _commit_info(target, target.head(target.revision), None)
    operations = [_operation(file) for file in files]
    _upload(target, operations, report)
    report("commit", 0, _size(files))
    return _commit(target, files, operations, deleted, message)


def _operation(file: LocalFile) -> CommitOperationAdd:
    operation = CommitOperationAdd(path_in_repo=file.path, path_or_fileobj=file.local)
    operation.upload_info.sha256 = file.sha256
    return operation


def _upload(target: _Target, operations: Sequence[CommitOperationAdd], report: Progress) -> None:
    """Send the LFS files. What arrived stays on the Hub, unnamed by any branch, also when a later file fails."""
    total, done = sum(operation.upload_info.size for operation in operations), 0
    for batch in _batches(operations):
        report("upload", done, total)
        send = partial(
            target.api.preupload_lfs_files,
            target.repo_id,
            additions=batch,
            repo_type=target.repo_type,
            revision=target.revision,
            create_pr=target.create_pr,
            free_memory=False,
        )
        retry(send)
        done += sum(operation.upload_info.size for operation in batch)
    report("upload", done, total)


def _batches(operations: Sequence[CommitOperationAdd]) -> Iterator[list[CommitOperationAdd]]:
    batch: list[CommitOperationAdd] = []
    size = 0
    for operation in operations:
        if batch and (len(batch) == BATCH_FILES or size + operation.upload_info.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(operation)
        size += operation.upload_info.size
    yield batch


def _commit(
    target: _Target,
    files: Sequence[LocalFile],
    operations: Sequence[CommitOperationAdd],
    deleted: Sequence[str],
    message: str,
) -> CommitInfo:
    """One commit. Before a retry it looks whether the first try arrived and only its reply was lost."""
    known = target.pull_requests() if target.create_pr else set()
    tries = 0

    def commit() -> CommitInfo:
        nonlocal tries
        tries += 1
        if tries > 1 and (landed := _landed(target, files, deleted, known)):
            return landed
        return target.api.create_commit(
            target.repo_id,
            [*operations, *(CommitOperationDelete(path) for path in deleted)],
            commit_message=message,
            repo_type=target.repo_type,
            revision=target.revision,
            create_pr=target.create_pr,
        )

    try:
        return retry(commit)
    except ValueError as error:
        if not str(error).startswith("Invalid metadata in README.md"):
            raise
        raise CardRejected(f"The Hub refuses the card: {error}") from error


def _landed(target: _Target, files: Sequence[LocalFile], deleted: Sequence[str], known: set[str]) -> CommitInfo | None:
    for ref in sorted(target.pull_requests() - known) if target.create_pr else [target.revision]:
        tree = target.tree(ref)
        if not differing(files, tree) and tree.keys().isdisjoint(deleted):
            return _commit_info(target, target.head(ref), ref if target.create_pr else None)
    return None


def _commit_info(target: _Target, oid: str, pull_request: str | None) -> CommitInfo:
    prefix = constants.REPO_TYPES_URL_PREFIXES.get(target.repo_type, "")
    url = f"{target.api.endpoint}/{prefix}{target.repo_id}"
    pr_url = f"{url}/discussions/{pull_request.removeprefix('refs/pr/')}" if pull_request else None
    return CommitInfo(f"{url}/commit/{oid}", "", "", oid, pr_url=pr_url, _endpoint=target.api.endpoint)


def _verify(target: _Target, oid: str, files: Iterable[LocalFile], deleted: Iterable[str]) -> None:
    tree = target.tree(oid)
    if wrong := [*differing(files, tree), *(path for path in deleted if path in tree)]:
        what = f"{len(wrong)} files differ on the Hub after the commit {oid}: {', '.join(wrong[:5])}"
        raise ChecksumMismatch(f"{what}. Did they change meanwhile, or does .gitignore name them? Push again")
