"""Dialogues, questions and captions about a video, sound, point cloud or picture, in LLaVA-like turns or pairs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import msgspec

from vlit_hub.formats.conversations import turns_of
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Media, Message, Modality, Part, Role, Sample, Span
from vlit_hub.spec import BadRecord, Context

MARKS: dict[str, Modality] = {
    "<image>": "image",
    "<video>": "video",
    "<audio>": "audio",
    "<point>": "point_cloud",
    "<图片>": "image",
    "<视频>": "video",
    "<音频>": "audio",
}
"""Placeholder in a text -> what stands there."""
_MARK = re.compile("|".join(map(re.escape, MARKS)))
CLIP = re.compile(r".{11}_(\d{6})_(\d{6})")
"""``<YouTube id>_<start>_<end>`` in whole seconds."""


@dataclass(frozen=True)
class Slot:
    """A native key that names one medium, or a list of media, of one type.

    ``suffix`` is appended where the name lacks it. The reference is ``<folder>/<name>``, the folder read from
    ``folder_key`` (``folder`` where the record lacks that) or left out.
    """

    key: str
    type: Modality
    suffix: str = ""
    folder_key: str = ""
    folder: str = ""

    def media(self, record: Mapping[str, Any], start: int = 0) -> list[Media]:
        """The media under the key, numbered from ``start``; none where it is absent, null or empty."""
        value = record.get(self.key)
        if value is None or value in ("", []):
            return []
        media = []
        for i, name in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(name, str) or not name:
                where = f"{self.key}[{i}]" if isinstance(value, list) else self.key
                raise BadRecord(where, f"expected the name of a medium, found {name!r:.40}")
            ref = name if name.endswith(self.suffix) else name + self.suffix
            folder = text_field(record, self.folder_key) if self.folder_key in record else self.folder
            media.append(Media(self.type, start + i, f"{folder}/{ref}" if folder else ref))
        return media


def media_of(record: Mapping[str, Any], slots: Sequence[Slot]) -> list[Media]:
    """All media of a record, numbered within their types; BadRecord where it names none."""
    media: list[Media] = []
    for slot in slots:
        media += slot.media(record, sum(m.type == slot.type for m in media))
    if not media:
        raise BadRecord(slots[0].key, "absent or empty: the record names no medium")
    return media


def place(
    turns: Iterable[tuple[Role, str]], media: Sequence[Media], ctx: Context, mention: bool = True
) -> list[Message]:
    """Messages whose marks (:data:`MARKS`, of the types in ``media``) are replaced by the media, each type in order.

    A newline beside a mark belongs to the template and goes with it. Media of a type that no turn marks stand in
    front of the first user turn, unless ``mention`` is false: then they are listed but not mentioned. More marks
    than media: BadRecord; fewer: reported.
    """
    counts = {kind: sum(m.type == kind for m in media) for kind in dict.fromkeys(m.type for m in media)}
    used = dict.fromkeys(counts, 0)
    messages = [Message(role, _parts(text, counts, used)) for role, text in turns]
    front = [m for m in media if used[m.type] == 0] if mention else []
    first = next((i for i, m in enumerate(messages) if m.role == "user"), None)
    if front and first is not None:
        parts = [Part(m.type, index=m.index) for m in front]
        messages[first] = Message("user", parts + [p for p in messages[first].content if p != Part()])
        used |= {m.type: counts[m.type] for m in front}
    for kind, count in counts.items():
        if used[kind] < count and mention:
            ctx.report("conversations", f"{count - used[kind]} media of type {kind} that no turn mentions")
    return messages


def _parts(text: str, counts: Mapping[Modality, int], used: dict[Modality, int]) -> list[Part]:
    if "<" not in text:
        return [Part(text=text)]
    parts: list[Part] = []
    start = 0
    for match in _MARK.finditer(text):
        kind = MARKS[match.group()]
        if kind not in counts:
            continue
        if used[kind] >= counts[kind]:
            raise BadRecord("conversations", f"more {match.group()} than the {counts[kind]} media of the record")
        if before := text[start : match.start()].removesuffix("\n"):
            parts.append(Part(text=before))
        parts.append(Part(kind, index=used[kind]))
        used[kind] += 1
        start = match.end() + text.startswith("\n", match.end())
    if start < len(text) or not parts:
        parts.append(Part(text=text[start:]))
    return parts


def media_dialogue(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    slots: Sequence[Slot],
    turns: str = "conversations",
    task: str = "conversation",
    task_key: str = "",
    tasks: Mapping[str, str] | None = None,
    mention: bool = True,
    clip_key: str = "",
    refused: Mapping[str, str] | None = None,
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record of turns (:func:`turns_of`) about the media that ``slots`` name; :func:`place` puts them.

    ``tasks``: value of ``task_key`` -> task, where the record has that key (another value is a BadRecord).
    ``clip_key``: name of a clip, :data:`CLIP`, cut out of the whole video that the slot names; another name goes to
    meta. ``refused``: media name -> why its records are left out.
    """
    media = media_of(record, slots)
    for slot in slots if refused else ():
        if reason := (refused or {}).get(str(record.get(slot.key))):
            raise BadRecord(slot.key, reason)
    if task_key in record:
        name = text_field(record, task_key)
        if name not in (tasks or {}):
            raise BadRecord(task_key, f"{name!r:.40} is none of {', '.join(tasks or {})}")
        task = (tasks or {})[name]
    keys = list(meta_keys)
    if clip_key in record and not (match := CLIP.fullmatch(text_field(record, clip_key))):
        keys.append(clip_key)
    elif clip_key in record and match and PurePosixPath(media[0].ref).stem != record[clip_key]:
        if record[clip_key][:11] not in media[0].ref:
            ctx.report(clip_key, "names another video than the record")
        media[0] = msgspec.structs.replace(media[0], start=float(match[1]), end=float(match[2]))
    yield Sample(
        messages=place(turns_of(record.get(turns), turns), media, ctx, mention),
        media=media,
        task=task,
        group=media[0].ref,
        meta=meta_json(record, keys),
    )


def qa_dialogue(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    slots: Sequence[Slot],
    pairs: str = "QA",
    question: str = "q",
    answer: str = "a",
    instruction: str = "i",
    task: str = "conversation",
    tasks: Mapping[str, str] | None = None,
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record whose ``pairs`` are a list of {q, a} and maybe {i}: one dialogue of several turns.

    ``i`` is a system message where it is not empty and differs from the one before; a pair without a question has a
    user turn with the medium alone. ``start`` and ``end`` are the clip's seconds. ``tasks``: per file stem. Follows
    Ask-Anything's video_chat/dataset/it_dataset.py:51-85 and video_chat2/dataset/it_dataset.py.
    """
    media = media_of(record, slots)
    times = {key: _seconds(record, key) for key in ("start", "end") if record.get(key) is not None}
    if times:
        media[0] = msgspec.structs.replace(media[0], **times)
    rows = record.get(pairs)
    if not isinstance(rows, list) or not rows:
        raise BadRecord(pairs, f"expected a list of questions and answers, found {rows!r:.60}")
    turns: list[tuple[Role, str]] = []
    system = ""
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping) or set(row) - {question, answer, instruction}:
            raise BadRecord(
                f"{pairs}[{i}]", f"expected {question}, {answer} and maybe {instruction}, found {row!r:.60}"
            )
        said = text_field(row, instruction) if instruction in row else ""
        if said and said != system:
            turns.append(("system", said))
            system = said
        turns += [("user", text_field(row, question)), ("assistant", text_field(row, answer))]
    yield Sample(
        messages=place(turns, media, ctx),
        media=media,
        task=(tasks or {}).get(ctx.file.rpartition("/")[2].partition(".")[0], task),
        group=media[0].ref,
        meta=meta_json(record, meta_keys),
    )


def _seconds(record: Mapping[str, Any], key: str) -> float:
    value = record[key]
    if type(value) not in (int, float) or not 0 <= value < 1e9:
        raise BadRecord(key, f"expected seconds, found {value!r:.40}")
    return float(value)


def question_answer(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    slots: Sequence[Slot],
    question: str = "question",
    answer: str = "answer",
    task: str,
    noise: str = "",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per pair of ``question`` and ``answer``: two texts, or two lists of equal length (one group).

    ``noise``: an ending of answers that marks them as unfiltered; it leaves the text and becomes a critique of it.
    """
    media = media_of(record, slots)
    questions, answers = _list(record, question), _list(record, answer)
    if len(questions) != len(answers):
        raise BadRecord(answer, f"{len(answers)} answers to {len(questions)} questions")
    for asked, said in zip(questions, answers, strict=True):
        marked = bool(noise) and said.endswith(noise)
        yield Sample(
            messages=place([("user", asked), ("assistant", said.removesuffix(noise) if marked else said)], media, ctx),
            media=media,
            spans=[Span(message=1, kind="critique", value=noise.strip())] if marked else [],
            task=task,
            group=media[0].ref,
            meta=meta_json(record, meta_keys),
        )


def _list(record: Mapping[str, Any], key: str) -> list[str]:
    value = record.get(key)
    if not isinstance(value, list):
        return [text_field(record, key)]
    for i, text in enumerate(value):
        if not isinstance(text, str):
            raise BadRecord(f"{key}[{i}]", f"expected text, found {text!r:.40}")
    return list(value)
