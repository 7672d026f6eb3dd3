"""What the local Hub says about the files of a commit, and which files it wants through LFS."""

import json
import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

import yaml

from vlit_hub.publishing.local_hub import card_rules
from vlit_hub.publishing.local_hub.store import Blobs, Commit, Entry, HubError, check_path

# The patterns of the .gitattributes that the real Hub puts into every new repository.
LFS_PATTERNS = """*.7z *.arrow *.avro *.bin *.bz2 *.ckpt *.ftz *.gz *.h5 *.joblib *.lfs.* *.lz4 *.mds *.mlmodel *.model
*.msgpack *.npy *.npz *.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors *.tar.* *.tar *.tflite
*.tgz *.wasm *.xz *.zip *.zst *tfevents* *.pcm *.sam *.raw *.aac *.flac *.mp3 *.ogg *.wav *.bmp *.gif *.png *.tiff *.jpg
*.jpeg *.webp *.mp4 *.webm""".split()
ATTRIBUTES = "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in LFS_PATTERNS).encode()
REGULAR_LIMIT = 10 * 2**20  # bytes; the Hub takes larger files through LFS only
FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)^---\s*$", re.DOTALL | re.MULTILINE)


def check_ref(name: str) -> str:
    """`name` if it can name a branch or tag. Raises HubError 400 otherwise."""
    check_path(name)
    if name.startswith("refs/") or re.search(r"[\s~^:?*\[]", name):
        raise HubError(400, f"Invalid name of a branch or tag: {name!r}")
    return name


def lfs_patterns(commit: Commit, blobs: Blobs) -> list[str]:
    """The LFS patterns of the commit's own .gitattributes."""
    entry = commit.files.get(".gitattributes")
    lines = blobs.path(entry.sha256).read_text("utf-8", "replace").splitlines() if entry else []
    return [line.split()[0] for line in lines if "filter=lfs" in line.split()[1:]]


def goes_lfs(path: str, size: int, sample: bytes, patterns: Iterable[str]) -> bool:
    """Whether a file of `size` bytes that starts with `sample` goes by LFS: for its name, its size or its bytes."""
    if size == 0:
        return False
    if size > REGULAR_LIMIT or b"\0" in sample:
        return True
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3:  # else the sample ends within a character
            return True
    return any(fnmatch(path if "/" in pattern else PurePosixPath(path).name, pattern) for pattern in patterns)


def card_checked(card: str) -> tuple[list[str], list[str]]:
    """Errors and warnings of the metadata of a card."""
    try:
        data = yaml.safe_load(_front_matter(card))
    except yaml.YAMLError as error:
        return [f"Invalid YAML: {error}"], []
    if data is None:
        return [], ["empty or missing yaml metadata in repo card"]
    if not isinstance(data, dict):
        return ["The metadata of a card must be a mapping"], []
    return card_rules.errors(data), card_rules.warnings(data)


def card_data(card: str) -> dict[str, Any]:
    """The metadata of a card; empty if there is none or it is no mapping. Dates become text."""
    try:
        data = yaml.safe_load(_front_matter(card))
    except yaml.YAMLError:
        data = None
    return json.loads(json.dumps(data if isinstance(data, dict) else {}, default=str))


def _front_matter(card: str) -> str:
    match = FRONT_MATTER.match(card)
    return match.group(1) if match else ""


def sibling(path: str, entry: Entry, sizes: bool) -> dict[str, Any]:
    """A file as repository information lists it."""
    if not sizes:
        return {"rfilename": path}
    lfs = {"sha256": entry.sha256, "size": entry.size, "pointerSize": entry.pointer_size}
    extra = {"lfs": lfs} if entry.pointer_size else {}
    return {"rfilename": path, "size": entry.size, "blobId": entry.oid, **extra}


def described(commit: Commit, path: str) -> dict[str, Any] | None:
    """A file or folder as listings show it; None if it is not there."""
    entry = commit.files.get(path)
    if entry is None:
        oid = commit.folders.get(path)
        return {"type": "directory", "oid": oid, "size": 0, "path": path} if oid else None
    lfs = {"oid": entry.sha256, "size": entry.size, "pointerSize": entry.pointer_size}
    extra = {"lfs": lfs} if entry.pointer_size else {}
    return {"type": "file", "oid": entry.oid, "size": entry.size, "path": path, **extra}


def listing(commit: Commit, under: str, recursive: bool) -> list[dict[str, Any]]:
    """Files and folders below the folder `under` ("" is the root), by path."""
    start = f"{under}/" if under else ""
    paths = [path for path in (*commit.folders, *commit.files) if path.startswith(start)]
    wanted = sorted(path for path in paths if recursive or "/" not in path[len(start) :])
    return [entry for path in wanted if (entry := described(commit, path))]
