"""Assembled prompts with a target: boxes as bare numbers in the texts, options after a mark (MultiInstruct)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.native_media import Medium, media_of
from vlit_hub.schema import Message, Part, Region, Sample
from vlit_hub.spec import BadRecord, Context

__all__ = ["Medium", "prompt_target"]
_BOX = re.compile(r"-?\d+(?:\.\d+)?(?: -?\d+(?:\.\d+)?){3}")
_DIGITS_BEFORE, _DIGITS_AFTER = re.compile(r"[\d.]"), re.compile(r"\.?\d")


def prompt_target(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    media: Sequence[Medium],
    prompt: str = "prompt",
    target: str = "target",
    same: str = "target_txt",
    parts: Sequence[str] = ("question", "text", "context"),
    options: str = "options",
    boxes: str = "region",
    more: str = "meta_data",
    tasks: Mapping[str, str] | None = None,
    task_key: str = "task_name",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record, its texts as assembled; a record without prompt is not assembled yet and refused.

    Boxes are ``x1 y1 x2 y2`` in pixels: those under ``boxes``, among ``options`` and, by name, under
    ``more["object_regions"]`` become regions wherever a text has them literally. ``same`` is the target again and
    ``parts`` are in the prompt: both are checked, and reported where they differ. ``more["answers"]`` are
    alternatives; the rest of ``more`` is meta. ``tasks``: prefix of the task's name -> task; else the shape tells.
    """
    found = media_of(record, media, ctx)
    asked, said = text_field(record, prompt), text_field(record, target)
    rest = dict(_object(record, more))
    choices = _texts(record.get(options, []), options)
    regions = _regions(record, choices, boxes, rest.pop("object_regions", {}), f"{more}.object_regions")
    answers = _texts(rest.pop("answers", []), f"{more}.answers")
    if record.get(same, said) != said:
        ctx.report(same, f"differs from {target}; both are kept")
        answers.append(text_field(record, same))
    for key in parts:
        for text in _texts(record[key], key) if key in record else ():
            if text not in asked:
                ctx.report(key, f"does not stand in the prompt: {text:.60}")
    correct = choices.index(said) if said in choices else -1
    if choices and correct < 0:
        ctx.report(target, "is none of the options")
    question, reply = _grounded(asked, regions), _grounded(said, regions)
    pictures = [Part(entry.type, index=entry.index) for entry in found.entries]
    yield Sample(
        messages=[Message("user", [*pictures, *question]), Message("assistant", reply)],
        media=found.entries,
        regions=list(regions.values()),
        task=_task(str(record.get(task_key, "")), tasks or {}, choices, question, reply),
        choices=choices,
        correct=correct,
        answers=answers,
        group=found.group(),
        meta=meta_json({**record, more: rest} if rest else _without(record, more), meta_keys),
    )


def _object(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key) or {}
    if not isinstance(value, Mapping):
        raise BadRecord(key, f"expected an object, found {value!r:.40}")
    return value


def _without(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}


def _texts(value: Any, where: str) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all([isinstance(text, str) for text in texts]):
        raise BadRecord(where, f"expected a text or a list of texts, found {value!r:.40}")
    return list(texts)


def _regions(record: Mapping[str, Any], choices: Sequence[str], key: str, named: Any, where: str) -> dict[str, Region]:
    """Literal -> region, of all boxes that the record gives apart from its texts."""
    regions: dict[str, Region] = {}
    if not isinstance(named, Mapping):
        raise BadRecord(where, f"expected names with boxes, found {named!r:.40}")
    for name, values in named.items():
        for literal in _texts(values, f"{where}.{name}"):
            regions.setdefault(literal, _region(literal, f"{where}.{name}", name))
    for literal in _texts(record.get(key, []), key):
        regions.setdefault(literal, _region(literal, key))
    for literal in choices:
        if _BOX.fullmatch(literal):
            regions.setdefault(literal, _region(literal, key))
    return regions


def _region(literal: str, where: str, label: str = "") -> Region:
    box = list(map(float, literal.split(" "))) if _BOX.fullmatch(literal) else []
    if not box or not all(map(math.isfinite, box)):
        raise BadRecord(where, f"expected 'x1 y1 x2 y2', found {literal!r:.60}")
    return Region(frame="pixel", box=box, label=label, native=literal)


def _grounded(text: str, regions: Mapping[str, Region]) -> list[Part]:
    """The text cut where it has a box of the record, alone and not as a piece of longer numbers."""
    if not regions:
        return [Part("text", text)]
    places = []
    for index, literal in enumerate(regions):
        start = text.find(literal)
        while start >= 0:
            end = start + len(literal)
            if not _DIGITS_BEFORE.search(text, max(0, start - 1), start) and not _DIGITS_AFTER.match(text, end):
                places.append((start, -end, index))
            start = text.find(literal, end)
    parts: list[Part] = []
    at = 0
    for start, minus_end, index in sorted(places):
        if start >= at:
            if start > at:
                parts.append(Part(text=text[at:start]))
            parts.append(Part("region", regions=[index]))
            at = -minus_end
    if at < len(text) or not parts:
        parts.append(Part(text=text[at:]))
    return parts


def _task(
    name: str, tasks: Mapping[str, str], choices: Sequence[str], question: Sequence[Part], reply: Sequence[Part]
) -> str:
    for prefix, told in tasks.items():
        if name.startswith(prefix):
            if told:
                return told
            break
    if choices:
        return "yes_no" if {choice.casefold() for choice in choices} == {"yes", "no"} else "multiple_choice"
    if any([part.type == "region" for part in reply]):
        return "referring"
    return "region_description" if any([part.type == "region" for part in question]) else "vqa"
