"""Flat question and answer: two keys of a record about its media; and lists of questions and answers per picture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.native_media import Found, Medium, media_of
from vlit_hub.formats.templates import draw
from vlit_hub.schema import Message, Part, Role, Sample, Span
from vlit_hub.spec import BadRecord, Context, Converter

__all__ = ["Flag", "Medium", "by_key", "flat_qa", "listed_qa"]
PLACEHOLDER = "<image>"


@dataclass(frozen=True)
class Flag:
    """A text to be reported, and kept: one that holds ``pattern``, or (``missing``) one that does not."""

    key: str
    pattern: str
    reason: str
    missing: bool = False


def flat_qa(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    media: Sequence[Medium],
    question: Sequence[str] = ("question",),
    answer: Sequence[str] = ("answer",),
    template: str = "",
    task: str = "vqa",
    language: str = "en",
    reason: Sequence[str] = (),
    rejected: str = "",
    kind: str = "",
    kinds: Mapping[str, Any] | None = None,
    history: str = "",
    marks: Mapping[str, Role] | None = None,
    flags: Sequence[Flag] = (),
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record: the first of ``question``'s keys that it has is asked, the first of ``answer``'s said.

    - Without a question key a text of ``template`` is drawn. ``answer=()``: queries, which end with the user.
    - An answer may be a list of alternatives: all become ``answers``, the most frequent (first on ties) is said.
    - ``reason``: key of a justification said after the answer, which then is in ``answers`` as well.
    - ``rejected``: key of an answer that was not preferred, a whole-message span.
    - ``kind``: key whose values, by prefix, give the instruction type. A value of no prefix is refused, unless the
      key is one of ``meta_keys`` and so keeps the native word.
    - ``history``: key of earlier turns in one text, each after one of ``marks``; they are context (train=False).
    - Pictures stand where ``<image>`` does, else in front of the first user turn; other media before the question.
    """
    found = media_of(record, media, ctx)
    asked = _question(record, question, template, ctx)
    messages = [*_history(record, history, marks or {}), asked]
    answers: list[str] = []
    if answer:
        said, answers = _answer(record, _present(record, answer), reason)
        messages.append(Message("assistant", [Part(text=said)]))
    spans = []
    if rejected and record.get(rejected) is not None:
        spans.append(Span(len(messages) - 1, "rejected", value=text_field(record, rejected)))
    for flag in flags:
        text = record.get(flag.key)
        if isinstance(text, str) and (re.search(flag.pattern, text) is None) == flag.missing:
            ctx.report(flag.key, flag.reason)
    yield Sample(
        images=found.images,
        messages=with_media(messages, found, len(messages) - (2 if answer else 1), question),
        media=found.entries,
        spans=spans,
        task=task,
        instruction_type=_kind(record, kind, kinds or {}, meta_keys),
        language=language,
        answers=answers,
        group=found.group(),
        meta=meta_json(record, meta_keys),
    )


def by_key(
    record: Mapping[str, Any], ctx: Context, *, converters: Mapping[str, Converter]
) -> Iterable[Sample | BadRecord]:
    """The record through the converter of the first key that it has: releases whose row format is one of several."""
    key = next((key for key in converters if key in record), None)
    if key is None:
        raise BadRecord(next(iter(converters)), f"the record has none of the keys {', '.join(converters)}")
    return converters[key](record, ctx)


def listed_qa(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    media: Sequence[Medium],
    items: str = "questions",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample | BadRecord]:
    """One Sample per pair of a list of texts that say what they are: ``Question: ...``, ``2. Answer: ...``.

    Pairs go by these words, not by position; a text without one takes the role that is due. Blank texts are
    separators. A first text without a word before a question is the caption's spilt tail: it is put back, reported.
    An answer without question, or the reverse, is one failed child.
    """
    found = media_of(record, media, ctx)
    values = record.get(items)
    if not isinstance(values, list) or not values:
        raise BadRecord(items, f"expected a list of texts, found {values!r:.40}")
    turns: list[tuple[Role, str, str]] = []
    for i, value in enumerate(values):
        where = f"{items}[{i}]"
        if not isinstance(value, str):
            raise BadRecord(where, f"expected text, found {value!r:.40}")
        role, text = _worded(value)
        if not text:
            continue
        if not role:
            if i == 0 and len(values) > 1 and _worded(str(values[1]))[0] == "user":
                ctx.report(where, "the caption's tail; it is put back")
                first = found.entries[0]
                found.entries[0] = replace(first, caption=f"{first.caption} {text}".strip())
                continue
            ctx.report(where, "neither Question nor Answer is said; taken by its place")
        due: Role = "assistant" if turns and turns[-1][0] == "user" else "user"
        turns.append((role or due, text, where))
    yield from _pairs(turns, found, meta_json(record, meta_keys))


_WORD = re.compile(r"\s*(?:\d+[.)]\s*)?(Question|Answer)\s*\d*\s*[:.]\s*", re.IGNORECASE)


def _worded(text: str) -> tuple[Role | None, str]:
    match = _WORD.match(text)
    if match is None:
        return None, text.strip()
    return "user" if match.group(1).lower() == "question" else "assistant", text[match.end() :].strip()


def _pairs(turns: Sequence[tuple[Role, str, str]], found: Found, meta: str) -> Iterator[Sample | BadRecord]:
    i = 0
    while i < len(turns):
        role, text, where = turns[i]
        if role == "assistant":
            yield BadRecord(where, f"an answer without its question: {text:.60}")
            i += 1
        elif i + 1 == len(turns) or turns[i + 1][0] == "user":
            yield BadRecord(where, f"a question without its answer: {text:.60}")
            i += 1
        else:
            messages = [Message("user", [Part(text=text)]), Message("assistant", [Part(text=turns[i + 1][1])])]
            yield Sample(
                messages=with_media(messages, found, 0, (where,)),
                media=found.entries,
                task="vqa",
                group=found.group(),
                meta=meta,
            )
            i += 2


def with_media(messages: Sequence[Message], found: Found, asked: int, keys: Sequence[str]) -> list[Message]:
    """The messages, each of one text, with the media in them: pictures in the first user turn, others in ``asked``."""
    pictures = [Part("image", index=entry.index) for entry in found.entries if entry.type == "image"]
    others = [Part(entry.type, index=entry.index) for entry in found.entries if entry.type != "image"]
    contents = [message.content for message in messages]
    place = next((i for i, m in enumerate(messages) if pictures and PLACEHOLDER in m.content[0].text), -1)
    if place < 0:
        contents[asked] = others + contents[asked]
        contents[0] = pictures + contents[0]
    else:
        pieces = contents[place][0].text.split(PLACEHOLDER)
        if len(pieces) > 2:
            raise BadRecord(", ".join(keys), f"{len(pieces) - 1} times {PLACEHOLDER} for one place of the pictures")
        before, after = pieces[0].removesuffix("\n"), pieces[1].removeprefix("\n")
        texts = [[Part(text=text)] if text else [] for text in (before, after)]
        contents[place] = [*texts[0], *pictures, *texts[1]]
        contents[asked] = others + contents[asked]
    return [Message(m.role, content, m.train) for m, content in zip(messages, contents, strict=True)]


def _present(record: Mapping[str, Any], keys: Sequence[str]) -> str:
    return next((key for key in keys if record.get(key) is not None), keys[0])


def _full(record: Mapping[str, Any], key: str) -> str:
    text = text_field(record, key)
    if not text.strip():
        raise BadRecord(key, "empty")
    return text


def _question(record: Mapping[str, Any], keys: Sequence[str], template: str, ctx: Context) -> Message:
    if template and not any(key in record for key in keys):
        return Message("user", [Part(text=draw(template, f"{ctx.file}:{ctx.row}"))])
    return Message("user", [Part(text=_full(record, _present(record, keys)))])


def _answer(record: Mapping[str, Any], key: str, reason: Sequence[str]) -> tuple[str, list[str]]:
    """What is said, and the alternatives."""
    value = record.get(key)
    if isinstance(value, list):
        if not value or not all(isinstance(item, str) for item in value):
            raise BadRecord(key, f"expected a text or a list of texts, found {value!r:.40}")
        answers = list(value)
        said = Counter(answers).most_common(1)[0][0]
        if not said.strip():
            raise BadRecord(key, "empty")
    else:
        said, answers = _full(record, key), []
    why = next((name for name in reason if record.get(name) is not None), "")
    if not why:
        return said, answers
    return f"{said} {text_field(record, why)}", answers or [said]


def _kind(record: Mapping[str, Any], key: str, kinds: Mapping[str, Any], meta_keys: Iterable[str]) -> Any:
    value = record.get(key) if key else None
    if value is None:
        return "none"
    kind = next((kinds[prefix] for prefix in kinds if str(value).startswith(prefix)), None)
    if kind is None and key not in meta_keys:
        raise BadRecord(key, f"{value!r:.40} is none of {', '.join(kinds)}")
    return kind or "none"


def _history(record: Mapping[str, Any], key: str, marks: Mapping[str, Role]) -> list[Message]:
    if not key or not (text := text_field(record, key).strip()):
        return []
    pieces = re.split("(" + "|".join(map(re.escape, marks)) + ")", text)
    if pieces[0] or len(pieces) % 4 != 1:
        raise BadRecord(key, f"the turns do not alternate {' and '.join(marks)}")
    messages = []
    for i in range(1, len(pieces), 2):
        role = marks[pieces[i]]
        if role != ("user" if i % 4 == 1 else "assistant"):
            raise BadRecord(key, f"the turns do not alternate {' and '.join(marks)}")
        messages.append(Message(role, [Part(text=pieces[i + 1].strip())], train=role == "user"))
    return messages
