"""Multiple choice whose options are one list, the right one told by index, letter or text; with an explanation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vlit_hub.formats.choices import LETTERS, question_with_options
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import ABILITIES, Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context

SEED_TYPES = tuple(ABILITIES)[:9]
"""SEED-Bench-1's question types 1..9 in its own order."""


def listed_choices(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str = "image",
    image_name: str = "",
    question: str = "question",
    choices: str = "choices",
    index: str = "",
    letter: tuple[str, ...] = (),
    reply: str = "",
    rationales: str = "",
    explained: str = "{answer}. {rationale}",
    answers: str = "",
    seed_type: str = "",
    untrained: str = "",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record; a record without the ``choices`` key is a plain question.

    The right option stands under ``index`` (from 0) or as a letter under one of the names ``letter``; where the letter
    and the first of ``answers`` (a text or a list of them) name different options, the text wins and it is reported.
    The assistant says the text under ``reply``, else ``explained`` with the right option and the joined
    ``rationales``. ``image_name``: pattern that makes a name of a numeric id. ``seed_type``: key of the SEED-Bench
    question type, 1-9. ``untrained``: pattern of rationales that the authors' reader throws away; such replies are
    context only, and reported.
    """
    options = _texts(record.get(choices), choices) if choices in record else []
    if choices in record and not options:
        raise BadRecord(choices, "empty")
    known = _texts(record.get(answers), answers) if record.get(answers) is not None else []
    correct = -1
    if options:
        correct = _by_index(record, index, len(options)) if index else _by_letter(record, letter, options, known, ctx)
    why = " ".join(_texts(record.get(rationales), rationales)).strip() if rationales in record else ""
    if reply:
        said = text_field(record, reply)
    elif correct < 0:
        raise BadRecord(choices, "absent, and no other key holds an answer")
    else:
        said = explained.format(answer=options[correct], rationale=why) if why else options[correct]
    train = not (untrained and re.search(untrained, why))
    if not train:
        ctx.report(rationales, "of the kind that the authors' reader leaves out; not trained on")
    ref = _ref(record, image, image_name)
    asked = question_with_options(text_field(record, question), options)
    yield Sample(
        messages=[
            Message(role="user", content=[Part("image", index=0), Part(text=asked)]),
            Message(role="assistant", content=[Part(text=said)], train=train),
        ],
        media=[Media(type="image", index=0, ref=ref)],
        task="multiple_choice" if options else "vqa",
        ability=_ability(record, seed_type) if seed_type else "none",
        choices=options,
        correct=correct,
        answers=known,
        group=ref,
        meta=meta_json(record, meta_keys),
    )


def _texts(value: Any, key: str) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadRecord(key, f"expected a list of texts, found {value!r:.60}")
    return texts


def _by_index(record: Mapping[str, Any], key: str, count: int) -> int:
    value = record.get(key)
    if type(value) is not int or not 0 <= value < count:
        raise BadRecord(key, f"{value!r:.40} is no index into {count} choices")
    return value


def _by_letter(
    record: Mapping[str, Any], names: tuple[str, ...], options: Sequence[str], answers: Sequence[str], ctx: Context
) -> int:
    name = next((name for name in names if name in record), names[0])
    letter = record.get(name)
    by_letter = LETTERS.find(letter.strip().upper()) if isinstance(letter, str) and len(letter.strip()) == 1 else -1
    if letter is not None and not 0 <= by_letter < len(options):
        raise BadRecord(name, f"{letter!r:.40} is none of the letters {LETTERS[0]}-{LETTERS[len(options) - 1]}")
    plain = [option.strip(" .").casefold() for option in options]
    said = answers[0].strip(" .").casefold() if answers else ""
    by_text = plain.index(said) if said in plain else -1
    if letter is None:
        ctx.report(name, "absent; the right option is told by its text" if by_text >= 0 else "absent: none is right")
    elif by_text >= 0 and plain[by_letter] != said:
        ctx.report(name, "letter and text of the answer disagree; the text is kept")
    else:
        return by_letter
    return by_text


def _ref(record: Mapping[str, Any], key: str, pattern: str) -> str:
    value = record.get(key)
    if not pattern:
        if ref := text_field(record, key):
            return ref
    elif type(value) is int:
        return pattern.format(value)
    raise BadRecord(key, f"expected a {'number' if pattern else 'file name'}, found {value!r:.40}")


def _ability(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    if value is None:
        return "none"
    if type(value) is not int or not 1 <= value <= len(SEED_TYPES):
        raise BadRecord(key, f"{value!r:.40} is none of SEED-Bench's question types 1-{len(SEED_TYPES)}")
    return SEED_TYPES[value - 1]
