"""What differs between model families, as data, read by one engine.

Functions of a row take the native transformers processor, so that the numbers of a checkpoint (patch size, pixel
limits, tiles) are read where the checkpoint keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from vlit_hub.regions.geometry import square_padding

if TYPE_CHECKING:
    import PIL.Image

    from vlit_hub.processing.truncation import Encoded
    from vlit_hub.video import Clip

Size = tuple[int, int]
"""(width, height) in pixels."""
Window = tuple[float, float, float, float]
"""What the model sees of a picture: left, top, right, bottom in pixels of the stored one, beyond it where padded."""
Pixels = dict[str, Tensor]
"""What a native image processor gives, by the names of the model's arguments."""


class UnknownFamily(ValueError):
    """A model or processor that no family covers."""


class FamilyError(ValueError):
    """A native processor set up in a way that its family cannot batch; the message says what to set."""


@dataclass(frozen=True)
class Picture:
    """What stands for one picture in the sequence.

    ``text``: as the native processor writes it in place of the template's placeholder, but every run of image tokens
    written as one; ``runs``: how many image tokens each run has.
    """

    text: str
    runs: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """Number of image tokens: as many as the model makes features of the picture."""
        return sum(self.runs)


def whole(native: Any, size: Size, count: int) -> Window:
    """The window of a picture that is only stretched."""
    return 0.0, 0.0, float(size[0]), float(size[1])


def fixed(native: Any) -> tuple[int, ...]:
    """The lower budgets of a family whose pictures have one number of tokens: none."""
    return ()


def stretched(native: Any, size: Size, budget: int | None) -> Size:
    """The size of every picture where they are stretched to one."""
    return native.image_processor.size.width, native.image_processor.size.height


def halves(most: int, least: int) -> tuple[int, ...]:
    """``most`` halved again and again down to ``least``, largest first; without ``most`` itself."""
    steps: list[int] = []
    while most > least:
        most = max(most // 2, least)
        steps.append(most)
    return tuple(steps)


def rows_of(native: Any, pictures: Sequence[PIL.Image.Image], count: int, settings: dict[str, Any]) -> list[Pixels]:
    """Pixels per picture where the first dimension of every tensor counts pictures."""
    out = native.image_processor(images=list(pictures), return_tensors="pt", **settings)
    return [{key: value[i : i + 1] for key, value in out.items()} for i in range(len(pictures))]


def once(pixels: Pixels) -> int:
    """One entry of the vision features a picture."""
    return 1


def tiles(pixels: Pixels) -> int:
    """One entry of the vision features a tile."""
    return len(pixels["pixel_values"])


def stack(samples: Sequence[Sequence[Pixels]]) -> Pixels:
    """Pixels of all pictures and videos of all samples, in order, concatenated along the first dimension."""
    parts = [part for pictures in samples for part in pictures]
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: torch.cat([part[name] for part in parts if name in part]) for name in names}


@dataclass(frozen=True)
class Says:
    """The dialogues that a family can say. A sample beyond them is dropped, under the reason in brackets."""

    most_pictures: int | None = None
    """[several_pictures]"""
    pictures_anywhere: bool = True
    """Whether pictures may stand behind the first user turn [picture_place]."""
    several_turns: bool = True
    """Whether there may be more than one question and its answer [several_turns]."""
    system: bool = True
    """[system]"""


@dataclass(frozen=True)
class Videos:
    """How a family takes a video by its native processor's own tokens. ``Clip`` holds the frames that are shown."""

    write: Callable[[Any, Clip], Picture]
    """(native, clip) -> what stands for the video; no frame is decoded. Raises ValueError for one that is refused."""
    prepare: Callable[[Any, Clip, Sequence[PIL.Image.Image]], Pixels]
    """(native, clip, its frames) -> pixels of the video by itself."""
    token: str = "image_token_id"
    """Attribute of the native processor: the token that :class:`Picture` counts in ``runs``."""
    exact: bool = False
    """Whether all videos of a batch must have one number of frames: shorter ones repeat their last, and truncation
    lowers none."""
    least: int = 1
    """Frames down to which truncation may lower a video."""


def frames_of(native: Any, frames: Sequence[PIL.Image.Image]) -> Pixels:
    """What the native video processor makes of the frames of one video, every frame shown."""
    shown = [frame.convert("RGB") for frame in frames]
    return dict(native.video_processor(videos=[shown], do_sample_frames=False, return_tensors="pt"))


def same_picture_token(native: Any, config: Any) -> str:
    """What does not fit between a processor and the model of ``config`` where pictures are tokens of one id; or ""."""
    ours, theirs = native.image_token_id, config.image_token_id
    return "" if ours == theirs else f"the processor writes pictures as token {ours}, the model reads them at {theirs}"


@dataclass(frozen=True)
class Family:
    """One model family: one module of this folder, its ``FAMILY``.

    A ``budget`` below bounds what one picture may take, in a unit of the family's own (tokens, tiles); None leaves the
    native processor's own limit. ``sizes`` are those of all pictures of one sample, as stored.
    """

    name: str
    model_types: tuple[str, ...]
    """``config.model_type`` values."""
    processors: tuple[str, ...]
    """Class names of the native processor."""
    dialect: str
    """Region dialect that the family was trained on."""
    resize: Callable[[Any, Size, int | None], Size]
    """Stored size -> size of the whole picture as the model sees it; raises ValueError for one the family refuses."""
    write: Callable[[Any, Sequence[Size], int | None], list[Picture]]
    """(native, sizes, budget) -> what stands for each picture; no pixels are read."""
    window: Callable[[Any, Size, int], Window] = whole
    """(native, stored size, number of pictures of the sample) -> what of the picture the model sees."""
    lower_budgets: Callable[[Any], tuple[int, ...]] = fixed
    """Budgets that truncation tries after the native one, largest first; none where a picture's tokens are fixed."""
    pixel_settings: Callable[[Any, int], dict[str, Any]] | None = None
    """Arguments of the native image processor that hold a picture to a budget; with ``lower_budgets`` only."""
    prepare: Callable[[Any, Sequence[PIL.Image.Image], int, dict[str, Any]], list[Pixels]] = rows_of
    """(native, pictures, number of pictures of their sample, settings) -> pixels of each picture by itself."""
    gather: Callable[[Sequence[Sequence[Pixels]]], Pixels] = stack
    """Pixels per picture per sample -> those of the batch, as the model takes them."""
    extras: Callable[[Any, dict[str, Tensor], Sequence[Encoded]], dict[str, Tensor]] | None = None
    """(native, batch so far, its rows) -> what else the model takes."""
    adapt: Callable[[Any], None] | None = None
    """Gives our copy of the native processor the ``image_token`` and ``image_token_id`` that its class lacks."""
    videos: Videos | None = None
    """None: a video is shown as its frames, each a picture, where the family takes several."""
    placeholder: str = "image_token"
    """Attribute of the native processor: what a chat template writes where a picture stands."""
    picture_first: bool = False
    """Whether a picture stands before the token that begins a text."""
    token_types: str = "mm_token_type_ids"
    """Batch key for the kind of each token, of processors that tell it."""
    generate: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of ``model.generate`` that its replies to a left-padded batch are right with."""
    says: Says = Says()
    gives_back: Callable[[str, str], bool] | None = None
    """(decoded, answer) -> whether the answer survived a tokenizer that loses white space or letters; None: it loses
    none."""
    pair: Callable[[Any, Any], str] = same_picture_token
    """(native, model config) -> why they do not belong together, or ""."""
    positions: Callable[[Any, Sequence[int], Sequence[Pixels], float | None], Tensor] | None = None
    """(native, ids of one sample, pixels of its pictures and videos, positions a second of video) -> position ids
    (rows, length), of families that have their own; they stand below those of the text."""
    packs: bool = False
    """Whether several samples can share one sequence."""
    packed: Callable[[Any, dict[str, Tensor], Sequence[Sequence[Encoded]], int | None], dict[str, Any]] | None = None
    """(native, packed batch, its samples per row, sliding window) -> what else the model takes of a packed batch; None:
    it cuts a row where its positions start again."""
    pictures_by_row: bool = False
    """Whether the model takes the pictures of each row of a batch by themselves."""
    varlen: bool = True
    """Whether the model's forward hands the arguments of flash attention to its language model alone."""
    shares_pictures: bool = False
    """Whether one encoded picture can serve several samples of a batch (processing/sharing.py)."""
    entries: Callable[[Pixels], int] = once
    """Entries of the model's vision features that a picture has; with ``shares_pictures``."""
    why_not: str = ""
    """The reason where ``packs`` or ``shares_pictures`` is false."""
    stretches: bool = False
    """Whether a picture and an even fraction of it are resized to the same, by a stretch or by the shortest edge, so
    that it may be decoded at that fraction. Not of families that cut tiles."""
    logits_to_keep: bool = False
    """Whether the model's forward takes a 2D ``logits_to_keep`` mask with ``shift_labels``."""
    mends: Mapping[str, str] = field(default_factory=dict)
    """Words of released chat templates -> those by which a dialogue opens a reply as the generation prompt does."""
    template: str = ""
    """Chat template for checkpoints that come without one, or with one that writes no end-of-turn token."""

    def image_tokens(self, native: Any, sizes: Sequence[Size], budget: int | None = None) -> list[int]:
        """Number of image tokens of each picture of one sample from stored sizes (width, height) alone."""
        return [picture.tokens for picture in self.write(native, sizes, budget)]

    def takes_videos(self, native: Any) -> bool:
        """Whether a video is shown, by tokens of its own or as pictures."""
        return self.native_videos(native) is not None or self.says.most_pictures is None

    def native_videos(self, native: Any) -> Videos | None:
        """How the native processor takes a video; None where it has no way of its own (Idefics3)."""
        return self.videos if getattr(native, "video_processor", None) is not None else None

    def shows(self, native: Any, size: Size, count: int, shown: Size, frame: str) -> bool:
        """Whether the ``frame`` of a dialect is that of the pixels, to half a pixel of the ``shown`` picture.

        Boxes in frame square are meant over the padded square, all others over the whole stored picture of ``size``.
        """
        left, top, side = square_padding(size)
        meant = (-left, -top, side - left, side - top) if frame == "square" else whole(native, size, count)
        seen = self.window(native, size, count)
        scale = [shown[axis] / (seen[axis + 2] - seen[axis]) for axis in (0, 1)]
        return all(abs(a - b) * scale[i % 2] <= 0.5 for i, (a, b) in enumerate(zip(meant, seen, strict=True)))

    def budgets(self, native: Any) -> tuple[int | None, ...]:
        """Picture budgets that truncation tries, largest first; the first is the native one (None)."""
        return (None, *self.lower_budgets(native))
