"""Pictures from their bytes: JPEG by libjpeg-turbo, all else and whatever it refuses by Pillow's allow-list; no pickle.

Exact (the default) is bit-equal to Pillow. Fast lets libjpeg-turbo decode at 1/2, 1/4 or 1/8 (its scaled inverse DCT)
where the picture is shown at less than that: against exact, the shared photographs differ by 45 dB at 1600x1200 for
336 pixels, and the sharpest of them at its own size by 41 dB at the least ratio (:data:`LEAST_RATIO`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vlit_hub.media import MAX_PIXELS, UnreadableMedia, open_image

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image
    import pyarrow as pa

Size = tuple[int, int]
"""(width, height) in pixels."""
Box = tuple[float, float, float, float]
"""left, top, right, bottom in pixels of the stored picture."""
FACTORS = (8, 4, 2)
"""Halvings: the other eighths have no vector code in libjpeg-turbo and gain little."""
LEAST_RATIO = 1.75
"""A reduced picture keeps so many pixels per pixel shown; below, what differs can be seen (33 dB at a ratio of 1)."""
JPEG = b"\xff\xd8\xff"
SPACES = ("YCbCr", "Gray")
"""Colour spaces of JPEGs that libjpeg-turbo decodes here. Others (CMYK, YCCK, plain RGB) go to Pillow."""


class Decoded(NamedTuple):
    """A picture, its EXIF orientation not applied, and its stored size, of which it may be an even fraction."""

    image: PIL.Image.Image
    size: Size


def decode(data: bytes | memoryview, shown: Size | None = None) -> Decoded:
    """The picture of these bytes in its stored mode; raises UnreadableMedia, for a truncated one or a bomb too.

    ``shown``: the size at which all of it will be used. A JPEG whose sides divide evenly then comes reduced, so that
    resizing it stays a resize of the same frame.
    """
    import PIL.Image

    found = _jpeg(data, shown, "RGBX", even=True)
    if found is None:
        image = open_image(bytes(data))
        return Decoded(image, image.size)
    height, width, bands = found.pixels.shape
    if bands == 1:
        return Decoded(PIL.Image.frombytes("L", (width, height), found.pixels), found.size)
    return Decoded(PIL.Image.fromarrow(_arrow(found.pixels), "RGB", (width, height)), found.size)


def _arrow(pixels: np.ndarray) -> pa.Array:
    """Bytes of shape (height, width, 4) as Arrow's (height * width) lists of 4, which Pillow takes without a copy."""
    import pyarrow as pa

    flat = pa.Array.from_buffers(pa.uint8(), pixels.size, [None, pa.py_buffer(pixels)])
    return pa.FixedSizeListArray.from_arrays(flat, 4)


def resized(data: bytes | memoryview, size: Size, *, box: Box | None = None, fast: bool = False) -> np.ndarray:
    """``box`` of a picture (all of it by default) as RGB at ``size``, bicubic: uint8 of shape (height, width, 3).

    Exact is ``Image.open(...).convert("RGB").resize(size, BICUBIC, box)``, bit for bit. Fast needs torch. Raises
    UnreadableMedia, and ValueError for a box beyond the picture.
    """
    import numpy as np
    import PIL.Image

    if fast and (found := _jpeg(data, size, "RGB", even=False, box=box)) is not None:
        crop = _inside(box, found.size, found.factor)
        if all(edge == int(edge) for edge in crop):
            return _by_torch(found.pixels, size, crop)
        pixels = np.broadcast_to(found.pixels, (*found.pixels.shape[:2], 3))
        image = PIL.Image.fromarray(np.ascontiguousarray(pixels))
    else:
        image, stored = decode(data)
        crop = _inside(box, stored, 1)
    image = image if image.mode == "RGB" else image.convert("RGB")
    return np.asarray(image.resize(size, PIL.Image.Resampling.BICUBIC, box=crop))


def _inside(box: Box | None, size: Size, factor: int) -> Box:
    """The box in pixels of the picture reduced by ``factor``."""
    left, top, right, bottom = box or (0, 0, *size)
    if not (0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]):
        raise ValueError(f"box {box} does not lie in a picture of {size[0]}x{size[1]}")
    return left / factor, top / factor, right / factor, bottom / factor


def _by_torch(pixels: np.ndarray, size: Size, crop: Box) -> np.ndarray:
    """Whole pixels ``crop`` of (height, width, channels) at ``size``: torch resizes bytes with vector code, and gives
    them back in the order in which it got them."""
    import numpy as np
    import torch

    left, top, right, bottom = map(int, crop)
    source = torch.from_numpy(pixels[top:bottom, left:right]).permute(2, 0, 1)[None]
    source = source.contiguous(memory_format=torch.channels_last)
    shown = torch.nn.functional.interpolate(source, (size[1], size[0]), mode="bicubic", antialias=True)[0]
    return np.ascontiguousarray(shown.expand(3, -1, -1).permute(1, 2, 0).numpy())


class _Pixels(NamedTuple):
    pixels: np.ndarray
    """uint8 of shape (height, width, channels of the layout; 1 for a grey one)."""
    size: Size
    """Stored."""
    factor: int
    """By which it was reduced, sides rounded up."""


def _jpeg(
    data: bytes | memoryview, shown: Size | None, layout: str, *, even: bool, box: Box | None = None
) -> _Pixels | None:
    """None where Pillow is to do it."""
    import simplejpeg

    if data[:3] != JPEG:
        return None
    try:
        height, width, space, _ = simplejpeg.decode_jpeg_header(data)
        if width * height > MAX_PIXELS:
            raise UnreadableMedia(f"{width}x{height} pixels: taken for a decompression bomb")
        if space not in SPACES:
            return None
        factor = _factor((width, height), shown, even, box)
        least_width, least_height = (-(-width // factor), -(-height // factor)) if factor > 1 else (0, 0)
        pixels = simplejpeg.decode_jpeg(
            data, "GRAY" if space == "Gray" else layout, min_width=least_width, min_height=least_height
        )
    except UnreadableMedia:
        raise
    except ValueError:  # truncated, damaged or of a kind that it does not know
        return None
    return _Pixels(pixels, (width, height), factor)


def _factor(stored: Size, shown: Size | None, even: bool, box: Box | None) -> int:
    """By how much a picture may be reduced when ``box`` of it is shown at that size."""
    if shown is None:
        return 1
    left, top, right, bottom = box or (0, 0, *stored)
    ratio = min((right - left) / shown[0], (bottom - top) / shown[1])
    for factor in FACTORS:
        if ratio >= factor * LEAST_RATIO and not (even and (stored[0] % factor or stored[1] % factor)):
            return factor
    return 1
