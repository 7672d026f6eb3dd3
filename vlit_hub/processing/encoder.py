"""Sample -> token ids and labels within a length: rendered and tokenised as a whole, pictures counted by size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
class Tokens:
    """The first messages of a sample, rendered and tokenised once; every run of image tokens is still one token."""

    rendered: Rendered
    ids: list[int]
    offsets: list[tuple[int, int]]


@dataclass(frozen=True)
class Encoder:
    """What :meth:`VLITProcessor.encode` does, without saving and loading."""

    family: Family
    native: Any
    template: Template
    dialect: str

    def encode(self, sample: Sample, max_length: int) -> Encoded:
        """See :meth:`VLITProcessor.encode`."""
        try:
            refuse(sample)
            refuse_dialogue(sample, self.family.says)
            return self._fit(sample, max_length)
        except Dropped as drop:
            return Encoded(dropped=drop.reason, detail=str(drop))
        except MaskError as error:
            raise MaskError(f"{sample.dataset} {sample.id}: {error}") from None

    def prompt(self, sample: Sample) -> Encoded:
        """See :meth:`VLITProcessor.prompt`."""
        refuse_content(sample, prompt=True)
        refuse_dialogue(sample, self.family.says)
        sizes = picture_sizes(sample)
        pictures = self._shown(sample, len(sample.messages), sizes)
        written = self._write([sizes[index] for index in pictures], None)
        try:
            text = self.template.prompt(self._chat(sample, len(sample.messages), None))
        except TemplateRefused as error:
            raise Dropped("template", str(error)) from None
        filled = Rendered(text, (), len(pictures)).filled(self.template.placeholder, [p.text for p in written])
        ids, _ = spread(self._read(filled.text)[0], self.native.image_token_id, runs(written))
        return Encoded(ids, [IGNORED] * len(ids), pictures, [p.tokens for p in written], [], len(sample.messages))

    def _fit(self, sample: Sample, max_length: int) -> Encoded:
        sizes = picture_sizes(sample)
        length = 0
        for count in prefixes(sample):
            pictures = self._shown(sample, count, sizes)
            tokens: Tokens | None = None
            texts: list[str] = []
            for budget in self.family.budgets(self.native) if pictures else (None,):
                written = self._write([sizes[index] for index in pictures], budget)
                before, texts = texts, [picture.text for picture in written]
                if tokens is None or sample.regions or texts != before:  # boxes in resized pixels are other numbers
                    tokens = self._tokenize(sample, count, budget, texts)
                length = len(tokens.ids) + sum(run - 1 for run in runs(written))
                if length <= max_length:
                    return self._label(sample, tokens, written, Encoded([], [], pictures, [], [], count, budget))
        raise Dropped("too_long", f"{length} tokens up to the first supervised answer, max_length is {max_length}")

    def _shown(self, sample: Sample, count: int, sizes: dict[int, Size]) -> list[int]:
        """The pictures of the first ``count`` messages, in order, of known size and in the frame of their boxes."""
        pictures = mentions(sample, count)
        if lost := [index for index in pictures if index not in sizes]:
            raise Dropped("unreadable_media", f"the size of picture {lost[0]} is not known")
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
            return self.family.write(self.native, sizes, budget)
        except FamilyError:
            raise
        except ValueError as error:
            raise Dropped("picture_size", str(error)) from None

    def _chat(self, sample: Sample, count: int, budget: int | None) -> Chat:
        def resize(width: int, height: int) -> Size:
            return self._resize((width, height), budget)

        try:
            chat = [
                {"role": message.role, "content": render_content(sample, message, self.dialect, resize)}
                for message in sample.messages[:count]
            ]
            if found := self.template.control_token(chat):
                raise Dropped("control_token", f"a text holds {found}")
        except RenderError as error:
            raise Dropped("region", str(error)) from None
        return chat

    def _tokenize(self, sample: Sample, count: int, budget: int | None, pictures: Sequence[str]) -> Tokens:
        try:
            rendered = self.template.render(self._chat(sample, count, budget))
        except TemplateRefused as error:
            raise Dropped("template", str(error)) from None
        rendered = rendered.filled(self.template.placeholder, pictures)
        return Tokens(rendered, *self._read(rendered.text))

    def _read(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Token ids and the (start, end) of each in ``text``."""
        native, image = self.native, self.native.image_token
        first = leading(text, image) if self.family.picture_first else 0
        start, bos = first * len(image), native.tokenizer.bos_token
        out = native.tokenizer(
            text[start:],
            add_special_tokens=not (bos and text.startswith(bos, start)),
            return_offsets_mapping=True,
            return_attention_mask=False,
        )
        if not first:
            return out["input_ids"], out["offset_mapping"]
        places = [(at, at + len(image)) for at in range(0, start, len(image))]
        offsets = [(start + begin, start + end) for begin, end in out["offset_mapping"]]
        return [native.image_token_id] * first + out["input_ids"], places + offsets

    def _label(self, sample: Sample, tokens: Tokens, written: Sequence[Picture], kept: Encoded) -> Encoded:
        """``kept`` with every picture spread over its tokens and the answers labelled."""
        text, ids = tokens.rendered.text, tokens.ids
        answers = {span.message: text[span.start : span.end] for span in tokens.rendered.spans}
        messages = trained(sample, kept.messages)
        if empty := [m for m in messages if not answers.get(m, "").strip()]:
            raise Dropped("empty_answer", f"message {empty[0]} is empty")
        turns = self.template.turns(tokens.rendered, ids, tokens.offsets, messages)
        input_ids, starts = spread(ids, self.native.image_token_id, runs(written))
        turns = [Turn(turn.message, starts[turn.start], starts[turn.stop]) for turn in turns]
        labels = [IGNORED] * len(input_ids)
        for turn in turns:
            labels[turn.start : turn.stop] = said = input_ids[turn.start : turn.stop]
            if self.family.gives_back is not None:
                decoded = self.native.tokenizer.decode(said[:-1], clean_up_tokenization_spaces=False)
                if not self.family.gives_back(decoded, answers[turn.message]):
                    raise Dropped("lost_text", f"message {turn.message} becomes {decoded[:60]!r}")
        counts = [picture.tokens for picture in written]
        return Encoded(input_ids, labels, kept.pictures, counts, turns, kept.messages, kept.budget)


def leading(text: str, piece: str) -> int:
    """How often ``text`` begins with ``piece``."""
    count = 0
    while text.startswith(piece, count * len(piece)):
        count += 1
    return count


def runs(written: Sequence[Picture]) -> list[int]:
    """Lengths of all runs of image tokens of a sequence, in order."""
    return [run for picture in written for run in picture.runs]


def spread(ids: Sequence[int], placeholder: int, counts: Sequence[int]) -> tuple[list[int], list[int]]:
    """``ids`` with the n-th placeholder repeated ``counts[n]`` times, and where each old position starts in it.

    The second list has one entry more than ``ids``: the new length. Raises MaskError unless there are as many
    placeholders as counts.
    """
    if (found := sum(token == placeholder for token in ids)) != len(counts):
        raise MaskError(f"the tokenizer reads {found} picture tokens for {len(counts)} runs of them")
    spread_ids: list[int] = []
    starts: list[int] = []
    rest = iter(counts)
    for token in ids:
        starts.append(len(spread_ids))
        spread_ids += [token] * next(rest) if token == placeholder else [token]
    return spread_ids, [*starts, len(spread_ids)]
