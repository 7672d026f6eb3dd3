"""Dialogues in other clothes: several of one picture in one record; one as a text with speaker marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from vlit_hub.formats.conversations import Turn, dialogue, turns_of
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.regions import parse
from vlit_hub.regions.convention import fours, phrase_in
from vlit_hub.schema import Media, Message, Part, Region, Sample
from vlit_hub.spec import BadRecord, Context

START, END = "<st>", "<ed>"
_DIGITS = r"(?:\d+(?:\.\d*)?|\.\d+)"
_NUMBER = rf"\s*{_DIGITS}\s*"
_BOX = rf"\[{','.join([_NUMBER] * 4)}\]"
_VALUES = re.compile(_DIGITS).findall
_BROKEN = re.compile(r"\[\s*\d*\.\d+\s*,").search
_MARKED = re.compile(rf"{phrase_in(START, END)}(?:\s*({_BOX}(?:\s*,\s*{_BOX})*))?")


def dialogues(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str = "image_id",
    image_name: str = "{}.jpg",
    turns_key: str = "conversations",
    content: str = "content",
    tasks: Mapping[str, str] | str = "conversation",
    failures: str = "",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample | BadRecord]:
    """One Sample per inner dialogue ``{content: [turns], ...}`` of a picture.

    Phrases stand as ``<st>phrase<ed> [x1, y1, x2, y2], [...]``, boxes 0-1 of the picture as stored, xyxy; a mark that
    is not balanced or has broken numbers keeps its text and is reported. ``failures``: pattern of replies in which
    the generator failed; they are kept as context only (train false) and reported. ``tasks``: per file stem, or one
    for all. ``meta_keys``: keys of the inner dialogues.
    """
    value = record.get(image)
    if type(value) is not int and not (isinstance(value, str) and value):
        raise BadRecord(image, f"expected an id, found {value!r:.40}")
    inner = record.get(turns_key)
    if not isinstance(inner, list) or not inner:
        raise BadRecord(turns_key, f"expected a list of dialogues, found {inner!r:.60}")
    stem = ctx.file.rpartition("/")[2].partition(".")[0]
    for i, one in enumerate(inner):
        where = f"{turns_key}[{i}]"
        try:
            if not isinstance(one, Mapping):
                raise BadRecord(where, f"expected an object, found {one!r:.40}")
            turns = turns_of(one.get(content), f"{where}.{content}")
            ref = image_name.format(value)
            cut = _Marks(where, ctx)
            messages, regions = dialogue(turns, [ref], ctx, cut=cut, where=where)
            yield Sample(
                messages=_without_failures(messages, failures, where, ctx),
                media=[Media(type="image", index=0, ref=ref)],
                regions=regions,
                task=tasks if isinstance(tasks, str) else tasks.get(stem, "conversation"),
                group=ref,
                meta=meta_json(one, meta_keys),
            )
        except BadRecord as error:
            yield error


def _without_failures(messages: list[Message], failures: str, where: str, ctx: Context) -> list[Message]:
    if failures:
        for i, message in enumerate(messages):
            if message.role == "assistant" and re.search(failures, message.content[0].text):
                ctx.report(where, "the generator failed; its reply is not trained on")
                messages[i] = msgspec.structs.replace(message, train=False)
    return messages


class _Marks:
    """Cuts a text at its marked phrases and at boxes that stand without a phrase."""

    def __init__(self, where: str, ctx: Context) -> None:
        self.where = where
        self.ctx = ctx

    def __call__(self, text: str, regions: list[Region]) -> list[Part]:
        if text and "[" not in text and START not in text and END not in text:  # the usual text, fast
            return [Part("text", text)]
        parts: list[Part] = []
        end = 0
        for match in _MARKED.finditer(text):
            if (start := match.start()) > end:
                parts += self._plain(text[end:start], regions)
            literal = match[2]
            first = len(regions)
            if literal:
                regions += [Region(box=box, native=literal) for box in fours(list(map(float, _VALUES(literal))))]
            parts.append(Part("region", match[1], regions=list(range(first, len(regions)))))
            end = match.end()
        parts += self._plain(text[end:], regions)
        return parts or [Part()]

    def _plain(self, text: str, regions: list[Region]) -> list[Part]:
        if START in text or END in text:
            self.ctx.report(self.where, "a phrase mark is not balanced; the text is kept")
        if "[" not in text:
            return [Part("text", text)] if text else []
        parts: list[Part] = []
        broken = False
        for piece in parse(text, "float"):
            if isinstance(piece, str):
                parts.append(Part("text", piece))
                broken = broken or _BROKEN(piece) is not None
            else:
                parts.append(Part("region", regions=list(range(len(regions), len(regions) + len(piece[1])))))
                regions += piece[1]
        if broken:
            self.ctx.report(self.where, "a box has broken numbers; the text is kept")
        return parts


def speaker_marks(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    text: str = "input",
    user: str = "[|Human|]",
    assistant: str = "[|AI|]",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample of a dialogue written as one text with a mark in front of every turn (Baize).

    What stands before the first mark is the system message; an empty last question is where the generator stopped
    and goes.
    """
    pieces = re.split(f"({re.escape(user)}|{re.escape(assistant)})", text_field(record, text))
    turns: list[Turn] = [
        ("user" if mark == user else "assistant", said.strip())
        for mark, said in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
    if turns and turns[-1] == ("user", ""):
        turns.pop()
    if not turns:
        raise BadRecord(text, f"neither {user} nor {assistant} marks a turn")
    before: list[Turn] = [("system", pieces[0].strip())] if pieces[0].strip() else []
    yield Sample(
        messages=[Message(role, [Part(text=said)]) for role, said in before + turns],
        task="conversation",
        meta=meta_json(record, meta_keys),
    )
