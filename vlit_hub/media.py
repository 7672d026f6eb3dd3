"""Find, open, size and check media files, safely: nothing outside the named roots is ever opened."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from vlit_hub.schema import MODALITIES
from vlit_hub.spec import BadRecord, MediaRule

if TYPE_CHECKING:
    import PIL.Image

MAX_PIXELS = 178_956_970
"""Pictures above this many pixels are taken for decompression bombs (Pillow's own error limit, 2 x its warning)."""


class UnsafePath(BadRecord):
    """A media reference that leaves its root: by ``..``, by an absolute path, or through a symbolic link."""


class MediaFinder:
    """Turns native references into files below the roots of one read.

    ``roots``: root name -> folder as the user gave it, or one folder for all. A root without a folder is searched
    in ``raw``.
    """

    def __init__(self, raw: Path, rules: Iterable[MediaRule], roots: Mapping[str, str] | str | None = None) -> None:
        self.rules = tuple(rules)
        known = {rule.root for rule in self.rules}
        if isinstance(roots, Mapping) and (unknown := set(roots) - known):
            raise ValueError(f"media root {', '.join(sorted(unknown))}: this dataset's are {', '.join(sorted(known))}")
        self.folders: dict[str, str] = {}
        for name in known:
            given = roots if isinstance(roots, str) else (roots or {}).get(name)
            if given is not None and not os.path.isdir(given):
                raise ValueError(f"media root {name}: {given} is not a folder")
            self.folders[name] = os.path.abspath(given if given is not None else raw)
        self._places = {
            kind: [
                (self.folders[rule.root], candidate)
                for rule in self.rules
                if rule.type == kind
                for candidate in rule.candidates
                # A candidate whose own folder is not there finds nothing: half of the look-ups are saved.
                if os.path.isdir(os.path.join(self.folders[rule.root], os.path.dirname(candidate.partition("{")[0])))
            ]
            for kind in MODALITIES
        }
        self.full_colour = max((rule.full_colour for rule in self.rules if rule.type == "point_cloud"), default=1.0)

    def find(self, type: str, ref: str) -> str | None:
        """The file for a native reference, None where no candidate exists; raises UnsafePath."""
        if "\0" in ref:
            raise UnsafePath(type, "the media path holds a null character")
        escaped = tried = False
        for folder, candidate in self._places[type]:
            relative = _fill(candidate, ref)
            if relative is None:
                escaped = True
                continue
            tried = True
            if (found := _inside(folder, relative)) is not None:
                return found
        if escaped and not tried:
            raise UnsafePath(type, f"the media path {ref!r} leaves its root; media are only read below the roots given")
        return None

    def fingerprint(self) -> str:
        """Hash over (relative path, size, mtime) of every file below every root: changes whenever a medium does."""
        digest = hashlib.sha256()
        for name in sorted(self.folders):
            digest.update(name.encode())
            for relative, size, mtime in list_files(self.folders[name]):
                digest.update(f"{relative}\0{size}\0{mtime}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()


def _fill(candidate: str, ref: str) -> str | None:
    """The candidate's relative path, None if it would leave its root."""
    if "{ref}" not in candidate:
        path = PurePosixPath(ref.replace("\\", "/"))
        if path.name in ("", ".."):
            return None
        return candidate.replace("{name}", path.name).replace("{stem}", path.stem)
    if ref.startswith(("/", "\\")) or ref[1:2] == ":":
        return None
    if ".." in ref and ".." in ref.replace("\\", "/").split("/"):
        return None
    return candidate.replace("{ref}", ref)


def _inside(folder: str, relative: str) -> str | None:
    path = f"{folder}/{relative}"
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return None
    is_link = stat.S_ISLNK(mode)
    if not _beneath(folder, path if is_link else os.path.dirname(path)):
        raise UnsafePath(
            "media", f"{relative!r} is a link out of its root; name the folder it points to as the media root"
        )
    return path if os.path.isfile(path) else None


@lru_cache(maxsize=4096)
def _beneath(folder: str, path: str) -> bool:
    """Whether ``path`` lies below ``folder`` once all symbolic links are followed (asked once per folder)."""
    root = os.path.realpath(folder)
    return os.path.commonpath([root, os.path.realpath(path)]) == root


def list_files(folder: str | Path) -> list[tuple[str, int, int]]:
    """(relative path with forward slashes, bytes, mtime in ns) of every file below ``folder``, sorted."""
    rows: list[tuple[str, int, int]] = []
    stack = [os.fspath(folder)]
    start = len(os.path.join(stack[0], ""))
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                elif _is_readable_file(entry):
                    status = entry.stat()
                    rows.append((entry.path[start:].replace(os.sep, "/"), status.st_size, status.st_mtime_ns))
    return sorted(rows)


def _is_readable_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a loop of links
        return False


class UnreadableMedia(ValueError):
    """A medium whose header cannot be read, that is too large, or whose form is refused (the safe one is named)."""


IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""The allow-list of picture decoders. Pillow knows others that start programs (EPS) or were never meant for this."""


def image_size(source: str | bytes) -> tuple[int, int]:
    """(width, height) in pixels from the header of a file or of its bytes; nothing is decoded.

    Raises UnreadableMedia for an empty, truncated-in-the-header or foreign file, and for a decompression bomb.
    """
    with _opened(source) as picture:
        return picture.size


def open_image(source: str | bytes) -> PIL.Image.Image:
    """The decoded picture of a file or of its bytes; raises UnreadableMedia, for a truncated one too."""
    with _opened(source) as picture:
        picture.load()
        return picture


@contextmanager
def _opened(source: str | bytes) -> Iterator[PIL.Image.Image]:
    import PIL.Image

    try:
        opened = io.BytesIO(source) if isinstance(source, bytes) else source
        with PIL.Image.open(opened, formats=IMAGE_FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise UnreadableMedia(f"{width}x{height} pixels: taken for a decompression bomb")
            if width < 1 or height < 1:
                raise UnreadableMedia("an empty picture")
            yield picture
    except UnreadableMedia:
        raise
    except PIL.Image.DecompressionBombError as error:
        raise UnreadableMedia(f"too many pixels: {error}") from None
    except (OSError, ValueError, SyntaxError, struct.error) as error:
        raise UnreadableMedia(f"not a readable picture ({type(error).__name__})") from None
