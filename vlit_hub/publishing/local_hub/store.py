"""The local Hub on disk: content-addressed blobs, one JSON file per commit, one file of references per repository.

    blobs/ab/abcd...                           content by sha256, shared by all repositories
    incoming/                                  what is still being received; never served
    repos/{models,datasets}/NAMESPACE/NAME/    repo.json, refs.json, commits/<sha1>.json

A commit becomes visible when refs.json is replaced by a rename, after all it names is on disk: whole or not at all.
No path that a client sends ever becomes a path on this disk: files of a repository are keys of its commit.
"""

import hashlib
import json
import os
import re
import shutil
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

KINDS = ("models", "datasets")
SHA256 = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}")


class HubError(Exception):
    """An answer of the Hub that is an error: HTTP status, message, and the X-Error-Code that the client reads."""

    def __init__(self, status: int, message: str, code: str = "", commit: str = ""):
        super().__init__(message)
        self.status, self.message, self.code, self.commit = status, message, code, commit


def git_oid(content: bytes) -> str:
    """sha1 of `content` as a git blob, the checksum that the Hub gives for files outside LFS."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Entry(NamedTuple):
    """One file of a commit: size in bytes, git oid (of the pointer for an LFS file), sha256 of the content."""

    size: int
    oid: str
    sha256: str
    pointer_size: int  # 0: a regular file


@dataclass(frozen=True)
class Commit:
    """A commit: its whole tree, not a difference."""

    oid: str
    parent: str
    title: str
    message: str
    author: str
    date: str
    files: Mapping[str, Entry]

    @cached_property
    def folders(self) -> dict[str, str]:
        """Every folder with an oid that depends on nothing but the content below it."""
        hashes: dict[str, Any] = {}
        for path in sorted(self.files):
            for folder in list(PurePosixPath(path).parents)[:-1]:
                state = hashes.setdefault(str(folder), hashlib.sha1())
                state.update(f"{path}\0{self.files[path].oid}\n".encode())
        return {folder: state.hexdigest() for folder, state in sorted(hashes.items())}


class Change(NamedTuple):
    """One operation of a commit: a new entry, or a deletion of a file or a folder."""

    path: str
    entry: Entry | None
    folder: bool = False


class Blobs:
    """Contents by sha256. A blob appears by a rename, with the hash that is its name."""

    def __init__(self, root: Path):
        self.folder, self.incoming = root / "blobs", root / "incoming"
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(parents=True)

    def path(self, sha256: str) -> Path:
        """Where the blob lies. Raises HubError 400 if the name is no sha256."""
        if not SHA256.fullmatch(sha256):
            raise HubError(400, "An LFS oid must be a sha256 in hex.")
        return self.folder / sha256[:2] / sha256

    def keep(self, received: Path, sha256: str) -> None:
        """Move a received file, whose hash the caller has computed, to its place."""
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        received.replace(target)

    def regular(self, content: bytes) -> Entry:
        """Store a file that came inside a commit."""
        sha256 = hashlib.sha256(content).hexdigest()
        if not self.path(sha256).exists():
            received = self.incoming / uuid.uuid4().hex
            received.write_bytes(content)
            self.keep(received, sha256)
        return Entry(len(content), git_oid(content), sha256, 0)

    def lfs(self, sha256: str) -> Entry:
        """The entry of an uploaded LFS object. Raises HubError 400 if it has not been uploaded."""
        path = self.path(sha256)
        if not path.exists():
            raise HubError(400, f"The LFS object {sha256} has not been uploaded.")
        size = path.stat().st_size
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
        return Entry(size, git_oid(pointer), sha256, len(pointer))


class Repo:
    """One repository. Writers hold the store's lock; readers need none, since files are only ever replaced whole."""

    def __init__(self, folder: Path, kind: str, repo_id: str, lock: threading.RLock):
        self.folder, self.kind, self.id, self.lock = folder, kind, repo_id, lock

    @property
    def settings(self) -> dict[str, Any]:
        """{"private": bool, "gated": False | "auto" | "manual", "created": ISO date}"""
        return _read(self.folder / "repo.json")

    @property
    def refs(self) -> dict[str, str]:
        """Full name ("refs/heads/main", "refs/tags/v1", "refs/pr/1") -> commit."""
        return _read(self.folder / "refs.json")

    def set(self, **settings: bool | str) -> None:
        """Change the settings named."""
        with self.lock:
            _write(self.folder / "repo.json", {**self.settings, **settings})

    def set_ref(self, name: str, oid: str | None, new: bool = False) -> None:
        """Point a reference at a commit, or delete it (None). Raises HubError 409 if it must be new, 404 if absent."""
        with self.lock:
            refs = self.refs
            if new and name in refs:
                raise HubError(409, f"Reference already exists: {name}")
            if oid is None and refs.pop(name, None) is None:
                raise HubError(404, f"No such reference: {name}", "RevisionNotFound")
            _write(self.folder / "refs.json", refs if oid is None else {**refs, name: oid})

    def ref_name(self, revision: str) -> str:
        """The full name of a branch, tag or pull request; "" if there is none."""
        refs = self.refs
        return next((n for n in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision) if n in refs), "")

    def at(self, revision: str) -> Commit:
        """The commit of a branch, tag, pull request or full commit id. Raises HubError 404 RevisionNotFound."""
        name = self.ref_name(revision)
        oid = self.refs[name] if name else revision
        path = self.folder / "commits" / f"{oid}.json"
        if not COMMIT.fullmatch(oid) or not path.exists():
            raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return _commit(path)

    def history(self, revision: str) -> list[Commit]:
        """Newest first."""
        commits = [self.at(revision)]
        while commits[-1].parent:
            commits.append(self.at(commits[-1].parent))
        return commits

    def commit(
        self, revision: str, changes: Iterable[Change], *, title: str, message: str, author: str, parent: str, pr: bool
    ) -> tuple[Commit, str]:
        """Write one commit on a branch or pull request; with `pr` on a new pull request that starts there.

        Returns the commit and the full name of the reference that now points at it. Raises HubError 412 if `parent`
        is given and no longer the head, 404 for a missing reference or a deletion of what is not there.
        """
        with self.lock:
            head, name = self.at(revision), self.ref_name(revision)
            if not pr and not name.startswith(("refs/heads/", "refs/pr/")):
                raise HubError(404, f"Invalid rev id: {revision} (a commit needs a branch)", "RevisionNotFound")
            if parent and parent != head.oid and not pr:
                raise HubError(412, "A commit has happened since. Please refresh and try again.")
            base = self.at(parent) if pr and parent else head
            commit = self._write_commit(_apply(base.files, changes), base.oid, title, message, author)
            if pr:
                name = f"refs/pr/{self.open_pull(base, title, author, 'open')}"
            self.set_ref(name, commit.oid)
            return commit, name

    @property
    def pulls(self) -> dict[str, dict[str, Any]]:
        """Number -> {"title", "author", "status": draft | open | closed | merged, "base", "created", "merged"}."""
        path = self.folder / "pulls.json"
        return _read(path) if path.exists() else {}

    def open_pull(self, base: Commit, title: str, author: str, status: str) -> int:
        """A new pull request that starts at a commit; its number."""
        with self.lock:
            pulls = self.pulls
            number = len(pulls) + 1
            date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            made = {"title": title, "author": author, "status": status, "base": base.oid, "created": date, "merged": ""}
            _write(self.folder / "pulls.json", {**pulls, str(number): made})
            self.set_ref(f"refs/pr/{number}", base.oid, new=True)
            return number

    def set_pull(self, number: int, **facts: str) -> None:
        """Change what is known of a pull request."""
        with self.lock:
            pulls = self.pulls
            pulls[str(number)] |= facts
            _write(self.folder / "pulls.json", pulls)

    def merge(self, base: Commit, ref: str, title: str, author: str) -> Commit:
        """What changed from ``base`` to ``ref``, onto main. Raises HubError 409 where main changed the same files."""
        with self.lock:
            main, head = self.at("main"), self.at(ref)
            paths = {path for path in base.files.keys() | head.files.keys() if _differ(base, head, path)}
            if clash := sorted(path for path in paths if _differ(base, main, path) and _differ(main, head, path)):
                raise HubError(409, f"Merge conflict in {clash[0]}: main has changed since")
            files = {path: entry for path, entry in main.files.items() if path not in paths}
            files |= {path: head.files[path] for path in paths if path in head.files}
            commit = self._write_commit(files, main.oid, title, "", author)
            self.set_ref("refs/heads/main", commit.oid)
            return commit

    def _write_commit(self, files: Mapping[str, Entry], parent: str, title: str, message: str, author: str) -> Commit:
        date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = Commit("", parent, title, message, author, date, dict(sorted(files.items())))
        oid = hashlib.sha1(json.dumps(vars(body)).encode()).hexdigest()
        path = self.folder / "commits" / f"{oid}.json"
        _write(path, {**vars(body), "oid": oid})
        return _commit(path)


class Store:
    """All repositories under one folder."""

    def __init__(self, root: Path):
        self.root, self.blobs, self.lock = root, Blobs(root), threading.RLock()

    def repo(self, kind: str, repo_id: str) -> Repo | None:
        """None if there is no such repository, or the name is not one."""
        repo = Repo(self._folder(kind, repo_id), kind, repo_id, self.lock) if _is_name(repo_id) else None
        return repo if repo and (repo.folder / "repo.json").exists() else None

    def create(self, kind: str, repo_id: str, private: bool, first: Mapping[str, bytes]) -> Repo:
        """A repository with one commit of the files `first`. Raises HubError 400 for a bad name, 409 if it exists."""
        if not _is_name(repo_id):
            raise HubError(400, f"Invalid repository name: {repo_id}")
        with self.lock:
            if self.repo(kind, repo_id):
                raise HubError(409, "You already created this repository.")
            draft = self.blobs.incoming / uuid.uuid4().hex
            repo = Repo(draft, kind, repo_id, self.lock)
            (draft / "commits").mkdir(parents=True)
            entries = {path: self.blobs.regular(content) for path, content in first.items()}
            commit = repo._write_commit(entries, "", "initial commit", "", repo_id.split("/")[0])
            _write(draft / "refs.json", {"refs/heads/main": commit.oid})
            _write(draft / "repo.json", {"private": private, "gated": False, "created": commit.date})
            repo.folder = self._folder(kind, repo_id)
            repo.folder.parent.mkdir(parents=True, exist_ok=True)
            draft.rename(repo.folder)
            return repo

    def delete(self, repo: Repo) -> None:
        """The repository goes at once; blobs stay, since others may share them."""
        with self.lock:
            gone = self.blobs.incoming / uuid.uuid4().hex
            repo.folder.rename(gone)
            shutil.rmtree(gone)

    def _folder(self, kind: str, repo_id: str) -> Path:
        return self.root / "repos" / kind / repo_id


def check_path(path: str) -> str:
    """`path` if it is a plain relative path of a repository. Raises HubError 400 for anything else."""
    parts = path.split("/")
    if any(part in ("", ".", "..", ".git") for part in parts) or "\\" in path or not path.isprintable():
        raise HubError(400, f"Invalid path in repository: {path!r}")
    return path


def _apply(before: Mapping[str, Entry], changes: Iterable[Change]) -> dict[str, Entry]:
    files = dict(before)
    for change in changes:
        path = check_path(change.path.removesuffix("/") if change.folder else change.path)
        if change.entry:
            files[path] = change.entry
            continue
        gone = [name for name in files if name.startswith(f"{path}/")] if change.folder else [path] * (path in files)
        if not gone:
            raise HubError(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
        for name in gone:
            del files[name]
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents}
    if clash := folders & files.keys():
        raise HubError(400, f"Both a file and a folder: {min(clash)}")
    return files


def _differ(a: Commit, b: Commit, path: str) -> bool:
    return a.files.get(path) != b.files.get(path)


def _is_name(repo_id: str) -> bool:
    try:
        validate_repo_id(repo_id)
    except HFValidationError:
        return False
    return repo_id.isascii() and repo_id.count("/") == 1


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:  # deleted between two requests
        raise HubError(404, "Repository not found", "RepoNotFound") from None


def _write(path: Path, content: Mapping[str, Any]) -> None:
    draft = path.with_name(f".{uuid.uuid4().hex}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@lru_cache(maxsize=16)
def _commit(path: Path) -> Commit:
    raw = _read(path)
    return Commit(**{**raw, "files": {name: Entry(*entry) for name, entry in raw["files"].items()}})
