"""Media that a record names under its keys: a file name, a path of the author's machine, or base64 in the record."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from vlit_hub.formats.fields import text_field
from vlit_hub.schema import Blob, Modality
from vlit_hub.schema import Media as MediaEntry
from vlit_hub.spec import BadRecord, Context

_KEYS = re.compile(r"\{(\w+)\}")
_keys = cache(_KEYS.findall)  # of the templates of the scripts, which are few
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]|file:")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{64,}={0,2}\s*")


@dataclass(frozen=True)
class Medium:
    """One medium of a record; it is there when all keys of ``ref`` are."""

    type: Modality
    ref: str
    """Template over the record's keys, e.g. ``{image_id}.jpg``."""
    caption: str = ""
    """Key of the caption or transcript that the release gives, where there is one."""
    tail: str = ""
    """Pattern of the part of the reference that is kept, e.g. ``[^/]+$``; an absolute path keeps at least its name."""
    inline: bool = False
    """Whether the value may be base64, or a list of base64 (the frames of a clip), instead of a name."""


@dataclass(frozen=True)
class Found:
    """The media of a record: entries, and per type the blobs that came inside the record."""

    entries: list[MediaEntry]
    images: list[Blob | None]

    def group(self) -> str:
        """The first reference: what samples of one group share."""
        return self.entries[0].ref


def media_of(record: Mapping[str, Any], media: Sequence[Medium], ctx: Context) -> Found:
    """The media that the record names, in the order of ``media``; BadRecord where it names none of them."""
    entries: list[MediaEntry] = []
    images: list[Blob | None] = []
    count = dict.fromkeys((medium.type for medium in media), 0) | {"image": 0}
    for medium in media:
        keys = _keys(medium.ref)
        if any([record.get(key) in (None, "", []) for key in keys]):
            continue
        caption = text_field(record, medium.caption) if record.get(medium.caption) is not None else ""
        if medium.inline and (frames := _inline(record[keys[0]], keys[0])) is not None:
            clip = keys[0] if len(frames) > 1 else ""
            for data in frames:
                entries.append(MediaEntry(type="image", index=count["image"], caption=caption, clip=clip))
                images.append(Blob(bytes=data))
                count["image"] += 1
            continue
        ref = _ref(record, medium, keys, ctx)
        entries.append(MediaEntry(type=medium.type, index=count[medium.type], ref=ref, caption=caption))
        count[medium.type] += 1
    if media and not entries:
        raise BadRecord(_KEYS.findall(media[0].ref)[0], "absent or empty: the record names no medium")
    return Found(entries, images)


def portable(ref: str, tail: str, key: str, ctx: Context) -> str:
    """The reference without the author's folders: the part that ``tail`` matches, of an absolute path the name."""
    absolute = _ABSOLUTE.match(ref)
    if absolute:
        ctx.report(key, "an absolute path of the author's machine; its tail is kept")
    match = re.search(tail, ref) if tail else None
    if match:
        return match.group()
    return re.split(r"[/\\]", ref)[-1] if absolute else ref.removeprefix("./")


def _ref(record: Mapping[str, Any], medium: Medium, keys: Iterable[str], ctx: Context) -> str:
    ref = medium.ref
    for key in keys:
        value = record[key]
        if type(value) not in (str, int):
            raise BadRecord(key, f"expected a name or a number, found {value!r:.40}")
        ref = ref.replace("{" + key + "}", portable(str(value), medium.tail, key, ctx))
    return ref


def _inline(value: Any, key: str) -> list[bytes] | None:
    """The decoded frames of a base64 value; None where the value is a name."""
    if isinstance(value, str):
        return [_decoded(value, key)] if _BASE64.fullmatch(value) and "." not in value else None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return [_decoded(item, f"{key}[{i}]") for i, item in enumerate(value)]


def _decoded(text: str, where: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadRecord(where, "neither a name nor base64") from None
