"""The forms in which videos, sounds and point clouds are kept: checked by their first bytes, unsafe ones refused."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO

from vlit_hub.media_errors import UnreadableMedia
from vlit_hub.schema import Blob

if TYPE_CHECKING:
    import numpy as np


def ready(type: str, blob: Blob, full_colour: float = 1.0) -> Blob:
    """A video, sound or point cloud that was found, in the form the schema keeps it in. Raises UnreadableMedia.

    Videos and sounds stay the files they are (:func:`check_stream`), point clouds stay too or become bytes
    (:func:`point_cloud`).
    """
    source = blob.path if blob.bytes is None else blob.bytes
    if type != "point_cloud":
        check_stream(source)
        return blob
    made = point_cloud(source, full_colour)
    return blob if made is None else Blob(bytes=made)


FOREIGN = {b"\x80": "a pickle", b"PK\x03\x04": "a zip archive or a torch file", b"\x93NUMPY": "a .npy array"}
"""How a file begins that holds features or code in place of a video or sound."""


def check_stream(source: str | bytes) -> None:
    """Raise UnreadableMedia for an empty or unreadable video or sound, and for pickled or packed features in its place.

    Only the first bytes are read; nothing is decoded.
    """
    try:
        with _open(source) as file:
            head = file.read(8)
    except OSError as error:
        raise UnreadableMedia(f"cannot be read ({error.strerror or type(error).__name__})") from None
    if not head:
        raise UnreadableMedia("an empty file")
    if kind := next((kind for magic, kind in FOREIGN.items() if head.startswith(magic)), ""):
        raise UnreadableMedia(f"{kind} is never loaded; give the video or sound file itself (mp4, webm, wav, mp3 ...)")


NPY = "save it with numpy.save(file, points, allow_pickle=False) as float32 (N, 3 or 6): x, y, z, then r, g, b in 0..1"
MAX_POINTS = 50_000_000


def point_cloud(source: str | bytes, full_colour: float = 1.0) -> bytes | None:
    """None for a ``.npy`` of C-order float32 (N, 3 or 6), told by its header alone; else the bytes of one made of it.

    Numbers of another type become float32, colours are divided by ``full_colour``. Raises UnreadableMedia, which names
    the safe form, for any other file (ply, pcd, text, archive), pickled objects, another shape or a truncated array.
    """
    import numpy as np

    try:
        with _open(source) as file:
            shape, fortran_order, dtype = _npy_header(file)
            if dtype.hasobject:
                raise UnreadableMedia(f"an array of pickled objects is never loaded; {NPY}")
            if dtype.kind not in "fiu" or len(shape) != 2 or shape[1] not in (3, 6) or not 0 < shape[0] <= MAX_POINTS:
                raise UnreadableMedia(f"an array of {dtype} {shape} is no point cloud; {NPY}")
            start = file.tell()
            if file.seek(0, os.SEEK_END) != start + shape[0] * shape[1] * dtype.itemsize:
                raise UnreadableMedia(f"the array is cut or followed by something; {NPY}")
            if dtype == np.dtype("<f4") and not fortran_order and (shape[1] == 3 or full_colour == 1):
                return None
            file.seek(start)
            flat = np.frombuffer(file.read(), dtype)
    except OSError as error:
        raise UnreadableMedia(f"cannot be read ({error.strerror or type(error).__name__})") from None
    points = flat.reshape(shape, order="F" if fortran_order else "C").astype("<f4", order="C")
    points[:, 3:] /= full_colour
    made = io.BytesIO()
    np.save(made, points, allow_pickle=False)
    return made.getvalue()


def _npy_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    from numpy.lib import format as npy

    try:
        version = npy.read_magic(file)
        return npy.read_array_header_1_0(file) if version == (1, 0) else npy.read_array_header_2_0(file)
    except ValueError:
        raise UnreadableMedia(f"not a .npy file; {NPY}") from None


def _open(source: str | bytes) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb")
