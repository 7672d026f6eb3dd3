"""Samples -> token ids and labels within a length: composed, tokenised as a whole, pictures counted by size."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from vlit_hub.chat import render_content
from vlit_hub.processing.batch import picture_sizes
from vlit_hub.processing.families import Family, FamilyError, Picture, Size
from vlit_hub.processing.masking import IGNORED, Chat, MaskError, Rendered, Template, TemplateRefused, Turn
from vlit_hub.processing.truncation import (
    Dropped,
    Encoded,
    mentions,
    prefixes,
    refuse,
    refuse_content,
    refuse_dialogue,
    trained,
)
from vlit_hub.regions import RenderError, dialect
from vlit_hub.schema import Sample


@dataclass(frozen=True)
class Draft:
    """The first ``messages`` messages of a sample as text, their pictures held to a budget."""

    sample: Sample
    messages: int
    budget: int | None
    pictures: list[int]
    written: list[Picture]
    rendered: Rendered
    """Every run of image tokens is one token."""

    @property
    def runs(self) -> list[int]:
        """Lengths of all runs of image tokens, in order."""
        return [run for picture in self.written for run in picture.runs]


@dataclass(frozen=True)
class Tokens:
    """A draft tokenised; every run of image tokens is still one token."""

    ids: list[int]
    offsets: list[tuple[int, int]]


@dataclass(frozen=True)
class Encoder:
    """What :meth:`VLITProcessor.encode` does, without saving and loading."""

    family: Family
    native: Any
    template: Template
    dialect: str

    def encode(self, samples: Sequence[Sample], max_length: int) -> list[Encoded]:
        """See :meth:`VLITProcessor.encode`; the samples are tokenised together."""
        out: list[Encoded | None] = [None] * len(samples)
        drafts: dict[int, Draft] = {}
        for number, sample in enumerate(samples):
            try:
                refuse(sample)
                refuse_dialogue(sample, self.family.says)
                drafts[number] = self._draft(sample, len(sample.messages), None, picture_sizes(sample))
            except Dropped as drop:
                out[number] = _dropped(drop)
            except MaskError as error:
                raise _named(sample, error) from None
        for (number, draft), tokens in zip(drafts.items(), self._read(list(drafts.values())), strict=True):
            try:
                out[number] = self._fit(draft, tokens, max_length)
            except Dropped as drop:
                out[number] = _dropped(drop)
            except MaskError as error:
                raise _named(draft.sample, error) from None
        return [encoded for encoded in out if encoded is not None]

    def prompt(self, sample: Sample) -> Encoded:
        """See :meth:`VLITProcessor.prompt`."""
        refuse_content(sample, prompt=True)
        refuse_dialogue(sample, self.family.says)
        sizes = picture_sizes(sample)
        pictures = self._shown(sample, len(sample.messages), sizes)
        written = self._write([sizes[index] for index in pictures], None)
        chat, tools = self._chat(sample, len(sample.messages), None)
        try:
            text = self.template.prompt(chat, tools)
        except TemplateRefused as error:
            raise Dropped("template", str(error)) from None
        filled = Rendered(text, (), len(pictures)).filled(self.template.placeholder, [p.text for p in written])
        draft = Draft(sample, len(sample.messages), None, pictures, written, filled)
        (tokens,) = self._read([draft])
        ids, _ = spread(tokens.ids, self.native.image_token_id, draft.runs)
        return Encoded(ids, [IGNORED] * len(ids), pictures, [p.tokens for p in written], [], len(sample.messages))

    # -- fitting -------------------------------------------------------------------------------------------------------

    def _fit(self, whole: Draft, tokens: Tokens, max_length: int) -> Encoded:
        """The draft, or what truncation leaves of it."""
        length = len(tokens.ids) + sum(whole.runs) - len(whole.runs)
        if length <= max_length:
            return self._label(whole, tokens)
        sample, sizes = whole.sample, picture_sizes(whole.sample)
        known: dict[int | None, tuple[Draft, Tokens]] = {None: (whole, tokens)}  # budget -> all messages under it
        for count in prefixes(sample):
            for budget in self.family.budgets(self.native) if mentions(sample, count) else (None,):
                if budget not in known:
                    draft = self._draft(sample, len(sample.messages), budget, sizes)
                    known[budget] = draft, self._again(draft, *known[None])
                draft, read = known[budget]
                if count < len(sample.messages):
                    draft = self._draft(sample, count, budget, sizes)
                    length = self._reaches(draft, *known[budget])
                    if length > max_length:
                        continue
                    (read,) = self._read([draft])
                length = len(read.ids) + sum(draft.runs) - len(draft.runs)
                if length <= max_length:
                    return self._label(draft, read)
        raise Dropped("too_long", f"{length} tokens up to the first supervised answer, max_length is {max_length}")

    def _again(self, draft: Draft, other: Draft, tokens: Tokens) -> Tokens:
        """The draft's tokens: the other's where both are one text (a lower budget may change runs alone)."""
        return tokens if draft.rendered.text == other.rendered.text else self._read([draft])[0]

    def _reaches(self, draft: Draft, whole: Draft, tokens: Tokens) -> int:
        """Tokens that a draft of fewer messages has at least, read off those of all messages; 0 where not known.

        An end-of-turn token cuts the tokenisation: what stands before it is the same in both.
        """
        last = [span.end for span in draft.rendered.spans if span.message == draft.messages - 1]
        end = draft.rendered.text.find(self.template.end_of_turn, last[-1]) if last else -1
        if end < 0 or not whole.rendered.text.startswith(draft.rendered.text[:end]):
            return 0
        before = sum(stop <= end for _, stop in tokens.offsets)
        return before + sum(draft.runs) - len(draft.runs)

    # -- text ----------------------------------------------------------------------------------------------------------

    def _draft(self, sample: Sample, count: int, budget: int | None, sizes: dict[int, Size]) -> Draft:
        pictures = self._shown(sample, count, sizes)
        written = self._write([sizes[index] for index in pictures], budget)
        chat, tools = self._chat(sample, count, budget)
        try:
            rendered = self.template.render(chat, tools)
        except TemplateRefused as error:
            raise Dropped("template", str(error)) from None
        filled = rendered.filled(self.template.placeholder, [picture.text for picture in written])
        return Draft(sample, count, budget, pictures, written, filled)

    def _shown(self, sample: Sample, count: int, sizes: dict[int, Size]) -> list[int]:
        """The pictures of the first ``count`` messages, in order, of known size and in the frame of their boxes."""
        pictures = mentions(sample, count)
        if lost := [index for index in pictures if index not in sizes]:
            raise Dropped("unreadable_media", f"the size of picture {lost[0]} is not known")
        if not pictures or not sample.regions:
            return pictures
        grounded = {
            (sample.regions[number].modality, sample.regions[number].index)
            for message in sample.messages[:count]
            for part in message.content
            for number in part.regions
        }
        frame = dialect(self.dialect).frame
        for index in sorted({index for kind, index in grounded if kind == "image"} & set(pictures)):
            size = sizes[index]
            if not self.family.shows(self.native, size, len(pictures), self._resize(size, None), frame):
                raise Dropped("box_frame", f"picture {index} of {size}: its pixels are not in frame {frame}")
        return pictures

    def _resize(self, size: Size, budget: int | None) -> Size:
        try:
            return self.family.resize(self.native, size, budget)
        except FamilyError:
            raise
        except ValueError as error:
            raise Dropped("picture_size", str(error)) from None

    def _write(self, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
        try:
            return self.family.write(self.native, sizes, budget) if sizes else []
        except FamilyError:
            raise
        except ValueError as error:
            raise Dropped("picture_size", str(error)) from None

    def _chat(self, sample: Sample, count: int, budget: int | None) -> tuple[Chat, list[Any]]:
        """The first messages as a chat template takes them, and the tool schemas."""

        def resize(width: int, height: int) -> Size:
            return self._resize((width, height), budget)

        try:
            chat = [
                {"role": message.role, "content": render_content(sample, message, self.dialect, resize)}
                for message in sample.messages[:count]
            ]
        except RenderError as error:
            raise Dropped("region", str(error)) from None
        for turn, message in zip(chat, sample.messages, strict=False):
            if message.tool_calls:
                turn["tool_calls"] = json.loads(message.tool_calls)
        tools = json.loads(sample.tools) if sample.tools else []
        if missing := self.template.refuses(chat, tools):
            raise Dropped("tools", missing)
        if found := self.template.control_token(chat, tools):
            raise Dropped("control_token", f"a text holds {found}")
        return chat, tools

    def _read(self, drafts: Sequence[Draft]) -> list[Tokens]:
        """All drafts tokenised in one call."""
        image, bos = self.native.image_token, self.native.tokenizer.bos_token
        texts = [draft.rendered.text for draft in drafts]
        first = [leading(text, image) if self.family.picture_first else 0 for text in texts]
        texts = [text[count * len(image) :] for text, count in zip(texts, first, strict=True)]
        opened = [bool(bos) and text.startswith(bos) for text in texts]
        if len(set(opened)) > 1:
            return [tokens for draft in drafts for tokens in self._read([draft])]
        backend = self.native.tokenizer.backend_tokenizer
        backend.no_truncation()  # as transformers does before a call: an earlier one may have set it
        backend.no_padding()
        encodings = backend.encode_batch(texts, add_special_tokens=not any(opened)) if texts else []
        return [
            _opened(Tokens(encoding.ids, encoding.offsets), count, self.native.image_token_id, len(image))
            for encoding, count in zip(encodings, first, strict=True)
        ]

    # -- labels --------------------------------------------------------------------------------------------------------

    def _label(self, draft: Draft, tokens: Tokens) -> Encoded:
        """The draft with every picture spread over its tokens and the answers labelled."""
        text = draft.rendered.text
        answers = {span.message: text[span.start : span.end] for span in draft.rendered.spans}
        messages = trained(draft.sample, draft.messages)
        if empty := [m for m in messages if not answers.get(m, "").strip()]:
            raise Dropped("empty_answer", f"message {empty[0]} is empty")
        turns = self.template.turns(draft.rendered, tokens.ids, tokens.offsets, messages)
        input_ids, starts = spread(tokens.ids, self.native.image_token_id, draft.runs)
        turns = [Turn(turn.message, starts[turn.start], starts[turn.stop]) for turn in turns]
        labels = [IGNORED] * len(input_ids)
        for turn in turns:
            labels[turn.start : turn.stop] = said = input_ids[turn.start : turn.stop]
            if self.family.gives_back is not None:
                decoded = self.native.tokenizer.decode(said[:-1], clean_up_tokenization_spaces=False)
                if not self.family.gives_back(decoded, answers[turn.message]):
                    raise Dropped("lost_text", f"message {turn.message} becomes {decoded[:60]!r}")
        counts = [picture.tokens for picture in draft.written]
        return Encoded(input_ids, labels, draft.pictures, counts, turns, draft.messages, draft.budget)


@dataclass(frozen=True)
class Starts:
    """Old position -> where it starts once the placeholders at ``places`` are spread over ``counts`` tokens."""

    places: list[int]
    grown: list[int]

    def __getitem__(self, position: int) -> int:
        before = bisect_left(self.places, position)
        return position + self.grown[before]


def leading(text: str, piece: str) -> int:
    """How often ``text`` begins with ``piece``."""
    count = 0
    while text.startswith(piece, count * len(piece)):
        count += 1
    return count


def _opened(tokens: Tokens, count: int, image: int, width: int) -> Tokens:
    """Tokens of a text with ``count`` picture tokens, ``width`` characters each, put before it."""
    if not count:
        return tokens
    places = [(at * width, (at + 1) * width) for at in range(count)]
    offsets = [(start + count * width, end + count * width) for start, end in tokens.offsets]
    return Tokens([image] * count + tokens.ids, places + offsets)


def _dropped(drop: Dropped) -> Encoded:
    return Encoded(dropped=drop.reason, detail=str(drop))


def _named(sample: Sample, error: MaskError) -> MaskError:
    return MaskError(f"{sample.dataset} {sample.id}: {error}")


def spread(ids: Sequence[int], placeholder: int, counts: Sequence[int]) -> tuple[list[int], Starts]:
    """``ids`` with the n-th placeholder repeated ``counts[n]`` times, and where each old position starts in it.

    Raises MaskError unless there are as many placeholders as counts.
    """
    ids = list(ids)
    if (found := ids.count(placeholder)) != len(counts):
        raise MaskError(f"the tokenizer reads {found} picture tokens for {len(counts)} runs of them")
    spread_ids: list[int] = []
    places: list[int] = []
    at = 0
    for count in counts:
        place = ids.index(placeholder, at)
        spread_ids += ids[at:place]
        spread_ids += [placeholder] * count
        places.append(place)
        at = place + 1
    return spread_ids + ids[at:], Starts(places, [0, *accumulate(count - 1 for count in counts)])
