"""Dialogues whose answers hold generated pictures, videos or sounds (NExT-GPT's raw and processed files)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vlit_hub.formats.conversations import turns_of
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.media_dialogue import place
from vlit_hub.schema import Media, Message, Modality, Part, Role, Sample
from vlit_hub.spec import BadRecord, Context

TYPES: tuple[Modality, ...] = ("image", "video", "audio")
TAG = re.compile(r"<(image|video|audio)>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_FILE = re.compile(r"\S+\.\w{2,4}")


def generated_media(
    record: Mapping[str, Any], ctx: Context, *, meta_keys: Iterable[str] = ("source_data",)
) -> Iterator[Sample]:
    """One Sample per record of any of NExT-GPT's forms, told apart by their keys.

    - processed (``conversations``): ``<audio>`` in a text is the next of the record's sounds, in an answer one to be
      generated. Its name is ``input_audio``, ``output_audio`` or that of its caption embedding without ``.npy`` (an
      embedding of text is no medium and is not read), its caption that of ``audio_captions``.
    - raw T-T+X (``conversation``, media told in its turns): the medium stands at the end of the turn that names it.
    - raw MosIT (``image_list``, ``video_list``, ``audio_list``): ``<Image>name</Image>`` in a text, in any case; a tag
      that holds a caption in place of a name is the medium of that caption. ``data_source`` goes to meta.

    A target medium that is absent is missing, not an error: its caption tells it. Follows data/prepare_data.py:415-507.
    """
    if any(f"{kind}_list" in record for kind in TYPES):
        yield from _tagged(record, ctx, meta_keys)
    elif "conversation" in record:
        yield from _told_in_turns(record, ctx, meta_keys)
    else:
        yield from _listed(record, ctx, meta_keys)


def _sample(messages: list[Message], media: list[Media], meta: str) -> Sample:
    made = any([part.type in TYPES for m in messages if m.role == "assistant" for part in m.content])
    return Sample(messages=messages, media=media, task="generation" if made else "conversation", meta=meta)


# -- processed ---------------------------------------------------------------------------------------------------------


def _listed(record: Mapping[str, Any], ctx: Context, meta_keys: Iterable[str]) -> Iterator[Sample]:
    media = [entry for kind in TYPES for entry in _media(record, kind, ctx)]
    rows = record.get("conversations")
    messages = place(turns_of(_plain(rows, "conversations")), media, ctx, mention=False)
    if missed := len(media) - sum(part.type in TYPES for m in messages for part in m.content):
        ctx.report("conversations", f"{missed} media that no turn mentions")
    for i, message in enumerate(messages):
        _check_item(rows[i], message, media, f"conversations[{i}]", ctx)  # type: ignore[index]
    yield _sample(messages, media, meta_json(record, meta_keys))


def _media(record: Mapping[str, Any], kind: Modality, ctx: Context) -> list[Media]:
    key = f"{kind}_caption_embeddings"
    embedded = _texts(record, key)
    for i, name in enumerate(embedded):
        if not name.endswith(".npy"):
            raise BadRecord(f"{key}[{i}]", f"{name!r:.60} does not end in .npy")
    named = _texts(record, f"input_{kind}") + _texts(record, f"output_{kind}")
    names = named or [name.removesuffix(".npy") for name in embedded]
    captions = _texts(record, f"{kind}_captions")
    if embedded and names != [name.removesuffix(".npy") for name in embedded]:
        ctx.report(key, "names other media than the record; the record's are kept")
    if captions and names and len(captions) != len(names):
        raise BadRecord(f"{kind}_captions", f"{len(captions)} captions for {len(names)} media")
    names = names or [""] * len(captions)
    captions = captions or [""] * len(names)
    return [Media(kind, i, name, caption=text) for i, (name, text) in enumerate(zip(names, captions, strict=True))]


def _texts(record: Mapping[str, Any], key: str) -> list[str]:
    value = record.get(key, [])
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text for text in values):
        raise BadRecord(key, f"expected a text or a list of texts, found {value!r:.60}")
    return list(values)


def _plain(rows: Any, where: str) -> Any:
    """The turns without what NExT-GPT tells beside them; a key that is not known is a BadRecord."""
    if not isinstance(rows, list):
        return rows
    plain = []
    for i, row in enumerate(rows):
        if type(row) is not dict:
            raise BadRecord(f"{where}[{i}]", f"expected a turn, found {row!r:.40}")
        if not _TOLD.issuperset(row):
            raise BadRecord(f"{where}[{i}]", f"unknown key {', '.join(sorted(map(str, set(row) - _TOLD)))}")
        plain.append({"from": row.get("from"), "value": row.get("value")})
    return plain


_NAMES = ("image_name", "video_name", "audio_name", "mm_name")
_TOLD = frozenset(("from", "value", "caption", "input_modality", "output_modality", *_NAMES))


def _check_item(row: Mapping[str, Any], message: Message, media: list[Media], where: str, ctx: Context) -> None:
    """Report what a turn tells beside its text where it differs from the media in it."""
    here = [part for part in message.content if part.type in TYPES]
    found = {"input_modality": "user", "output_modality": "assistant"}
    for key, role in found.items():
        if key in row and (message.role != role or row[key] not in ([part.type for part in here] or ["text"])):
            ctx.report(f"{where}.{key}", "differs from the media of the turn")
    captions = [m.caption for m in media for part in here if (m.type, m.index) == (part.type, part.index)]
    if "caption" in row and row["caption"] not in captions:
        ctx.report(f"{where}.caption", "differs from the captions of the turn's media")


# -- raw T-T+X ---------------------------------------------------------------------------------------------------------


def _told_in_turns(record: Mapping[str, Any], ctx: Context, meta_keys: Iterable[str]) -> Iterator[Sample]:
    rows = record["conversation"]
    media: list[Media] = []
    messages = []
    for i, (role, text) in enumerate(turns_of(_plain(rows, "conversation"), "conversation")):
        row, where = rows[i], f"conversation[{i}]"
        key = "output_modality" if role == "assistant" else "input_modality"
        kind = row.get(key, "text")
        if kind not in (*TYPES, "text"):
            raise BadRecord(f"{where}.{key}", f"{kind!r:.40} is none of {', '.join(TYPES)}, text")
        parts = [Part(text=text)] if text else []
        if kind != "text":
            index = sum(m.type == kind for m in media)
            name = next((name for name in (f"{kind}_name", *_NAMES) if name in row), "")
            ref = text_field(row, name) if name else ""
            caption = text_field(row, "caption") if "caption" in row else ""
            media.append(Media(kind, index, ref, caption=caption))
            parts.append(Part(kind, index=index))
        messages.append(Message(role, parts or [Part()]))
        for extra in set(row) & {"caption", *_NAMES} if kind == "text" else ():
            ctx.report(f"{where}.{extra}", f"{row[extra]!r:.60} stands beside a turn of text; it is left out")
    yield _sample(messages, media, meta_json(record, meta_keys))


# -- raw MosIT ---------------------------------------------------------------------------------------------------------


class _Listed:
    """The media of a MosIT record: numbered when first used, found by name or caption."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.media: list[Media] = []
        self.sources: dict[str, list[Any]] = {}
        self._known: dict[str, dict[str, str]] = {kind: {} for kind in TYPES}
        self._index: dict[tuple[str, str], int] = {}
        for kind in TYPES:
            key, name = f"{kind}_list", f"{kind}_name"
            rows = record.get(key, [])
            if not isinstance(rows, list):
                raise BadRecord(key, f"expected a list of media, found {rows!r:.40}")
            allowed = {name, "data_source", "caption"}
            for i, row in enumerate(rows):
                if type(row) is not dict or not allowed.issuperset(row):
                    raise BadRecord(f"{key}[{i}]", f"expected {', '.join(sorted(allowed))}, found {row!r:.60}")
                self._known[kind][text_field(row, name)] = text_field(row, "caption")
                self.sources.setdefault(key, []).append(row.get("data_source"))

    def use(self, kind: Modality, said: str) -> int:
        """Index of the medium that a tag's content tells by name or, where it is no listed name, by caption."""
        known = self._known[kind]
        name = said if said in known else next((n for n, c in known.items() if c == said), "") if known else ""
        if not name and _FILE.fullmatch(said):
            name = said
        at = (kind, name or said)
        index = self._index.get(at)
        if index is None:
            index = self._index[at] = [m.type for m in self.media].count(kind)
            self.media.append(Media(kind, index, name, caption=known.get(name, "" if name else said)))
        return index

    def rest(self) -> int:
        """Add the media that no tag named; how many."""
        before = len(self.media)
        for kind in TYPES:
            for name in self._known[kind]:
                self.use(kind, name)
        return len(self.media) - before


def _tagged(record: Mapping[str, Any], ctx: Context, meta_keys: Iterable[str]) -> Iterator[Sample]:
    listed = _Listed(record)
    messages = []
    key = "conversation" if "conversation" in record else "conversations"
    for role, text in turns_of(_plain(record.get(key), key), key):
        messages.append(_tagged_message(role, text, listed))
    if rest := listed.rest():
        ctx.report(key, f"{rest} media that no tag names")
    told = {**record, "data_source": listed.sources}
    keys = [*meta_keys, *(["data_source"] if any(map(any, listed.sources.values())) else [])]
    yield _sample(messages, listed.media, meta_json(told, keys))


def _tagged_message(role: Role, text: str, listed: _Listed) -> Message:
    parts: list[Part] = []
    start = 0
    for match in TAG.finditer(text) if "<" in text else ():
        if match.start() > start:
            parts.append(Part(text=text[start : match.start()]))
        kind: Any = match[1].lower()
        parts.append(Part(kind, index=listed.use(kind, match[2].strip())))
        start = match.end()
    if start < len(text) or not parts:
        parts.append(Part(text=text[start:]))
    return Message(role, parts)
