"""Boxes written inside the texts in one dialect: dialogues, and flat records whose instruction is a template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from vlit_hub.formats.conversations import dialogue, turns_of
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.templates import draw
from vlit_hub.regions import malformed, parse
from vlit_hub.schema import Media, Message, Part, Region, Sample
from vlit_hub.spec import BadRecord, Context

_SLOT = re.compile(r"\{(\w+)\}")
_slots = cache(_SLOT.findall)  # of the templates of the scripts, which are few


def boxed_dialogue(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    dialect: str,
    pictures: Sequence[str] = ("{image}",),
    turns_key: str = "conversations",
    by_position: bool = False,
    task: str = "grounded_conversation",
    meta_keys: Iterable[str] = ("id",),
) -> Iterator[Sample]:
    """One Sample per record of turns whose texts hold boxes in ``dialect``; malformed ones stay text, reported.

    ``pictures``: templates over the record's keys, the first whose keys are all there names the picture (none: text
    only). ``by_position``: turns alternate user, assistant whatever they say of themselves, which is reported and
    stands in meta under ``from`` where it differs.
    """
    refs, used = picture_of(record, pictures)
    value: Any = record.get(turns_key)
    if by_position and (told := _told_otherwise(value)):
        ctx.report(f"{turns_key}.from", "not the role that the turn's position gives; the position counts")
        value = [{**item, "from": ("human", "gpt")[i % 2]} for i, item in enumerate(value)]
        record, meta_keys = {**record, "from": told}, (*meta_keys, "from")
    turns = turns_of(value, turns_key)
    cut = partial(cut_boxes, dialect=dialect, where=turns_key, ctx=ctx) if refs else None
    messages, regions = dialogue(turns, refs, ctx, cut=cut, where=turns_key)
    yield Sample(
        messages=messages,
        media=[Media(type="image", index=0, ref=ref) for ref in refs],
        regions=regions,
        task=task if refs else "instruction_following",
        group=refs[0] if refs else "",
        meta=meta_json(record, [key for key in meta_keys if key not in used]),
    )


def boxed_reply(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    dialect: str,
    pictures: Sequence[str],
    reply: str,
    template: str,
    task: str = "grounded_caption",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record: a drawn instruction, and ``reply``, a text over the record's keys (``<p>{phrase}</p>``).

    ``{name}`` in the instruction's texts stands for the record's text of that name.
    """
    refs, used = picture_of(record, pictures)
    if not refs:
        raise BadRecord(_SLOT.findall(pictures[0])[0], "absent or empty: the record names no picture")
    asked = _filled(draw(template, f"{ctx.file}:{ctx.row}"), record)
    regions: list[Region] = []
    where = _SLOT.findall(reply)[-1]
    said = cut_boxes(_filled(reply, record), regions, dialect=dialect, where=where, ctx=ctx)
    yield Sample(
        messages=[
            Message("user", [Part("image", index=0), Part(text=asked)]),
            Message("assistant", said),
        ],
        media=[Media(type="image", index=0, ref=refs[0])],
        regions=regions,
        task=task,
        group=refs[0],
        meta=meta_json(record, [key for key in meta_keys if key not in used]),
    )


def cut_boxes(text: str, regions: list[Region], *, dialect: str, where: str, ctx: Context) -> list[Part]:
    """The parts of a text with boxes in ``dialect``, whose regions are added to the list."""
    pieces = parse(text, dialect)
    if "<" in text and malformed(pieces, dialect):  # every mark holds one
        ctx.report(where, "a mark or box is malformed; its text is kept")
    if len(pieces) == 1 and pieces[0] is text:
        return [Part("text", text)]
    parts = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(Part("text", piece))
        else:
            start = len(regions)
            regions += piece[1]
            parts.append(Part("region", piece[0], regions=list(range(start, len(regions)))))
    return parts


def picture_of(record: Mapping[str, Any], templates: Sequence[str]) -> tuple[list[str], list[str]]:
    """([reference], keys it is made of) by the first template whose keys are all there; ([], []) where none is."""
    for template in templates:
        keys = _slots(template)
        values = [record.get(key) for key in keys]
        if None in values or "" in values:
            continue
        ref = template
        for key, value in zip(keys, values, strict=True):
            if type(value) not in (str, int):
                raise BadRecord(key, f"expected a name or a number, found {value!r:.40}")
            ref = ref.replace("{" + key + "}", str(value))
        return [ref], keys
    return [], []


def _told_otherwise(value: Any) -> list[Any]:
    """What turns say of their role, where any differs from the one of its position; else []."""
    if not isinstance(value, list):
        return []
    told = []
    for item in value:
        if type(item) is not dict or "value" not in item:
            return []
        told.append(item.get("from"))
    return told if told != (["human", "gpt"] * len(told))[: len(told)] else []


def _filled(template: str, record: Mapping[str, Any]) -> str:
    text = ""
    at = 0
    for slot in _SLOT.finditer(template):
        text += template[at : slot.start()] + text_field(record, slot.group(1))
        at = slot.end()
    return text + template[at:]
