"""Fetch what of a release the Hub or a web server gives, into a raw folder; say what must be done for the rest."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlparse

from vlit_hub.archives import safe_name
from vlit_hub.download_http import DownloadError, fetch, served
from vlit_hub.spec import HUB, DatasetSpec

Progress = Callable[[str, int, int], None]
"""(file, bytes so far, all bytes or -1)."""
PICKLES = (".pkl", ".pickle", ".p")


@dataclass(frozen=True)
class Remote:
    """A file that a server gives. ``size``: bytes, -1 where it is not told."""

    name: str
    """Its path in the raw folder."""
    source: str
    """``https://...``, or ``hf://datasets/OWNER/NAME@COMMIT/PATH``."""
    size: int = -1
    sha256: str = ""


@dataclass
class Report:
    """What became of a download. ``absent``: patterns of the subset that no server named in the script gives;
    ``refused``: why a server gave nothing."""

    name: str
    subset: str
    folder: str
    files: list[Remote] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    licence: str = ""
    terms: list[str] = field(default_factory=list)
    obtain: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As the command line prints it; ``bytes``: of all files whose size is told."""
        return asdict(self) | {"bytes": sum(max(file.size, 0) for file in self.files)}


def has_download(spec: DatasetSpec) -> bool:
    """Whether the script names a place from which some file may be fetched."""
    return bool(spec.hub_id or spec.download)


def download(
    spec: DatasetSpec,
    raw: Path,
    subset: str = "",
    *,
    endpoint: str | None = None,
    only_list: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Fetch the files of a subset that the spec's addresses give; what is there in full is kept.

    ``endpoint``: of a Hub other than the client's. ``only_list``: nothing is fetched. Raises DownloadError where
    nothing can be had or a file comes out wrong, telling what to do, and ValueError for an unknown subset.
    """
    subset = subset or spec.default_subset
    if subset not in spec.subsets:
        raise ValueError(f"{spec.name} has no subset {subset!r}; it has {', '.join(spec.subsets)}")
    refused: list[str] = []
    offered = _offered(spec, endpoint, refused)
    wanted, absent = _wanted(spec, subset, offered)
    files = list(_sized(wanted, refused))
    if not files:
        raise DownloadError(". ".join([f"{spec.name} ({subset}) cannot be downloaded", *refused, spec.obtain]))
    report = Report(
        spec.name, subset, str(raw), files, absent=absent, refused=refused, licence=spec.licence_stated,
        terms=list(spec.terms), obtain=spec.obtain,
    )  # fmt: skip
    for file in files:
        target = _inside(raw, file.name)
        if target.is_file() and file.size in (-1, target.stat().st_size):
            report.present.append(file.name)
        elif not only_list:
            _fetch(file, target, raw, endpoint, progress or (lambda name, done, whole: None))
            report.fetched.append(file.name)
    return report


def _offered(spec: DatasetSpec, endpoint: str | None, refused: list[str]) -> dict[str, Remote]:
    """Every file of the spec's repositories and web addresses by its path; the first of one path counts."""
    offered: dict[str, Remote] = {}
    repos = [_repo_and_path(address)[0] for address in spec.addresses if address.startswith(HUB)]
    for repo in dict.fromkeys([spec.hub_id, *repos] if spec.hub_id else repos):
        try:
            for file in _listed(repo, endpoint):
                offered.setdefault(file.name, file)
        except DownloadError as error:
            refused.append(str(error))
    for address in spec.addresses:
        if not address.startswith(HUB):
            offered.setdefault(_web_name(address), Remote(_web_name(address), address.partition("#")[0]))
    return offered


def _repo_and_path(address: str) -> tuple[str, str]:
    owner, name, *path = address.removeprefix(HUB).partition("#")[0].split("/")
    return f"{owner}/{name}", "/".join(path)


def _web_name(address: str) -> str:
    return PurePosixPath(unquote(urlparse(address).path)).name


def _listed(repo: str, endpoint: str | None) -> list[Remote]:
    """The files of a dataset repository at its present commit. Raises DownloadError."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    with _explained(repo):
        api = HfApi(endpoint=endpoint)
        commit = api.dataset_info(repo).sha
        tree = list(api.list_repo_tree(repo, repo_type="dataset", revision=commit, recursive=True))
    return [
        Remote(file.path, f"{HUB}{repo}@{commit}/{file.path}", file.size, file.lfs.sha256 if file.lfs else "")
        for file in tree
        if isinstance(file, RepoFile)
    ]


@contextmanager
def _explained(repo: str) -> Iterator[None]:
    """The Hub client's errors as a DownloadError that says what to do."""
    from httpx2 import TransportError
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        yield
    except GatedRepoError:
        why = f"accept the terms on https://huggingface.co/datasets/{repo}, log in with `hf auth login`, run it again"
    except HfHubHTTPError as error:
        why = f"the Hub answers {error.response.status_code}: gone, moved, or only for those logged in"
    except (TransportError, OfflineModeIsEnabled, LocalEntryNotFoundError):
        why = "the Hub cannot be reached; run it again, what came is kept"
    else:
        return
    raise DownloadError(f"{HUB}{repo}: {why}")


def _wanted(spec: DatasetSpec, subset: str, offered: Mapping[str, Remote]) -> tuple[list[Remote], list[str]]:
    """(files of the subset, its tables and its media; patterns that nothing offered fits)."""
    wanted: dict[str, Remote] = {}
    absent: list[str] = []
    for entry in spec.files:
        if entry.subset == subset:
            fitting = [{pattern: _matching(pattern, offered) for pattern in choice} for choice in entry.alternatives]
            best = next((found for found in fitting if any(found.values())), fitting[0])
            absent += [pattern for pattern, files in best.items() if not files]
            wanted |= {file.name: file for files in best.values() for file in files}
    folders = {PurePosixPath(name).parent.as_posix() for name in wanted}
    patterns = [pattern for table in spec.tables.values() for pattern in table.patterns]
    for pattern in dict.fromkeys(p.replace("{folder}", escaped(f)) for p in patterns for f in folders):
        wanted |= {file.name: file for file in _matching(pattern.removeprefix("./"), offered)}
    read = {p for entry in spec.files for choice in entry.alternatives for p in choice}
    taken = {file.name for pattern in read for file in _matching(pattern, offered)}
    for address in spec.addresses:
        subsets = address.partition("#")[2]
        if not subsets or subset in subsets.split(","):
            pattern = _repo_and_path(address)[1] if address.startswith(HUB) else escaped(_web_name(address))
            found = _matching(pattern, offered) if pattern else []
            wanted |= {file.name: file for file in found if subsets or file.name not in taken}
    return list(wanted.values()), list(dict.fromkeys(absent))


def escaped(path: str) -> str:
    """A path as a pattern that takes it alone."""
    return re.sub(r"([*?[])", r"[\1]", path)


def _matching(pattern: str, offered: Mapping[str, Remote]) -> list[Remote]:
    """What a pattern of the spec takes, by its path, else one folder down; pickles never."""
    for test in (_regex(pattern), _regex(f"*/{pattern}")):
        if found := [offered[name] for name in sorted(offered) if test.fullmatch(name)]:
            return [file for file in found if not file.name.endswith(PICKLES)]
    return []


def _regex(pattern: str) -> re.Pattern[str]:
    """A glob as Path.glob reads it: ``**/`` any folders, ``*`` no slash."""
    parts = ("(?:.+/)?" if part == "**" else _segment(part) + "/" for part in pattern.split("/"))
    return re.compile("".join(parts).removesuffix("/"))


def _segment(part: str) -> str:
    return fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z").replace(".*", "[^/]*")


def _sized(wanted: list[Remote], refused: list[str]) -> Iterator[Remote]:
    """The files with the sizes that web servers tell; those that are not there go to ``refused``."""
    for file in wanted:
        try:
            yield file if file.source.startswith(HUB) else replace(file, size=served(file.source).size)
        except DownloadError as error:
            refused.append(str(error))


def _inside(raw: Path, name: str) -> Path:
    """Where a file goes. Raises DownloadError for a name that leaves the folder, through a link too."""
    target = raw / name
    if safe_name(name) != name or not target.resolve().is_relative_to(raw.resolve()):
        raise DownloadError(f"{name!r} would lie outside {raw}: it is not fetched")
    return target


def _fetch(file: Remote, target: Path, raw: Path, endpoint: str | None, progress: Progress) -> None:
    progress(file.name, 0, file.size)
    target.unlink(missing_ok=True)  # of another size: the Hub's client would take it for its own
    if file.source.startswith(HUB):
        _fetch_from_hub(file, raw, endpoint)
    else:
        fetch(file.source, target, lambda done: progress(file.name, done, file.size))
    size = target.stat().st_size
    wrong = f"{size} bytes came, the server told {file.size}" if file.size not in (-1, size) else ""
    if file.sha256 and not wrong and _sha256(target) != file.sha256:
        wrong = "its checksum is not the one that the Hub tells"
    if wrong:
        os.remove(target)
        raise DownloadError(f"{file.name}: {wrong}; run it again")
    progress(file.name, size, size)


def _fetch_from_hub(file: Remote, raw: Path, endpoint: str | None) -> None:
    from huggingface_hub import hf_hub_download

    repo, _, commit = "/".join(file.source.removeprefix(HUB).split("/")[:2]).partition("@")
    with _explained(repo):
        hf_hub_download(repo, file.name, repo_type="dataset", revision=commit, local_dir=raw, endpoint=endpoint)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
