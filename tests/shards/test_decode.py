"""Decoded pictures beside Pillow's: bit-equal, or near and told how near."""

from __future__ import annotations

import io
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from vlit_hub.media import MAX_PIXELS, UnreadableMedia
from vlit_hub.shards.decode import LEAST_RATIO, decode, resized

BICUBIC = Image.Resampling.BICUBIC


@cache
def photo(size: tuple[int, int], name: str = "astronaut") -> Image.Image:
    return Image.fromarray(getattr(photographs, name)()).convert("RGB").resize(size, BICUBIC)


def jpeg(image: Image.Image, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **{"quality": 90} | options)
    return out.getvalue()


def pillow(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    error = np.square(one.astype(float) - other.astype(float)).mean()
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def central(size: tuple[int, int]) -> tuple[float, float, float, float]:
    side = min(size)
    left, top = (size[0] - side) / 2, (size[1] - side) / 2
    return left, top, left + side, top + side


JPEGS = {
    "4:4:4": lambda: jpeg(photo((97, 61)), subsampling=0),
    "4:2:2": lambda: jpeg(photo((97, 61)), subsampling=1),
    "4:2:0": lambda: jpeg(photo((97, 61)), subsampling=2),
    "progressive": lambda: jpeg(photo((97, 61)), progressive=True),
    "optimised, restart markers": lambda: jpeg(photo((97, 61)), optimize=True, restart_marker_blocks=3),
    "grey": lambda: jpeg(photo((97, 61)).convert("L")),
    "cmyk": lambda: jpeg(photo((97, 61)).convert("CMYK")),
    "kept as RGB": lambda: jpeg(photo((97, 61)), keep_rgb=True),
    "orientation in EXIF": lambda: jpeg(photo((97, 61)), exif=_turned()),
    "one pixel": lambda: jpeg(photo((1, 1))),
    "low quality": lambda: jpeg(photo((97, 61)), quality=3),
    "bytes behind the end": lambda: jpeg(photo((97, 61))) + b"\0" * 100,
}


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.mark.parametrize("kind", JPEGS)
def test_exact_is_bit_equal_to_pillow(kind):
    data = JPEGS[kind]()
    ours, theirs = decode(data), pillow(data)
    assert (ours.image.mode, ours.image.size, ours.size) == (theirs.mode, theirs.size, theirs.size)
    assert ours.image.tobytes() == theirs.tobytes()
    box = central(theirs.size)
    expected = np.asarray(theirs.convert("RGB").resize((24, 20), BICUBIC, box=box))
    assert np.array_equal(resized(memoryview(data), (24, 20), box=box), expected)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_other_pictures_are_pillows(kind):
    out = io.BytesIO()
    photo((33, 21)).save(out, kind)
    ours, theirs = decode(out.getvalue()), pillow(out.getvalue())
    assert (ours.image.mode, ours.image.tobytes()) == (theirs.mode, theirs.tobytes())
    near = resized(out.getvalue(), (10, 10), fast=True)
    assert np.array_equal(near, np.asarray(theirs.convert("RGB").resize((10, 10), BICUBIC)))


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
@pytest.mark.parametrize(
    ("size", "side"), [((640, 480), 336), ((1600, 1200), 336), ((1201, 903), 224), ((801, 901), 97)]
)
def test_fast_is_near_exact(name, size, side):
    data = jpeg(photo(size, name))
    for box in (None, central(size)):
        exact, fast = (resized(data, (side, side), box=box, fast=fast) for fast in (False, True))
        assert psnr(fast, exact) >= 42


def test_fast_on_the_shared_photographs():
    folder = Path(__file__).parents[3] / "shared/coco/images"
    files = sorted(folder.glob("*.jpg"))
    if not files:
        pytest.skip(f"no photographs in {folder}")
    for number, file in enumerate(files):
        data = file.read_bytes()
        width, height = pillow(data).size
        least = int(min(width, height) / 2 / LEAST_RATIO)
        for side, bar in ((336, 42), (least, 41), (least // 2, 41)):
            assert psnr(resized(data, (side, side), fast=True), resized(data, (side, side))) >= bar, file.name
        if number % 5 == 0:
            large = jpeg(pillow(data).resize((1600, 1200), BICUBIC))
            assert psnr(resized(large, (336, 336), fast=True), resized(large, (336, 336))) >= 42, file.name


@pytest.mark.parametrize(
    ("stored", "shown", "expected"),
    [
        ((1600, 1200), None, (1600, 1200)),
        ((1600, 1200), (336, 336), (800, 600)),
        ((1600, 1200), (448, 336), (800, 600)),
        ((1600, 1200), (168, 168), (400, 300)),
        ((1600, 1200), (80, 80), (200, 150)),
        ((1600, 1200), (10, 10), (200, 150)),
        ((640, 480), (336, 336), (640, 480)),
        ((1602, 1202), (168, 168), (801, 601)),  # a quarter is no whole number of pixels
        ((1601, 1200), (168, 168), (1601, 1200)),
        ((1600, 1200), (1600, 1200), (1600, 1200)),
    ],
)
def test_what_is_shown_small_comes_reduced_evenly(stored, shown, expected):
    ours = decode(jpeg(photo(stored)), shown)
    assert (ours.image.size, ours.size) == (expected, stored)


def test_grey_pictures_are_reduced_too():
    data = jpeg(photo((1600, 1200)).convert("L"))
    assert (decode(data, (300, 300)).image.mode, decode(data, (300, 300)).image.size) == ("L", (800, 600))
    assert psnr(resized(data, (300, 300), fast=True), resized(data, (300, 300))) >= 42


def _bomb() -> bytes:
    data = bytearray(jpeg(Image.new("L", (8, 8))))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = b"\xff\xff\xff\xff"  # 65535 x 65535
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a readable picture"),
        (b"\xff\xd8\xff", "not a readable picture"),
        (JPEGS["4:2:0"]()[:-200], "not a readable picture"),
        (JPEGS["progressive"]()[:900], "not a readable picture"),
        (b"GIF89a", "not a readable picture"),
        (b"\x80\x04\x95" + b"." * 40, "not a readable picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a readable picture"),
        (_bomb(), "bomb"),
    ],
)
@pytest.mark.parametrize("fast", [False, True])
def test_what_is_no_whole_picture_is_refused(data, why, fast):
    assert MAX_PIXELS < 65535 * 65535
    with pytest.raises(UnreadableMedia, match=why):
        resized(data, (8, 8), fast=fast)
    with pytest.raises(UnreadableMedia, match=why):
        decode(data)


def test_a_box_beyond_the_picture_is_refused():
    for fast in (False, True):
        with pytest.raises(ValueError, match=r"box \(0, 0, 98, 61\) does not lie in a picture of 97x61"):
            resized(JPEGS["4:4:4"](), (8, 8), box=(0, 0, 98, 61), fast=fast)
