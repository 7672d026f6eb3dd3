"""A sample of another's WebDataset -> Samples of ours.

- Its json is a Sample of ours (every column is there): that, with its media from the members ``<i>.<ext>``.
- ``native`` names a registered dataset: its json is a native record and goes through that dataset's converter; the
  n-th picture (video, sound) of the record is the n-th such member.
- Else a caption: the ``txt`` (``text``, ``caption``) member, or the first of the keys CAPTIONS of the json, is the
  answer to a drawn instruction about all media. The json's other keys, and ``cls``, go to meta.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from vlit_hub import registry
from vlit_hub.canonical import validate
from vlit_hub.formats.templates import draw
from vlit_hub.media import image_size
from vlit_hub.media_errors import UnreadableMedia
from vlit_hub.media_finder import MediaFinder
from vlit_hub.release import convert
from vlit_hub.schema import COLUMNS, Blob, Media, Message, Part, Sample, SchemaError, from_json, hints
from vlit_hub.shards.foreign_tar import MEDIA, Group, Member
from vlit_hub.spec import BadRecord, Context, DatasetSpec

CAPTIONS = ("caption", "text", "description", "alt_text", "title")
TEMPLATES = {"image": ("caption_short", "caption"), "video": ("caption_video", "video_caption"),
             "audio": ("describe_audio", "audio_caption")}  # fmt: skip
"""Media type -> (template of the instruction, task)."""
_columns = frozenset(hints(Sample))


class LeftOut(ValueError):
    """A record of another's that becomes no Sample; the message says why and is counted."""


class Mapper:
    """How the records of a folder are read; ``native`` as in the module."""

    def __init__(self, folder: Path, name: str, split: str, native: str = "") -> None:
        self.folder, self.name, self.split = folder, name, split
        self.spec: DatasetSpec | None = registry.get(native) if native else None

    @cached_property
    def _media(self) -> MediaFinder:
        return MediaFinder(self.folder, ())

    def samples(self, group: Group, file: str, row: int) -> list[tuple[Sample, list[Member | None]]]:
        """Samples with the member of each entry of ``media``; raises LeftOut."""
        record = _json(group)
        try:
            if isinstance(record, Mapping) and _columns <= record.keys():
                made = [self._ours(group)]
            elif self.spec:
                made = self._native(record, group, file, row)
            else:
                made = [self._captioned(record, group)]
        except (SchemaError, BadRecord) as error:
            raise LeftOut(str(error)) from None
        members = {id(member.data): member for member in group.members if member.data is not None}
        return [(sample, [_member(sample, medium, members) for medium in sample.media]) for sample in made]

    def _ours(self, group: Group) -> Sample:
        data = {member.ext.partition(".")[0]: member.data for member in group.members}
        sample = from_json(next(member.data for member in group.members if member.ext == "json") or b"")
        columns: dict[str, list[Blob | None]] = {name: list(getattr(sample, name)) for name in COLUMNS.values()}
        for position, medium in enumerate(sample.media):
            column = columns[COLUMNS[medium.type]]
            if not 0 <= medium.index < len(column):
                raise LeftOut("its media and columns disagree")
            if column[medium.index] is not None:
                found = data.get(str(position))
                if found is None:
                    raise LeftOut("a medium is no member of it")
                column[medium.index] = Blob(bytes=found)
        sample = msgspec.structs.replace(sample, **columns)
        validate(sample)
        return sample

    def _native(self, record: Any, group: Group, file: str, row: int) -> list[Sample]:
        assert self.spec
        if not isinstance(record, Mapping):
            raise LeftOut("no json, so no native record")
        ctx = Context(self.spec, self.spec.default_subset, self.split, file, row, group.key, media=self._media)
        ctx.options = self.spec.options
        outcome = convert(record, ctx, lambda record, ctx: self._with_members(record, ctx, group))
        if outcome.bad and not outcome.samples:
            raise outcome.bad[0]
        return outcome.samples

    def _with_members(self, record: Mapping[str, Any], ctx: Context, group: Group) -> Iterator[Sample | BadRecord]:
        """What the converter makes, with the members in the places of its media."""
        assert self.spec
        for child in self.spec.convert(record, ctx):
            if isinstance(child, Sample):
                columns: dict[str, list[Blob | None]] = {}
                for kind, column in COLUMNS.items():
                    found = [member.data for member in group.members if MEDIA.get(_kind(member)) == kind]
                    wanted = sum(medium.type == kind for medium in child.media)
                    if wanted and not getattr(child, column):
                        blobs = [Blob(bytes=data) if data is not None else None for data in found[:wanted]]
                        columns[column] = [*blobs, *[None] * (wanted - len(blobs))]
                child = msgspec.structs.replace(child, **columns)
            yield child

    def _captioned(self, record: Any, group: Group) -> Sample:
        texts = {
            member.ext: _text(member) for member in group.members if member.ext in ("txt", "text", "caption", "cls")
        }
        facts = dict(record) if isinstance(record, Mapping) else {} if record is None else {"json": record}
        caption = next((texts[ext] for ext in ("txt", "text", "caption") if texts.get(ext)), "")
        if not caption:
            key = next((key for key in CAPTIONS if isinstance(facts.get(key), str) and facts[key].strip()), "")
            caption = facts.pop(key, "")
        if not caption.strip():
            raise LeftOut("neither a text nor a json with a caption")
        facts |= {"cls": texts["cls"].strip()} if "cls" in texts else {}
        columns: dict[str, list[Blob | None]] = {}
        media, parts = [], []
        for member in group.members:
            kind = MEDIA.get(_kind(member))
            if kind is not None and member.data:
                column = columns.setdefault(COLUMNS[kind], [])
                media.append(_medium(kind, len(column), f"{group.key}.{member.ext}", member.data))
                parts.append(Part(kind, index=len(column)))  # type: ignore[arg-type]
                column.append(Blob(bytes=member.data))
        template, task = TEMPLATES[media[0].type] if media else ("", "other")
        asked = [Part(text=draw(template, group.key))] if media else []
        messages = [Message("user", [*parts, *asked]), Message("assistant", [Part(text=caption.strip())])]
        sample = Sample(
            **columns,  # type: ignore[arg-type]
            messages=messages if media else messages[1:],
            task=task,
            media=media,
            group=group.key,
            id=group.key,
            dataset=self.name,
            subset="default",
            split=self.split,
            meta=json.dumps(facts, ensure_ascii=False, sort_keys=True) if facts else "",
        )
        try:
            validate(sample)
        except UnicodeEncodeError:
            raise LeftOut("half of a surrogate pair") from None
        return sample


def _medium(kind: str, index: int, ref: str, data: bytes) -> Media:
    if kind != "image":
        return Media(kind, index, ref=ref)  # type: ignore[arg-type]
    try:
        width, height = image_size(data)
    except UnreadableMedia as error:
        raise LeftOut(f"a picture that cannot be read: {error}") from None
    return Media("image", index, ref=ref, width=width, height=height)


def _member(sample: Sample, medium: Media, members: dict[int, Member]) -> Member | None:
    """The member that holds a medium, None for a missing one."""
    blob = getattr(sample, COLUMNS[medium.type])[medium.index]
    if blob is None:
        return None
    if id(blob.bytes) not in members:
        raise LeftOut(f"its {medium.type} is no member as it is")
    return members[id(blob.bytes)]


def _kind(member: Member) -> str:
    return member.ext.rpartition(".")[2]


def _text(member: Member) -> str:
    try:
        return (member.data or b"").decode()
    except UnicodeDecodeError:
        raise LeftOut(f"its {member.ext} is no Unicode text") from None


def _json(group: Group) -> Any:
    data = next((member.data for member in group.members if member.ext == "json"), None)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise LeftOut("its json is none") from None
