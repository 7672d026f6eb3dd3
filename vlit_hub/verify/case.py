"""One sample under proof: what the processor made of it, and what the Sample alone says it should be."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

from vlit_hub.chat import render_content
from vlit_hub.media import image_size
from vlit_hub.schema import Sample
from vlit_hub.verify.frame import Landing, Size, land

IGNORED = -100


@dataclass(frozen=True)
class Segment:
    """A stretch of tokens that is supervised, or not, as a whole: positions ``start`` .. ``stop``, stop exclusive."""

    supervised: bool
    start: int
    stop: int


@dataclass
class Case:
    """``encoded`` is the processor's word; every expectation is read off ``sample`` and the tokenizer's decoding."""

    sample: Sample
    processor: Any
    encoded: Any
    pixels: dict[str, Any]
    max_length: int
    landings: dict[Size, Landing] = field(default_factory=dict)
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

    @cached_property
    def special_ids(self) -> set[int]:
        """Ids of the tokenizer's special tokens."""
        tokenizer = self.processor.tokenizer
        return {*tokenizer.all_special_ids, *(i for i, t in tokenizer.added_tokens_decoder.items() if t.special)}

    # -- what the Sample says ------------------------------------------------------------------------------------------

    @property
    def kept(self) -> list[Any]:
        """The messages that the processor says it kept."""
        return self.sample.messages[: self.encoded.messages]

    @cached_property
    def answers(self) -> list[str]:
        """The texts that must be supervised, in order."""
        return [self.text(m) for m in self._trained()]

    @cached_property
    def context(self) -> list[list[str]]:
        """Before each answer, and after the last, the texts that must not be supervised."""
        out: list[list[str]] = [[]]
        trained = set(self._trained())
        for m, message in enumerate(self.kept):
            if m in trained:
                out.append([])
            else:
                out[-1] += [p["text"] for p in self._content(message) if p["type"] == "text" and p["text"].strip()]
        return out

    @cached_property
    def mentions(self) -> list[int]:
        """Indices of the pictures that the kept messages show, in order."""
        return [part.index for message in self.kept for part in message.content if part.type == "image"]

    def text(self, m: int) -> str:
        """The text of a message, regions written in the processor's dialect."""
        return "".join(p["text"] for p in self._content(self.sample.messages[m]) if p["type"] == "text")

    def _trained(self) -> list[int]:
        return [m for m, message in enumerate(self.kept) if message.role == "assistant" and message.train]

    def _content(self, message: Any) -> list[dict[str, str]]:
        return render_content(self.sample, message, self.processor.dialect, self._resize)

    def _resize(self, width: int, height: int) -> tuple[int, int]:
        """Stored size -> size in the pixels that the model truly gets."""
        for index, size in zip(self.mentions, self.shown, strict=False):
            medium = next(m for m in self.sample.media if m.type == "image" and m.index == index)
            if (medium.width, medium.height) == (width, height):
                return size
        return width, height

    @cached_property
    def grounded(self) -> list[int]:
        """Indices of the pictures that are shown and that boxes of the kept messages lie in."""
        numbers = {number for message in self.kept for part in message.content for number in part.regions}
        regions = [self.sample.regions[number] for number in numbers]
        return sorted({r.index for r in regions if r.modality == "image"} & set(self.mentions))

    # -- what the pixels say -------------------------------------------------------------------------------------------

    @cached_property
    def shown(self) -> list[tuple[int, int]]:
        """(width, height) of every picture as the model gets it."""
        if "image_grid_thw" in self.pixels:
            side = self.processor.native.image_processor.patch_size
            return [(w * side, h * side) for _, h, w in self.pixels["image_grid_thw"].tolist()]
        return [(p.shape[-1], p.shape[-2]) for p in self.pixels.get("pixel_values", [])]

    @cached_property
    def features(self) -> list[int]:
        """Features per picture, by transformers' own rule on the real pixels."""
        native = self.processor.native
        return [
            native.replace_image_token(self.pixels, image_idx=i).count(native.image_token)
            for i in range(len(self.shown))
        ]

    @cached_property
    def runs(self) -> list[int]:
        """Lengths of the unbroken runs of picture tokens."""
        token = self.processor.native.image_token_id
        return [len(list(run)) for same, run in groupby(self.encoded.input_ids, token.__eq__) if same]

    def landing(self, index: int) -> tuple[Size, Landing]:
        """The size of a picture as stored, and where a mark on a picture of that size lies in what the model gets."""
        recorded = next((m for m in self.sample.media if m.type == "image" and m.index == index), None)
        if recorded and recorded.width and recorded.height:
            size = (recorded.width, recorded.height)
        else:
            blob: Any = self.sample.images[index]
            size = image_size(blob.path if blob.bytes is None else blob.bytes)
        if size not in self.landings:
            self.landings[size] = land(self.processor.native, size)
        return size, self.landings[size]


def plain(text: str) -> str:
    """Text as it is compared: canonically composed, without white space at its ends."""
    return unicodedata.normalize("NFC", text).strip()
