"""Publish a prepared folder on a Hub through the real client: whole or not at all, and compared with it afterwards.

Files that the Hub already holds with the same content are not sent again. What is in flight is no part of any branch
until all of it is there (push_send.py), so a push that stops anywhere leaves the branch as it was; what it had hashed
and sent stands in a ledger (push_ledger.py), from which the next one goes on.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from huggingface_hub import CommitInfo, HfApi, RepoFile, constants, get_token
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import validate_repo_id

from vlit_hub.publishing.push_client import client_set, retry
from vlit_hub.publishing.push_errors import ChecksumMismatch, TagTaken, named_errors
from vlit_hub.publishing.push_files import LocalFile, check_limits, differing, scan
from vlit_hub.publishing.push_ledger import Ledger
from vlit_hub.publishing.push_send import COMMIT_FILES, Progress, Sender, card_rejected
from vlit_hub.publishing.push_target import Gated, RepoType, Target, checked_name, create, exists, gate

LEDGERS = Path(".cache", "vlit_hub")
"""Below the folder; the client refuses to publish .cache."""


@dataclass(frozen=True)
class PushReport:
    """What a push did, or with `dry_run` would do. Sizes in bytes.

    `skipped` of the `files` were on the Hub already; `sent` are the paths of the rest. Of the files on the Hub that the
    folder does not hold, `deleted` go in the same push and `stale` are left there. `oid` and `commit_url` name the
    commit that holds the folder ("" in a dry run), `tag` points at it.
    """

    repo_id: str
    repo_type: RepoType
    commit_url: str
    oid: str
    pr_url: str
    tag: str
    files: int
    bytes: int
    sent: tuple[str, ...]
    skipped: int
    skipped_bytes: int
    deleted: tuple[str, ...]
    stale: tuple[str, ...]
    dry_run: bool


def push_folder(
    folder: Path | str,
    repo_id: str,
    repo_type: RepoType,
    *,
    endpoint: str | None = None,
    token: str | None = None,
    private: bool = False,
    gated: Gated | None = None,
    revision: str | None = None,
    tag: str | None = None,
    create_pr: bool = False,
    commit_message: str,
    owned: re.Pattern[str] | None = None,
    ledgers: Path | None = None,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> PushReport:
    """Publish all files of `folder` on `revision` (a branch, made if missing, or refs/pr/N; None = main), at once.

    Left out are .git and .cache, which the client refuses. `repo_id` is NAMESPACE/NAME, or NAME in the token's own
    namespace; the repository is made if missing, `private` and `gated` as asked. `endpoint` and `token` default to the
    client's own. With `create_pr` the push becomes a new pull request on main. `tag` is put on the commit. What the Hub
    holds and the folder does not is deleted where its path matches `owned` (export.OWNED for an exported dataset), else
    left there. `dry_run` asks the Hub what it holds and sends nothing. Transient failures (408, 429, 5xx, broken
    connections) are retried up to 8 times with exponential back-off, or after the time that the Hub asks for.
    `ledgers`: where the ledger is kept, below the folder by default; the same call after a kill goes on from it.

    Raises a subclass of `PushError` (see push_errors), ValueError for `create_pr` with `revision`.
    """
    if create_pr and revision:
        raise ValueError("create_pr proposes a change of main: leave out revision")
    endpoint, proposed = endpoint or constants.ENDPOINT, create_pr or (revision or "").startswith("refs/pr/")
    place = ledgers or Path(folder) / LEDGERS
    files = scan(Path(folder), lambda path: ledger.sha256(path))
    report = on_progress or (lambda step, done, total: None)
    with (
        named_errors(repo_id),
        client_set(endpoint, quiet=on_progress is not None),
        Ledger(place, endpoint, repo_type, repo_id, revision, create_pr) as ledger,
    ):
        validate_repo_id(repo_id)
        api = HfApi(endpoint=endpoint, token=token or get_token(), library_name="vlit_hub")
        target = Target(api, checked_name(api, repo_id, proposed), repo_type, revision, create_pr)
        there = exists(target, private)
        remote = target.remote() if there else {}
        deleted = _deleted(files, remote, owned)
        check_limits({file.path for file in files} | remote.keys() - set(deleted))
        report("compare", 0, _size(files))
        changed = [file for file in files if not file.equals(remote.get(file.path))]
        told = partial(_report, target, files, changed, deleted, remote)
        if dry_run:
            return told(None, "")
        _check_card(target, changed)
        _prepare(target, there, private, gated, len(changed))
        commit = Sender(target, ledger, commit_message, report).send(changed, deleted)
        report("verify", 0, _size(files))
        _verify(target, commit.oid, files, deleted)
        ledger.note(done=commit.oid)
        if tag:
            _tag(target, tag, commit.oid)
        return told(commit, tag or "")


def full_name(repo_id: str, *, endpoint: str | None = None, token: str | None = None, proposed: bool = False) -> str:
    """NAMESPACE/NAME, where only NAME is given in the token's own namespace.

    Asks the Hub who the token is, so that a push that must fail does so before anything is made ready; raises as
    `push_folder`. `proposed`: the push is a pull request, which may go to any namespace.
    """
    with named_errors(repo_id), client_set(endpoint or constants.ENDPOINT, quiet=False):
        validate_repo_id(repo_id)
        api = HfApi(endpoint=endpoint, token=token or get_token(), library_name="vlit_hub")
        return checked_name(api, repo_id, proposed)


def _deleted(
    files: Sequence[LocalFile], remote: Mapping[str, RepoFile], owned: re.Pattern[str] | None
) -> tuple[str, ...]:
    absent = sorted(remote.keys() - {file.path for file in files}) if owned else ()
    return tuple(path for path in absent if owned and owned.fullmatch(path))


def _report(
    target: Target,
    files: Sequence[LocalFile],
    changed: Sequence[LocalFile],
    deleted: tuple[str, ...],
    remote: Mapping[str, RepoFile],
    commit: CommitInfo | None,
    tag: str,
) -> PushReport:
    return PushReport(
        repo_id=target.repo_id,
        repo_type=target.repo_type,
        commit_url=commit.commit_url if commit else "",
        oid=commit.oid if commit else "",
        pr_url=(commit.pr_url or "") if commit else "",
        tag=tag,
        files=len(files),
        bytes=_size(files),
        sent=tuple(file.path for file in changed),
        skipped=len(files) - len(changed),
        skipped_bytes=_size(files) - _size(changed),
        deleted=deleted,
        stale=tuple(sorted(remote.keys() - {file.path for file in files} - {".gitattributes", *deleted})),
        dry_run=commit is None,
    )


def _size(files: Iterable[LocalFile]) -> int:
    return sum(file.size for file in files)


def _check_card(target: Target, changed: Iterable[LocalFile]) -> None:
    """Ask the Hub about README.md before anything is made or sent."""
    card = next((file for file in changed if file.path == "README.md"), None)
    if card:
        text = card.local.read_text(encoding="utf-8")
        try:
            retry(lambda: target.api._validate_yaml(text, repo_type=target.repo_type))
        except ValueError as error:
            raise card_rejected(error) from error


def _prepare(target: Target, there: bool, private: bool, gated: Gated | None, changed: int) -> None:
    api, repo_id, repo_type, revision = target.api, target.repo_id, target.repo_type, target.revision
    if not there:
        create(target, private)
    if gated:
        gate(target, gated)
    if target.is_branch and changed <= COMMIT_FILES:
        retry(lambda: api.create_branch(repo_id, branch=str(revision), repo_type=repo_type, exist_ok=True))


def _verify(target: Target, oid: str, files: Iterable[LocalFile], deleted: Iterable[str]) -> None:
    tree = target.tree(oid)
    if wrong := [*differing(files, tree), *(path for path in deleted if path in tree)]:
        what = f"{len(wrong)} files differ on the Hub after the commit {oid}: {', '.join(wrong[:5])}"
        raise ChecksumMismatch(f"{what}. Did they change meanwhile, or does .gitignore name them? Push again")


def _tag(target: Target, tag: str, oid: str) -> None:
    """Tag the commit; a tag of that name on it already is fine."""

    def attempt() -> None:
        try:
            target.api.create_tag(target.repo_id, tag=tag, revision=oid, repo_type=target.repo_type)
        except HfHubHTTPError as error:
            if error.response.status_code != 409 or target.head(tag) != oid:
                raise

    try:
        retry(attempt)
    except HfHubHTTPError as error:
        if error.response.status_code != 409:
            raise
        raise TagTaken(f"{target.repo_id} is pushed, but its tag {tag} names another commit: take another") from error
