"""Sending: LFS objects first, which no branch names, then whole commits.

What one commit takes goes to its branch as one commit. More goes to a staging pull request (to a staging branch for a
new branch), a few hundred files a commit, and becomes visible at once when that is merged (when the branch is made):
at no moment does a branch hold a part of a push.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete
from huggingface_hub.errors import HfHubHTTPError

from vlit_hub.publishing.push_client import mark_sent, retry, upload_mode
from vlit_hub.publishing.push_errors import CardRejected, LimitExceeded, MergeConflict, ObjectsLost
from vlit_hub.publishing.push_files import LocalFile, differing
from vlit_hub.publishing.push_ledger import Ledger
from vlit_hub.publishing.push_target import Target

Progress = Callable[[str, int, int], None]  # step (compare, upload, commit, verify), bytes done, bytes in all

BATCH_FILES, BATCH_BYTES = 256, 2 << 30  # between two calls of Progress; the client asks for 256 at a time
COMMIT_FILES = 256
"""Files of a commit, where huggingface_hub's own folder upload starts (the Hub's documents recommend 100)."""
COMMIT_REGULAR_BYTES = 32 << 20
"""Bytes of a commit that are not LFS objects: they travel inside it."""


class Sender:
    """Sends files of one push; ``ledger`` knows what an earlier run of it did."""

    def __init__(self, target: Target, ledger: Ledger, message: str, report: Progress) -> None:
        self.target, self.ledger, self.message, self.report = target, ledger, message, report
        self.trusted = False

    def send(self, files: Sequence[LocalFile], deleted: Sequence[str]) -> CommitInfo:
        """Publish ``files`` and take ``deleted`` away; the commit that holds all of it."""
        if not files and not deleted:
            return self.target.commit_info(self.target.head(self.target.revision))
        operations = [_operation(file) for file in files]
        self.upload(operations)
        try:
            return self._publish(files, operations, deleted)
        except ObjectsLost:
            self.ledger.note(forget=True)  # the Hub has swept objects that no commit named for long
            operations = [_operation(file) for file in files]
            self.upload(operations)
            return self._publish(files, operations, deleted)

    def upload(self, operations: Sequence[CommitOperationAdd]) -> None:
        """Send the LFS objects that the Hub has not acknowledged. What arrived stays there also when a later fails."""
        total, done = sum(operation.upload_info.size for operation in operations), 0
        known = [operation for operation in operations if operation.upload_info.sha256.hex() in self.ledger.sent]
        self.trusted = bool(known)
        for operation in known:
            mark_sent(operation)
        for batch in _batches(operations):
            self.report("upload", done, total)
            send = partial(
                self.target.api.preupload_lfs_files,
                self.target.repo_id,
                additions=batch,
                repo_type=self.target.repo_type,
                revision=None if self.target.is_branch else self.target.revision,
                create_pr=self.target.create_pr,
                free_memory=False,
            )
            retry(send)
            self.ledger.acknowledge(op.upload_info.sha256.hex() for op in batch if upload_mode(op) == "lfs")
            done += sum(operation.upload_info.size for operation in batch)
        self.report("upload", done, total)

    def _publish(
        self, files: Sequence[LocalFile], operations: Sequence[CommitOperationAdd], deleted: Sequence[str]
    ) -> CommitInfo:
        chunks = list(_chunks(files, operations))
        self.report("commit", 0, sum(file.size for file in files))
        if self.target.create_pr or (self.target.is_main and len(chunks) > 1):
            return self._through_pull_request(chunks, deleted)
        if self.target.is_branch and self.target.revision not in self.target.branches():
            return self._through_new_branch(chunks, deleted)
        if self.target.is_branch and len(chunks) > 1:
            raise LimitExceeded(
                f"{len(files):,} changed files are more than one commit takes ({COMMIT_FILES}), and the branch"
                f" {self.target.revision} would hold a part of them for a while: push to main or to a new branch"
            )
        return self._commits(self.target.revision, chunks, deleted)

    def _commits(self, ref: str | None, chunks: Sequence["Chunk"], deleted: Sequence[str]) -> CommitInfo:
        """One commit a chunk, the deletions in the first; those that an earlier run made are left out."""
        api, tree = self.target.api, self.target.tree(ref) if len(chunks) > 1 or ref else {}
        last: CommitInfo | None = None
        for number, (files, operations) in enumerate(chunks):
            gone = [path for path in deleted if path in tree or not tree] if number == 0 else []
            if tree and not gone and not differing(files, tree):
                continue
            title = self.message if len(chunks) == 1 else f"{self.message} ({number + 1} of {len(chunks)})"
            self.ledger.pace()
            commit = partial(
                api.create_commit,
                self.target.repo_id,
                [*operations, *map(CommitOperationDelete, gone)],
                commit_message=title,
                repo_type=self.target.repo_type,
                revision=ref,
            )
            last = self._whole(commit, ref, files, gone)
        return last or self.target.commit_info(self.target.head(ref))

    def _whole(
        self, commit: Callable[[], CommitInfo], ref: str | None, files: Sequence[LocalFile], gone: Sequence[str]
    ) -> CommitInfo:
        """One commit. Before a retry it looks whether the first try arrived and only its reply was lost."""
        tries = 0

        def attempt() -> CommitInfo:
            nonlocal tries
            tries += 1
            if tries > 1:
                tree = self.target.tree(ref)
                if not differing(files, tree) and tree.keys().isdisjoint(gone):
                    return self.target.commit_info(self.target.head(ref))
            return commit()

        try:
            return retry(attempt)
        except HfHubHTTPError as error:
            if error.response.status_code in (400, 422) and self.trusted:
                raise ObjectsLost(f"The Hub no longer has all objects: {error.server_message}") from error
            raise
        except ValueError as error:
            raise card_rejected(error) from error

    def _through_pull_request(self, chunks: Sequence["Chunk"], deleted: Sequence[str]) -> CommitInfo:
        target, api = self.target, self.target.api
        number = self._pull_request()
        last = self._commits(f"refs/pr/{number}", chunks, deleted)
        named = {"repo_id": target.repo_id, "discussion_num": number, "repo_type": target.repo_type}
        details = partial(api.get_discussion_details, **named)  # type: ignore[arg-type]
        if retry(details).status == "draft":
            retry(lambda: api.change_discussion_status(**named, new_status="open"))  # type: ignore[arg-type]
        if target.create_pr:
            return target.commit_info(last.oid, number)

        def merge() -> None:
            if details().status != "merged":
                api.merge_pull_request(**named)  # type: ignore[arg-type]

        try:
            retry(merge)
        except HfHubHTTPError as error:
            if error.response.status_code != 409:
                raise
            retry(lambda: api.change_discussion_status(**named, new_status="closed"))  # type: ignore[arg-type]
            self.ledger.note(forget=True)
            raise MergeConflict(
                f"main has changed since this push began ({error.server_message}): push again"
            ) from error
        return target.commit_info(target.head(None))

    def _pull_request(self) -> int:
        """The staging pull request: that of an earlier run while it is open, else a new one."""
        target, api, ledger = self.target, self.target.api, self.ledger
        opening = ledger.opening
        found = next((pull.num for pull in self._mine() if opening in pull.title), 0) if opening else 0
        if not found:
            ledger.note(opening=f"[push {secrets.token_hex(4)}]")
            title = f"{self.message} {ledger.opening}"

            def open_one() -> int:
                known = next((pull.num for pull in self._mine() if pull.title == title), 0)
                return known or api.create_pull_request(target.repo_id, title, repo_type=target.repo_type).num

            found = retry(open_one)
        if found != ledger.pull:
            ledger.note(pull=found)
        return found

    def _mine(self) -> Iterator:
        """Open pull requests and drafts."""
        return retry(
            lambda: iter(
                list(
                    self.target.api.get_repo_discussions(
                        self.target.repo_id, repo_type=self.target.repo_type, discussion_type="pull_request",
                        discussion_status="open",
                    )
                )
            )
        )  # fmt: skip

    def _through_new_branch(self, chunks: Sequence["Chunk"], deleted: Sequence[str]) -> CommitInfo:
        target, api = self.target, self.target.api
        staging = f"{target.revision}-staging"
        make = partial(api.create_branch, target.repo_id, repo_type=target.repo_type, exist_ok=True)
        retry(lambda: make(branch=staging))
        last = self._commits(staging, chunks, deleted)
        retry(lambda: make(branch=str(target.revision), revision=last.oid))
        if staging in target.branches():
            retry(lambda: api.delete_branch(target.repo_id, branch=staging, repo_type=target.repo_type))
        return last


Chunk = tuple[list[LocalFile], list[CommitOperationAdd]]


def card_rejected(error: ValueError) -> Exception:
    """The client's refusal of README.md by its name; any other error as it is."""
    if str(error).startswith("Invalid metadata in README.md"):
        return CardRejected(f"The Hub refuses the card: {error}")
    return error


def _operation(file: LocalFile) -> CommitOperationAdd:
    operation = CommitOperationAdd(path_in_repo=file.path, path_or_fileobj=file.local)
    operation.upload_info.sha256 = file.sha256
    return operation


def _batches(operations: Sequence[CommitOperationAdd]) -> Iterator[list[CommitOperationAdd]]:
    batch: list[CommitOperationAdd] = []
    size = 0
    for operation in operations:
        if batch and (len(batch) == BATCH_FILES or size + operation.upload_info.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(operation)
        size += operation.upload_info.size
    if batch:
        yield batch


def _chunks(files: Sequence[LocalFile], operations: Sequence[CommitOperationAdd]) -> Iterator[Chunk]:
    """What one commit takes each; at least one, which may be empty."""
    chunk: Chunk = ([], [])
    regular = 0
    for file, operation in zip(files, operations, strict=True):
        inside = 0 if upload_mode(operation) == "lfs" else file.size
        if chunk[0] and (len(chunk[0]) == COMMIT_FILES or regular + inside > COMMIT_REGULAR_BYTES):
            yield chunk
            chunk, regular = ([], []), 0
        chunk[0].append(file)
        chunk[1].append(operation)
        regular += inside
    yield chunk
