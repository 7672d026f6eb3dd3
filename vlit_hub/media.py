"""Open, size and check pictures, safely: of known forms only, never a decompression bomb."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vlit_hub.media_errors import UnreadableMedia

if TYPE_CHECKING:
    import PIL.Image

MAX_PIXELS = 178_956_970
"""Pictures above this many pixels are taken for decompression bombs (Pillow's own error limit, 2 x its warning)."""
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
