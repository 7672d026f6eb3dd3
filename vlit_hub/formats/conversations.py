"""LLaVA-style conversations: a list of {from, value} turns and one picture, or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
    "system": "system",
}
"""The role names that releases use, lower case."""
PLACEHOLDER = "<image>"


def conversations(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    media_key: str = "image",
    meta_keys: Iterable[str] = ("id", "model"),
    tasks: Mapping[str, str] | str = "conversation",
    boxes: Mapping[str, str] | None = None,
    instruction_type_key: str = "",
    group: str = "",
) -> Iterator[Sample]:
    """One Sample per record.

    ``<image>`` may lead or trail its turn; a newline beside it belongs to the template and goes with it. A record
    whose picture no turn mentions gets it in front of the first user turn. ``tasks``: per file stem, or one for all.
    ``boxes``: file stem -> dialect of the boxes written in its texts. ``group``: pattern of the part of the picture's
    name that samples of one group share. Follows LLaVA's llava/train/train.py:313-327.
    """
    refs = _refs(record, media_key)
    turns = turns_of(record.get("conversations"))
    stem = ctx.file.rpartition("/")[2].partition(".")[0]
    dialect = (boxes or {}).get(stem, "")
    regions: list[Region] = []
    messages = []
    used = 0
    for role, text in turns:
        if not dialect and PLACEHOLDER not in text:
            content = [Part("text", text)]
        else:
            content, used = _content(text, refs, used, dialect, regions)
        messages.append(Message(role, content))
    if refs and used < len(refs):
        messages, used = _mention(messages, refs, used, ctx)
    kind = record.get(instruction_type_key) if instruction_type_key else None
    yield Sample(
        messages=messages,
        media=[Media(type="image", index=i, ref=ref) for i, ref in enumerate(refs)],
        regions=regions,
        task=tasks if isinstance(tasks, str) else tasks.get(stem, "conversation"),
        instruction_type=_instruction_type(kind, instruction_type_key),
        group=_group(refs[0], group) if refs else "",
        meta=meta_json(record, meta_keys),
    )


def turns_of(value: Any) -> list[tuple[Role, str]]:
    """(role, text) turns out of the item shapes in use: {from, value}, {role, content}, {User|AI: text}, [q, a], text.

    Plain strings and pairs alternate user, assistant. Raises BadRecord naming the item.
    """
    if not isinstance(value, list) or not value:
        raise BadRecord("conversations", f"expected a list of turns, found {value!r:.60}")
    turns: list[tuple[Role, str]] = []
    for i, item in enumerate(value):
        if type(item) is dict and len(item) == 2 and (role := ROLES.get(item.get("from", ""))):  # the usual item, fast
            if type(text := item.get("value")) is str:
                turns.append((role, text))
                continue
        if isinstance(item, Mapping):
            turns += (
                [_mapping_turn(item, f"conversations[{i}]")] if len(item) != 2 or _is_turn(item) else _pair(item, i)
            )
        elif isinstance(item, str):
            turns.append(("user" if len(turns) % 2 == 0 else "assistant", item))
        elif isinstance(item, list) and len(item) == 2 and all(isinstance(text, str) for text in item):
            turns += [("user", item[0]), ("assistant", item[1])]
        else:
            raise BadRecord(f"conversations[{i}]", f"no turn: {item!r:.60}")
    return turns


def _is_turn(item: Mapping[str, Any]) -> bool:
    return "from" in item or "role" in item


def _pair(item: Mapping[str, Any], i: int) -> list[tuple[Role, str]]:
    return [_role_turn(name, text, f"conversations[{i}]") for name, text in item.items()]


def _mapping_turn(item: Mapping[str, Any], where: str) -> tuple[Role, str]:
    for name, text in (("from", "value"), ("role", "content")):
        if name in item:
            if extra := set(item) - {name, text}:
                raise BadRecord(where, f"unknown key {', '.join(sorted(map(str, extra)))}")
            return _role_turn(item[name], item.get(text), where)
    if len(item) == 1:
        name, text = next(iter(item.items()))
        return _role_turn(name, text, where)
    raise BadRecord(where, f"neither from/value nor role/content: {', '.join(map(str, item))}")


def _role_turn(name: Any, text: Any, where: str) -> tuple[Role, str]:
    role = ROLES.get(name.lower()) if isinstance(name, str) else None
    if role is None:
        raise BadRecord(f"{where}.from", f"{name!r:.40} is none of the roles {', '.join(ROLES)}")
    if not isinstance(text, str):
        raise BadRecord(f"{where}.value", f"expected text, found {text!r:.40}")
    return role, text


def _refs(record: Mapping[str, Any], key: str) -> list[str]:
    value = record.get(key)
    if value is None or value == "":
        return []
    if isinstance(value, list):
        for i, ref in enumerate(value):
            if not isinstance(ref, str) or not ref:
                raise BadRecord(f"{key}[{i}]", f"expected a file name, found {ref!r:.40}")
        return list(value)
    return [text_field(record, key)]


def _content(text: str, refs: list[str], used: int, dialect: str, regions: list[Region]) -> tuple[list[Part], int]:
    """The parts of one turn, and how many pictures are mentioned so far."""
    if PLACEHOLDER not in text:
        return _text_parts(text, dialect, regions), used
    parts: list[Part] = []
    pieces = text.split(PLACEHOLDER)
    for i, piece in enumerate(pieces):
        if i:
            if used >= len(refs):
                raise BadRecord("conversations", f"more {PLACEHOLDER} than the {len(refs)} pictures of the record")
            parts.append(Part("image", index=used))
            used += 1
            piece = piece.removeprefix("\n")
        if i < len(pieces) - 1:
            piece = piece.removesuffix("\n")
        if piece:
            parts += _text_parts(piece, dialect, regions)
    return parts, used


def _text_parts(text: str, dialect: str, regions: list[Region]) -> list[Part]:
    if not dialect or "[" not in text:
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


def _mention(messages: list[Message], refs: list[str], used: int, ctx: Context) -> tuple[list[Message], int]:
    """Put the pictures that no turn mentions in front of the first user turn."""
    first = next((i for i, m in enumerate(messages) if m.role == "user"), None)
    if first is None or used:
        ctx.report("conversations", f"{len(refs) - used} pictures that no {PLACEHOLDER} mentions")
        return messages, used
    parts = [Part("image", index=i) for i in range(len(refs))]
    messages[first] = Message(role="user", content=parts + messages[first].content)
    return messages, len(refs)


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
