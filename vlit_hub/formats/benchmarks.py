"""Row formats of benchmarks: SEED-Bench's questions, MMBench's tables, MME's text files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vlit_hub.formats.choices import LETTERS, question_with_options
from vlit_hub.formats.embedded import picture
from vlit_hub.formats.fields import is_number, meta_json, text_field
from vlit_hub.formats.listed_choices import SEED_TYPES
from vlit_hub.schema import Media, Message, Modality, Part, Sample
from vlit_hub.spec import BadRecord, Context

VIDEO_TYPES = {10: "action_recognition", 11: "action_prediction", 12: "procedure_understanding"}
"""SEED-Bench-1's question types about videos; they are no picture dimensions and stay in meta."""
SEED_META = ("question_id", "question_type_id")


def seed_question(record: Mapping[str, Any], ctx: Context) -> Iterator[Sample]:
    """One question of SEED-Bench-1: four options, the answer's letter, a picture or a clip of a video."""
    options = [text_field(record, f"choice_{letter}") for letter in "abcd"]
    letter, kind = text_field(record, "answer"), record.get("question_type_id")
    if letter not in LETTERS[:4] or not letter:
        raise BadRecord("answer", f"{letter!r:.40} is none of the letters A-D")
    if type(kind) is not int or not (1 <= kind <= len(SEED_TYPES) or kind in VIDEO_TYPES):
        raise BadRecord("question_type_id", f"{kind!r:.40} is none of SEED-Bench-1's question types 1-12")
    type_: Modality = "image" if kind <= len(SEED_TYPES) else "video"
    if (said := record.get("data_type", type_)) != type_:
        raise BadRecord("data_type", f"{said!r:.40} for question type {kind}, which is about a {type_}")
    start, end = _segment(record.get("segment"))
    ref = text_field(record, "data_id")
    yield Sample(
        messages=[
            Message("user", [Part(type_, index=0), Part(text=question_with_options(_question(record), options))]),
            Message("assistant", [Part(text=letter)]),
        ],
        media=[Media(type_, 0, ref=ref, start=start, end=end)],
        task="multiple_choice",
        ability=SEED_TYPES[kind - 1] if type_ == "image" else "none",
        choices=options,
        correct=LETTERS.index(letter),
        group=ref,
        meta=meta_json(record, SEED_META if type_ == "video" else SEED_META[:1]),
    )


def _question(record: Mapping[str, Any]) -> str:
    if question := text_field(record, "question").strip():
        return question
    raise BadRecord("question", "empty")


def _segment(value: Any) -> tuple[float | None, float | None]:
    if value is None:
        return None, None
    if not isinstance(value, list) or len(value) != 2 or not all(map(is_number, value)) or value[0] > value[1]:
        raise BadRecord("segment", f"expected [start, end] in seconds, found {value!r:.40}")
    return float(value[0]), float(value[1])


NOTHING = frozenset({"", "nan"})
"""Cells of a table that hold no text (pandas' NaN as it is written). "None" is an option: LLaVA's reader drops it."""


def table_choice(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    options: str = "ABCD",
    language: str = "en",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One question of MMBench: base64 picture, hint before the question, as many options as are filled.

    A picture cell may hold the ``index`` of the row that has the picture. A row without an answer ends in the question.
    """
    cells = [text_field(record, letter) if letter in record else "" for letter in options]
    empty = [cell.strip().lower() in NOTHING for cell in cells]
    choices = cells[: empty.index(True) if True in empty else None]
    if len(choices) < 2:
        raise BadRecord(options[len(choices)], "empty: a choice needs two options")
    if False in empty[len(choices) :]:
        raise BadRecord(options[len(choices) + empty[len(choices) :].index(False)], "filled, after an empty option")
    asked = _question(record)
    if (hint := _cell(record, "hint")).lower() not in NOTHING:
        asked = f"{hint}\n{asked}"
    messages = [Message("user", [Part("image", index=0), Part(text=question_with_options(asked, choices))])]
    letter = _cell(record, "answer")
    correct = -1
    if letter.lower() not in NOTHING:
        correct = LETTERS.find(letter) if len(letter) == 1 else -1
        if not 0 <= correct < len(choices):
            raise BadRecord("answer", f"{letter!r:.40} is none of the letters A-{LETTERS[len(choices) - 1]}")
        messages.append(Message("assistant", [Part(text=letter)]))
    cell, group = text_field(record, "image"), text_field(record, "index")
    if cell.isdecimal() and len(cell) < 20:
        group, cell = cell, ctx.tables["pictures"].get(cell)
    yield Sample(
        id=text_field(record, "index"),
        images=[picture(cell, "image", ctx)],
        messages=messages,
        media=[Media("image", 0)],
        task="multiple_choice",
        language=language,
        choices=choices,
        correct=correct,
        group=group,
        meta=meta_json(record, meta_keys),
    )


def _cell(record: Mapping[str, Any], key: str) -> str:
    return text_field(record, key).strip() if key in record else ""


_SAID = re.compile(r"(?P<question>.*\S)\s*\t\s*(?P<answer>Yes|No)\s*$", re.IGNORECASE)


def yes_no_line(record: Mapping[str, Any], ctx: Context, *, extensions: tuple[str, ...]) -> Iterator[Sample]:
    """One line of MME: question, tab, Yes or No, about the picture of the file's own name in the folder of its task."""
    line = text_field(record, "line")
    if not (found := _SAID.match(line)):
        raise BadRecord("line", f"expected a question, a tab, and Yes or No, found {line!r:.60}")
    path = ctx.stem.replace("/questions_answers_YN/", "/images/")
    task = path.split("/images/")[0] if "/images/" in path else path.rpartition("/")[0]
    ref = next((f"{path}{end}" for end in extensions if ctx.media.find("image", f"{path}{end}")), path)
    yield Sample(
        messages=[
            Message("user", [Part("image", index=0), Part(text=found["question"])]),
            Message("assistant", [Part(text=found["answer"])]),
        ],
        media=[Media("image", 0, ref=ref)],
        task="yes_no",
        group=path,
        meta=meta_json({"task": task}, ("task",)),
    )
