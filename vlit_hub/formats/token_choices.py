"""Multiple choice whose texts are lists of words and of numbers of objects (VCR)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vlit_hub.formats.base_qa import index_of
from vlit_hub.formats.choices import LETTERS
from vlit_hub.formats.fields import meta_json
from vlit_hub.formats.grounding import list_field
from vlit_hub.formats.numbered_objects import objects_of
from vlit_hub.formats.templates import draw
from vlit_hub.schema import Media, Message, Part, Region, Sample
from vlit_hub.spec import BadRecord, Context

_CLOSING = tuple(".,?!;:%)]}…")
_OPENING = ("(", "[", "{", "$", "#")
_ENDINGS = ("s", "t", "re", "ve", "ll", "d", "m")
"""What stands behind an apostrophe that is a word of its own."""


def token_choices(
    record: Mapping[str, Any], ctx: Context, *, rationale: bool = False, meta_keys: Iterable[str] = ()
) -> Iterator[Sample]:
    """One Sample per record ``{img_fn, metadata_fn, objects, question, answer_choices, answer_label, ...}``.

    A text is a list of words and of lists of numbers into ``objects``, from 0. Object 2, a person, is ``person3`` in
    question, options and reply, tied to its box of the side file (numbered_objects.py; without it the number stands
    alone, from 1, reported). ``rationale``: the same as context, then a drawn question why with the
    ``rationale_choices``; a record without the right answer is refused then, else its sample ends with the options.
    Follows r2c's dataloaders/vcr.py, but for the names of people.
    """
    ref, names, regions, size = objects_of(record, ctx)
    texts = _Texts(names, regions, ctx)
    choices, correct, said = _options(record, "answer", texts)
    asked = [Part("image", index=0), *texts.parts(record.get("question"), "question")]
    messages = [_asked(asked, choices)]
    if rationale:
        if correct < 0:
            raise BadRecord("answer_label", "absent: a rationale is asked of the right answer")
        messages.append(Message("assistant", said, train=False))
        choices, correct, said = _options(record, "rationale", texts)
        messages.append(_asked([Part(text=draw("why", f"{ctx.file}:{ctx.row}"))], choices))
    if correct >= 0:
        messages.append(Message("assistant", said))
    yield Sample(
        messages=messages,
        media=[Media("image", 0, ref=ref, width=size and size[0], height=size and size[1])],
        regions=regions,
        task="multiple_choice",
        choices=["".join(part.text for part in option) for option in choices],
        correct=correct,
        group=ref,
        meta=meta_json(record, meta_keys if regions else (*meta_keys, "objects")),
    )


def _options(record: Mapping[str, Any], kind: str, texts: _Texts) -> tuple[list[list[Part]], int, list[Part]]:
    """(options, index of the right one or -1, the right one)."""
    key = f"{kind}_choices"
    options = [texts.parts(value, f"{key}[{i}]") for i, value in enumerate(list_field(record, key))]
    if not 2 <= len(options) <= len(LETTERS):
        raise BadRecord(key, f"{len(options)} options")
    correct = index_of(record, f"{kind}_label", len(options))
    return options, correct, options[correct] if correct >= 0 else []


def _asked(question: Sequence[Part], options: Sequence[Sequence[Part]]) -> Message:
    """The question, one option a line behind its letter."""
    lines: list[Part | str] = []
    for letter, option in zip(LETTERS, options, strict=False):
        lines += [f"\n{letter}. ", *option]
    return Message("user", _merged([*question, *lines]))


class _Texts:
    """The parts of the texts of one record."""

    def __init__(self, names: Sequence[str], regions: Sequence[Region], ctx: Context) -> None:
        self.names, self.regions, self.ctx = names, regions, ctx

    def parts(self, value: Any, where: str) -> list[Part]:
        """A list of words and numbers as text, its objects as parts of their own where they have boxes."""
        if not isinstance(value, list) or not value:
            raise BadRecord(where, f"expected a list of words and objects, found {value!r:.60}")
        for i, item in enumerate(value):
            if not isinstance(item, (str, list)) or not item:
                raise BadRecord(f"{where}[{i}]", f"expected a word or numbers of objects, found {item!r:.40}")
        joints = spaces([item if isinstance(item, str) else "object" for item in value])
        pieces: list[Part | str] = []
        said = ""
        for i, (space, item) in enumerate(zip(joints, value, strict=True)):
            said += space
            if isinstance(item, str):
                said += item
            else:
                pieces += [said, *self._objects(item, f"{where}[{i}]")]
                said = ""
        return _merged([*pieces, said])

    def _objects(self, numbers: Sequence[Any], where: str) -> list[Part | str]:
        parts: list[Part | str] = []
        for k, number in enumerate(numbers):
            if type(number) is not int:
                raise BadRecord(where, f"expected numbers of objects, found {number!r:.40}")
            if k:
                parts.append(" and " if k == len(numbers) - 1 else ", ")
            if 0 <= number < len(self.regions):
                parts.append(Part("region", text=f"{self.names[number]}{number + 1}", regions=[number]))
            else:
                parts.append(str(number + 1))
                if self.regions:
                    self.ctx.report(where, "a number that no object has; it stays text")
        return parts


def spaces(words: Sequence[str]) -> list[str]:
    """What stands before each word of a text cut into words and punctuation: a space, or nothing."""
    found = []
    before, quoted = "(", False
    for word, after in zip(words, [*words[1:], ""], strict=True):
        glued = before in _OPENING or "-" in (before, word) or word.startswith(_CLOSING)
        if word == '"':
            glued |= quoted
            before, quoted = ("" if quoted else "("), not quoted
        else:
            glued |= word == "n't" or (word[0] == "'" and (len(word) > 1 or after in _ENDINGS))
            glued |= before == "'" and word in _ENDINGS
            before = word
        found.append("" if glued else " ")
    return found


def _merged(parts: Iterable[Part | str]) -> list[Part]:
    """The parts, neighbouring texts as one and no empty ones."""
    merged: list[Part] = []
    for part in parts:
        text = part if isinstance(part, str) else part.text if part.type == "text" else None
        if text is None and isinstance(part, Part):
            merged.append(part)
        elif text and merged and merged[-1].type == "text":
            merged[-1] = Part(text=merged[-1].text + text)
        elif text:
            merged.append(Part(text=text))
    return merged
