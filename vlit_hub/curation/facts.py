"""What indicators read of one sample, found once and shared by all of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from vlit_hub.lexicon import Lexicon, lexicon
from vlit_hub.schema import Message, Sample

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,]\d+)*")
"""A word or a number, in any script that puts something between them."""

_ASCII_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*|[0-9]+(?:[.,][0-9]+)*")
"""The same over lower-case ASCII, in half the time."""
_PLAIN = bytes(
    ord("0") if 48 <= code < 58 else code | 32 if chr(code | 32) in ascii_lowercase else code if code in b"'-" else 32
    for code in range(256)
)
"""ASCII: letters in lower case, digits as 0, all but ' and - a space."""
_LOOSE = re.compile(rb"['-](?:(?![a-z])|(?<![a-z].))")
"""A ' or - that joins no two letters."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Annotation:
    """What is known of one picture from another source than the text under proof."""

    counts: Mapping[str, int]
    """Label -> exact number of instances, for the labels that can be counted."""
    present: frozenset[str]
    """Every label with any annotation, crowds too."""
    labels: frozenset[str]
    """The closed list of the source: of these, what is not present is absent."""
    captions: tuple[str, ...] = ()
    boxes: Mapping[str, tuple[Box, ...]] = field(default_factory=dict)
    """Label -> x1, y1, x2, y2, 0..1 of the picture."""

    @cached_property
    def names(self) -> Lexicon:
        """The words for its labels."""
        return lexicon(self.labels | self.present)


class Annotations(Protocol):
    """A source of annotations; picklable."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever an answer may."""

    def of(self, sample: Sample) -> Annotation | None:
        """What is known of the one picture of a sample; None where nothing is, or it shows several."""


T = TypeVar("T")


class lazy(Generic[T]):
    """As functools.cached_property, without its lock, which costs more than most of what is kept here."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        self.function, self.name = function, function.__name__
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: type) -> T:
        value = instance.__dict__[self.name] = self.function(instance)
        return value


class Facts:
    """One sample, cut into what indicators ask for. Nothing is computed before it is asked for. ``models``: name of an
    indicator's model -> its id or folder."""

    def __init__(
        self, sample: Sample, annotation: Annotation | None = None, models: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.sample, self.annotation, self.models = sample, annotation, models

    @lazy
    def rounds(self) -> list[tuple[str, str]]:
        """(what was asked, the supervised answer) of each train=true assistant message, in order. What was asked is
        the user text since the assistant's message before."""
        found, asked = [], ""
        for message in self.sample.messages:
            if message.role == "user":
                asked = f"{asked}\n{text_of(message)}" if asked else text_of(message)
            elif message.role == "assistant":
                if message.train:
                    found.append((asked, text_of(message)))
                asked = ""
        return found

    @lazy
    def questions(self) -> list[str]:
        """What was asked, per round."""
        return [question for question, _ in self.rounds]

    @lazy
    def answers(self) -> list[str]:
        """The supervised answers."""
        return [answer for _, answer in self.rounds]

    @lazy
    def question_words(self) -> list[list[str]]:
        """Lower-case words per question."""
        return list(map(words_of, self.questions))

    @lazy
    def answer_words(self) -> list[list[str]]:
        """Lower-case words per answer."""
        return list(map(words_of, self.answers))

    @lazy
    def answer_sets(self) -> list[frozenset[str]]:
        """The different words of each answer."""
        return list(map(frozenset, self.answer_words))

    @lazy
    def pairs(self) -> list[tuple[str, str]]:
        """Neighbouring words of all answers."""
        return list(chain.from_iterable(map(pairwise, self.answer_words)))

    @lazy
    def pair_set(self) -> frozenset[tuple[str, str]]:
        """The different ones of ``pairs``."""
        return frozenset(self.pairs)

    @lazy
    def english(self) -> bool:
        """Whether rules about English words speak of this sample."""
        return self.sample.language.partition("-")[0] == "en"


def words_of(text: str) -> list[str]:
    """The lower-case words and numbers of a text."""
    if not text.isascii():
        return WORD.findall(text.lower())
    plain = text.encode().translate(_PLAIN)
    if b"0" in plain or ((b"'" in plain or b"-" in plain) and _LOOSE.search(plain)):
        return _ASCII_WORD.findall(text.lower())
    return plain.decode().split()


def text_of(message: Message) -> str:
    """The text of a message, phrases of regions with it."""
    content = message.content
    if len(content) == 1:
        return content[0].text
    return "".join([part.text for part in content])


def counted(words: list[list[str]]) -> Counter[str]:
    """All words of several texts."""
    return Counter(word for text in words for word in text)
