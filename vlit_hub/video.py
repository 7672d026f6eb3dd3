"""Frames of a video, decoded by PyAV (extra ``video``): spread over the clip, or so many a second; and what is known of
them before one is decoded."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vlit_hub.media_errors import UnreadableMedia
from vlit_hub.media_forms import check_stream

if TYPE_CHECKING:
    import PIL.Image

MAX_FRAME_PIXELS = 7680 * 4320
"""Pixels of one frame (8K)."""
MAX_PIXELS = 1 << 29
"""Pixels of all frames that one call gives (1.5 GiB as RGB)."""
MAX_FRAMES = 2_000_000
"""Frames of a video (nine hours at 60 a second)."""
DEMUXERS = ("mov", "mp4", "matroska", "webm", "avi", "gif", "mpegts", "mpeg", "flv", "ogg", "asf")
"""The allow-list of containers. FFmpeg knows others that are lists of further files and addresses (hls, concat)."""
INDEXED = ("mov", "matroska", "avi")
"""Those in which a seek lands on the key frame; the others are decoded from their beginning."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: ``time`` in seconds since the video's first frame, ``picture`` in RGB as it is stored."""

    time: float
    picture: PIL.Image.Image


@dataclass(frozen=True, slots=True)
class Clip:
    """Frames of a clip, not decoded. ``size``: (width, height) in pixels; ``times``: of each frame, in seconds since
    the video's first; ``duration`` of the whole clip in seconds."""

    size: tuple[int, int]
    times: tuple[float, ...]
    duration: float

    def most(self, count: int, fps: float) -> int:
        """How many frames are shown: ``count``, or ``fps`` a second (0: not bound by it) where these are fewer."""
        return min(count, max(1, round(self.duration * fps))) if fps else count

    def uniform(self, count: int, exact: bool = False) -> Clip:
        """The frames that :func:`frames` gives for ``uniform=count``; ``exact``: the last repeated up to ``count``."""
        times = [self.times[i] for i in _spread(len(self.times), count)]
        return Clip(self.size, (*times, *times[-1:] * (count - len(times) if exact else 0)), self.duration)


def survey(source: str | bytes, *, start: float | None = None, end: float | None = None) -> Clip:
    """All frames of a clip, by the packets of the file: no frame is decoded where these tell their times.

    Raises as :func:`frames` does, but for faults that only decoding shows.
    """
    start = _checked(start, end)
    check_stream(source)
    with _video(source) as (container, stream):
        size, times = (stream.width, stream.height), _table(container, stream).times
    clip = _clip(times, start, end)
    last = _end(times) if end is None else min(end, _end(times))
    return Clip(size, tuple(times[clip.start : clip.stop].tolist()), last - start)


def frames(
    source: str | bytes,
    *,
    uniform: int | None = None,
    fps: float | None = None,
    start: float | None = None,
    end: float | None = None,
) -> list[Frame]:
    """Frames of a video file or of its bytes, in order of time, none twice.

    Either ``uniform``: that many, the middle one of as many equal stretches of the clip's frames (all frames where
    there are fewer), or ``fps``: for each step of 1 / fps seconds from the clip's start the nearest frame.
    The clip is ``start <= time < end``, in seconds since the first frame; one that lies between two frames gives the
    frame on show. Raises ValueError for such arguments as name no clip, UnreadableMedia for a file that is broken,
    cut, empty, too large, or no video, and for a clip beyond its end.
    """
    wanted = uniform if fps is None else fps
    if wanted is None or (uniform is not None and (fps is not None or uniform < 1)) or not 0 < wanted < 1e6:
        raise ValueError(f"give uniform (1 or more frames) or fps (above 0), got uniform={uniform}, fps={fps}")
    start = _checked(start, end)
    check_stream(source)
    with _video(source) as (container, stream):
        table = _table(container, stream)
    clip = _clip(table.times, start, end)
    if uniform is not None:
        chosen = [clip[i] for i in _spread(len(clip), uniform)]
    else:
        chosen = _nearest(table.times, clip, start, end, fps or 1.0)
    with _video(source) as (container, stream):
        if len(chosen) * stream.width * stream.height > MAX_PIXELS:
            raise UnreadableMedia(f"{len(chosen)} frames of {stream.width}x{stream.height} are too many; ask for fewer")
        found = {i: _picture(frame) for i, frame in _decoded(container, stream, table, chosen)}
    return [Frame(float(table.times[i]), picture) for i, picture in found.items()]


def _checked(start: float | None, end: float | None) -> float:
    """Where the clip starts."""
    start = 0.0 if start is None else start
    if not start >= 0 or not (end is None or end > start):
        raise ValueError(f"a clip from {start} to {end} s: 0 <= start < end is expected")
    return start


def _spread(total: int, count: int) -> list[int]:
    """The middle ones of ``count`` equal stretches of ``total`` frames, none twice."""
    return sorted({(2 * i + 1) * total // (2 * count) for i in range(count)})


@dataclass(frozen=True, slots=True)
class _Table:
    """Every frame of a video in order of time. ``stamps``: its ``pts``, none where the packets do not tell them;
    ``times``: seconds; ``keys``: indices of the frames from which decoding can start."""

    stamps: Sequence[int]
    times: np.ndarray
    keys: np.ndarray


@contextmanager
def _video(source: str | bytes) -> Iterator[tuple[Any, Any]]:
    """(container, its first video stream), opened with the allow-list and the limits; every fault UnreadableMedia."""
    try:
        import av
    except ModuleNotFoundError:
        raise RuntimeError("frames of videos are read by PyAV: pip install 'vlit_hub[video]'") from None
    try:
        opened = io.BytesIO(source) if isinstance(source, bytes) else f"file:{source}"
        options = {"format_whitelist": ",".join(DEMUXERS), "protocol_whitelist": "file"}
        with av.open(opened, options=options) as container:
            if not container.streams.video:
                raise UnreadableMedia("holds no video stream")
            stream = container.streams.video[0]
            _check_size(stream.width, stream.height)
            stream.codec_context.options = {"max_pixels": str(MAX_FRAME_PIXELS)}
            stream.codec_context.thread_count = 1  # the workers of a loader are the threads
            yield container, stream
    except UnreadableMedia:
        raise
    except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
        raise UnreadableMedia(f"not a readable video ({type(error).__name__})") from None


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise UnreadableMedia("a video without a frame size")
    if width * height > MAX_FRAME_PIXELS:
        raise UnreadableMedia(f"frames of {width}x{height} are taken for a decompression bomb")


def _table(container: Any, stream: Any) -> _Table:
    """The frames as the packets tell them; by decoding them all where some packet has no time."""
    found: list[tuple[int | None, bool]] = []
    last = 0.0
    for packet in container.demux():
        if packet.pts is not None:
            last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if packet.stream_index == stream.index and packet.size and not packet.is_discard:
            found.append((packet.pts, packet.is_keyframe))
        _check_count(len(found))
    if not found:
        raise UnreadableMedia("a video without frames")
    told = (container.duration or 0) / 1e6
    if told and last - (container.start_time or 0) / 1e6 < told * 0.9 - 1:
        raise UnreadableMedia(f"a video that is cut: it should last {told:.1f} s")
    if any(stamp is None for stamp, _ in found):
        return _Table((), _times_by_decoding(container, stream), np.zeros(1, np.int64))
    found.sort(key=lambda frame: frame[0] or 0)
    stamps = [stamp for stamp, _ in found if stamp is not None]
    keys = np.flatnonzero([key for _, key in found])
    base = stream.time_base
    return _Table(stamps, (np.array(stamps) - stamps[0]) * base.numerator / base.denominator, keys)


def _times_by_decoding(container: Any, stream: Any) -> np.ndarray:
    container.seek(0)
    count = 0
    for count, _ in enumerate(container.decode(stream), 1):  # noqa: B007
        _check_count(count)
    if not count:
        raise UnreadableMedia("a video without frames")
    return np.arange(count) / float(stream.average_rate or 25)


def _check_count(count: int) -> None:
    if count > MAX_FRAMES:
        raise UnreadableMedia(f"a video of more than {MAX_FRAMES} frames")


def _clip(times: np.ndarray, start: float, end: float | None) -> range:
    """Indices of the frames of a clip; the one on show where none begins in it."""
    if start >= _end(times) - 1e-9:
        raise UnreadableMedia(f"the clip begins at {start} s, the video ends at {_end(times):.3f} s")
    first, last = np.searchsorted(times, (start - 1e-9, np.inf if end is None else end - 1e-9))
    return range(int(first), int(last)) if first < last else range(int(first) - 1, int(first))


def _end(times: np.ndarray) -> float:
    return float(times[-1] + (times[-1] - times[-2] if len(times) > 1 else 1.0))


def _nearest(times: np.ndarray, clip: range, start: float, end: float | None, fps: float) -> list[int]:
    """Indices of the clip's frames that are the nearest to one of start, start + 1 / fps, ... before its end."""
    own = times[clip.start : clip.stop]
    borders = np.concatenate([[start], (own[:-1] + own[1:]) / 2, [min(_end(times), np.inf if end is None else end)]])
    steps = np.ceil((borders - start) * fps - 1e-6)  # of the first step at or behind each border
    return [clip[int(i)] for i in np.flatnonzero(steps[:-1] < steps[1:])] or [clip[0]]


def _decoded(container: Any, stream: Any, table: _Table, chosen: Sequence[int]) -> Iterator[tuple[int, Any]]:
    """(index, decoded frame) of the chosen ones, each decoded from the key frame before it."""
    flow = container.decode(stream)
    if not table.stamps:
        wanted = set(chosen)
        yield from ((i, frame) for i, frame in enumerate(flow) if i in wanted)
        return
    seeks = container.format.name.split(",")[0] in INDEXED
    at, before, frame = -1, None, None
    for i in chosen:
        key = int(np.searchsorted(table.keys, i, "right")) - 1
        if seeks and key > at + 1:
            container.seek(table.stamps[table.keys[key]], stream=stream)
            flow, before, frame = container.decode(stream), None, None
        at, stamp = max(at, key), table.stamps[i]
        while (frame is None or frame.pts is None or frame.pts < stamp) and (new := next(flow, None)) is not None:
            before, frame = frame, new
        if frame is not None and frame.pts == stamp:
            yield i, frame
        elif i and before is not None and before.pts == table.stamps[i - 1]:
            yield i, before  # a packet that is never shown (VP8's alternate references): the frame before it is on show
        else:
            raise UnreadableMedia(f"the frame at {table.times[i]:.3f} s cannot be decoded")


def _picture(frame: Any) -> PIL.Image.Image:
    if frame.is_corrupt:
        raise UnreadableMedia("a frame is damaged")
    _check_size(frame.width, frame.height)
    return frame.to_image()
