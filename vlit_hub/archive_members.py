"""The members of a zip or tar file: listed one by one, read at their place, never unpacked to disk.

Own readers where the standard library's hold every member in memory (APPNOTE.TXT 4.3, 4.5.3; tarfile for the headers).
"""

from __future__ import annotations

import os
import stat
import struct
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from vlit_hub.media_errors import UnreadableMedia

STORED, DEFLATED = "stored", "deflated"
PACKED = {
    (".tar.gz", ".tgz"): "gunzip -k",
    (".tar.bz2", ".tbz2", ".tbz"): "bunzip2 -k",
    (".tar.xz", ".txz"): "unxz -k",
    (".tar.zst",): "unzstd",
    (".7z", ".rar"): "",
}
"""Archives whose members cannot be read at their place, with what makes a tar of them."""
MAX_HEADER = 1 << 20
"""Bytes of a tar's long names and pax records for one member."""
MAX_MEMBERS = 50_000_000


class BrokenArchive(ValueError):
    """An archive that cannot be read, or only up to some place; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where a member lies. ``start``: of its local header (zip) or data (tar); ``how``: STORED, DEFLATED, or why it is
    refused; ``crc``: -1 where the archive tells none."""

    name: str
    start: int
    packed: int
    size: int
    crc: int
    how: str


def kind(name: str) -> str:
    """``zip`` or ``tar`` by the name of a file, ``packed`` for an archive of :data:`PACKED`, else ``""``."""
    name = name.lower()
    if any(name.endswith(ending) for ending in PACKED):
        return "packed"
    return name[-3:] if name.endswith((".zip", ".tar")) else ""


def members(path: str) -> Iterator[Member]:
    """Every file, link and device of an archive, in its order; a name may come twice. Raises BrokenArchive."""
    if kind(path) == "packed":
        tool = next(tool for endings, tool in PACKED.items() if path.lower().endswith(endings))
        remedy = f"make a plain tar of it once ({tool} {os.path.basename(path)}), or" if tool else "please"
        raise BrokenArchive(f"its members cannot be read at their place; {remedy} unpack it")
    listed = _zip_members if kind(path) == "zip" else _tar_members
    try:
        with open(path, "rb") as file:
            for count, member in enumerate(listed(file)):
                if count == MAX_MEMBERS:
                    raise BrokenArchive(f"more than {MAX_MEMBERS} members")
                yield member
    except (OSError, struct.error, tarfile.TarError, ValueError, OverflowError) as error:
        if isinstance(error, BrokenArchive):
            raise
        raise BrokenArchive(f"not readable as {kind(path)}, or cut ({error}); fetch it again") from None


_ENTRY = struct.Struct("<4s4x 2H 4x 3L 3H 4x 2L")
"""Of the central directory: mark, flags, method, crc, packed, size, lengths of name, extra, comment, attributes, start.
"""


def _zip_members(file: BinaryIO) -> Iterator[Member]:
    count, shift = _to_directory(file)
    for _ in range(count):
        mark, flags, method, crc, packed, size, name, extra, comment, attributes, start = _ENTRY.unpack(file.read(46))
        if mark != b"PK\1\2":
            raise BrokenArchive("its directory is damaged; fetch it again")
        text = file.read(name).decode("utf-8" if flags & 0x800 else "cp437")
        size, packed, start = _large(file.read(extra), size, packed, start)
        file.seek(comment, os.SEEK_CUR)
        mode = attributes >> 16
        if text.endswith("/") or stat.S_ISDIR(mode):
            continue
        how = {0: STORED, 8: DEFLATED}.get(method, f"packed by method {method}, which is not read; unpack the archive")
        if flags & 1:
            how = "encrypted; unpack the archive with its password"
        elif mode and not (stat.S_ISREG(mode) or stat.S_IFMT(mode) == 0):
            how = "a link or device, which is never followed"
        yield Member(text, start + shift, packed, size, crc, how)


def _to_directory(file: BinaryIO) -> tuple[int, int]:
    """(number of members, bytes before the archive's own first byte), the file put at the central directory."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 65_557))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or end < 22:
        raise BrokenArchive("not a zip file, or cut: it has no directory at its end; fetch it again")
    place = end - len(tail) + at
    count, size, start = struct.unpack("<10xH2L", tail[at : at + 20])
    file.seek(max(0, place - 20))
    mark, where = struct.unpack("<4s4xQ4x", file.read(20))
    if mark == b"PK\6\7":
        file.seek(where)
        mark, count, size, start = struct.unpack("<4s28x3Q", file.read(56))
        if mark != b"PK\6\6":
            raise BrokenArchive("its zip64 directory is damaged; fetch it again")
        place = where
    shift = place - size - start
    if shift < 0:
        raise BrokenArchive("its directory does not lie where it says; fetch it again")
    file.seek(start + shift)
    return count, shift


def _large(extra: bytes, *values: int) -> Iterator[int]:
    """The values, those of all ones taken from the zip64 field."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, at)
        if tag == 1:
            wide = struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8])
            return (next(wide, (0,))[0] if value == 0xFFFFFFFF else value for value in values)
        at += 4 + length
    return iter(values)


class _Header(tarfile.TarInfo):
    """A tar header that reads no long name or pax record of more than MAX_HEADER bytes into memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.size < 0 or (self.type in b"LKxgX" and self.size > MAX_HEADER):
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]


def _tar_members(file: BinaryIO) -> Iterator[Member]:
    with tarfile.open(fileobj=file, mode="r:", tarinfo=_Header) as archive:
        while (info := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # else every member stays in memory
            if info.size < 0:
                raise tarfile.ReadError("a member of less than no bytes")
            if info.isdir():
                continue
            how = STORED if info.isreg() and not info.issparse() else "a link or device, which is never followed"
            yield Member(info.name, info.offset_data, info.size, info.size, -1, how)
        file.seek(archive.offset)
        if any(file.read(512)):
            raise BrokenArchive(f"its header at byte {archive.offset} is damaged; fetch it again")


def read_member(file: int, member: Member, archive: str, limit: int) -> bytes:
    """The bytes of a member of the archive open as ``file``; UnreadableMedia where they are not what it tells."""
    where = f"{member.name!r} in {os.path.basename(archive)}"
    if member.how not in (STORED, DEFLATED):
        raise UnreadableMedia(f"{where} is {member.how}")
    if member.size > limit or member.packed > 2 * member.size + 1024:
        raise UnreadableMedia(f"{where} tells {member.packed} -> {member.size} bytes, taken for a decompression bomb")
    start = member.start
    if kind(archive) == "zip":
        head = os.pread(file, 30, start)
        if len(head) < 30 or head[:4] != b"PK\3\4":
            raise UnreadableMedia(f"{where} does not lie where the archive says")
        start += 30 + sum(struct.unpack("<26x2H", head))
    data = os.pread(file, member.packed, start)
    try:
        if member.how == DEFLATED:
            stream = zlib.decompressobj(-15)
            data = stream.decompress(data, member.size + 1)
    except zlib.error:
        raise UnreadableMedia(f"{where} is damaged") from None
    if len(data) != member.size:
        raise UnreadableMedia(f"{where} holds other than the {member.size} bytes it tells")
    if member.crc >= 0 and zlib.crc32(data) != member.crc:
        raise UnreadableMedia(f"{where} is damaged: its checksum differs")
    return data
