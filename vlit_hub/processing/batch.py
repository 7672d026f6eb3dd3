"""Encoded samples, their pictures and the frames of their videos as tensors."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import PIL.Image
import torch
from torch import Tensor

from vlit_hub.media import UnreadableMedia, image_size
from vlit_hub.processing.families import Family, Pixels, Size
from vlit_hub.processing.masking import IGNORED
from vlit_hub.processing.truncation import Encoded
from vlit_hub.schema import Blob, Sample
from vlit_hub.shards.decode import Decoded, decode
from vlit_hub.video import Clip, frames, survey


def picture_sizes(sample: Sample) -> dict[int, Size]:
    """Index into ``images`` -> (width, height), as recorded or from the header; unreadable ones are absent."""
    sizes = {m.index: (m.width, m.height) for m in sample.media if m.type == "image" and m.width and m.height}
    for index, blob in enumerate(sample.images):
        if index not in sizes and blob is not None and (blob.bytes is not None or blob.path):
            try:
                sizes[index] = image_size(blob.path if blob.bytes is None else bytes(blob.bytes))
            except UnreadableMedia:
                continue
    return sizes


def video_clips(sample: Sample) -> dict[int, Clip | str]:
    """Index into ``videos`` -> all frames of its clip, by the packets of the file, of videos that a message mentions;
    or why they cannot be told."""
    clips: dict[int, Clip | str] = {}
    for index in {part.index for message in sample.messages for part in message.content if part.type == "video"}:
        blob = sample.videos[index]
        if blob is not None and blob != Blob():
            start, end = _times(sample, index)
            try:
                clips[index] = survey(_source(blob), start=start, end=end)
            except (UnreadableMedia, ValueError) as error:
                clips[index] = str(error)
    return clips


def open_frames(
    sample: Sample, index: int, count: int, exact: bool = False, fps: float = 0.0
) -> tuple[Clip, list[PIL.Image.Image]]:
    """``count`` frames spread over the clip of a video, fewer where it has fewer or ``fps`` asks for fewer
    (:class:`Clip`), and their times. Raises UnreadableMedia naming the sample."""
    where = f"{sample.dataset} {sample.id}: video {index}"
    blob = sample.videos[index]
    if blob is None or blob == Blob():
        raise UnreadableMedia(f"{where} is missing")
    start, end = _times(sample, index)
    try:
        clip = survey(_source(blob), start=start, end=end)
        count = clip.most(count, fps)
        clip = clip.uniform(count, exact)
        shown = [frame.picture for frame in frames(_source(blob), uniform=count, start=start, end=end)]
    except (UnreadableMedia, ValueError) as error:
        raise UnreadableMedia(f"{where} cannot be decoded: {error}") from None
    if sizes := {picture.size for picture in shown} - {clip.size}:
        raise UnreadableMedia(f"{where} changes its size from {clip.size} to {sizes.pop()}")
    return clip, shown + shown[-1:] * (len(clip.times) - len(shown))


def _times(sample: Sample, index: int) -> tuple[float | None, float | None]:
    """Where the clip of a video starts and ends, in seconds."""
    found = next((m for m in sample.media if m.type == "video" and m.index == index), None)
    return (found.start, found.end) if found else (None, None)


def _source(blob: Blob) -> str | bytes:
    return blob.path if blob.bytes is None else bytes(blob.bytes)


def open_picture(sample: Sample, index: int, shown: Size | None = None) -> Decoded:
    """One picture as stored (its EXIF orientation is not applied: sizes and regions are those of the stored picture);
    an even fraction of it where it is ``shown`` small (decode.py).

    Raises UnreadableMedia naming the sample: for broken bytes, and for a size other than the recorded one, on which
    token counts rest.
    """
    where = f"{sample.dataset} {sample.id}: picture {index}"
    blob = sample.images[index]
    if blob is None or blob == Blob():
        raise UnreadableMedia(f"{where} is missing")
    try:
        found = decode(Path(blob.path).read_bytes() if blob.bytes is None else blob.bytes, shown)
    except OSError as error:
        raise UnreadableMedia(f"{where}: {error.strerror or error}") from None
    except UnreadableMedia as error:
        raise UnreadableMedia(f"{where} cannot be decoded: {error}") from None
    check_size(sample, index, found.size)
    return found


def check_size(sample: Sample, index: int, size: Size) -> None:
    """Raise UnreadableMedia where a picture is not of its recorded size, on which token counts rest."""
    recorded = next((m for m in sample.media if m.type == "image" and m.index == index), None)
    if recorded and recorded.width and recorded.height and size != (recorded.width, recorded.height):
        said = recorded.width, recorded.height
        raise UnreadableMedia(f"{sample.dataset} {sample.id}: picture {index} is {size}, recorded as {said}")


class Shown(NamedTuple):
    """A distinct picture, frame or video of a batch."""

    key: Hashable
    """The bytes or path of a picture; of a video those, its times, and how many frames; of a frame also its number."""
    budget: int | None
    alone: bool
    """Whether it is the only picture of its sample."""
    video: bool = False
    """Whether it is a video by the native processor's own tokens."""


class Gallery:
    """The pictures and videos of one batch: each distinct one is decoded once and preprocessed once.

    ``fast``: where a family only stretches pictures, large JPEGs are decoded at an even fraction of their size that the
    native processor then resizes; never where that would change what stands for the picture in the sequence.
    """

    def __init__(self, family: Family, native: Any, fast: bool = False) -> None:
        self.family, self.native, self.fast = family, native, fast and family.stretches
        self._opened: dict[tuple[Hashable, int | None], Decoded] = {}
        self._videos: dict[Hashable, tuple[Clip, list[PIL.Image.Image]]] = {}
        self._pixels: dict[Shown, Pixels] = {}

    def take(self, sample: Sample, encoded: Encoded) -> list[Shown]:
        """Open the kept pictures and videos of a sample, in order; raises UnreadableMedia."""
        taken: list[Shown] = []
        for kind, index in encoded.media:
            if kind == "video":
                taken += self._take_video(sample, index, encoded)
                continue
            blob = sample.images[index]
            key: bytes | str = b"" if blob is None else _source(blob)
            opened = key, encoded.budget if self.fast else None
            if opened in self._opened:
                check_size(sample, index, self._opened[opened].size)
            elif self.fast:
                self._opened[opened] = self._reduced(sample, index, encoded.budget)
            else:
                self._opened[opened] = open_picture(sample, index)
            taken.append(Shown(key, encoded.budget, False))
        alone = sum(not shown.video for shown in taken) == 1
        return [shown._replace(alone=alone and not shown.video) for shown in taken]

    def _take_video(self, sample: Sample, index: int, encoded: Encoded) -> list[Shown]:
        """The video as a whole, or each of its frames."""
        native, blob = self.family.native_videos(self.native), sample.videos[index]
        source = b"" if blob is None else _source(blob)
        key = source, _times(sample, index), encoded.frames
        if key not in self._videos:
            self._videos[key] = open_frames(
                sample, index, encoded.frames, native is not None and native.exact, encoded.fps
            )
        if native is not None:
            return [Shown(key, None, False, True)]
        clip, shown = self._videos[key]
        for number, picture in enumerate(shown):
            self._opened[(key, number), encoded.budget if self.fast else None] = Decoded(picture, clip.size)
        return [Shown((key, number), encoded.budget, False) for number in range(len(shown))]

    def _reduced(self, sample: Sample, index: int, budget: int | None) -> Decoded:
        size = picture_sizes(sample).get(index)
        if size is None:
            return open_picture(sample, index)  # which says why
        shown, before = self.family.resize(self.native, size, budget), self.family.write(self.native, [size], budget)
        found = open_picture(sample, index, shown)
        kept = found.image.size
        same = kept == found.size or (
            self.family.resize(self.native, kept, budget) == shown
            and self.family.write(self.native, [kept], budget) == before
        )
        return found if same else open_picture(sample, index)

    def prepare(self, taken: Sequence[Sequence[Shown]]) -> list[list[Pixels]]:
        """What the native image processor makes of each picture; those of one setting in one call."""
        groups: dict[tuple[int | None, bool], list[Shown]] = {}
        for shown in dict.fromkeys(shown for pictures in taken for shown in pictures):
            if shown.video:
                self._pixels[shown] = self._prepare_video(shown)
            else:
                groups.setdefault((shown.budget, shown.alone), []).append(shown)
        for (budget, alone), group in groups.items():
            settings = {}
            if budget is not None and self.family.pixel_settings is not None:
                settings = self.family.pixel_settings(self.native, budget)
            pictures = [self._opened[one.key, budget if self.fast else None].image for one in group]
            made = self.family.prepare(self.native, pictures, 1 if alone else 2, settings)
            self._pixels |= dict(zip(group, made, strict=True))
        return [[self._pixels[shown] for shown in pictures] for pictures in taken]

    def _prepare_video(self, shown: Shown) -> Pixels:
        videos = self.family.native_videos(self.native)
        assert videos is not None
        return videos.prepare(self.native, *self._videos[shown.key])


def pixels(family: Family, native: Any, samples: Sequence[Sample], encoded: Sequence[Encoded]) -> list[list[Pixels]]:
    """What the native processor makes of each kept picture and video of each sample, in order."""
    gallery = Gallery(family, native)
    return gallery.prepare([gallery.take(sample, one) for sample, one in zip(samples, encoded, strict=True)])


def join(family: Family, samples: Sequence[Sequence[Pixels]]) -> dict[str, Tensor]:
    """The pictures of several samples as the model takes them; empty without any."""
    return family.gather(samples) if any(samples) else {}


Side = Literal["left", "right"]


def pad_id(tokenizer: Any) -> int:
    """The token that fills a batch: the tokenizer's own for that, or the one that ends a text."""
    return tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id


def pad(family: Family, native: Any, encoded: Sequence[Encoded], side: Side = "right") -> dict[str, Tensor]:
    """``input_ids, attention_mask, labels``, each of shape (samples, longest), int64, padded on ``side``; and what else
    the family's model takes beside pixels."""
    batch = {
        "input_ids": rows([e.input_ids for e in encoded], pad_id(native.tokenizer), side),
        "attention_mask": rows([[1] * e.length for e in encoded], 0, side),
        "labels": rows([e.labels for e in encoded], IGNORED, side),
    }
    if native.return_mm_token_type_ids:
        kinds = native.create_mm_token_type_ids([e.input_ids for e in encoded])
        batch[family.token_types] = rows(kinds, 0, side)
    if family.extras is not None:
        batch |= family.extras(native, batch, encoded)
    return batch


def rows(values: Sequence[Sequence[int]], fill: int, side: Side) -> Tensor:
    """Rows of unequal length as one int64 tensor (rows, longest), filled up on ``side``."""
    longest = max(map(len, values), default=0)
    out = torch.full((len(values), longest), fill, dtype=torch.long)
    for number, row in enumerate(values):
        start = longest - len(row) if side == "left" else 0
        out[number, start : start + len(row)] = torch.tensor(row, dtype=torch.long)
    return out


def score_supervised_only(batch: dict[str, Any]) -> None:
    """Add ``logits_to_keep`` (samples, longest; bool) and ``shift_labels`` (supervised positions,) to a batch.

    The model then computes logits where the next token is supervised, and nowhere else: same loss and gradients.
    """
    shifted = torch.nn.functional.pad(batch["labels"], (0, 1), value=IGNORED)[:, 1:]
    batch["logits_to_keep"] = shifted != IGNORED
    batch["shift_labels"] = shifted[batch["logits_to_keep"]]
