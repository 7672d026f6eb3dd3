"""Pictures that the turns of a dialogue name by ``IMAGE#<id>`` (Sparkles): whole dialogues and their training view."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vlit_hub.formats.conversations import turns_of
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.interleaved import Album
from vlit_hub.schema import Message, Part, Role, Sample, Span
from vlit_hub.spec import BadRecord, Context

MENTION_TAG = "<Img><ImageHere></Img>"


def named_images(record: Mapping[str, Any], ctx: Context, *, meta_keys: Iterable[str] = ("raw",)) -> Iterator[Sample]:
    """One Sample per dialogue, or per row of the training view, whose turns name pictures as ``IMAGE#<id>``.

    A picture stands behind the first mention of its id in the message that lists it, tagged there by
    ``<Img><ImageHere></Img>`` or not; later mentions stay text. An id counts as mentioned only as a whole word
    (``IMAGE#14`` is no ``IMAGE#1417``). In the training view the instruction's earlier answers are context
    (train=false), and ``fix_answer`` is said in place of ``answer``, which becomes its rejected span. Follows Sparkles'
    multimodal_dialogue_dataset.py:66-80 and generate_SparklesDialogue.py:14-57,241-312.
    """
    album = Album()
    spans: list[Span] = []
    if "dialogue" in record:
        messages = _listed_dialogue(record, album, ctx)
    else:
        messages, spans = _training_view(record, album, ctx)
    yield Sample(
        messages=messages,
        media=album.media,
        spans=spans,
        task="conversation" if len(album.media) < 2 else "comparison",
        meta=meta_json(record, meta_keys),
    )


def _listed_dialogue(record: Mapping[str, Any], album: Album, ctx: Context) -> list[Message]:
    rows = record["dialogue"]
    plain = [
        {k: v for k, v in row.items() if k != "images"} if isinstance(row, Mapping) else row
        for row in (rows if isinstance(rows, list) else [])
    ]
    messages = []
    for i, (role, text) in enumerate(turns_of(plain or rows, "dialogue")):
        images = _images(rows[i].get("images") if isinstance(rows[i], Mapping) else None, f"dialogue[{i}].images")
        messages.append(Message(role, _named(text, images, album, ctx, f"dialogue[{i}].content")))
    return messages


def _training_view(record: Mapping[str, Any], album: Album, ctx: Context) -> tuple[list[Message], list[Span]]:
    question = "uniform_question" if "uniform_question" in record else "question"
    asked = text_field(record, question)
    turns: list[tuple[Role, str]] = _instructed(record) if "instruction" in record else [("user", asked)]
    if turns[-1][1] != asked:
        ctx.report(question, "differs from the last turn of the instruction, which is kept")
    images = _images(record.get("tgt_imgs"), "tgt_imgs")
    messages = []
    for i, (role, text) in enumerate(turns):
        here = [image for image in images if i == len(turns) - 1 or _find(image[0], text)] if role == "user" else []
        images = [image for image in images if image not in here]
        messages.append(Message(role, _named(text, here, album, ctx, "instruction"), train=role == "user"))
    answer = text_field(record, "answer") if "answer" in record else ""
    fixed = text_field(record, "fix_answer") if "fix_answer" in record else text_field(record, "answer")
    messages.append(Message("assistant", [Part(text=fixed)]))
    rejected = "fix_answer" in record and "answer" in record
    return messages, [Span(len(turns), "rejected", value=answer)] if rejected else []


def _instructed(record: Mapping[str, Any]) -> list[tuple[Role, str]]:
    """The turns of ``###Human: q1###Assistant: a1###Human: q2###Assistant: ``."""
    pieces = re.split(r"###(Human|Assistant): ?", text_field(record, "instruction"))
    roles: list[Role] = ["user" if name == "Human" else "assistant" for name in pieces[1::2]]
    wanted: list[Role] = ["user" if i % 2 == 0 else "assistant" for i in range(len(roles))]
    if pieces[0] or len(roles) < 2 or len(roles) % 2 or roles != wanted or pieces[-1]:
        raise BadRecord("instruction", "expected ###Human: ...###Assistant: , alternating, the last answer left open")
    return list(zip(roles, pieces[2::2], strict=True))[:-1]


def _images(value: Any, where: str) -> list[tuple[str, str]]:
    """(id, caption) of each listed picture."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRecord(where, f"expected a list of pictures, found {value!r:.60}")
    images = []
    for k, row in enumerate(value):
        if not isinstance(row, Mapping) or set(row) - {"image_id", "caption"}:
            raise BadRecord(f"{where}[{k}]", f"expected image_id and caption, found {row!r:.60}")
        name = row.get("image_id")
        if type(name) not in (str, int) or name == "":
            raise BadRecord(f"{where}[{k}].image_id", f"expected text or a number, found {name!r:.40}")
        images.append((str(name), text_field(row, "caption") if "caption" in row else ""))
    return images


def _find(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"IMAGE#{re.escape(name)}\b", text)


def _named(text: str, images: list[tuple[str, str]], album: Album, ctx: Context, where: str) -> list[Part]:
    """The parts of a turn: each listed picture behind the first mention of its id."""
    bare = text.replace(MENTION_TAG, "")
    places: list[tuple[int, str, str]] = []
    for name, caption in images:
        match = _find(name, bare)
        if match is None:
            ctx.report(where, "a listed picture that the text does not name stands in front")
        places.append((match.end() if match else 0, name, caption))
    parts: list[Part] = []
    start, tagged = 0, ""
    for end, name, caption in sorted(places, key=lambda row: row[0]):
        if end > start:
            parts.append(Part(text=bare[start:end]))
        tagged += bare[start:end] + MENTION_TAG
        parts.append(Part("image", index=_add(album, name, caption, ctx, where)))
        start = end
    if start < len(bare) or not parts:
        parts.append(Part(text=bare[start:]))
    if MENTION_TAG in text and tagged + bare[start:] != text:
        ctx.report(where, "the picture tags do not stand at the first mentions of the listed pictures")
    return parts


def _add(album: Album, name: str, caption: str, ctx: Context, where: str) -> int:
    index = album.add(f"{name}.jpg", caption)
    if album.media[index].caption != caption:
        ctx.report(where, "one picture has two captions; the first is kept")
    return index
