"""Frames of videos against videos whose frames show their own number, and against hostile files."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from vlit_hub import video
from vlit_hub.media_errors import UnreadableMedia
from vlit_hub.video import frames

BITS = 8
FORMS = [("mp4", "libx264"), ("webm", "libvpx-vp9"), ("webm", "libvpx"), ("avi", "mpeg4"), ("mpegts", "libx264"),
         ("matroska", "mpeg4"), ("mpeg", "mpeg2video"), ("gif", "gif")]  # fmt: skip


def numbered(count: int = 60, rate: int = 10, form: str = "mp4", codec: str = "libx264", size: int = 64, **options):
    """A video whose frame i shows i: eight black or white columns are its bits."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, options={"g": "12", **options})
        stream.width, stream.height = size, size
        stream.pix_fmt = {"gif": "rgb8"}.get(codec, "yuv420p")
        for i in range(count):
            columns = np.repeat([255 * (i >> bit & 1) for bit in range(BITS)], size // BITS).astype(np.uint8)
            picture = np.repeat(np.tile(columns, (size, 1))[..., None], 3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def number(picture) -> int:
    columns = np.asarray(picture.convert("L"))[picture.height // 2].reshape(BITS, -1).mean(axis=1)
    return sum(int(value > 128) << bit for bit, value in enumerate(columns))


def seen(source: str | bytes, **choice) -> list[int]:
    """The numbers in the pixels, having checked that each time is the one of its number."""
    found = frames(source, **choice)
    numbers = [number(frame.picture) for frame in found]
    assert [frame.time for frame in found] == pytest.approx([i / 10 for i in numbers], abs=0.006)
    return numbers


@pytest.fixture(scope="module")
def mp4() -> bytes:
    return numbered()


@pytest.mark.parametrize(("form", "codec"), FORMS)
def test_frames_are_the_ones_asked_for_in_every_container(form: str, codec: str, tmp_path: Path) -> None:
    path = tmp_path / "a.video"
    path.write_bytes(numbered(form=form, codec=codec))
    assert seen(str(path), uniform=6) == [5, 15, 25, 35, 45, 55]
    assert seen(path.read_bytes(), fps=2) == list(range(0, 60, 5))
    assert seen(str(path), fps=5, start=2.0, end=3.0) == [20, 22, 24, 26, 28]
    assert seen(str(path), fps=10) == list(range(60))


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        ({"uniform": 1}, [30]),
        ({"uniform": 60}, list(range(60))),
        ({"uniform": 1000}, list(range(60))),
        ({"uniform": 4, "start": 1.0, "end": 1.4}, [10, 11, 12, 13]),
        ({"uniform": 2, "start": 5.0}, [52, 57]),
        ({"uniform": 2, "end": 1.0}, [2, 7]),
        ({"uniform": 3, "start": 1.02, "end": 1.08}, [10]),
        ({"uniform": 3, "start": 5.95}, [59]),
        ({"uniform": 2, "start": 5.0, "end": 500.0}, [52, 57]),
        ({"fps": 1}, [0, 10, 20, 30, 40, 50]),
        ({"fps": 0.1}, [0]),
        ({"fps": 1000}, list(range(60))),
        ({"fps": 3, "end": 1.0}, [0, 3, 7]),
        ({"fps": 1, "start": 0.5, "end": 3.0}, [5, 15, 25]),
        ({"fps": 1, "start": 1.02, "end": 1.08}, [10]),
    ],
)
def test_sampling(mp4: bytes, choice: dict, numbers: list[int]) -> None:
    assert seen(mp4, **choice) == numbers


@pytest.mark.parametrize(
    "choice",
    [{}, {"uniform": 1, "fps": 1}, {"uniform": 0}, {"fps": 0}, {"fps": float("nan")}, {"uniform": 1, "start": -1},
     {"uniform": 1, "start": 2, "end": 2}, {"uniform": 1, "start": float("nan")}],
)  # fmt: skip
def test_arguments_that_name_no_frames(mp4: bytes, choice: dict) -> None:
    with pytest.raises(ValueError, match="give uniform|a clip from"):
        frames(mp4, **choice)


def test_a_clip_beyond_the_end(mp4: bytes) -> None:
    with pytest.raises(UnreadableMedia, match=r"begins at 6.0 s, the video ends at 6.000 s"):
        frames(mp4, uniform=1, start=6.0)


def sound() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def test_what_is_no_video_is_refused(mp4: bytes) -> None:
    hostile = {
        "empty": b"",
        "text": b"x" * 5000,
        "cut in its index": mp4[: len(mp4) // 2],
        "cut at the end": numbered(movflags="faststart")[:-200],
        "cut stream": (cut := numbered(form="matroska", codec="mpeg4"))[: len(cut) // 2],
        "no picture stream": sound(),
        "no frames": numbered(0, form="matroska"),
        "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        "list of files": b"ffconcat version 1.0\nfile /etc/hostname\n",
        "zip": b"PK\x03\x04" + bytes(100),
    }
    for what, data in hostile.items():
        with pytest.raises(UnreadableMedia):
            print(what, frames(data, uniform=8))


def test_a_damaged_stream_gives_true_frames_or_an_error(mp4: bytes) -> None:
    damaged = bytearray(mp4)
    for at in range(len(mp4) // 4, len(mp4) // 2, 97):
        damaged[at] ^= 0xFF
    try:
        found = frames(bytes(damaged), uniform=6)
    except UnreadableMedia:
        return
    assert len(found) == 6 and {frame.picture.size for frame in found} == {(64, 64)}


def test_large_frames_and_too_many_are_refused(mp4: bytes, monkeypatch) -> None:
    monkeypatch.setattr(video, "MAX_PIXELS", 10 * 64 * 64)
    assert len(frames(mp4, uniform=10)) == 10
    with pytest.raises(UnreadableMedia, match="11 frames of 64x64 are too many"):
        frames(mp4, uniform=11)
    monkeypatch.setattr(video, "MAX_FRAMES", 59)
    with pytest.raises(UnreadableMedia, match="more than 59 frames"):
        frames(mp4, uniform=1)
    monkeypatch.setattr(video, "MAX_FRAME_PIXELS", 64 * 63)
    with pytest.raises(UnreadableMedia, match="frames of 64x64 are taken for a decompression bomb"):
        frames(mp4, uniform=1)


def test_a_header_that_tells_huge_frames_allocates_nothing() -> None:
    """A Matroska header whose width and height of 512 are raised to 16,128 each."""
    data = numbered(4, form="matroska", codec="rawvideo", size=512)
    for tag in (b"\xb0", b"\xba"):  # PixelWidth, PixelHeight
        assert data.count(tag + b"\x82\x02\x00") == 1
        data = data.replace(tag + b"\x82\x02\x00", tag + b"\x82\x3f\x00")
    code = (
        "import re, sys; from vlit_hub.video import frames\n"
        "try: frames(sys.stdin.buffer.read(), uniform=2)\n"
        "except ValueError as error: print(error)\n"
        "print(re.search('VmHWM: *(.*) kB', open('/proc/self/status').read().replace(chr(9), ' '))[1])"
    )
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    said, peak = done.stdout.decode().splitlines()
    assert said == "frames of 16128x16128 are taken for a decompression bomb" and int(peak) < 300_000
