"""One self-contained HTML page of what a tuned model saw, said and should have said, with its loss curve."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from vlit_hub.evaluation.answers import is_right
from vlit_hub.media import image_size

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 44
"""Pixels around the curve, for axes and their words."""
TICKS = 5
SMALL = 128
"""Pictures of fewer pixels a side are enlarged pixel by pixel."""
MAGIC = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


@dataclass(frozen=True)
class Example:
    """One answered question. ``picture``: a PIL picture, or the bytes of a png, jpeg, gif or webp file."""

    picture: Image | bytes
    question: str
    answer: str
    reference: str
    ability: str

    @property
    def right(self) -> bool:
        """Whether the evaluation counts the answer as right."""
        return is_right(self.answer, [self.reference])

    @property
    def small(self) -> bool:
        """Whether the picture has fewer than SMALL pixels a side."""
        return max(image_size(self.picture) if isinstance(self.picture, bytes) else self.picture.size) < SMALL

    @property
    def source(self) -> str:
        """The picture as a data: address."""
        data = self.picture if isinstance(self.picture, bytes) else _png(self.picture)
        kind = next((kind for magic, kind in MAGIC.items() if data.startswith(magic)), None)
        if kind is None:
            raise ValueError(f"picture of {self.question!r}: its bytes are no png, jpeg, gif or webp")
        return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: position in pixels, and its words."""

    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """One stage: its points in pixels (an SVG path), where it begins, its last loss."""

    name: str
    path: str
    start: float
    last: str


@dataclass(frozen=True)
class Chart:
    """All stages side by side on one time axis, ready to draw."""

    curves: tuple[Curve, ...]
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]


def page(
    out_html: str | Path,
    *,
    title: str,
    table_rows: Sequence[Sequence[str]],
    examples: Sequence[Example],
    loss: Mapping[str, Sequence[tuple[int, float]]],
    note: str = "",
) -> Path:
    """Write the page and return its path. Everything is inside the file: it opens anywhere, without a network.

    ``table_rows``: the heads first, then rows of text; the first column is left-aligned. ``loss``: stage -> (step,
    loss), stages in order, drawn one after another. ``note``: a sentence under the title. Raises ValueError for rows
    of unequal length, a loss that is not finite, or a picture that no browser shows.
    """
    if len({len(row) for row in table_rows}) > 1:
        raise ValueError(f"table_rows: rows of {sorted({len(row) for row in table_rows})} cells; give all the same")
    template = _environment().get_template("page.html.jinja")
    text = template.render(
        title=title,
        note=note,
        heads=table_rows[0] if table_rows else (),
        rows=table_rows[1:],
        examples=examples,
        right=sum(example.right for example in examples),
        chart=chart(loss),
        width=WIDTH,
        height=HEIGHT,
        box={"left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "bottom": HEIGHT - BOTTOM},
    )
    path = Path(out_html)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def chart(loss: Mapping[str, Sequence[tuple[int, float]]]) -> Chart | None:
    """The curves in pixels, each stage after the one before; None where there is not a point."""
    stages = {name: list(points) for name, points in loss.items() if points}
    if not stages:
        return None
    if bad := [name for name, points in stages.items() if not all(math.isfinite(value) for _, value in points)]:
        raise ValueError(f"loss of {', '.join(bad)} is not finite everywhere")
    values = [value for points in stages.values() for _, value in points]
    steps = sum(points[-1][0] for points in stages.values())
    marks = ticks(min(0.0, *values), max(*values, 1e-9))
    low, high = marks[0], marks[-1]

    def x(step: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * step / max(steps, 1), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 1)

    curves, before = [], 0
    for name, points in stages.items():
        path = "M" + " L".join(f"{x(before + step)} {y(value)}" for step, value in points)
        curves.append(Curve(name, path, x(before), f"{points[-1][1]:.3g}"))
        before += points[-1][0]
    return Chart(
        tuple(curves),
        tuple(Tick(x(mark), f"{mark:,.0f}") for mark in ticks(0, steps) if mark <= steps),
        tuple(Tick(y(mark), f"{mark:g}") for mark in marks),
    )


def ticks(low: float, high: float) -> list[float]:
    """About TICKS round numbers from at most ``low`` to at least ``high``."""
    raw = (high - low) / TICKS or 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * number, 12) for number in range(first, max(last, first + 1) + 1)]


def _png(picture: Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("vlit_hub", "demo"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
