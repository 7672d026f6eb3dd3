"""Fitting a sample into ``max_length`` tokens without ever cutting a picture or an answer.

First fewer frames of each video are shown, then the picture budget is lowered (families with a variable number of
picture tokens), then whole turns are left out from the end, then the sample. The system turn stays. What is dropped
carries one reason of the closed set :data:`REASONS`. Ends the cut image tokens of trl#4289 and LlamaFactory#5964,
#8226.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from vlit_hub.processing.families.base import Says
from vlit_hub.processing.masking import Turn
from vlit_hub.schema import Message, Sample

REASONS: dict[str, str] = {
    "open_end": "the last message is not the assistant's: a query whose answer is not given",
    "nothing_trained": "no assistant turn is train=true",
    "empty_answer": "a supervised answer is empty",
    "picture_answer": "a supervised answer holds a picture or another medium",
    "tools": "tool schemas, calls or results that the chat template does not write",
    "unsupported_media": "a message holds a sound, a point cloud, or a video that the family does not take",
    "several_pictures": "more pictures than the family shows to its model",
    "picture_place": "a picture behind the first user turn, where the family has no place for it",
    "several_turns": "more than one question and its answer, and the family says one",
    "system": "a system turn, which the family has not",
    "missing_media": "a picture or video that a message mentions is missing",
    "unreadable_media": "the size of a picture, or the frames of a video, are not known and cannot be read",
    "picture_size": "the family refuses a picture or video of this shape",
    "box_frame": "boxes are written in another frame than that of the pixels: the image processor crops or pads",
    "region": "a region cannot be written in the processor's dialect",
    "control_token": "a text holds one of the tokenizer's special tokens",
    "lost_text": "the tokenizer does not give an answer back: white space or letters are lost",
    "template": "the chat template refuses the dialogue",
    "unreadable_sample": "the sample cannot be read from its shard",
    "too_long": "not even the first supervised turn fits",
}
"""Drop reason -> one line."""


class Dropped(Exception):
    """A sample that cannot be trained on; ``reason`` is a key of :data:`REASONS`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        if reason not in REASONS:
            raise ValueError(f"{reason!r} is no drop reason; known: {', '.join(REASONS)}")
        super().__init__(detail or REASONS[reason])
        self.reason = reason


@dataclass(frozen=True)
class Encoded:
    """A sample as token ids and labels, unpadded; or dropped: then all lists are empty and ``dropped`` says why."""

    input_ids: list[int] = field(default_factory=list)
    """With every picture written as its full number of image tokens."""
    labels: list[int] = field(default_factory=list)
    """The token id at supervised positions, -100 elsewhere; not shifted."""
    pictures: list[int] = field(default_factory=list)
    """Index into ``sample.images`` per picture of the text, in order; a picture mentioned twice is there twice."""
    picture_tokens: list[int] = field(default_factory=list)
    """Number of image tokens of each picture, video, and frame that is shown as a picture, in order of the text."""
    turns: list[Turn] = field(default_factory=list)
    """The supervised turns as positions in ``input_ids``."""
    messages: int = 0
    """How many messages were kept, from the first."""
    budget: int | None = None
    """Most tokens a picture may take; None is the native processor's own limit."""
    videos: list[int] = field(default_factory=list)
    """Index into ``sample.videos`` per video of the text, in order."""
    frames: int = 0
    """Most frames that were taken of each video; 0 without any."""
    fps: float = 0.0
    """Of each video a second, at most; 0: any."""
    frames_shown: int = 0
    """Frames that are shown, of all videos together; a video that is mentioned twice counts once."""
    order: list[str] = field(default_factory=list)
    """Where there are videos: "image" or "video" for each entry of both, in order of the text."""
    dropped: str = ""
    """A key of :data:`REASONS`, or ""."""
    detail: str = ""
    """What exactly was the matter, where ``dropped``."""

    @property
    def media(self) -> list[tuple[str, int]]:
        """(type, index) of all pictures and videos, in order of the text."""
        each = {"image": iter(self.pictures), "video": iter(self.videos)}
        return [(kind, next(each[kind])) for kind in self.order or ["image"] * len(self.pictures)]

    @property
    def length(self) -> int:
        """Number of tokens; 0 when dropped."""
        return len(self.input_ids)

    @property
    def supervised(self) -> int:
        """Number of supervised tokens."""
        return sum(turn.stop - turn.start for turn in self.turns)


def refuse(sample: Sample, no_videos: str = "") -> None:
    """Raise Dropped for what no length could make trainable. ``no_videos``: why no video is shown; "" if they are."""
    if not sample.messages or sample.messages[-1].role != "assistant":
        raise Dropped("open_end")
    if not any(trains(message) for message in sample.messages):
        raise Dropped("nothing_trained")
    refuse_content(sample, no_videos)


def refuse_content(sample: Sample, no_videos: str = "", *, prompt: bool = False) -> None:
    """Raise Dropped for what cannot be written; of a ``prompt`` no answer is supervised, so it may hold pictures."""
    for m, message in enumerate(sample.messages):
        for part in message.content:
            if part.type in ("text", "region"):
                continue
            if trains(message) and not prompt:
                raise Dropped("picture_answer", f"message {m} answers with a part of type {part.type}")
            if part.type not in ("image", "video") or part.type == "video" and no_videos:
                why = f": {no_videos}" if part.type == "video" else ""
                raise Dropped("unsupported_media", f"message {m} holds a part of type {part.type}{why}")
            if (sample.images if part.type == "image" else sample.videos)[part.index] is None:
                name = "picture" if part.type == "image" else "video"
                raise Dropped("missing_media", f"{name} {part.index} is missing")


def refuse_dialogue(sample: Sample, says: Says) -> None:
    """Raise Dropped for a dialogue that the family cannot say."""
    roles = [message.role for message in sample.messages]
    first = roles.index("user") if "user" in roles else 0
    if "system" in roles and not says.system:
        raise Dropped("system")
    if not says.several_turns and (roles.count("user") > 1 or roles.count("assistant") > 1):
        raise Dropped("several_turns", f"{roles.count('user')} user turns, {roles.count('assistant')} answers")
    shown = mentions(sample, len(roles))
    if says.most_pictures is not None and len(shown) > says.most_pictures:
        raise Dropped("several_pictures", f"{len(shown)} pictures, the family takes {says.most_pictures}")
    if not says.pictures_anywhere and len(mentions(sample, first + 1)) < len(shown):
        raise Dropped("picture_place")


def trains(message: Message) -> bool:
    """Whether the message is supervised."""
    return message.role == "assistant" and message.train


def trained(sample: Sample, count: int) -> list[int]:
    """The supervised messages among the first ``count``."""
    return [m for m, message in enumerate(sample.messages[:count]) if trains(message)]


def prefixes(sample: Sample) -> Iterator[int]:
    """How many messages may be kept, longest first: all, then up to each supervised answer."""
    total = len(sample.messages)
    yield total
    for count in range(total - 1, 0, -1):
        if trains(sample.messages[count - 1]):
            yield count


def mentions(sample: Sample, count: int, type: str = "image") -> list[int]:
    """Indices of the pictures (or videos) that the first ``count`` messages mention, in order, repeats kept."""
    return [p.index for message in sample.messages[:count] for p in message.content if p.type == type]
