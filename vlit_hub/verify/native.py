"""What transformers' own processor makes of pictures and videos: the measure that a batch's are held to.

A processor is asked as its users ask it, for a text that holds the pictures and nothing else. No family is known here
but those that want to be asked otherwise.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any

import numpy as np

WRITES_PICTURES = {"Blip2Processor", "InstructBlipProcessor", "Kosmos2Processor"}
"""Native processors that put their one picture before the text themselves."""
QUERIES = {"Blip2Processor", "InstructBlipProcessor"}
"""Native processors that keep their picture token as an AddedToken."""
INTERLEAVES = {"IdeficsProcessor"}
"""Native processors that take one list of texts and pictures."""
ONE_COUNT = {"LlavaOnevisionProcessor"}
"""Native processors whose model takes videos of one number of frames: shorter ones repeat their last."""
UNEVEN = {"InternVLProcessor", "SmolVLMProcessor"}
"""Native processors that take no videos of several numbers of frames at once."""
OVERWRITES = {"SmolVLMProcessor"}
"""Native processors that lose the pixels of pictures where there are videos: both are its ``pixel_values``."""
PLACES = "image_embeds_position_mask"
"""Where Kosmos-2 says that pictures stand: the ids there are those of words."""


@dataclass(frozen=True)
class Film:
    """Frames of a video as PIL pictures, their times and the duration of the clip in seconds."""

    frames: Sequence[Any]
    times: Sequence[float]
    duration: float


@dataclass(frozen=True)
class Made:
    """Pictures and videos of one sample, as the native processor makes them for the model."""

    runs: list[list[int]]
    """Of each picture or video the lengths of its runs of picture tokens: one run, or one a tile or frame."""
    pixels: Mapping[str, Any]
    """Tensors by the names of the model's arguments."""
    length: int
    """Tokens of what stands for them."""
    marks: list[int]
    """The id of those tokens, for each entry of ``runs``."""
    view: int = 0
    """Where ``pixels`` are not those of all of them: tokens of a frame."""

    @property
    def tokens(self) -> int:
        """Picture tokens of all pictures and videos."""
        return sum(map(sum, self.runs))


def kinds_of(native: Any) -> set[str]:
    """Names of the processor's classes."""
    return {cls.__name__ for cls in type(native).__mro__}


def has_videos(native: Any) -> bool:
    """Whether the native processor takes videos; others are shown the frames as pictures."""
    return getattr(native, "video_processor", None) is not None


def tokens(native: Any) -> set[int]:
    """Ids that stand for pictures and videos."""
    ids = {native.image_token_id}
    return ids | ({native.video_token_id} if has_videos(native) and hasattr(native, "video_token_id") else set())


def make(native: Any, media: Sequence[Any]) -> Made:
    """``media``: PIL pictures and Films of one sample, in order."""
    if has_videos(native) and any(isinstance(one, Film) for one in media):
        return _make_with_videos(native, media)
    pictures = list(chain(*(one.frames if isinstance(one, Film) else [one] for one in media)))
    kinds, stop = kinds_of(native), native.tokenizer.eos_token
    if kinds & QUERIES:
        native = _own_token(native)
    if kinds & INTERLEAVES:
        mixed = [piece for picture in pictures for piece in (picture, stop)]
        out = native(text=[mixed], return_tensors="pt")
    else:
        text = stop if kinds & WRITES_PICTURES else "".join(f"{native.image_token}{stop}" for _ in pictures)
        out = native(images=[list(pictures)], text=[text], return_tensors="pt")
    ids = out["input_ids"][0].tolist()
    shown = out[PLACES][0].tolist() if PLACES in out else [token == native.image_token_id for token in ids]
    runs = _by_picture(ids, shown, native.tokenizer.eos_token_id)
    return Made(runs, out, len(ids), [native.image_token_id] * len(runs))


def _make_with_videos(native: Any, media: Sequence[Any]) -> Made:
    films = [one for one in media if isinstance(one, Film)]
    kinds, several = kinds_of(native), len(films) < len(media)
    if kinds & UNEVEN and len({len(film.frames) for film in films}) > 1:
        return _one_by_one(native, media)
    out = _called(native, media)
    ids, marks = out["input_ids"][0].tolist(), tokens(native)
    runs = _by_picture(ids, [token if token in marks else 0 for token in ids], native.tokenizer.eos_token_id)
    video = native.video_token_id if len(marks) > 1 else native.image_token_id
    of = [video if isinstance(one, Film) else native.image_token_id for one in media]
    view = min(map(min, runs)) if several and kinds & OVERWRITES else 0
    return Made(runs, out, len(ids), of, view)


def _one_by_one(native: Any, media: Sequence[Any]) -> Made:
    """The tokens alone: pictures together, each video by itself."""
    pictures = [one for one in media if not isinstance(one, Film)]
    together = make(native, pictures) if pictures else None
    videos = [_make_with_videos(native, [one]) for one in media if isinstance(one, Film)]
    shown, films = iter(together.runs if together else ()), iter(videos)
    runs = [next(films).runs[0] if isinstance(one, Film) else next(shown) for one in media]
    length = sum(one.length for one in [*videos, *([together] if together else [])])
    return Made(runs, {}, length, [native.image_token_id] * len(media), videos[0].runs[0][0])


def _called(native: Any, media: Sequence[Any]) -> Any:
    """Frames as they are, and of each the time as if one a second were counted: indices are seconds then."""
    from transformers.video_utils import VideoMetadata

    films = [one for one in media if isinstance(one, Film)]
    pictures = [one for one in media if not isinstance(one, Film)]
    about: list[Any] = [
        VideoMetadata(film.duration, 1.0, duration=film.duration, frames_indices=list(film.times))  # type: ignore[arg-type]
        for film in films
    ]
    stop = native.tokenizer.eos_token
    text = "".join(f"{native.video_token if isinstance(one, Film) else native.image_token}{stop}" for one in media)
    shown = [[frame.convert("RGB") for frame in film.frames] for film in films]
    return native(
        images=[pictures] if pictures else None,
        videos=shown,
        text=[text],
        video_metadata=about,
        do_sample_frames=False,
        return_tensors="pt",
    )


def _own_token(native: Any) -> Any:
    """A copy whose picture token has the ``content`` that it reads, whatever ours made of it."""
    from tokenizers import AddedToken

    own = copy.copy(native)
    own.image_token = AddedToken(str(native.image_token), normalized=False, special=True)
    return own


def _by_picture(ids: list[int], shown: Sequence[Any], stop: int) -> list[list[int]]:
    """Runs of shown positions, cut into pictures where a run of others holds the ``stop`` token."""
    out: list[list[int]] = [[]]
    at = 0
    for is_shown, run in groupby(shown):
        length = len(list(run))
        if is_shown:
            out[-1].append(length)
        elif out[-1] and stop in ids[at : at + length]:
            out.append([])
        at += length
    return [runs for runs in out if runs]


def views(pixels: Mapping[str, Any]) -> np.ndarray:
    """``pixel_values`` as (views, 3, height, width): pictures, or their tiles; not of Qwen's rows of patches."""
    values = pixels["pixel_values"].numpy()
    return values.reshape(-1, *values.shape[-3:])


def features(native: Any, pixels: Mapping[str, Any], made: Made) -> int:
    """Features that the model makes of ``pixels``: by their grids or sizes, or as many a view as in ``made``."""
    return _of_videos(native, pixels) + (_of_pictures(native, pixels, made) if "pixel_values" in pixels else 0)


def _of_videos(native: Any, pixels: Mapping[str, Any]) -> int:
    """Of those that have tensors of their own."""
    if "video_grid_thw" in pixels:
        return int(pixels["video_grid_thw"].prod(1).sum()) // native.video_processor.merge_size**2
    videos = pixels.get("pixel_values_videos", ())
    texts = [native.replace_video_token({"pixel_values_videos": videos}, i) for i in range(len(videos))]
    return sum(text.count(native.video_token) for text in texts)


def _of_pictures(native: Any, pixels: Mapping[str, Any], made: Made) -> int:
    for name in ("image_grid_thw", "image_sizes"):
        if name in pixels:
            plain = {**pixels, name: pixels[name].tolist()} if name == "image_sizes" else pixels
            texts = [native.replace_image_token(plain, i) for i in range(len(pixels[name]))]
            return sum(text.count(native.image_token) for text in texts)
    if made.view:
        return made.view * len(views(pixels))
    return made.tokens * len(views(pixels)) // len(views(made.pixels))
