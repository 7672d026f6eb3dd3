"""Multiple choice: options in columns, and how options are written into a question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PREFIX = re.compile(r"\s*([A-Z])\s*:\s*")


def question_with_options(question: str, choices: Sequence[str]) -> str:
    """The question, then one option a line as ``A. text``: the house form of options that a release keeps apart."""
    return "\n".join([question, *(f"{letter}. {text}" for letter, text in zip(LETTERS, choices, strict=False))])


def multiple_choice(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str,
    question: str,
    options: Sequence[str],
    answer: Sequence[str],
    label: str,
    caption: str = "",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per row: options in one column each (``A:text`` or text), the answer as text or as a letter.

    ``answer``: the names the answer column goes by. A row with a ``label`` column holds the answer's text there and
    the letter in ``label``; without it the answer column holds the letter (PMC-VQA's two versions, told apart by
    the header). Where letter and text disagree the text wins and it is reported; a text that is no option leaves
    ``correct`` at -1. The assistant says what the release says.
    """
    choices = [
        _option(text_field(record, name), letter, name, ctx) for name, letter in zip(options, LETTERS, strict=False)
    ]
    name = next((name for name in answer if name in record), answer[0])
    said = text_field(record, name).strip()
    if label in record:
        letter = text_field(record, label).strip()
        said = _strip(said, letter)
        correct = _by_text(said, choices, letter, name, ctx)
    else:
        correct = _by_letter(said, choices, name)
    ref = text_field(record, image).strip()
    if not ref:
        raise BadRecord(image, "empty")
    asked = question_with_options(text_field(record, question).strip(), choices)
    yield Sample(
        messages=[
            Message(role="user", content=[Part("image", index=0), Part(text=asked)]),
            Message(role="assistant", content=[Part(text=said)]),
        ],
        media=[Media(type="image", index=0, ref=ref, caption=record.get(caption, "") if caption else "")],
        task="multiple_choice",
        choices=choices,
        correct=correct,
        group=ref,
        meta=meta_json(record, meta_keys),
    )


def _strip(text: str, letter: str) -> str:
    """The text without its own letter in front; ``E: coli`` stays what it is."""
    match = _PREFIX.match(text)
    return (text[match.end() :] if match and match.group(1) == letter else text).strip()


def _option(text: str, letter: str, name: str, ctx: Context) -> str:
    match = _PREFIX.match(text)
    if match and match.group(1) != letter:
        ctx.report(name, f"the option is marked {match.group(1)}, its column says {letter}")
        return text.strip()
    return _strip(text, letter)


def _by_letter(letter: str, choices: Sequence[str], name: str) -> int:
    index = LETTERS.find(letter.upper()) if len(letter) == 1 else -1
    if not 0 <= index < len(choices):
        raise BadRecord(name, f"{letter!r:.40} is none of the letters {LETTERS[0]}-{LETTERS[len(choices) - 1]}")
    return index


def _by_text(said: str, choices: Sequence[str], letter: str, name: str, ctx: Context) -> int:
    matches = [i for i, choice in enumerate(choices) if choice.casefold() == said.casefold()]
    labelled = LETTERS.find(letter) if len(letter) == 1 else -1
    if labelled in matches:
        return matches[0]  # of options with the same text the first, whatever the letter says
    ctx.report(
        name,
        "letter and text of the answer disagree; the text is kept" if matches else "no option has the answer's text",
    )
    return matches[0] if matches else -1
