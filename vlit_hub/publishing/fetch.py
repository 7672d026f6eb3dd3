"""A published repository into a folder, through faults: what the plain client gives up on is tried again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from huggingface_hub import HfApi, RepoFile, constants, get_token

from vlit_hub.publishing.push_client import client_set, retry
from vlit_hub.publishing.push_errors import ChecksumMismatch, named_errors
from vlit_hub.publishing.push_files import LocalFile, differing
from vlit_hub.publishing.push_target import RepoType, Target

THREADS = 4


def fetch(
    repo_id: str,
    repo_type: RepoType,
    folder: Path,
    *,
    revision: str | None = None,
    endpoint: str | None = None,
    token: str | None = None,
) -> Path:
    """Bring all files of a revision into ``folder``, where those that are there and whole stay.

    ``load_dataset`` and ``from_pretrained`` read the folder as they read the repository. Transient failures (408, 429,
    5xx, broken connections, short bodies) are tried again as in a push. A file that is not what the Hub says it is (the
    client takes one changed within a second of its download for whole) is fetched anew. Raises PushError as
    ``push_folder`` does, ChecksumMismatch where it is not even then.
    """
    folder = Path(folder)
    with named_errors(repo_id), client_set(endpoint or constants.ENDPOINT, quiet=False):
        api = HfApi(endpoint=endpoint, token=token or get_token(), library_name="vlit_hub")
        target = Target(api, repo_id, repo_type, revision, False)
        oid = target.head(revision)
        tree = target.tree(oid)
        get = partial(api.hf_hub_download, repo_id, repo_type=repo_type, revision=oid, local_dir=folder)
        wrong = _got(list(tree), get, folder, tree)
        for path in wrong:
            (folder / path).unlink()
        if wrong := _got(wrong, get, folder, tree):
            raise ChecksumMismatch(
                f"{', '.join(wrong[:5])} in {folder} are not what the Hub holds: delete them, fetch again"
            )
    return folder


def _got(paths: Sequence[str], get: Callable[[str], str], folder: Path, tree: Mapping[str, RepoFile]) -> list[str]:
    """Those of some files that are not what the Hub holds once they are there."""
    jobs: list[Callable[[], str]] = [partial(get, path) for path in paths]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(retry, jobs))
    files = [LocalFile(path, folder / path, (folder / path).stat().st_size) for path in paths]
    return differing(files, tree)
