"""Control by a model that sees: questions that it answers right without their picture teach nothing of pictures."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from vlit_hub.chat import NotChat
from vlit_hub.construction.asked import Asked, Written
from vlit_hub.construction.construct import Author
from vlit_hub.construction.paint import paint
from vlit_hub.construction.templates import Turn
from vlit_hub.evaluation.answers import is_right
from vlit_hub.evaluation.controls import BLIND, Blind, blind, with_pictures_of
from vlit_hub.schema import Blob, Media, Message, Part, Sample

RIGHT_BLIND = {"drop": "turns answered right without their picture are left out", "count": "they stay, counted"}
SHORT = 3
"""Words of the longest answer that a reply can be held against; longer ones only by their yes or no."""
DIALOGUES = 8
"""Dialogues tested together; their pictures are swapped."""
BATCH = 8
"""Questions put to the model at a time."""
NOTHING_LEFT = "no question needs its picture"
_VERDICT = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)

Answerer = Callable[[Sequence[Sample]], Sequence[str]]
"""Replies to one batch of samples whose last message is the question; raises NotChat for one that it cannot take."""


@dataclass
class Seen:
    """Turns whose answer is a word or three, or begins with yes or no, and how often each was answered right."""

    asked: int = 0
    right: int = 0
    right_blind: int = 0
    swapped: int = 0
    right_swapped: int = 0
    dropped: int = 0
    not_asked: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types. ``swapped``: turns that could be asked with another's picture."""
        return {**vars(self), "not_asked": dict(sorted(self.not_asked.items()))}


@dataclass
class Pictured:
    """An author whose questions are put to a model three times: with their picture, without it, with that of another
    dialogue. Each turn is asked by itself. ``right_blind``: of RIGHT_BLIND."""

    author: Author
    answer: Answerer
    right_blind: str = "drop"
    how: Blind = "removed"
    seen: Seen = field(default_factory=Seen)

    def __post_init__(self) -> None:
        if self.right_blind not in RIGHT_BLIND:
            raise ValueError(f"right_blind: {self.right_blind!r} is not one of: {', '.join(RIGHT_BLIND)}")
        self.forms, self.shots = self.author.forms, self.author.shots

    def write(self, work: Iterable[Asked], issues: Counter[str]) -> Iterator[tuple[Asked, Written | None]]:
        """What the author writes, less the turns that need no picture."""
        made = self.author.write(work, issues)
        last: Sample | None = None
        while some := list(islice(made, DIALOGUES)):
            tests = [test for i, (asked, written) in enumerate(some) if written for test in _tests(i, asked, written)]
            needless = self._needless(tests, _donors([test.sample for test in tests], last))
            yield from self._left(some, needless, issues)
            last = tests[-1].sample if tests else last

    def _needless(self, tests: Sequence[_Test], donors: Sequence[Sample | None]) -> set[tuple[int, Turn]]:
        samples = [test.sample for test in tests]
        with_it = self._right(tests, samples)
        without = self._right(tests, [blind(sample, self.how) for sample in samples])
        given = [(test, donor) for test, donor in zip(tests, donors, strict=True) if donor]
        swapped = self._right([t for t, _ in given], [with_pictures_of(t.sample, donor) for t, donor in given])
        self.seen.asked += len(tests)
        self.seen.swapped += len(given)
        self.seen.right += sum(with_it)
        self.seen.right_blind += sum(without)
        self.seen.right_swapped += sum(swapped)
        return {(test.number, test.turn) for test, is_so in zip(tests, without, strict=True) if is_so}

    def _right(self, tests: Sequence[_Test], samples: Sequence[Sample]) -> list[bool]:
        batches = (samples[start : start + BATCH] for start in range(0, len(samples), BATCH))
        said = [reply for batch in batches for reply in self._replies(batch)]
        return [text is not None and right(text, test.turn.answer) for test, text in zip(tests, said, strict=True)]

    def _replies(self, samples: Sequence[Sample]) -> list[str | None]:
        """None for a question that cannot be put to the model, which is counted."""
        try:
            return list(self.answer(samples))
        except NotChat as error:
            if len(samples) == 1:
                self.seen.not_asked[str(error).partition(":")[0]] += 1
                return [None]
            return [reply for sample in samples for reply in self._replies([sample])]

    def _left(
        self, some: Sequence[tuple[Asked, Written | None]], needless: set[tuple[int, Turn]], issues: Counter[str]
    ) -> Iterator[tuple[Asked, Written | None]]:
        for number, (asked, written) in enumerate(some):
            if written is None or self.right_blind == "count":
                yield asked, written
                continue
            turns = [turn for turn in written.turns if (number, turn) not in needless]
            self.seen.dropped += len(written.turns) - len(turns)
            if not turns:
                issues[NOTHING_LEFT] += 1
            yield asked, replace(written, turns=turns) if turns else None


@dataclass(frozen=True)
class _Test:
    """One turn of the ``number``-th dialogue, and its question with its picture."""

    number: int
    turn: Turn
    sample: Sample


def comparable(answer: str) -> bool:
    """Whether a reply can be held against the answer."""
    return bool(_VERDICT.match(answer)) or len(answer.split()) <= SHORT


def right(said: str, answer: str) -> bool:
    """Whether the reply says the same: the same yes or no where the answer begins with one, else the same words."""
    if verdict := _VERDICT.match(answer):
        found = _VERDICT.match(said)
        return found is not None and found[1].lower() == verdict[1].lower()
    return is_right(said, [answer])


def _tests(number: int, asked: Asked, written: Written) -> Iterator[_Test]:
    turns = [turn for turn in dict.fromkeys(written.turns) if comparable(turn.answer)]
    if not turns or (blob := _picture(asked)) is None:
        return
    picture = asked.scene.picture
    media = [Media(type="image", index=0, ref=asked.file_name, width=picture.width, height=picture.height)]
    for turn in turns:
        question = Message(role="user", content=[Part(type="image", index=0), Part(text=turn.question)])
        yield _Test(number, turn, Sample(images=[blob], media=media, messages=[question], group=str(picture.id)))


def _donors(samples: Sequence[Sample], last: Sample | None) -> list[Sample | None]:
    """Whose picture each sample gets: that of the next group among them, in a ring; of ``last`` where there is one
    group, None where that is of it too."""
    first: dict[str, Sample] = {}
    for sample in samples:
        first.setdefault(sample.group, sample)
    if len(first) < 2:
        return [last if last and last.group != sample.group else None for sample in samples]
    order = list(first)
    giver = dict(zip(order, order[1:] + order[:1], strict=True))
    return [first[giver[sample.group]] for sample in samples]


def _picture(asked: Asked) -> Blob | None:
    """As the release will hold it; None where it cannot be decoded, which construct counts."""
    source = asked.scene.picture.path
    if asked.marked is None:
        return Blob(bytes=source.read_bytes())
    painted = io.BytesIO()
    try:
        paint(source, painted, asked.marked.box)
    except OSError:
        return None
    return Blob(bytes=painted.getvalue())


def by_vlm(author: Author, model: str | Path, folder: Path, right_blind: str = "drop") -> Pictured:
    """Tests by a model of a known family (id or folder); ``folder`` keeps its replies, replies.sqlite."""
    from transformers import AutoModelForImageTextToText

    from vlit_hub.evaluation.cache import ReplyCache, fingerprint_of
    from vlit_hub.evaluation.predict import MAX_NEW_TOKENS, predict
    from vlit_hub.processing import VLITProcessor

    loaded = AutoModelForImageTextToText.from_pretrained(model)
    processor = VLITProcessor.from_pretrained(model)
    answer = ReplyCache(folder / "replies.sqlite").over(
        partial(predict, loaded, processor), [fingerprint_of(loaded), processor.fingerprint(0), MAX_NEW_TOKENS]
    )
    return Pictured(author, answer, right_blind, BLIND.get(loaded.config.model_type, "removed"))
