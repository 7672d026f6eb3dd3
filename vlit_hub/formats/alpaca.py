"""Flat instructions: one question, one reply (alpaca), with earlier turns, with a picture, or with one inline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from vlit_hub.formats.conversations import Turn, dialogue, refs_of
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context, Converter


def alpaca(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    instruction: str | tuple[str, ...] = "instruction",
    context: str = "input",
    reply: str | tuple[str, ...] = "output",
    history: str = "history",
    preamble: int = 0,
    image: str | tuple[str, ...] = (),
    inline: str = "",
    caption: str = "",
    tasks: Mapping[str, str] | str = "instruction_following",
    language: str = "en",
    meta_keys: Iterable[str] | None = (),
) -> Iterator[Sample]:
    """One Sample per record: the pairs of ``history``, the instruction (``context`` on lines below it), the reply.

    A key given as a tuple goes by the first of these names that is there. ``reply=()``: a question without its
    answer. History is context only (train false), since every earlier reply is the target of a record of its own;
    records of one dialogue are one group: its first question, after ``preamble`` pairs that all records share.
    ``image``: the key of the picture's name, mentioned by ``<image>`` or else put in front. ``inline``: pattern of
    picture names inside the instruction, with one capture. ``caption``: key of a text that describes the picture.
    ``tasks``: one for all, or by a key that the record has ("" for the others). ``meta_keys=None``: all other keys.
    """
    names = {"instruction": _name(record, instruction), "reply": _name(record, reply), "image": _name(record, image)}
    asked = text_field(record, names["instruction"])
    if context and record.get(context) is not None and (more := text_field(record, context)):
        asked = f"{asked}\n{more}"
    turns = _pairs(record.get(history), history)
    earlier = len(turns)
    turns.append(("user", asked))
    if names["reply"]:
        turns.append(("assistant", text_field(record, names["reply"]).removesuffix("\n")))
    refs = _image(record, names["image"]) if names["image"] else []
    if refs:
        messages, _ = dialogue(turns, refs, ctx, where=names["instruction"])
    else:
        messages = [Message(role, [Part(text=text)]) for role, text in turns]
        if inline:
            content, refs = _inline(asked, inline, names["instruction"], ctx)
            messages[earlier] = Message("user", content)
    messages[:earlier] = [msgspec.structs.replace(m, train=m.role != "assistant") for m in messages[:earlier]]
    about = text_field(record, caption) if refs and caption in record else ""
    group = refs[0] if refs else turns[min(2 * preamble, earlier)][1].strip() if history in record else ""
    if meta_keys is None:
        meta_keys = [key for key in record if key not in (*names.values(), context, history, caption)]
    yield Sample(
        messages=messages,
        media=[Media(type="image", index=i, ref=ref, caption=about) for i, ref in enumerate(refs)],
        task=tasks if isinstance(tasks, str) else next((tasks[key] for key in tasks if key in record), tasks[""]),
        language=language,
        group=group,
        meta=meta_json(record, meta_keys),
    )


def by_key(record: Mapping[str, Any], ctx: Context, *, forms: Mapping[str, Converter]) -> Iterable[Sample | BadRecord]:
    """The converter of the first key that the record has: releases that mix forms, or whose forms share a name."""
    for key, converter in forms.items():
        if key in record:
            return converter(record, ctx)
    raise BadRecord("record", f"none of the keys {', '.join(forms)}; found {', '.join(record)}")


def _name(record: Mapping[str, Any], names: str | tuple[str, ...]) -> str:
    """The first of the names that the record has, else the first; '' where none is asked for."""
    known = (names,) if isinstance(names, str) else names
    return next((name for name in known if name in record), known[0] if known else "")


def _pairs(value: Any, where: str) -> list[Turn]:
    turns: list[Turn] = []
    if value is not None and not isinstance(value, list):
        raise BadRecord(where, f"expected a list of [question, answer], found {value!r:.40}")
    for i, pair in enumerate(value or ()):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise BadRecord(f"{where}[{i}]", f"expected [question, answer], found {pair!r:.60}")
        turns += [("user", pair[0]), ("assistant", pair[1])]
    return turns


def _image(record: Mapping[str, Any], key: str) -> list[str]:
    value = record.get(key)
    return [str(value)] if type(value) is int else refs_of(record, key)


def _inline(text: str, pattern: str, where: str, ctx: Context) -> tuple[list[Part], list[str]]:
    """The parts of a text with picture names inside, and the names in order of first use."""
    content: list[Part] = []
    refs: list[str] = []
    pieces = re.split(pattern, text)
    for i, piece in enumerate(pieces):
        if i % 2:
            if not piece:
                raise BadRecord(where, "an empty picture name")
            refs += [piece] if piece not in refs else []
            content.append(Part("image", index=refs.index(piece)))
            continue
        piece = piece.removeprefix("\n") if i else piece
        piece = piece.removesuffix("\n") if i < len(pieces) - 1 else piece
        if piece:
            content.append(Part(text=piece))
    mark = pattern.partition("(")[0]
    if any(mark in part.text for part in content):
        ctx.report(where, f"{mark} is not balanced; the text is kept")
    return content or [Part()], refs
