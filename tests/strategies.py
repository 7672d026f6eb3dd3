"""Hypothesis strategies of canonical Samples: every column in use, everything ``canonical.validate`` accepts."""

from __future__ import annotations

import io
import struct
import wave
from functools import cache

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy, composite
from PIL import Image

from vlit_hub import canonical, schema
from vlit_hub.schema import COLUMNS, Blob, Mask, Media, Message, Part, Region, Sample, Span

INT32 = st.integers(-(2**31), 2**31 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(max_size=12)
JSON_TEXT = st.sampled_from(["", "{}", '{"a": [1, null, "ü"]}', "[]"])
MEDIA_TYPES = tuple(COLUMNS)


@cache
def picture(number: int, kind: str = "PNG", size: tuple[int, int] = (3, 2)) -> bytes:
    """A small valid picture; different numbers give different bytes. ``kind`` is a PIL format."""
    buffer = io.BytesIO()
    color = (number * 37 % 256, number * 101 % 256, number % 256)
    Image.new("RGB", size, color).save(buffer, kind)
    return buffer.getvalue()


@cache
def sound(number: int) -> bytes:
    """A small valid wav."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack("<4h", *range(number, number + 4)))
    return buffer.getvalue()


@cache
def cloud(number: int) -> bytes:
    """A point cloud of 3 points, .npy float32 (3, 6)."""
    buffer = io.BytesIO()
    np.save(buffer, np.full((3, 6), number, np.float32))
    return buffer.getvalue()


def film(number: int) -> bytes:
    """The first box of an mp4: enough to be told apart, not to be played."""
    return b"\0\0\0\x14ftypisom\0\0\0\0isom" + bytes([number])


_NUMBERS = st.integers(0, 7)
BYTES: dict[str, SearchStrategy[bytes]] = {
    "image": st.builds(picture, _NUMBERS, st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP"])),
    "video": st.builds(film, _NUMBERS),
    "audio": st.builds(sound, _NUMBERS),
    "point_cloud": st.builds(cloud, _NUMBERS),
}


@composite
def samples(draw: DrawFn, max_images: int = 4, missing: bool = True) -> Sample:
    """Canonical samples. ``missing``: whether media may be missing."""
    limits = {"image": max_images, "video": 1, "audio": 1, "point_cloud": 1}
    counts = {kind: draw(st.integers(0, limit)) for kind, limit in limits.items()}
    regions = draw(_regions(counts))
    messages = draw(_messages(counts, len(regions)))
    choices = draw(st.lists(TEXT, max_size=3))
    sample = Sample(
        messages=messages,
        task=draw(st.sampled_from(list(schema.TASKS))),
        instruction_type=draw(st.sampled_from(list(schema.INSTRUCTION_TYPES))),
        ability=draw(st.sampled_from(list(schema.ABILITIES))),
        language=draw(st.sampled_from(["en", "de", "zh-Hans", "pt-BR"])),
        regions=regions,
        spans=draw(_spans(messages, len(regions))),
        choices=choices,
        correct=draw(st.integers(-1, len(choices) - 1)),
        answers=draw(st.lists(TEXT, max_size=3)),
        tools=draw(JSON_TEXT),
        media=draw(_media(counts)),
        group=draw(TEXT),
        id=draw(TEXT),
        dataset=draw(st.sampled_from(["demo", "other-set"])),
        subset=draw(st.sampled_from(["default", "v1.5"])),
        split=draw(st.sampled_from(["train", "validation"])),
        meta=draw(JSON_TEXT),
        **{column: draw(_blobs(kind, counts[kind], missing)) for kind, column in COLUMNS.items()},
    )
    canonical.validate(sample)
    return sample


def _blobs(kind: str, count: int, missing: bool) -> SearchStrategy[list[Blob | None]]:
    present = st.builds(Blob, bytes=BYTES[kind])
    return st.lists(st.none() | present if missing else present, min_size=count, max_size=count)


@composite
def _messages(draw: DrawFn, counts: dict[str, int], regions: int) -> list[Message]:
    """Media in order of first use, repeated now and then; some stay unmentioned."""
    seen = dict.fromkeys(counts, 0)
    usable = ["text", "region", *(kind for kind, count in counts.items() if count)]
    messages = []
    for role in draw(st.lists(st.sampled_from(list(schema.ROLES)), max_size=4)):
        parts = []
        for kind in draw(st.lists(st.sampled_from(usable), max_size=4)):
            if kind == "text":
                parts.append(Part(text=draw(TEXT)))
            elif kind == "region":
                parts.append(Part(type="region", text=draw(TEXT), regions=draw(_indices(regions))))
            else:
                index = draw(st.integers(0, min(seen[kind], counts[kind] - 1)))
                seen[kind] = max(seen[kind], index + 1)
                parts.append(Part(type=kind, index=index))  # type: ignore[arg-type]
        messages.append(Message(role=role, content=parts, train=draw(st.booleans()), tool_calls=draw(JSON_TEXT)))  # type: ignore[arg-type]
    return messages


def _indices(count: int) -> SearchStrategy[list[int]]:
    return st.lists(st.integers(0, count - 1), max_size=3) if count else st.just([])


@composite
def _regions(draw: DrawFn, counts: dict[str, int]) -> list[Region]:
    targets = [(kind, index) for kind, count in counts.items() for index in range(count)]
    return [draw(_region(*draw(st.sampled_from(targets)))) for _ in range(draw(st.integers(0, 3)))] if targets else []


@composite
def _region(draw: DrawFn, modality: str, index: int) -> Region:
    kind = draw(st.sampled_from(list(schema.REGION_KINDS)))
    geometry: dict[str, object] = {}
    if kind == "box" or draw(st.booleans()):
        x1, x2 = sorted(draw(st.tuples(FLOATS, FLOATS)))
        y1, y2 = sorted(draw(st.tuples(FLOATS, FLOATS)))
        geometry["box"] = [x1, y1, x2, y2]
    if kind == "point":
        geometry["points"] = [[draw(FLOATS), draw(FLOATS)]]
    if kind == "polygon":
        ring = st.lists(FLOATS, max_size=6).map(lambda xs: xs[: len(xs) // 2 * 2])
        geometry["points"] = draw(st.lists(ring, min_size=1, max_size=2))
    if kind == "mask":
        geometry["mask"] = Mask(size=draw(st.lists(st.integers(1, 999), min_size=2, max_size=2)), counts=draw(TEXT))
    if kind == "interval":
        geometry["start"], geometry["end"] = sorted(draw(st.tuples(FLOATS, FLOATS)))
    return Region(  # type: ignore[misc]
        modality=modality,  # type: ignore[arg-type]
        index=index,
        kind=kind,  # type: ignore[arg-type]
        frame=draw(st.sampled_from(list(schema.FRAMES))),  # type: ignore[arg-type]
        label=draw(TEXT),
        score=draw(st.none() | FLOATS),
        native=draw(TEXT),
        **geometry,  # type: ignore[arg-type]
    )


@composite
def _spans(draw: DrawFn, messages: list[Message], regions: int) -> list[Span]:
    spans = []
    for _ in range(draw(st.integers(0, 2)) if messages else 0):
        message = draw(st.integers(0, len(messages) - 1))
        length = len(schema.text_of(messages[message]))
        inner = st.tuples(st.integers(0, length), st.integers(0, length)).map(sorted)
        start, end = draw(st.just((-1, -1)) | inner)
        kind = draw(st.sampled_from(list(schema.SPAN_KINDS)))
        value, tied = draw(TEXT), draw(_indices(regions))
        spans.append(Span(message=message, kind=kind, start=start, end=end, value=value, regions=tied))  # type: ignore[arg-type]
    return spans


@composite
def _media(draw: DrawFn, counts: dict[str, int]) -> list[Media]:
    kinds = draw(st.permutations([kind for kind, count in counts.items() for _ in range(count)]))
    places = [(kind, kinds[:position].count(kind)) for position, kind in enumerate(kinds)]
    pixels, seconds = st.none() | INT32, st.none() | FLOATS
    refs = st.sampled_from(["", "a/b.jpg", "https://x.org/p.png?w=1#f", "ü.MP4", "no extension", "x.pkl"])
    return [
        Media(
            type=kind,  # type: ignore[arg-type]
            index=index,
            ref=draw(refs),
            width=draw(pixels),
            height=draw(pixels),
            start=draw(seconds),
            end=draw(seconds),
            caption=draw(TEXT),
            clip=draw(TEXT),
        )
        for kind, index in places
    ]
