"""A POSIX ustar header, and the extension that a medium's bytes deserve."""

from __future__ import annotations

import re
import struct

BLOCK = 512
END = bytes(2 * BLOCK)
"""The two empty blocks that close an archive."""
MAX_NAME = 100
MAX_SIZE = 8**11 - 1

IMAGE_EXTENSIONS = frozenset({"jpg", "png", "gif", "bmp", "webp", "tif"})
MAGIC: tuple[tuple[str, int, bytes], ...] = (
    ("jpg", 0, b"\xff\xd8\xff"),
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("gif", 0, b"GIF8"),
    ("webp", 8, b"WEBP"),
    ("wav", 8, b"WAVE"),
    ("avi", 8, b"AVI "),
    ("bmp", 6, b"\0\0\0\0"),
    ("tif", 0, b"II*\0"),
    ("tif", 0, b"MM\0*"),
    ("npy", 0, b"\x93NUMPY"),
    ("m4a", 4, b"ftypM4A"),
    ("mov", 4, b"ftypqt"),
    ("mp4", 4, b"ftyp"),
    ("mkv", 0, b"\x1a\x45\xdf\xa3"),
    ("ogg", 0, b"OggS"),
    ("flac", 0, b"fLaC"),
    ("mp3", 0, b"ID3"),
    ("mp3", 0, b"\xff\xfb"),
)
CONTAINER = {"webp": b"RIFF", "wav": b"RIFF", "avi": b"RIFF", "bmp": b"BM"}
"""What such a file begins with, beside its mark further on."""
# No name that a reader would decode, unpack or run (npy, pkl, json, gz, pcd, ...) is taken from a reference.
FROM_REFERENCE = IMAGE_EXTENSIONS | {
    "mp4",
    "mov",
    "avi",
    "mkv",
    "webm",
    "mpg",
    "wav",
    "mp3",
    "flac",
    "ogg",
    "m4a",
    "aac",
}
ALIASES = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "tiff": "tif", "mpeg": "mpg"}
EXTENSIONS = FROM_REFERENCE | ALIASES.keys() | {"npy", "bin"}
"""What a medium may be called to be read at all."""
_HEADER = struct.Struct("100s 8s 8s 8s 12s 12s 8s c 100s 6s 2s 32s 32s 8s 8s 155s 12x")
"""name, mode, uid, gid, size, mtime, checksum, type, link, magic, version, user, group, device (2), prefix."""


def extension(data: bytes, ref: str = "") -> str:
    """The extension by the bytes; else by the file name or URL ``ref``, if it names a known medium; else ``bin``."""
    for ext, offset, magic in MAGIC:
        if data.startswith(magic, offset) and data.startswith(CONTAINER.get(ext, b"")):
            return ext
    match = re.search(r"\.([a-z0-9]+)(?:[?#].*)?$", ref.lower())
    named = ALIASES.get(match[1], match[1]) if match else ""
    return named if named in FROM_REFERENCE else "bin"


def header(name: str, size: int) -> bytes:
    """The 512-byte header of a regular file (mode 644, owner 0, time 0); raises ValueError beyond ustar's limits."""
    encoded = name.encode("ascii")
    if len(encoded) > MAX_NAME or size > MAX_SIZE:
        raise ValueError(
            f"{name!r} ({size} bytes): ustar takes names up to {MAX_NAME} and files up to {MAX_SIZE} bytes"
        )
    digits = b"%011o" % size
    # Only name and size vary, so the checksum (the sum of all bytes) is that of an empty header plus theirs.
    checksum = _EMPTY_SUM + sum(encoded) + sum(digits)
    return _header(encoded, digits, b"%06o\x00 " % checksum)


def _header(name: bytes, size: bytes, checksum: bytes) -> bytes:
    zero = b"0000000"
    return _HEADER.pack(
        name, b"0000644", zero, zero, size, b"0" * 11, checksum, b"0", b"", b"ustar", b"00", b"", b"", zero, zero, b""
    )


_EMPTY_SUM = sum(_header(b"", b"", b" " * 8))


def padding(size: int) -> bytes:
    """The zero bytes after a member of ``size`` bytes."""
    return bytes(-size % BLOCK)
