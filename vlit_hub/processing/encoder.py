"""Samples -> token ids and labels within a length: composed, tokenised as a whole, pictures counted by size."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

from vlit_hub.chat import render_content
from vlit_hub.processing.batch import picture_sizes, video_clips
from vlit_hub.processing.families import Family, FamilyError, Picture, Size
from vlit_hub.processing.families.base import halves
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
from vlit_hub.schema import Message, Sample
from vlit_hub.video import Clip


@dataclass(frozen=True)
class Budget:
    """What is shown of the media of a sample."""

    picture: int | None = None
    """Of one picture, in a unit of the family's own; None: the native processor's limit."""
    frames: int = 0
    """Of one video; 0 where there is none."""


@dataclass(frozen=True)
class Seen:
    """What is known of the media of a sample without decoding them, by index."""

    sizes: dict[int, Size]
    clips: dict[int, Clip | str]
    """Or why the frames of a video cannot be told."""


@dataclass(frozen=True)
class Draft:
    """The first ``messages`` messages of a sample as text, their pictures and videos held to a budget."""

    sample: Sample
    messages: int
    budget: Budget
    pictures: list[int]
    videos: list[int]
    order: list[str]
    """Types of pictures and videos in order of the text; empty without videos."""
    written: list[Picture]
    """Of each picture, video, and frame that is shown as a picture, in order of the text."""
    rendered: Rendered
    """Every run of image or video tokens is one token."""
    frames: int = 0
    """Of all videos that are shown."""

    @property
    def runs(self) -> list[int]:
        """Lengths of all runs of image and video tokens, in order."""
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
    frames: int
    """Frames of a video, at most."""
    fps: float = 0.0
    """Of a video a second, at most; 0: any."""

    @cached_property
    def tokens(self) -> tuple[int, ...]:
        """The ids of which runs stand for pictures and videos."""
        native = self.family.native_videos(self.native)
        names = ("image_token_id", *([native.token] if native else []))
        return tuple(dict.fromkeys(getattr(self.native, name) for name in names))

    @cached_property
    def no_videos(self) -> str:
        """Why no video is shown; "" if they are."""
        if not self.family.takes_videos(self.native):
            return f"family {self.family.name} shows one picture"
        if self.family.native_videos(self.native) and not self.template.writes_videos:
            return "the chat template places none"
        return ""

    def encode(self, samples: Sequence[Sample], max_length: int) -> list[Encoded]:
        """See :meth:`VLITProcessor.encode`; the samples are tokenised together."""
        out: list[Encoded | None] = [None] * len(samples)
        drafts: dict[int, Draft] = {}
        for number, sample in enumerate(samples):
            try:
                refuse(sample, self.no_videos)
                refuse_dialogue(sample, self.family.says)
                seen = _seen(sample)
                first = self._budgets(sample, len(sample.messages))[0]
                drafts[number] = self._draft(sample, len(sample.messages), first, seen)
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
        refuse_content(sample, self.no_videos, prompt=True)
        refuse_dialogue(sample, self.family.says)
        count = len(sample.messages)
        draft = self._draft(sample, count, self._budgets(sample, count)[0], _seen(sample), reply=True)
        (tokens,) = self._read([draft])
        ids, _ = spread(tokens.ids, self.tokens if draft.videos else self.tokens[:1], draft.runs)
        return self._encoded(draft, ids, [IGNORED] * len(ids), [])

    # -- fitting -------------------------------------------------------------------------------------------------------

    def _fit(self, whole: Draft, tokens: Tokens, max_length: int) -> Encoded:
        """The draft, or what truncation leaves of it."""
        length = len(tokens.ids) + sum(whole.runs) - len(whole.runs)
        if length <= max_length:
            return self._label(whole, tokens)
        sample, seen = whole.sample, _seen(whole.sample)
        known: dict[Budget, tuple[Draft, Tokens]] = {whole.budget: (whole, tokens)}  # all messages under a budget
        for count in prefixes(sample):
            for budget in self._budgets(sample, count):
                if budget not in known:
                    draft = self._draft(sample, len(sample.messages), budget, seen)
                    known[budget] = draft, self._again(draft, whole, tokens)
                draft, read = known[budget]
                if count < len(sample.messages):
                    draft = self._draft(sample, count, budget, seen)
                    length = self._reaches(draft, *known[budget])
                    if length > max_length:
                        continue
                    (read,) = self._read([draft])
                length = len(read.ids) + sum(draft.runs) - len(draft.runs)
                if length <= max_length:
                    return self._label(draft, read)
        raise Dropped("too_long", f"{length} tokens up to the first supervised answer, max_length is {max_length}")

    def _budgets(self, sample: Sample, count: int) -> list[Budget]:
        """What truncation tries, most first: fewer frames, then less of each picture."""
        videos, pictures = mentions(sample, count, "video"), mentions(sample, count)
        native = self.family.native_videos(self.native)
        frames = [0]
        if videos:
            fewer = () if native and native.exact else halves(self.frames, native.least if native else 1)
            frames = [self.frames, *fewer]
        lowered = self.family.lower_budgets(self.native) if pictures or videos and native is None else ()
        return [*(Budget(None, most) for most in frames), *(Budget(budget, frames[-1]) for budget in lowered)]

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

    def _draft(self, sample: Sample, count: int, budget: Budget, seen: Seen, reply: bool = False) -> Draft:
        """``reply``: up to where the template has opened one."""
        pictures, videos = self._shown(sample, count, seen.sizes), mentions(sample, count, "video")
        clips = {index: self._taken(index, seen, budget) for index in videos}
        chat, tools = self._chat(sample, count, budget.picture)
        if videos and self.family.native_videos(self.native) is None:
            for turn, message in zip(chat, sample.messages, strict=False):
                turn["content"] = _with_frames(turn["content"], message, clips)
        try:
            made = self.template.prompt(chat, tools) if reply else self.template.render(chat, tools)
        except TemplateRefused as error:
            raise Dropped("template", str(error)) from None
        rendered = Rendered(made, ()) if isinstance(made, str) else made
        if not videos:
            written = self._write([seen.sizes[index] for index in pictures], budget.picture)
            filled, _ = rendered.filled({self.template.placeholder: [picture.text for picture in written]})
            return Draft(sample, count, budget, pictures, [], [], written, filled)
        if self.family.native_videos(self.native) is None:
            return self._as_pictures(sample, count, budget, seen.sizes, clips, rendered)
        shown = self._write([seen.sizes[index] for index in pictures], budget.picture)
        each = {"image": shown, "video": [self._write_video(clips[index]) for index in videos]}
        frames = sum(len(clip.times) for clip in clips.values())
        places = self.template.places
        filled, found = rendered.filled({places[kind]: [one.text for one in each[kind]] for kind in each})
        order = ["image" if place == places["image"] else "video" for place in found]
        queues = {kind: iter(written) for kind, written in each.items()}
        written = [next(queues[kind]) for kind in order]
        return Draft(sample, count, budget, pictures, videos, order, written, filled, frames)

    def _as_pictures(
        self,
        sample: Sample,
        count: int,
        budget: Budget,
        sizes: dict[int, Size],
        clips: dict[int, Clip],
        rendered: Rendered,
    ) -> Draft:
        """The draft with each frame of a video where the template put a picture."""
        parts = [part for message in sample.messages[:count] for part in message.content]
        order: list[str] = [part.type for part in parts if part.type in ("image", "video")]
        shown = []
        for part in parts:
            if part.type == "image":
                shown.append(sizes[part.index])
            elif part.type == "video":
                shown += [clips[part.index].size] * len(clips[part.index].times)
        written = self._write(shown, budget.picture)
        filled, _ = rendered.filled({self.template.placeholder: [picture.text for picture in written]})
        pictures, videos = mentions(sample, count), mentions(sample, count, "video")
        frames = sum(len(clip.times) for clip in clips.values())
        return Draft(sample, count, budget, pictures, videos, order, written, filled, frames)

    def _taken(self, index: int, seen: Seen, budget: Budget) -> Clip:
        """The frames of a video that are shown."""
        clip = seen.clips.get(index, "nothing is there")
        if isinstance(clip, str):
            raise Dropped("unreadable_media", f"video {index}: {clip}")
        native = self.family.native_videos(self.native)
        most = clip.most(budget.frames, self.fps)
        return clip.uniform(most, exact=native is not None and native.exact)

    def _shown(self, sample: Sample, count: int, sizes: dict[int, Size]) -> list[int]:
        """The pictures of the first ``count`` messages, in order, of known size and in the frame of their boxes."""
        pictures = mentions(sample, count)
        if lost := [index for index in pictures if index not in sizes]:
            raise Dropped("unreadable_media", f"the size of picture {lost[0]} is not known")
        if not sample.regions:
            return pictures
        grounded = {
            (sample.regions[number].modality, sample.regions[number].index)
            for message in sample.messages[:count]
            for part in message.content
            for number in part.regions
        }
        if any(kind == "video" for kind, _ in grounded):
            raise Dropped("region", "a phrase is grounded in a video")
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

    def _write_video(self, clip: Clip) -> Picture:
        videos = self.family.native_videos(self.native)
        assert videos is not None
        try:
            return videos.write(self.native, clip)
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
        input_ids, starts = spread(tokens.ids, self.tokens if draft.videos else self.tokens[:1], draft.runs)
        turns = [Turn(turn.message, starts[turn.start], starts[turn.stop]) for turn in turns]
        labels = [IGNORED] * len(input_ids)
        for turn in turns:
            labels[turn.start : turn.stop] = said = input_ids[turn.start : turn.stop]
            if self.family.gives_back is not None:
                decoded = self.native.tokenizer.decode(said[:-1], clean_up_tokenization_spaces=False)
                if not self.family.gives_back(decoded, answers[turn.message]):
                    raise Dropped("lost_text", f"message {turn.message} becomes {decoded[:60]!r}")
        return self._encoded(draft, input_ids, labels, turns)

    def _encoded(self, draft: Draft, input_ids: list[int], labels: list[int], turns: list[Turn]) -> Encoded:
        counts = [shown.tokens for shown in draft.written]
        return Encoded(
            input_ids, labels, draft.pictures, counts, turns, draft.messages, draft.budget.picture,
            videos=draft.videos, frames=draft.budget.frames, order=draft.order, fps=self.fps, frames_shown=draft.frames,
        )  # fmt: skip


def _seen(sample: Sample) -> Seen:
    return Seen(picture_sizes(sample), video_clips(sample))


def _with_frames(content: list[dict[str, str]], message: Message, clips: dict[int, Clip]) -> list[dict[str, str]]:
    """A message's content with as many pictures for each video as frames are taken of it."""
    videos = iter([part.index for part in message.content if part.type == "video"])
    out: list[dict[str, str]] = []
    for part in content:
        out += [{"type": "image"}] * len(clips[next(videos)].times) if part["type"] == "video" else [part]
    return out


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


def spread(ids: Sequence[int], placeholders: Sequence[int], counts: Sequence[int]) -> tuple[list[int], Starts]:
    """``ids`` with the n-th of the placeholders repeated ``counts[n]`` times, and where each old position starts in it.

    Raises MaskError unless there are as many placeholders as counts.
    """
    ids = list(ids)
    if (found := sum(map(ids.count, placeholders))) != len(counts):
        raise MaskError(f"the tokenizer reads {found} picture tokens for {len(counts)} runs of them")
    spread_ids: list[int] = []
    places: list[int] = []
    at = 0
    for count in counts:
        place = _next(ids, placeholders, at)
        spread_ids += ids[at:place]
        spread_ids += [ids[place]] * count
        places.append(place)
        at = place + 1
    return spread_ids + ids[at:], Starts(places, [0, *accumulate(count - 1 for count in counts)])


def _next(ids: list[int], placeholders: Sequence[int], at: int) -> int:
    """Where the first of the placeholders stands from ``at`` on."""
    if len(placeholders) == 1:
        return ids.index(placeholders[0], at)
    return next(place for place in range(at, len(ids)) if ids[place] in placeholders)
