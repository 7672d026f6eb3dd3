"""Records by id that name related records and pictures in other files (MIMIC-IT): interleaved in-context samples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vlit_hub.formats.embedded import picture
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Blob, Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context


def in_context(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    tasks: Mapping[str, str],
    clips: str = "",
    related: str = "rel_ins_ids",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record, named by its key; option ``context``: how many related records come before it.

    Table ``records`` holds the records by key, ``related`` the related keys of those that name none themselves,
    ``images`` base64 pictures by id (a picture that is not there is searched as a file). The first ``context``
    related keys become train=false earlier turns; pictures that were shown last are not repeated. A key that no
    record has is reported. Keys that are not used as context are meta. ``tasks``: prefix of the key -> task.
    ``clips``: pattern with one group, the video that a picture id is a frame of. Follows Otter's
    pipeline/mimicit_utils/mimicit_dataset.py:186-215,307-420.
    """
    names = _texts(record, related)
    shots = int(ctx.options["context"])
    if shots and not names:
        names = _texts({related: ctx.tables["related"].get(ctx.key)}, related)
    turns = _Turns(ctx)
    for i, name in enumerate(names[:shots]):
        example = ctx.tables["records"].get(name)
        if not isinstance(example, Mapping):
            ctx.report(f"{related}[{i}]", f"{name!r} is the key of no record")
            continue
        try:
            turns.add(example, train=False)
        except BadRecord as fault:
            raise BadRecord(f"{related}[{i}]", f"record {name!r}: {fault}") from None
    foreign = turns.refs[:]
    turns.add(record, train=True)
    own = _texts(record, "image_ids")
    rest = {related: names[shots:]} if record.get(related) and names[shots:] else {}
    yield Sample(
        id=ctx.key,
        images=turns.images,
        messages=turns.messages,
        media=[Media("image", i, ref=ref, clip=_clip(ref, clips, len(own))) for i, ref in enumerate(turns.refs)],
        task="in_context" if set(foreign) - set(own) else _task(ctx.key, tasks),
        group=(_clip(own[0], clips, len(own)) or own[0]) if own else "",
        meta=meta_json(rest | {key: record[key] for key in meta_keys if key in record}, [related, *meta_keys]),
    )


@dataclass
class _Turns:
    """The messages so far, and the pictures they show, each once."""

    ctx: Context
    messages: list[Message] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    images: list[Blob | None] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def add(self, record: Mapping[str, Any], train: bool) -> None:
        asked, said = text_field(record, "instruction"), text_field(record, "answer")
        ids = _texts(record, "image_ids")
        for i, ref in enumerate(ids):
            if ref not in self.refs:
                self.refs.append(ref)
                cell = self.ctx.tables["images"].get(ref)
                self.images.append(None if cell is None else picture(cell, f"image_ids[{i}]", self.ctx))
        parts = [] if ids == self.shown else [Part("image", index=self.refs.index(ref)) for ref in ids]
        self.shown = ids
        self.messages += [Message("user", [*parts, Part(text=asked)]), Message("assistant", [Part(text=said)], train)]


def _texts(record: Mapping[str, Any], key: str) -> list[str]:
    """A list of texts; one text is a list of one, absent and null none."""
    value = record.get(key)
    if value is None or value == "":
        return []
    values = value if isinstance(value, list) else [value]
    for i, text in enumerate(values):
        if not isinstance(text, str) or not text:
            raise BadRecord(f"{key}[{i}]", f"expected a name, found {text!r:.40}")
    return list(values)


def _clip(ref: str, pattern: str, count: int) -> str:
    match = re.fullmatch(pattern, ref) if pattern and count > 1 else None
    return match.group(1) if match else ""


def _task(key: str, tasks: Mapping[str, str]) -> str:
    return next((task for prefix, task in tasks.items() if key.startswith(prefix)), "other")
