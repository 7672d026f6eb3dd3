"""What a result depends on, as hashes: the code that converts, and the raw files, media and options that it reads."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from vlit_hub import formats, regions, registry
from vlit_hub.media_roots import list_files, open_root
from vlit_hub.release import Release
from vlit_hub.schema import VERSION
from vlit_hub.spec import DatasetSpec

FILES = (
    "schema", "canonical", "spec", "archive_members", "archives", "media_roots", "media_finder", "media", "media_forms",
    "release", "builder",
)  # fmt: skip


def code_fingerprint(spec: DatasetSpec | None) -> str:
    """Hash over the schema version and the source of the script, its converter and the rooms it builds on."""
    here = Path(__file__).parent
    files = {here / f"{name}.py" for name in FILES}
    if spec is not None and spec.name in registry.modules():
        files.add(registry.source(spec))
    converters = (spec.convert, *(entry.convert for entry in spec.files if entry.convert)) if spec is not None else ()
    for convert in converters:
        while isinstance(convert, partial):
            convert = convert.func
        files.add(Path(inspect.getfile(convert)))
    for room in (formats, regions):
        files |= set(Path(room.__path__[0]).glob("*.py"))
    facts = re.sub(r" at 0x[0-9a-f]+", "", repr(spec))  # what the script takes from other modules stands in its SPEC
    digest = hashlib.sha256(f"{VERSION}\0{facts}".encode())
    return _sources(digest, files).hexdigest()[:32]


def _sources(digest: hashlib._Hash, files: Iterable[Path]) -> hashlib._Hash:
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest


def input_fingerprint(release: Release, without: Path | None = None) -> str:
    """Hash over options, (relative path, size, mtime) of every raw file, and of every file below every media root.

    ``without``: a folder below them that is left out, the one that is written.
    """
    media = sorted(release.media.folders.items())
    digest = hashlib.sha256(repr((sorted(release.options.items()), media)).encode())
    digest.update(str(release.raw.absolute()).encode(errors="surrogateescape"))
    roots = [
        (str(release.raw), list_files(release.raw)),
        *((path, open_root(name, path).files()) for name, path in media),
    ]
    for folder, listed in roots:
        inside = _relative(Path(folder), without)
        for relative, size, mtime in listed:
            if not inside or not relative.startswith(inside):
                digest.update(f"{relative}\0{size}\0{mtime}\n".encode(errors="surrogateescape"))
        digest.update(b"\0")
    for _, path in (entry for entries in release.files.values() for entry in entries):  # through links too
        status = path.stat()
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def _relative(folder: Path, below: Path | None) -> str:
    """``below`` as list_files tells what lies in it, where it does."""
    if below is None or not below.resolve().is_relative_to(folder.resolve()):
        return ""
    relative = below.resolve().relative_to(folder.resolve()).as_posix()
    return "" if relative == "." else f"{relative}/"
