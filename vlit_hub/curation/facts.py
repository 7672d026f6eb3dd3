"""What indicators read of one sample, found once and shared by all of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from vlit_hub.schema import Message, Sample

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,]\d+)*")
"""A word or a number, in any script that puts something between them."""

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


class Annotations(Protocol):
    """A source of annotations; picklable."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever an answer may."""

    def of(self, sample: Sample) -> Annotation | None:
        """What is known of the one picture of a sample; None where nothing is, or it shows several."""


class Facts:
    """One sample, cut into what indicators ask for. Nothing is computed before it is asked for."""

    def __init__(self, sample: Sample, annotation: Annotation | None = None) -> None:
        self.sample, self.annotation = sample, annotation

    @cached_property
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

    @cached_property
    def questions(self) -> list[str]:
        """What was asked, per round."""
        return [question for question, _ in self.rounds]

    @cached_property
    def answers(self) -> list[str]:
        """The supervised answers."""
        return [answer for _, answer in self.rounds]

    @cached_property
    def question_words(self) -> list[list[str]]:
        """Lower-case words per question."""
        return [WORD.findall(question.lower()) for question in self.questions]

    @cached_property
    def answer_words(self) -> list[list[str]]:
        """Lower-case words per answer."""
        return [WORD.findall(answer.lower()) for answer in self.answers]

    @cached_property
    def english(self) -> bool:
        """Whether rules about English words speak of this sample."""
        return self.sample.language.partition("-")[0] == "en"


def text_of(message: Message) -> str:
    """The text of a message, phrases of regions with it."""
    content = message.content
    if len(content) == 1:
        return content[0].text
    return "".join([part.text for part in content])


def counted(words: list[list[str]]) -> Counter[str]:
    """All words of several texts."""
    return Counter(word for text in words for word in text)
