"""Interleaved texts and pictures: per-turn picture lists, numbered slots, documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vlit_hub.formats.choices import question_with_options
from vlit_hub.formats.conversations import turns_of
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context

PLACEHOLDER = "<image>"
NUMBERED = re.compile(r"\{(?:image|table)#(\d+)\}")
LISTED = re.compile(r"Choice [Ll]ist:\s*\['(.*)'\]", re.DOTALL)


class Album:
    """The pictures of one record in order of first use; a picture that is used again keeps its index."""

    def __init__(self) -> None:
        self.media: list[Media] = []
        self._index: dict[str, int] = {}

    def add(self, ref: str, caption: str = "") -> int:
        """Index of the picture."""
        if ref not in self._index:
            self._index[ref] = len(self.media)
            self.media.append(Media("image", len(self.media), ref, caption=caption))
        return self._index[ref]


# -- pictures listed per turn, one placeholder each (TextBind) ---------------------------------------------------------


def per_turn_images(
    record: Mapping[str, Any], ctx: Context, *, turns: str = "conversation", meta_keys: Iterable[str] = ()
) -> Iterator[Sample]:
    """One Sample per record of turns {role, content, image_list, caption_list, url_list}, one ``<image>`` per picture.

    Pictures stand in turns of both roles; one in an assistant turn is the answer (its caption is what the generator
    was told). URLs go to ``meta.media``. Lists of different lengths, or a number of ``<image>`` that differs from them:
    BadRecord. Follows TextBind's process_mim.py:92-121.
    """
    rows = record.get(turns)
    plain = [_plain(row) for row in rows] if isinstance(rows, list) else rows
    media: list[Media] = []
    urls: list[dict[str, Any]] = []
    messages = []
    for i, (role, text) in enumerate(turns_of(plain, turns)):
        row = rows[i] if isinstance(rows, list) and isinstance(rows[i], Mapping) else {}
        names, captions, links = (_aligned(row, key, f"{turns}[{i}]") for key in _LISTS)
        pieces = text.split(PLACEHOLDER)
        if len(pieces) - 1 != len(names):
            raise BadRecord(f"{turns}[{i}].content", f"{len(pieces) - 1} {PLACEHOLDER} for {len(names)} pictures")
        parts = [Part(text=pieces[0])] if pieces[0] or not names else []
        for name, caption, link, piece in zip(names, captions, links, pieces[1:], strict=True):
            parts.append(Part("image", index=len(media)))
            media.append(Media("image", len(media), name or "", caption=caption or ""))
            urls.append({} if link is None else {"url": link})
            parts += [Part(text=piece)] if piece else []
        messages.append(Message(role, parts))
    yield Sample(
        messages=messages,
        media=media,
        task=_answer_task(messages),
        meta=meta_json({**record, "media": urls}, [*meta_keys, *(["media"] if any(urls) else [])]),
    )


_LISTS = ("image_list", "caption_list", "url_list")


def _plain(row: Any) -> Any:
    if isinstance(row, Mapping) and (unknown := set(row) - {"role", "content", *_LISTS}):
        raise BadRecord("conversation", f"unknown key {', '.join(sorted(map(str, unknown)))}")
    return {key: row.get(key) for key in ("role", "content")} if isinstance(row, Mapping) else row


def _aligned(row: Mapping[str, Any], key: str, where: str) -> list[Any]:
    """The texts under ``key``, one per picture; nulls where the key is absent."""
    names = row.get("image_list", [])
    values = row.get(key, [None] * len(names) if isinstance(names, list) else [])
    if not isinstance(values, list) or not all(isinstance(v, str) or (v is None and key not in row) for v in values):
        raise BadRecord(f"{where}.{key}", f"expected a list of texts, found {values!r:.60}")
    if len(values) != len(names):
        raise BadRecord(f"{where}.{key}", f"{len(values)} entries for {len(names)} pictures")
    return values


def _answer_task(messages: Iterable[Message]) -> str:
    """generation where an assistant turn holds a picture, else conversation."""
    parts = [part.type for message in messages if message.role == "assistant" for part in message.content]
    return "generation" if "image" in parts else "conversation"


# -- numbered slots in a context, instructions beside the rows (I4 / DEMON) --------------------------------------------


def numbered_images(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    tasks: Mapping[str, str] | None = None,
    meta_keys: Iterable[str] = ("sample_id",),
) -> Iterator[Sample]:
    """One Sample per row: an instruction out of the file's metadata, a context with ``{image#k}`` / ``{table#k}``.

    k counts from 1 over ``images_path``; a repeated name is one picture. Pictures lie in ``images/`` beside the file.
    Options come as ``choice_list``, then they are written under the context, or inside the context as ``Choice
    List:['a', 'b']``, then the text stays as it is. ``tasks``: metadata.dataset -> task; others by question type.
    Follows Cheetah's i4_cheetah_llama2.py (IDataset).
    """
    metadata = ctx.head.get("metadata")
    if not isinstance(metadata, Mapping):
        raise BadRecord("metadata", "must stand before the rows of its file")
    task = record.get("task_instance")
    if not isinstance(task, Mapping) or set(task) - {"context", "images_path", "choice_list"}:
        raise BadRecord("task_instance", f"expected context, images_path and maybe choice_list, found {task!r:.60}")
    names = task.get("images_path")
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise BadRecord("task_instance.images_path", f"expected a list of file names, found {names!r:.60}")
    context = text_field(task, "context")
    choices = _choices(task, context)
    if "choice_list" in task:
        context = question_with_options(context.rstrip(), choices)
    album = Album()
    folder = f"{ctx.file.rpartition('/')[0]}/images".removeprefix("/")
    asked = [Part(text=_instruction(record, metadata) + "\n"), *_numbered(context, names, album, folder, ctx)]
    response = record.get("response")
    if type(response) not in (str, int, float) or response == "":
        raise BadRecord("response", f"expected text or a number, found {response!r:.40}")
    said = str(response)
    yield Sample(
        messages=[Message("user", asked), Message("assistant", [Part(text=said)])],
        media=album.media,
        task=(tasks or {}).get(str(metadata.get("dataset")), "multiple_choice" if choices else "vqa"),
        choices=choices,
        correct=_correct(said, choices, ctx),
        meta=meta_json(record, meta_keys),
    )


def _instruction(record: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    texts, number = metadata.get("task_instruction"), record.get("task_instruction_id")
    if not isinstance(texts, list) or type(number) is not int or not 0 <= number < len(texts):
        raise BadRecord("task_instruction_id", f"{number!r:.40} is no index into metadata.task_instruction")
    return str(texts[number]).strip()


def _numbered(context: str, names: list[str], album: Album, folder: str, ctx: Context) -> list[Part]:
    parts: list[Part] = []
    start = 0
    seen: set[int] = set()
    for match in NUMBERED.finditer(context):
        k = int(match[1])
        if not 1 <= k <= len(names):
            raise BadRecord("task_instance.context", f"{match.group()} points beyond the {len(names)} pictures")
        if match.start() > start:
            parts.append(Part(text=context[start : match.start()]))
        parts.append(Part("image", index=album.add(f"{folder}/{names[k - 1]}")))
        seen.add(k)
        start = match.end()
    if start < len(context):
        parts.append(Part(text=context[start:]))
    for k, name in enumerate(names, 1):
        if k not in seen:
            album.add(f"{folder}/{name}")
            ctx.report("task_instance.images_path", "a picture that the context does not mention")
    return parts


def _choices(task: Mapping[str, Any], context: str) -> list[str]:
    given = task.get("choice_list")
    if given is not None:
        if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
            raise BadRecord("task_instance.choice_list", f"expected a list of texts, found {given!r:.60}")
        return list(given)
    match = LISTED.search(context)
    # Options may hold quotes themselves; one that is a picture goes by its name, 'Image B: {image#4}'.
    return (
        [re.sub(r":\s*\{image#\d+\}\s*$", "", text).strip() for text in re.split(r"'\s*,\s*'", match[1])]
        if match
        else []
    )


def _correct(said: str, choices: list[str], ctx: Context) -> int:
    if not choices:
        return -1
    match = next((i for i, choice in enumerate(choices) if choice.strip() == said.strip()), -1)
    if match < 0:
        ctx.report("response", "no option has the answer's text")
    return match


# -- documents whose pictures are tied to sentences (DreamLLM's MMC4 instructions) -------------------------------------


def written_document(record: Mapping[str, Any], ctx: Context, *, meta_keys: Iterable[str] = ()) -> Iterator[Sample]:
    """One Sample per record: the instruction asks, the answer is the document, texts and pictures in turn.

    A picture stands before the text that its ``matched_text_index`` names, several in order of the list; their
    ``matched_sim`` go to meta in that order. Follows DreamLLM's conversation_it_interleaved_dataset.py:58-75.
    """
    texts, rows = record.get("text_list"), record.get("image_info")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise BadRecord("text_list", f"expected a list of texts, found {texts!r:.60}")
    if not isinstance(rows, list):
        raise BadRecord("image_info", f"expected a list of pictures, found {rows!r:.60}")
    before: dict[int, list[str]] = {}
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise BadRecord(f"image_info[{i}]", f"expected a picture, found {row!r:.40}")
        index = row.get("matched_text_index")
        if type(index) is not int or not 0 <= index < len(texts):
            raise BadRecord(f"image_info[{i}].matched_text_index", f"{index!r:.40} is no index into {len(texts)} texts")
        before.setdefault(index, []).append(text_field(row, "image_name"))
    album = Album()
    parts: list[Part] = []
    for i, text in enumerate(texts):
        parts += [Part("image", index=album.add(name)) for name in before.get(i, [])]
        parts.append(Part(text=text if i == len(texts) - 1 else f"{text}\n"))
    messages = [Message("user", [Part(text=text_field(record, "instruction"))]), Message("assistant", parts)]
    sims = [row["matched_sim"] for row in rows if "matched_sim" in row]
    yield Sample(
        messages=messages,
        media=album.media,
        task="generation" if album.media else "instruction_following",
        meta=meta_json({**record, "matched_sim": sims}, [*meta_keys, *(["matched_sim"] if sims else [])]),
    )
