"""Hand-written rows in the native shape of each dataset, with the samples that must come out.

One module per script (same file name) with ``FILES`` (relative path -> text) and ``EXPECTED`` (subset -> split ->
list of samples in the short form of :func:`short`). The folder-walking test uses them; the 61st dataset adds one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
from PIL import Image

from vlit_hub.schema import Sample


def write(folder: Path, files: Mapping[str, Any]) -> Path:
    """Write the native files of one dataset: texts, but for ``<name>.jpg|png`` entries, which hold 'WIDTHxHEIGHT' and
    become pictures, ``<name>.npy`` entries, which hold 'ROWSxCOLUMNS' and become float32 arrays, and ``<name>.parquet``
    entries, which hold a list of rows."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".jpg", ".png"):
            width, height = map(int, text.split("x"))
            data = io.BytesIO()
            Image.new("RGB", (width, height), (40, 90, 200)).save(data, "JPEG" if path.suffix == ".jpg" else "PNG")
            path.write_bytes(data.getvalue())
        elif path.suffix == ".npy":
            rows, columns = map(int, text.split("x"))
            np.save(path, np.linspace(0, 1, rows * columns, dtype=np.float32).reshape(rows, columns))
        elif path.suffix == ".parquet":
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(text), path)
        else:
            path.write_text(text, encoding="utf-8")
    return folder


def short(sample: Sample) -> dict[str, Any]:
    """A sample as literals; what has its default value is left out.

    ``messages``: (role, parts), role in capitals where train is false; a part is its text, ``<image 0>`` or (phrase,
    regions). ``media``: (type, ref, width, height), then start, end, caption, clip where one is given. ``regions``:
    (kind, frame, box), then points, mask, start, end, label, score where one is given; numbers to 4 decimals.
    """
    found: dict[str, Any] = {
        "id": sample.id,
        "group": sample.group,
        "task": sample.task,
        "messages": [(m.role if m.train else m.role.upper(), [_part(p) for p in m.content]) for m in sample.messages],
        "media": [_trim((m.type, m.ref, m.width, m.height), m.start, m.end, m.caption, m.clip) for m in sample.media],
    }
    if sample.regions:
        found["regions"] = [_region(region) for region in sample.regions]
    if sample.spans:
        found["spans"] = [_trim((s.kind, s.message, s.start, s.end), s.value, s.regions) for s in sample.spans]
    if calls := [message.tool_calls for message in sample.messages if message.tool_calls]:
        found["tool_calls"] = calls
    usual = {"instruction_type": "none", "ability": "none", "language": "en", "choices": [], "correct": -1}
    for name, default in (usual | {"answers": [], "tools": "", "meta": ""}).items():
        if getattr(sample, name) != default:
            found[name] = getattr(sample, name)
    return found


def _trim(given: tuple[Any, ...], *more: Any) -> tuple[Any, ...]:
    """``given`` and of ``more`` what is needed to tell the last value that is given."""
    used = max((i + 1 for i, value in enumerate(more) if value not in (None, "", [])), default=0)
    return (*given, *more[:used])


def _region(region: Any) -> tuple[Any, ...]:
    where = () if (region.modality, region.index) == ("image", 0) else (f"{region.modality} {region.index}",)
    points = [[round(v, 4) for v in ring] for ring in region.points]
    mask = (region.mask.size, region.mask.counts) if region.mask.counts else ""
    rest = (points, mask, region.start, region.end, region.label, region.score)
    return _trim((*where, region.kind, region.frame, [round(v, 4) for v in region.box]), *rest)


def _part(part: Any) -> Any:
    if part.type == "text":
        return part.text
    if part.type == "region":
        return (part.text, part.regions)
    return f"<{part.type} {part.index}>"
