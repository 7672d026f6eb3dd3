"""One sample under proof: what the processor made of it, and what the Sample alone says it should be."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

import msgspec

from vlit_hub.chat import render_content
from vlit_hub.media import image_size
from vlit_hub.regions import dialect
from vlit_hub.schema import Message, Part, Region, Sample
from vlit_hub.shards.decode import decode
from vlit_hub.verify.frame import Landing, Size, land
from vlit_hub.verify.native import ONE_COUNT, Film, Made, features, has_videos, kinds_of, make, tokens, views
from vlit_hub.video import frames, survey

IGNORED = -100
_TAG = re.compile(r" ?(</?[a-z_]+(?:_\d{4})?/?>) ?")


@dataclass(frozen=True)
class Segment:
    """A stretch of tokens that is supervised, or not, as a whole: positions ``start`` .. ``stop``, stop exclusive."""

    supervised: bool
    start: int
    stop: int


@dataclass
class Case:
    """``encoded`` is the processor's word; every expectation is read off ``sample``, the tokenizer's decoding and what
    transformers' own processor makes of the pictures."""

    sample: Sample
    processor: Any
    encoded: Any
    pixels: dict[str, Any]
    max_length: int
    landings: dict[tuple[Size, bool], Landing] = field(default_factory=dict)
    """Those found so far, shared by all cases of a run."""

    @property
    def name(self) -> str:
        """Dataset and id."""
        return f"{self.sample.dataset} {self.sample.id}"

    @cached_property
    def segments(self) -> list[Segment]:
        """The tokens cut where supervision begins or ends."""
        marks = [label != IGNORED for label in self.encoded.labels]
        out, at = [], 0
        for supervised, run in groupby(marks):
            length = len(list(run))
            out.append(Segment(supervised, at, at + length))
            at += length
        return out

    @property
    def answered(self) -> list[Segment]:
        """The supervised segments."""
        return [segment for segment in self.segments if segment.supervised]

    def ids(self, segment: Segment) -> list[int]:
        """Token ids of a segment."""
        return self.encoded.input_ids[segment.start : segment.stop]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens, special ones included."""
        return self.processor.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)

    def before(self, number: int) -> list[int]:
        """Token ids before a supervised segment."""
        return self.encoded.input_ids[: self.answered[number].start]

    def tokens(self, text: str) -> list[int]:
        """A text by the tokenizer, with nothing added."""
        return self.processor.tokenizer(text, add_special_tokens=False)["input_ids"]

    def plain(self, text: str) -> str:
        """Text as it is compared: canonically composed, without white space at its ends; in KOSMOS-2's dialect without
        that beside tags, which its tokenizer moves."""
        text = unicodedata.normalize("NFC", text)
        return (_TAG.sub(r"\1", text) if self.processor.dialect == "kosmos2" else text).strip()

    @cached_property
    def special_ids(self) -> set[int]:
        """Ids of the tokenizer's special tokens."""
        tokenizer = self.processor.tokenizer
        return {*tokenizer.all_special_ids, *(i for i, t in tokenizer.added_tokens_decoder.items() if t.special)}

    @cached_property
    def special_texts(self) -> str:
        """A pattern of the tokenizer's special tokens and those that stand for media."""
        native = self.processor.native
        names = [getattr(native, name, None) for name in ("image_token", "video_token")]
        texts = {
            *self.processor.tokenizer.convert_ids_to_tokens(sorted(self.special_ids)),
            *map(str, filter(None, names)),
        }
        return "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))

    # -- what the Sample says ------------------------------------------------------------------------------------------

    @property
    def kept(self) -> list[Any]:
        """The messages that the processor says it kept."""
        return self.sample.messages[: self.encoded.messages]

    @cached_property
    def answers(self) -> list[str]:
        """The texts that must be supervised, in order."""
        return ["".join(self._texts(self.kept[m])) for m in self.trained]

    @cached_property
    def context(self) -> list[list[str]]:
        """Before each answer, and after the last, the texts that must not be supervised."""
        out: list[list[str]] = [[]]
        trained = set(self.trained)
        for m, message in enumerate(self.kept):
            if m in trained:
                out.append([])
            else:
                out[-1] += [text for text in self._texts(message) if text.strip()]
        return out

    @cached_property
    def texts(self) -> list[str]:
        """The texts of all kept messages, as they are compared; none that is empty."""
        return [text for message in self.kept for text in map(self.plain, self._texts(message)) if text]

    @cached_property
    def mentions(self) -> list[int]:
        """Indices of the pictures that the kept messages show, in order."""
        return [part.index for message in self.kept for part in message.content if part.type == "image"]

    @cached_property
    def videos(self) -> list[int]:
        """Indices of the videos that the kept messages show, in order."""
        return [part.index for message in self.kept for part in message.content if part.type == "video"]

    @cached_property
    def neighbours(self) -> int:
        """Pictures, videos and frames as pictures that may stand right behind another one of their message."""
        native = has_videos(self.processor.native)

        def count(part: Part) -> int:
            if part.type == "video":
                return 1 if native else len(self.film(part.index, self.encoded.frames).frames)
            return part.type == "image"

        shown = [sum(map(count, message.content)) for message in self.kept]
        return sum(count - 1 for count in shown if count)

    @cached_property
    def boxes(self) -> list[list[Region]]:
        """Regions of each grounded part of the kept messages, in order."""
        parts = [part for message in self.kept for part in message.content if part.regions]
        return [[self.sample.regions[number] for number in part.regions] for part in parts]

    @cached_property
    def grounded(self) -> list[int]:
        """Indices of the pictures that are shown and that boxes of the kept messages lie in."""
        regions = [region for group in self.boxes for region in group]
        return sorted({r.index for r in regions if r.modality == "image"} & set(self.mentions))

    @cached_property
    def wordless(self) -> str | None:
        """The text of the template alone: of this sample with numbers for its texts; None where that cannot be said."""
        numbered = [
            msgspec.structs.replace(message, content=_numbered(message, number))
            for number, message in enumerate(self.kept)
        ]
        made = msgspec.structs.replace(self.sample, messages=numbered, spans=[])
        encoded = self.processor.encode(made, self.max_length)
        return None if encoded.dropped else self.plain(self.decode(encoded.input_ids))

    def written(self, count: int, reply: bool = False) -> str | None:
        """The first messages by the native chat template, with what opens a reply to them; None where it refuses."""
        import jinja2

        if not count:
            return None
        chat = [{"role": message.role, "content": self._content(message)} for message in self.kept[:count]]
        for turn, message in zip(chat, self.kept, strict=False):
            if message.tool_calls:
                turn["tool_calls"] = json.loads(message.tool_calls)
        tools = json.loads(self.sample.tools) if self.sample.tools else None
        try:
            return self.processor.native.apply_chat_template(
                chat, tools=tools or None, tokenize=False, add_generation_prompt=reply
            )
        except jinja2.TemplateError:
            return None

    def said_before(self, message: int) -> str:
        """The last text of the turn before a message, as a template that trims writes it."""
        return (self._texts(self.kept[message - 1]) or [""])[-1].strip()

    @property
    def trained(self) -> list[int]:
        """Numbers of the kept messages whose answers are supervised."""
        return [m for m, message in enumerate(self.kept) if message.role == "assistant" and message.train]

    def _texts(self, message: Any) -> list[str]:
        return [part["text"] for part in self._content(message) if part["type"] == "text"]

    def _content(self, message: Any) -> list[dict[str, str]]:
        return render_content(self.sample, message, self.processor.dialect, self._resize)

    def _resize(self, width: int, height: int) -> Size:
        """Stored size -> size in the pixels that the model truly gets."""
        for index, size in zip(self.mentions, self.shown, strict=False):
            if self.size(index) == (width, height):
                return size
        return width, height

    def size(self, index: int) -> Size:
        """(width, height) of a picture as stored: recorded, or from its header."""
        recorded = next((m for m in self.sample.media if m.type == "image" and m.index == index), None)
        if recorded and recorded.width and recorded.height:
            return recorded.width, recorded.height
        return image_size(self._blob(index))

    def _blob(self, index: int) -> Any:
        blob: Any = self.sample.images[index]
        return blob.path if blob.bytes is None else bytes(blob.bytes)

    # -- what the pixels say -------------------------------------------------------------------------------------------

    @cached_property
    def native(self) -> Made | None:
        """The pictures and videos of the kept turns by transformers' own processor; None without any."""
        return self.made(self.encoded.frames if self.videos else 0)

    def made(self, count: int) -> Made | None:
        """The same with ``count`` frames a video."""
        media: list[Any] = []
        for part in (part for message in self.kept for part in message.content):
            if part.type == "image":
                media.append(decode(self._data(part.index)).image)
            elif part.type == "video":
                media.append(self.film(part.index, count))
        return make(self.processor.native, media) if media else None

    def film(self, index: int, count: int) -> Film:
        """That many frames spread over the clip of a video, or all there are."""
        blob: Any = self.sample.videos[index]
        source = blob.path if blob.bytes is None else bytes(blob.bytes)
        times = next(
            ((m.start, m.end) for m in self.sample.media if m.type == "video" and m.index == index), (None, None)
        )
        clip = survey(source, start=times[0], end=times[1])
        shown = frames(source, uniform=clip.most(count, self.processor.fps), start=times[0], end=times[1])
        if kinds_of(self.processor.native) & ONE_COUNT:
            shown += shown[-1:] * (count - len(shown))
        return Film([frame.picture for frame in shown], [frame.time for frame in shown], clip.duration)

    def _data(self, index: int) -> bytes:
        found = self._blob(index)
        if isinstance(found, bytes):
            return found
        with open(found, "rb") as file:
            return file.read()

    @cached_property
    def tiled(self) -> bool:
        """Whether pictures come as more views than one."""
        plain = "pixel_values" in self.pixels and "image_grid_thw" not in self.pixels
        return plain and len(views(self.pixels)) != len(self.mentions)

    @cached_property
    def shown(self) -> list[Size]:
        """(width, height) of every picture as the model gets it; empty without pictures, or where they are tiled."""
        if "image_grid_thw" in self.pixels:
            side = self.processor.native.image_processor.patch_size
            return [(w * side, h * side) for _, h, w in self.pixels["image_grid_thw"].tolist()]
        if not self.mentions or "pixel_values" not in self.pixels or self.tiled:
            return []
        return [(view.shape[-1], view.shape[-2]) for view in views(self.pixels)]

    @cached_property
    def features(self) -> int:
        """Features that the model makes of the real pixels, by transformers' own rule."""
        return features(self.processor.native, self.pixels, self.native) if self.native and self.pixels else 0

    @cached_property
    def runs(self) -> list[int]:
        """Lengths of the unbroken runs of picture or video tokens."""
        return [length for _, length in self.marked]

    @cached_property
    def marked(self) -> list[tuple[int, int]]:
        """(token, length) of those runs."""
        marks = tokens(self.processor.native)
        kinds = groupby(self.encoded.input_ids, lambda token: token if token in marks else None)
        return [(kind, len(list(run))) for kind, run in kinds if kind is not None]

    @property
    def resized(self) -> bool:
        """Whether boxes are written in pixels of the picture that the model gets."""
        return dialect(self.processor.dialect).frame == "resized"

    def landing(self, index: int) -> tuple[Size, Landing]:
        """The size of a picture as stored, and where a mark on a picture of that size lies in what the model gets."""
        framed = bool(self.videos) and not has_videos(self.processor.native)
        key = self.size(index), len(self.mentions) == 1 and not framed
        if key not in self.landings:
            self.landings[key] = land(self.processor.native, *key)
        return key[0], self.landings[key]


def _numbered(message: Message, number: int) -> list[Part]:
    pictures = [part for part in message.content if part.type not in ("text", "region")]
    return [*pictures, Part(text=f"{number}")]
