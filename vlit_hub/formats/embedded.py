"""Pictures as base64 inside the rows (M3IT), beside an instruction, its inputs and the expected output."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.media import image_size
from vlit_hub.schema import Blob, Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context

MAX_BASE64 = 48 << 20
"""Characters of one picture; longer ones are refused before they are decoded."""
_HEAD = re.compile(r"data:[\w/+.-]*;base64,")
_URL_SAFE = str.maketrans("-_", "+/")


def picture(text: Any, field: str, ctx: Context) -> Blob | None:
    """The picture in a base64 cell of either alphabet; None, reported with the cell's end, for what is none."""
    if not isinstance(text, str) or not text:
        ctx.report(field, "missing: no base64 text")
        return None
    if len(text) > MAX_BASE64:
        ctx.report(field, f"missing: more than {MAX_BASE64} characters, {text[-24:]!r}")
        return None
    end = text[-24:]
    text = "".join(text[match.end() if (match := _HEAD.match(text)) else 0 :].split()).translate(_URL_SAFE)
    try:
        data = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
        image_size(data)
    except (binascii.Error, ValueError) as error:
        ctx.report(field, f"missing: {error}, {end!r}")
        return None
    return Blob(bytes=data)


def embedded(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    instruction: str = "instruction",
    inputs: str = "inputs",
    output: str = "outputs",
    pictures: Sequence[str] = ("image_base64_str", "image_str"),
    instructions: str = "instructions",
    tasks: Mapping[str, str] | None = None,
    videos: str = "",
    languages: Mapping[str, str] | None = None,
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per row: the pictures, the instruction with the inputs on the line below it, the output.

    ``pictures``: names of the base64 cell, one text or a list; an absent or null cell is one missing picture. A row
    without instruction draws one of the table ``instructions`` by its own number. ``tasks`` and ``languages``:
    pattern found in the file's path -> value, the first that is found. ``videos``: pattern of the paths whose
    several pictures are frames of one video.
    """
    key = next((name for name in pictures if name in record), pictures[0])
    cell = record.get(key)
    cells = cell if isinstance(cell, list) else [cell]
    images = [picture(text, f"{key}[{i}]" if isinstance(cell, list) else key, ctx) for i, text in enumerate(cells)]
    asked = text_field(record, instruction) if instruction in record else _draw(ctx, instruction, instructions)
    more = text_field(record, inputs) if record.get(inputs) is not None else ""
    clip = f"{ctx.file}:{ctx.row}" if len(images) > 1 and videos and re.search(videos, ctx.file) else ""
    parts = [Part("image", index=i) for i in range(len(images))]
    yield Sample(
        images=images,
        messages=[
            Message("user", [*parts, Part(text=f"{asked}\n{more}" if more else asked)]),
            Message("assistant", [Part(text=text_field(record, output))]),
        ],
        media=[Media("image", i, clip=clip) for i in range(len(images))],
        task=_found(tasks, ctx.file, "other"),
        language=_found(languages, ctx.file, "en"),
        meta=meta_json(record, meta_keys),
    )


def _draw(ctx: Context, field: str, name: str) -> str:
    table = ctx.tables[name]
    if not table:
        raise BadRecord(field, "absent, and there is no instructions.json beside the rows")
    digest = blake2b(f"{ctx.file}:{ctx.row}".encode(), digest_size=8).digest()
    return str(table[int.from_bytes(digest, "big") % len(table)])


def _found(patterns: Mapping[str, str] | None, path: str, default: str) -> str:
    return next((value for pattern, value in (patterns or {}).items() if re.search(pattern, path)), default)
