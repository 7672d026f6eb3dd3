"""One HTML page: per candidate the training loss of each of its datasets beside what changed on each dimension."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import jinja2

from vlit_hub.evaluation.cross.page import delta_words, verdict
from vlit_hub.evaluation.cross.results import ALL, Cost, Figure, Point, Results

WIDTH, HEIGHT, ROW = 260, 90, 20
"""Pixels: a loss curve; a row of changes."""
LEAST = 1e-6
"""Nats; a loss below it is drawn as it."""
INKS = ("#1f6feb", "#c4561e", "#258a58", "#8a3ab9", "#b8860b", "#555")


def write_attribution(results: Results, path: Path, title: str) -> Path:
    """The page, self-contained; candidates that are not tuned are left out."""
    environment = jinja2.Environment(loader=jinja2.PackageLoader("vlit_hub.evaluation", "cross"), autoescape=True)
    tuned = [cost for cost in results.costs if cost.steps]
    losses = [point[1] for cost in tuned for curve in cost.curves.values() for point in curve] or [1.0]
    span = min(losses), max(losses)
    text = environment.get_template("attribution.html.jinja").render(
        title=title,
        verdict=verdict(results),
        untuned=results.untuned,
        seeds=results.seeds,
        interval=results.interval,
        span=span,
        rows=[(cost, _curves(cost.curves, span), _ends(cost), _changes(_of(results, cost))) for cost in tuned],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _of(results: Results, cost: Cost) -> list[Figure]:
    return [f for f in results.figures if f.candidate == cost.candidate and f.delta is not None]


def _ends(cost: Cost) -> list[tuple[str, str, float, float]]:
    """(ink, dataset, first loss, last loss)."""
    return [
        (INKS[i % len(INKS)], name, curve[0][1], curve[-1][1]) for i, (name, curve) in enumerate(cost.curves.items())
    ]


def _curves(curves: Mapping[str, Sequence[Point]], span: tuple[float, float]) -> str:
    """Loss over steps, a line per dataset, on one logarithmic scale over ``span`` (least and greatest of all)."""
    last = max((point[0] for curve in curves.values() for point in curve), default=1)
    low, high = (math.log(max(loss, LEAST)) for loss in span)
    lines = []

    def at(step: int, loss: float) -> str:
        up = (math.log(max(loss, LEAST)) - low) / ((high - low) or 1.0)
        return f"{WIDTH * step / last:.1f},{HEIGHT * (1 - up):.1f}"

    for i, (name, curve) in enumerate(curves.items()):
        points = " ".join(at(*point) for point in curve)
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{INKS[i % len(INKS)]}" stroke-width="1.5">'
            f"<title>{escape(name)}</title></polyline>"
        )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">{"".join(lines)}</svg>'


def _changes(figures: Sequence[Figure]) -> str:
    """A bar per dimension from no change (the middle), its interval as a line; pale where that includes 0."""
    far = 0.05 + max((max(abs(f.delta.low), abs(f.delta.high)) for f in figures if f.delta), default=0.0)
    middle, half, rows = 330, 130, []
    several = len({f.benchmark for f in figures}) > 1

    def x(value: float) -> float:
        return middle + half * value / far

    for place, figure in enumerate(figures):
        delta = figure.delta
        assert delta is not None
        y, sure = place * ROW, delta.low > 0 or delta.high < 0
        name = "all" if figure.dimension == ALL else figure.dimension.replace("_", " ")
        left, right = sorted((x(0), x(delta.value)))
        rows.append(
            f'<text x="190" y="{y + 14}" text-anchor="end">{escape(f"{figure.benchmark}: {name}" if several else name)}'
            f'</text><rect x="{left:.1f}" y="{y + 4}" width="{right - left:.1f}" height="12" '
            f'fill="{"#258a58" if delta.value >= 0 else "#c43c30"}" opacity="{0.85 if sure else 0.25}"/>'
            f'<line x1="{x(delta.low):.1f}" x2="{x(delta.high):.1f}" y1="{y + 10}" y2="{y + 10}" stroke="#222"/>'
            f'<text x="{middle + half + 10}" y="{y + 14}">{delta_words(figure)}</text>'
        )
    height = max(1, len(figures)) * ROW
    line = f'<line x1="{middle}" x2="{middle}" y1="0" y2="{height}" stroke="#999"/>'
    return f'<svg viewBox="0 0 640 {height}" width="640" height="{height}">{line}{"".join(rows)}</svg>'
