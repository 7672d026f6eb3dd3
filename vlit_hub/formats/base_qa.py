"""Questions of public benchmarks: one a row, several a picture, with options, with their answers in a second file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from vlit_hub.formats.choices import question_with_options
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.templates import draw
from vlit_hub.schema import Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context

_KEYS = re.compile(r"{(\w+)")


def question_answer(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str | tuple[str, ...] = "{image}",
    question: str = "question",
    context: str = "",
    caption: str = "",
    answer: str = "answer",
    also: Sequence[str] = (),
    reply: str = "",
    choices: str = "",
    correct: str = "",
    words: Mapping[Any, str] | None = None,
    template: str = "",
    frame: str = "",
    join: tuple[str, str] | None = None,
    keyed: str = "",
    id_key: str = "",
    optional_image: bool = False,
    flag: tuple[str, str] | None = None,
    task: str = "vqa",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per row.

    - ``image``: template of the picture's name over the row's keys and ``key``, e.g. ``{image_id:012d}.jpg``,
      or several of which the first fits whose keys are there; ``optional_image``: a null in it means no picture.
    - ``answer``: a text, a list of alternatives (the most frequent is said, the first of equals), or a list of
      objects with ``answer`` whose other keys are meta. ``also``: further wordings, kept as alternatives. ``reply``:
      key of the text that is said instead. ``words``: native label -> text. Absent: the sample ends with the question.
    - ``choices`` and ``correct`` (an index): options are written below the question, the option's text is said.
    - ``context``: key of a text before the question; ``caption``: of the picture's caption.
    - ``template``: drawn where there is no question; ``frame``: drawn, and asks about the question as its phrase.
    - ``join``: (table, key) of a look-up whose entry adds its keys to the row's.
    - ``keyed``: name under which the row's key in its file is one of its own values. ``id_key``: key of the
      native id, for specs whose ids are unique.
    - ``flag``: (pattern of the file's path, key of meta that is then true).
    """
    if join:
        record = joined(record, ctx, *join)
    if keyed and ctx.key:
        record = {keyed: ctx.key, **record}
    ref, used = _reference(image, record, ctx, optional_image)
    options = texts(record, choices) if choices else []
    said, answers, details = _answers(record, answer, words)
    index = index_of(record, correct, len(options))
    if index >= 0:
        said = options[index]
    if reply and record.get(reply) is not None:
        said = text_field(record, reply)
    asked = text_field(record, question) if record.get(question) or not template else _drawn(template, ctx)
    if frame:
        asked = _drawn(frame, ctx).format(phrase=asked)
    if context and record.get(context):
        asked = f"{text_field(record, context)}\n{asked}"
    about = text_field(record, caption) if caption and record.get(caption) is not None else ""
    user = [Part("image", index=0)] if ref else []
    messages = [Message("user", [*user, Part(text=question_with_options(asked, options) if options else asked)])]
    if said is not None:
        messages.append(Message("assistant", [Part(text=said)]))
    flags = {flag[1]: True} if flag and re.search(flag[0], ctx.file) else {}
    kept = [key for key in meta_keys if key in record and key not in used]
    facts = {**details, **{key: record[key] for key in kept}, **flags}
    yield Sample(
        id=str(record.get(id_key, "")) if id_key else "",
        messages=messages,
        media=[Media("image", 0, ref=ref, caption=about)] if ref else [],
        task="multiple_choice" if options else task,
        choices=options,
        correct=index,
        answers=[*answers, *(text_field(record, key) for key in also if record.get(key) is not None)],
        group=ref,
        meta=meta_json(facts, facts),
    )


def questions_answers(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str | tuple[str, ...],
    items: str = "",
    questions: str = "questions",
    answers: str = "answers",
    meta_keys: Iterable[str] = (),
    item_keys: Iterable[str] = (),
) -> Iterator[Sample | BadRecord]:
    """Several Samples per row, of one group: the objects under ``items``, or two parallel lists of texts."""
    ref = reference(image, record, ctx)
    if items:
        children = record.get(items)
        if not isinstance(children, list):
            raise BadRecord(items, f"expected a list of questions, found {children!r:.40}")
    else:
        asked, said = texts(record, questions), texts(record, answers)
        if len(asked) != len(said):
            raise BadRecord(answers, f"{len(said)} answers to {len(asked)} questions")
        children = [{"question": q, "answer": a} for q, a in zip(asked, said, strict=True)]
    shared = {key: record[key] for key in meta_keys if key in record}
    if not children:
        ctx.report(items or questions, "empty")
    for i, child in enumerate(children):
        try:
            if not isinstance(child, Mapping):
                raise BadRecord("", f"expected an object, found {child!r:.40}")
            row = {**shared, **child, "image": ref}
            yield from question_answer(row, ctx, meta_keys=(*meta_keys, *item_keys))
        except BadRecord as fault:
            yield BadRecord(f"{items or questions}[{i}].{fault.field}".rstrip("."), fault.reason)


def reference(templates: str | tuple[str, ...], record: Mapping[str, Any], ctx: Context) -> str:
    """The picture's name by the first template whose keys are there."""
    return _reference(templates, record, ctx, optional=False)[0]


def _reference(
    templates: str | tuple[str, ...], record: Mapping[str, Any], ctx: Context, optional: bool
) -> tuple[str, list[str]]:
    """(name, keys it is made of); the name is '' where one of them is null and it is ``optional``."""
    template, keys = _fitting(templates, record)
    if optional and any(record.get(key) is None for key in keys if key != "key"):
        return "", keys
    for key in keys:
        if key != "key" and record.get(key) in (None, ""):
            raise BadRecord(key, "absent" if key not in record else "empty")
    try:
        return template.format(key=ctx.key, **{key: record[key] for key in keys if key != "key"}), keys
    except (ValueError, TypeError) as error:
        raise BadRecord(", ".join(keys), f"gives no picture name: {error}") from None


def joined(record: Mapping[str, Any], ctx: Context, table: str, key: str) -> dict[str, Any]:
    """The row with the keys of its entry in a look-up; its own come first. BadRecord where it has none."""
    entry = ctx.tables[table].get(str(record.get(key)))
    if not isinstance(entry, Mapping):
        raise BadRecord(key, f"{record.get(key)!r:.40} is not among the {table}")
    return {**entry, **record}


def _fitting(templates: str | tuple[str, ...], record: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The first template whose keys the record has (else the first), and these keys."""
    found = _parsed(templates)
    if len(found) == 1:
        return found[0]
    for item in found:
        if all([key in record or key == "key" for key in item[1]]):
            return item
    return found[0]


@lru_cache
def _parsed(templates: str | tuple[str, ...]) -> list[tuple[str, list[str]]]:
    return [(t, _KEYS.findall(t)) for t in ((templates,) if isinstance(templates, str) else templates)]


def texts(record: Mapping[str, Any], key: str) -> list[str]:
    """The list of texts under ``key``; BadRecord naming the item that is none."""
    value = record.get(key)
    if not isinstance(value, list):
        raise BadRecord(key, f"expected a list of texts, found {value!r:.40}")
    for i, text in enumerate(value):
        if not isinstance(text, str):
            raise BadRecord(f"{key}[{i}]", f"expected text, found {text!r:.40}")
    return list(value)


def _answers(
    record: Mapping[str, Any], key: str, words: Mapping[Any, str] | None
) -> tuple[str | None, list[str], dict[str, list[Any]]]:
    """(what is said, all alternatives, the other keys of the alternatives)."""
    value = record.get(key) if key else None
    if value is None:
        return None, [], {}
    if words is not None:
        if not isinstance(value, (int, str)) or value not in words:
            raise BadRecord(key, f"{value!r:.40} is none of {', '.join(map(repr, words))}")
        return words[value], [], {}
    if isinstance(value, str):
        return value, [], {}
    if not isinstance(value, list) or not value:
        raise BadRecord(key, f"expected an answer or a list of answers, found {value!r:.40}")
    if not all(isinstance(item, Mapping) for item in value):
        said = texts(record, key)
        return Counter(said).most_common(1)[0][0], said, {}
    said = []
    details: dict[str, list[Any]] = {}
    for i, item in enumerate(value):
        if not isinstance(text := item.get("answer"), str):
            raise BadRecord(f"{key}[{i}].answer", f"expected text, found {text!r:.40}")
        said.append(text)
    for name in dict.fromkeys(name for item in value for name in item if name != "answer"):
        details[name] = [item.get(name) for item in value]
    return Counter(said).most_common(1)[0][0], said, details


def index_of(record: Mapping[str, Any], key: str, count: int) -> int:
    """The index under ``key``, -1 where there is none; BadRecord for one beyond ``count``."""
    index = record.get(key) if key else None
    if index is None:
        return -1
    if type(index) is not int or not 0 <= index < count:
        raise BadRecord(key, f"{index!r:.40} is no index into {count} choices")
    return index


def _drawn(template: str, ctx: Context) -> str:
    return draw(template, f"{ctx.file}:{ctx.row}")


VQA_META = ("question_type", "answer_type", "answer_confidence", "answer_id", "raw_answer")
OFFICIAL_VQA = partial(
    question_answer,
    answer="answers",
    reply="multiple_choice_answer",
    join=("questions", "question_id"),
    id_key="question_id",
    meta_keys=VQA_META,
)
"""Annotations of visualqa.org, the texts of their questions in a second file."""
