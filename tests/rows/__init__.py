"""Hand-written rows in the native shape of each dataset, with the samples that must come out.

One module per script (same file name) with ``FILES`` (relative path -> text) and ``EXPECTED`` (subset -> split ->
list of samples in the short form of :func:`short`). The folder-walking test uses them; the 61st dataset adds one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from vlit_hub.schema import Sample


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the native files of one dataset; ``<name>.jpg|png`` entries hold 'WIDTHxHEIGHT' and become pictures."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".jpg", ".png"):
            width, height = map(int, text.split("x"))
            data = io.BytesIO()
            Image.new("RGB", (width, height), (40, 90, 200)).save(data, "JPEG" if path.suffix == ".jpg" else "PNG")
            path.write_bytes(data.getvalue())
        else:
            path.write_text(text, encoding="utf-8")
    return folder


def short(sample: Sample) -> dict[str, Any]:
    """A sample as literals: messages as (role, parts), parts as text, ``<image 0>`` or (phrase, [regions])."""
    found: dict[str, Any] = {
        "id": sample.id,
        "group": sample.group,
        "task": sample.task,
        "messages": [(m.role, [_part(p) for p in m.content]) for m in sample.messages],
        "media": [(m.type, m.ref, m.width, m.height) for m in sample.media],
    }
    if sample.regions:
        found["regions"] = [(r.kind, r.frame, [round(v, 4) for v in r.box]) for r in sample.regions]
    for name, empty in (("instruction_type", "none"), ("choices", []), ("correct", -1), ("answers", []), ("meta", "")):
        if getattr(sample, name) != empty:
            found[name] = getattr(sample, name)
    if captions := [m.caption for m in sample.media if m.caption]:
        found["captions"] = captions
    return found


def _part(part: Any) -> Any:
    if part.type == "text":
        return part.text
    if part.type == "region":
        return (part.text, part.regions)
    return f"<{part.type} {part.index}>"
