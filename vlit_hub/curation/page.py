"""``vlit quality --html``: one self-contained page of figures, distributions, verbs, and the best and worst samples."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

from vlit_hub.curation import charts
from vlit_hub.curation.columns import Work
from vlit_hub.curation.facts import Box, Facts
from vlit_hub.curation.indicator import PRINCIPLES
from vlit_hub.curation.summary import Figure
from vlit_hub.curation.verdicts import verdicts
from vlit_hub.schema import Sample

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 12
"""Samples of each gallery."""
PICTURE = 320
"""Longest side of a shown picture, in pixels."""
MOST_ROUNDS = 6


@dataclass(frozen=True)
class Card:
    """One sample of a gallery. ``boxes``: label and x1, y1, x2, y2, 0..1."""

    row: int
    title: str
    faults: tuple[str, ...]
    picture: str
    width: int
    height: int
    boxes: tuple[tuple[str, Box], ...]
    rounds: tuple[tuple[str, str], ...]


def page(work: Work, table: pa.Table, figures: Sequence[Figure]) -> str:
    """The page as HTML. ``table``: the side columns of ``work``, ``figures`` their summary."""
    faults = fault_counts(work, table)
    order = np.argsort(faults, kind="stable")
    bad = [row for row in order[::-1].tolist() if faults[row] > 0][:SHOWN]
    spoken = np.array([value is not None for value in _best(table)])
    good = [row for row in order.tolist() if faults[row] == 0 and spoken[row]][:: max(1, len(order) // 500)][:SHOWN]
    text = files("vlit_hub.curation").joinpath("page.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(text).render(
        samples=len(table),
        fingerprint=work.fingerprint,
        annotated=work.annotations is not None,
        principles=[(name, what, _columns(table, figures, name)) for name, what in PRINCIPLES.items()],
        sunburst=charts.sunburst(_verbs(table)),
        galleries=[
            ("Worst", "most faults first", [card(work, table, row) for row in bad]),
            ("Best", "no fault found", [card(work, table, row) for row in good]),
        ],
    )


def _best(table: pa.Table) -> list[Any]:
    name = "claims_right" if "claims_right" in table.column_names else "row"
    values = table[name].to_pylist()
    return values if any(value is not None for value in values) else table["row"].to_pylist()


def _verbs(table: pa.Table) -> Counter[tuple[str, str]]:
    if "verb" not in table.column_names:
        return Counter()
    pairs = zip(table["verb"].to_pylist(), table["noun"].to_pylist(), strict=True)
    return Counter((verb, noun or "") for verb, noun in pairs if verb)


def fault_counts(work: Work, table: pa.Table) -> np.ndarray:
    """Per row the flags that are set and the counts of those columns that are better low."""
    total = np.zeros(len(table))
    for column in (column for made in work.indicators for column in made.columns):
        if column.better == "low" and column.kind in ("flag", "count"):
            total += [float(value or 0) for value in table[column.name].to_pylist()]
    return total


def _columns(table: pa.Table, figures: Sequence[Figure], principle: str) -> list[dict[str, Any]]:
    """Per column its figures by dataset and its distribution."""
    found: dict[str, dict[str, Any]] = {}
    for figure in figures:
        if figure.principle == principle:
            entry = found.setdefault(figure.column, {"name": figure.column, "what": figure.what, "rows": []})
            entry["rows"].append((figure.dataset, f"{figure.spoken:,}", told(figure)))
            entry["kind"] = figure.kind
    for name, entry in found.items():
        values = table[name].drop_null().to_pylist()
        if not values:
            entry["chart"] = ""
        elif entry["kind"] in ("name", "flag"):
            entry["chart"] = charts.names(map(str, values))
        else:
            entry["chart"] = charts.histogram(np.array(values, float))
    return [entry for entry in found.values() if entry["chart"]]


def told(figure: Figure) -> str:
    """The mean and half the width of its interval; of names the evenness and the most frequent one."""
    if figure.mean:
        return f"{figure.mean.value:.3g} ±{(figure.mean.high - figure.mean.low) / 2:.2g}"
    if figure.top:
        spread = "" if figure.entropy is None else f"{figure.entropy:.2f}; "
        return f"{spread}{figure.top} {figure.top_share:.0%}"
    return "-"


def card(work: Work, table: pa.Table, row: int) -> Card:
    """One sample with its picture, boxes and faults."""
    sample = work.store[row]
    known = work.annotations.of(sample) if work.annotations else None
    facts = Facts(sample, known)
    faults = [
        column.what
        for made in work.indicators
        for column in made.columns
        if column.kind == "flag" and column.better == "low" and table[column.name][row].as_py()
    ]
    if known is not None and facts.english:
        found = [v for question, answer in facts.rounds for v in verdicts(question, answer, known)]
        faults += [f"{v.claim}: {v.reason}" for v in found if v.verdict == "wrong"]
    source, width, height = _picture(sample)
    boxes = [(label, box) for label, several in (known.boxes if known else {}).items() for box in several]
    boxes += [
        (region.label, (region.box[0], region.box[1], region.box[2], region.box[3]))
        for region in sample.regions
        if region.modality == "image" and region.index == 0 and region.frame == "norm" and len(region.box) == 4
    ]
    title = f"{sample.dataset} {sample.id or row}"
    return Card(row, title, tuple(faults), source, width, height, tuple(boxes), tuple(facts.rounds[:MOST_ROUNDS]))


def _picture(sample: Sample) -> tuple[str, int, int]:
    """(data: address, width, height) of the first picture, made small; empty where it is missing or unreadable."""
    from PIL import Image

    blob = sample.images[0] if sample.images else None
    if blob is None or not blob.bytes:
        return "", 0, 0
    try:
        with Image.open(io.BytesIO(blob.bytes)) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return "", 0, 0
    scale = PICTURE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.NEAREST if scale > 2 else Image.Resampling.BILINEAR)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}", *size
