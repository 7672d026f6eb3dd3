"""The samples of another's WebDataset tar, with the places of their members; the same pass takes its checksum.

Nothing is unpacked to the disk and nothing is unpickled: members of unknown kinds are passed over and counted. What is
left out has a reason, counted in ``faults``; a tar that breaks raises ShardError.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from vlit_hub.shards import tar
from vlit_hub.shards.errors import ShardError
from vlit_hub.spec import printable

NAME = re.compile(r"((?:.*/|)[^./][^.]*|(?:.*/|))[.]([^/]+)", re.DOTALL)
"""Key and extension as webdataset takes them: the first dot of the last part divides them."""
META = re.compile(r"__[^/]*__($|/)")
TEXTS = ("json", "txt", "text", "caption", "cls")
MEDIA = {ext: "image" for ext in (*tar.IMAGE_EXTENSIONS, "jpeg", "tiff")}
MEDIA |= {ext: "video" for ext in ("mp4", "mov", "avi", "mkv", "webm", "mpg")}
MEDIA |= {ext: "audio" for ext in ("wav", "mp3", "flac", "ogg", "m4a", "aac")}
"""Extension (its last part, lower case) -> media type."""
MAX_TEXT, MAX_MEDIUM = 64 << 20, 1 << 30
"""Bytes of a member that is read."""


class Member(NamedTuple):
    """``data`` is None where the kind is unknown."""

    ext: str
    offset: int
    size: int
    data: bytes | None


@dataclass
class Group:
    """The members in a row that share a key."""

    key: str
    start: int
    """Offset of the first header."""
    members: list[Member] = field(default_factory=list)


@dataclass
class Tar:
    """One pass over a tar; what it found is known when the pass has ended."""

    path: Path
    faults: Counter[str] = field(default_factory=Counter)
    """Why members or samples were left out."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Extension -> members that are not read."""
    sha256: str = ""
    size: int = 0
    end: int = 0
    """Offset behind the last sample."""

    def groups(self) -> Iterator[Group]:
        """The samples in order. A key that comes back after another one is a duplicate: left out, counted."""
        seen: set[str] = set()
        group: Group | None = None
        for key, start, member in self._members():
            if group is None or key != group.key:
                if group is not None:
                    yield from self._unless(group, seen)
                group = Group(key, start)
            if member.ext in [other.ext for other in group.members]:
                self.faults["a member twice in one sample"] += 1
            else:
                group.members.append(member)
        if group is not None:
            yield from self._unless(group, seen)

    def _unless(self, group: Group, seen: set[str]) -> Iterator[Group]:
        if group.key in seen:
            self.faults["a key twice in one tar"] += 1
        elif group.members:
            seen.add(group.key)
            yield group

    def _members(self) -> Iterator[tuple[str, int, Member]]:
        """(key, offset of the header, member) of what is not left out; checks that the tar is whole."""
        with open(self.path, "rb", buffering=0) as file:
            hashed = _Hashed(file)
            try:
                with tarfile.open(fileobj=cast(BinaryIO, hashed), mode="r|", bufsize=1 << 20) as stream:
                    for info in stream:
                        stream.members = []  # type: ignore[attr-defined]
                        name = self._name(info)
                        member = self._member(info, name[1], stream) if name else None
                        if name and member:
                            yield name[0], info.offset, member
                    self.end = stream.offset
            except (tarfile.TarError, EOFError) as error:
                raise ShardError(f"{self.path}: {_told(file, error)}") from None
            while hashed.read(1 << 20):
                pass
            self.size, self.sha256 = os.fstat(file.fileno()).st_size, hashed.sum.hexdigest()
            behind = os.pread(file.fileno(), tar.BLOCK, self.end)
            if self.end > self.size or behind.strip(b"\0"):
                raise ShardError(f"{self.path}: no header of a member at byte {self.end}: the tar is broken there")

    def _name(self, info: tarfile.TarInfo) -> tuple[str, str] | None:
        """(key, extension) of a regular member; None for what is left out."""
        if info.isdir():
            return None
        if not info.isreg() or info.issparse():
            kind = "a sparse file" if info.issparse() else "a link" if info.issym() or info.islnk() else "a device"
            self.faults[kind] += 1
            return None
        if META.match(info.name):
            return None
        if info.name.startswith("/") or ".." in info.name.split("/") or "\0" in info.name:
            self.faults["a name that leaves the folder"] += 1
            return None
        match = NAME.fullmatch(info.name)
        if match is None or not match[1] or match[1].endswith("/"):
            self.faults["a name without key or extension"] += 1
            return None
        return printable(match[1]), printable(match[2]).lower()

    def _member(self, info: tarfile.TarInfo, ext: str, stream: tarfile.TarFile) -> Member | None:
        kind = ext.rpartition(".")[2]
        if kind not in MEDIA and ext not in TEXTS:
            self.unknown[ext] += 1
            return Member(ext, info.offset_data, info.size, None)
        if info.size > (MAX_TEXT if ext in TEXTS else MAX_MEDIUM):
            self.faults["a member that is too large"] += 1
            return None
        opened = stream.extractfile(info)
        assert opened is not None
        return Member(ext, info.offset_data, info.size, opened.read())


class _Hashed:
    """A file whose checksum is taken as it is read through."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.sum.update(data)
        return data


def _told(file: BinaryIO, error: Exception) -> str:
    if os.pread(file.fileno(), 2, 0) == b"\x1f\x8b":
        return "is compressed: samples in it cannot be read by offset, unpack it first"
    return f"truncated or no tar ({error})"
