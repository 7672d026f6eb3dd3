"""Pictures in several encodings."""

import io

from PIL import Image


def encoded(picture: Image.Image, form: str = "png", scale: float = 1.0, **options) -> bytes:
    """The picture, resized, as bytes of that form."""
    if scale != 1:
        size = (round(picture.width * scale), round(picture.height * scale))
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()
