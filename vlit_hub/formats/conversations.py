"""LLaVA-style conversations: a list of {from, value} turns and pictures, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.regions import parse
from vlit_hub.schema import Media, Message, Part, Region, Role, Sample
from vlit_hub.spec import BadRecord, Context

ROLES: dict[str, Role] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "ai": "assistant",
    "bot": "assistant",
    "system": "system",
}
"""The role names that releases use, lower case."""
PLACEHOLDER = "<image>"
Turn = tuple[Role, str]
Cut = Callable[[str, list[Region]], list[Part]]
"""Cuts a text into parts, adding the regions written in it to the list."""


def conversations(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    media_key: str = "image",
    turns_key: str = "conversations",
    placeholder: str = PLACEHOLDER,
    only: str = "",
    meta_keys: Iterable[str] = ("id", "model"),
    tasks: Mapping[str, str] | str = "conversation",
    boxes: Mapping[str, str] | str = "",
    instruction_type_key: str = "",
    group: str = "",
) -> Iterator[Sample]:
    """One Sample per record.

    ``placeholder`` may lead or trail its turn; a newline beside it belongs to the template and goes with it. A record
    whose picture no turn mentions gets it in front of the first user turn; a single picture that is mentioned again
    stands at its first mention only. What the assistant says before any question is left out and stands in ``meta``
    under ``turns_key``. ``only``: pattern at the start of a picture's name; records without such a picture belong to
    another set merged into the file and give no sample, which is reported. ``tasks``: per file stem, or one for all.
    ``boxes``: the dialect of the boxes written in the texts, alike. ``group``: pattern of the part of the picture's
    name that samples of one group share. Follows LLaVA's llava/train/train.py:313-327,396-398.
    """
    refs = refs_of(record, media_key)
    if only and not any(re.match(only, ref) for ref in refs):
        ctx.report(media_key, f"no name that starts with {only}: of another set that is merged in, left out")
        return
    turns = turns_of(record.get(turns_key), turns_key)
    left = _opening(turns, turns_key, ctx) if turns[0][0] == "assistant" else []
    stem = ctx.file.rpartition("/")[2].partition(".")[0]
    dialect = "" if not refs else boxes if isinstance(boxes, str) else boxes.get(stem, "")
    cut = partial(_boxes, dialect) if dialect else None
    messages, regions = dialogue(turns, refs, ctx, placeholder=placeholder, cut=cut, where=turns_key)
    kind = record.get(instruction_type_key) if instruction_type_key else None
    if left:
        record, meta_keys = {**record, turns_key: left}, (*meta_keys, turns_key)
    yield Sample(
        messages=messages,
        media=[Media(type="image", index=i, ref=ref) for i, ref in enumerate(refs)],
        regions=regions,
        task=tasks if isinstance(tasks, str) else tasks.get(stem, "conversation"),
        instruction_type=_instruction_type(kind, instruction_type_key),
        group=_group(refs[0], group) if refs else "",
        meta=meta_json(record, meta_keys),
    )


def dialogue(
    turns: Iterable[Turn],
    refs: list[str],
    ctx: Context,
    *,
    placeholder: str = PLACEHOLDER,
    cut: Cut | None = None,
    where: str = "conversations",
) -> tuple[list[Message], list[Region]]:
    """Messages of the turns with every picture of ``refs`` at its mention, and the regions that ``cut`` finds.

    Raises BadRecord for more mentions than pictures (one picture may be mentioned again: the repeats go, reported).
    """
    regions: list[Region] = []
    messages = []
    used = 0
    for role, text in turns:
        if placeholder in text:
            pieces = text.split(placeholder)
            if used + len(pieces) - 1 > len(refs):
                pieces = _first_mention(pieces, refs, used, placeholder, where, ctx)
            content = _content(pieces, used, cut, regions)
            used += len(pieces) - 1
        else:
            content = cut(text, regions) if cut else [Part("text", text)]
        messages.append(Message(role, content))
    if used < len(refs):
        _mention(messages, refs, used, ctx, placeholder, where)
    return messages, regions


def turns_of(value: Any, where: str = "conversations") -> list[Turn]:
    """(role, text) turns out of the item shapes in use: {from, value}, {role, content}, {User|AI: text}, [q, a], text.

    Plain strings and pairs alternate user, assistant. Raises BadRecord naming the item below the field ``where``.
    """
    if not isinstance(value, list) or not value:
        raise BadRecord(where, f"expected a list of turns, found {value!r:.60}")
    turns: list[Turn] = []
    for i, item in enumerate(value):
        if type(item) is dict and len(item) == 2:  # the usual item, fast
            name, text = item.get("from"), item.get("value")
            if type(name) is str and type(text) is str and (role := ROLES.get(name)):
                turns.append((role, text))
                continue
        if type(item) is dict or isinstance(item, Mapping):
            turns += (
                [_mapping_turn(item, f"{where}[{i}]")]
                if len(item) != 2 or _is_turn(item)
                else _pair(item, f"{where}[{i}]")
            )
        elif isinstance(item, str):
            turns.append(("user" if len(turns) % 2 == 0 else "assistant", item))
        elif isinstance(item, list) and len(item) == 2 and all(isinstance(text, str) for text in item):
            turns += [("user", item[0]), ("assistant", item[1])]
        else:
            raise BadRecord(f"{where}[{i}]", f"no turn: {item!r:.60}")
    return turns


def _is_turn(item: Mapping[str, Any]) -> bool:
    return "from" in item or "role" in item


def _pair(item: Mapping[str, Any], where: str) -> list[Turn]:
    return [_role_turn(name, text, where) for name, text in item.items()]


def _mapping_turn(item: Mapping[str, Any], where: str) -> Turn:
    for name, text in (("from", "value"), ("role", "content")):
        if name in item:
            if extra := set(item) - {name, text}:
                raise BadRecord(where, f"unknown key {', '.join(sorted(map(str, extra)))}")
            return _role_turn(item[name], item.get(text), where)
    if len(item) == 1:
        name, text = next(iter(item.items()))
        return _role_turn(name, text, where)
    raise BadRecord(where, f"neither from/value nor role/content: {', '.join(map(str, item))}")


def _role_turn(name: Any, text: Any, where: str) -> Turn:
    role = ROLES.get(name.lower()) if isinstance(name, str) else None
    if role is None:
        raise BadRecord(f"{where}.from", f"{name!r:.40} is none of the roles {', '.join(ROLES)}")
    if not isinstance(text, str):
        raise BadRecord(f"{where}.value", f"expected text, found {text!r:.40}")
    return role, text


def _opening(turns: list[Turn], where: str, ctx: Context) -> list[dict[str, str]]:
    """Take the assistant's turns off the start of ``turns`` and give them back, as LLaVA's reader skips them."""
    asked = next((i for i, (role, _) in enumerate(turns) if role != "assistant"), None)
    if asked is None:
        raise BadRecord(where, "the assistant speaks alone: no question")
    ctx.report(where, "the assistant speaks first; left out up to the first question")
    left = [{"from": role, "value": text} for role, text in turns[:asked]]
    del turns[:asked]
    return left


def refs_of(record: Mapping[str, Any], key: str) -> list[str]:
    """The media references under ``key``: none, one text, or a list of texts; BadRecord for anything else."""
    value = record.get(key)
    if value is None or value == "":
        return []
    if isinstance(value, list):
        for i, ref in enumerate(value):
            if not isinstance(ref, str) or not ref:
                raise BadRecord(f"{key}[{i}]", f"expected a file name, found {ref!r:.40}")
        return list(value)
    return [text_field(record, key)]


def _first_mention(
    pieces: list[str], refs: list[str], used: int, placeholder: str, where: str, ctx: Context
) -> list[str]:
    """The pieces of a text joined where a placeholder between them mentions a single picture again."""
    if len(refs) != 1:
        raise BadRecord(where, f"more {placeholder} than the {len(refs)} pictures of the record")
    ctx.report(where, f"{placeholder} mentions the picture again; only the first mention is kept")
    kept, last = ([], pieces[0]) if used else ([pieces[0]], pieces[1])
    for piece in pieces[1 if used else 2 :]:
        # The newline that came with the placeholder goes with it, on one side.
        last = last.removesuffix("\n") + piece if last.endswith("\n") else last + piece.removeprefix("\n")
    return [*kept, last]


def _content(pieces: list[str], used: int, cut: Cut | None, regions: list[Region]) -> list[Part]:
    """The parts of one turn that was split at its pictures, of which ``used`` stand before it."""
    parts: list[Part] = []
    for i, piece in enumerate(pieces):
        if i:
            parts.append(Part("image", index=used + i - 1))
            piece = piece.removeprefix("\n")
        if i < len(pieces) - 1:
            piece = piece.removesuffix("\n")
        if piece:
            parts += cut(piece, regions) if cut else [Part("text", piece)]
    return parts or [Part()]


def _boxes(dialect: str, text: str, regions: list[Region]) -> list[Part]:
    """The parts of a text in which boxes are written in a dialect."""
    if "[" not in text:
        return [Part(text=text)]
    parts = []
    for piece in parse(text, dialect):
        if isinstance(piece, str):
            parts.append(Part(text=piece))
        else:
            start = len(regions)
            regions += piece[1]
            parts.append(Part("region", text=piece[0], regions=list(range(start, len(regions)))))
    return parts


def _mention(messages: list[Message], refs: list[str], used: int, ctx: Context, placeholder: str, where: str) -> None:
    """Put the pictures that no turn mentions in front of the first user turn."""
    if not used:
        for i, message in enumerate(messages):
            if message.role == "user":
                pictures = [Part("image", index=k) for k in range(len(refs))]
                messages[i] = Message("user", pictures + message.content)
                return
    ctx.report(where, f"{len(refs) - used} pictures that no {placeholder} mentions")


def _group(ref: str, pattern: str) -> str:
    match = re.search(pattern, ref) if pattern else None
    return match.group() if match else ref


def _instruction_type(value: Any, key: str) -> Any:
    if value is None:
        return "none"
    name = str(value).strip().lower()
    if name not in ("global", "negative", "region"):
        raise BadRecord(key, f"{value!r:.40} is none of global, negative, region")
    return name
