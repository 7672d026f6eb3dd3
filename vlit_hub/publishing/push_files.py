"""The files of a folder to publish: found, counted against the limits of the Hub, compared with what it holds."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from huggingface_hub import RepoFile
from huggingface_hub.utils.sha import git_hash, sha_fileobj

from vlit_hub.publishing.push_errors import BadFolder, LimitExceeded

# huggingface.co/docs/hub/repositories-recommendations
MAX_FILES = 100_000  # a repository
MAX_ENTRIES = 10_000  # a folder
MAX_FILE_BYTES = 50 * 10**9


def sha_of(path: Path) -> bytes:
    """sha256 of a file's content."""
    with path.open("rb") as file:
        return sha_fileobj(file)


@dataclass(frozen=True)
class LocalFile:
    """A file of the folder, with the two checksums that the Hub may know it by."""

    path: str
    local: Path
    size: int
    hashed: Callable[[Path], bytes] = sha_of
    """sha256 of a file's content; that of a ledger reads no file twice."""

    @cached_property
    def sha256(self) -> bytes:
        return self.hashed(self.local)

    def equals(self, remote: RepoFile | None) -> bool:
        """Whether the Hub's file has this content: sha256 for an LFS file, the git blob's oid for another."""
        if remote is None or remote.size != self.size:
            return False
        if remote.lfs:
            return remote.lfs.sha256 == self.sha256.hex()
        return remote.blob_id == git_hash(self.local.read_bytes())


def scan(folder: Path, hashed: Callable[[Path], bytes]) -> list[LocalFile]:
    """The files to publish, by path; raises BadFolder, LimitExceeded."""
    if not folder.is_dir():
        raise BadFolder(f"{folder} is no folder")
    files = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".git", ".cache"))  # the client refuses these
        for name in sorted([*folders, *names]):
            local = Path(root, name)
            if local.is_symlink():
                raise BadFolder(f"{local} is a link, which may lead outside of the folder: copy the file instead")
            if name in names:
                files.append(LocalFile(local.relative_to(folder).as_posix(), local, _size(local), hashed))
    if not files:
        raise BadFolder(f"{folder} holds no files")
    return files


def _size(path: Path) -> int:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise LimitExceeded(f"{path} has {size:,} bytes; the Hub takes {MAX_FILE_BYTES:,} a file: use smaller shards")
    return size


def check_limits(paths: Iterable[str]) -> None:
    entries: Counter[str] = Counter()
    seen: set[str] = set()
    files = 0
    for path in sorted(paths):
        files += 1
        child = path
        while child and child not in seen:
            seen.add(child)
            child = child.rpartition("/")[0]
            entries[child or "."] += 1
    if files >= MAX_FILES:
        raise LimitExceeded(f"{files:,} files; the Hub takes less than {MAX_FILES:,} a repository: use larger shards")
    folder, most = entries.most_common(1)[0]
    if most >= MAX_ENTRIES:
        what = f"{most:,} entries in folder {folder!r}; the Hub takes less than {MAX_ENTRIES:,}"
        raise LimitExceeded(f"{what}: use larger shards or more folders")


def differing(files: Iterable[LocalFile], remote: Mapping[str, RepoFile]) -> list[str]:
    return [file.path for file in files if not file.equals(remote.get(file.path))]
