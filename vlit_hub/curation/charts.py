"""Inline SVG: bars, and rings of verbs and nouns. No script, nothing loaded."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

WIDTH, ROW = 340, 18
BINS = 12
MOST_BARS = 10
VERBS, NOUNS = 16, 6
"""Verbs of the inner ring, and nouns that each has in the outer one; the rest stands as "other"."""
SIDE, HOLE, MIDDLE, RIM = 520, 60, 150, 255
LEAST_ANGLE = 0.09
"""Radians; a narrower piece has no words beside its title."""


def bars(named: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars, one a name, the number beside."""
    most = max((value for _, value in named), default=0) or 1
    rows = []
    for place, (name, value) in enumerate(named):
        y, width = place * ROW, 150 * value / most
        rows.append(
            f'<text x="118" y="{y + 13}" text-anchor="end">{escape(name[:20])}</text><rect x="124" y="{y + 3}" '
            f'width="{width:.1f}" height="12" rx="2"/><text x="{130 + width:.1f}" y="{y + 13}">{value:,.0f}</text>'
        )
    height = max(1, len(named)) * ROW
    return f'<svg class="bars" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">{"".join(rows)}</svg>'


def names(values: Iterable[str]) -> str:
    """Bars of the most frequent names."""
    found = Counter(values).most_common()
    rest = sum(count for _, count in found[MOST_BARS:])
    return bars([*found[:MOST_BARS], *([("other", rest)] if rest else [])])


def histogram(values: np.ndarray) -> str:
    """Bars of numbers in bins of one width, or of their values where these are few."""
    distinct = np.unique(values)
    if len(distinct) <= BINS:
        return bars([(f"{value:g}", int((values == value).sum())) for value in distinct.tolist()])
    top = float(np.quantile(values, 0.99)) if values.max() > 4 * np.quantile(values, 0.99) else float(values.max())
    counts, edges = np.histogram(np.minimum(values, top), BINS)
    labels = [f"{low:.3g} .. {high:.3g}" for low, high in zip(edges, edges[1:], strict=False)]
    return bars(list(zip(labels, counts.tolist(), strict=True)))


def sunburst(pairs: Mapping[tuple[str, str], int]) -> str:
    """Verbs in the inner ring, the nouns of each in the outer one, by frequency."""
    total = sum(pairs.values())
    if not total:
        return ""
    by_verb: dict[str, Counter[str]] = {}
    for (verb, noun), count in pairs.items():
        by_verb.setdefault(verb, Counter())[noun] += count
    ranked = sorted(by_verb, key=lambda verb: (-sum(by_verb[verb].values()), verb))
    pieces, angle = [], 0.0
    for place, verb in enumerate(ranked[:VERBS]):
        size, hue = sum(by_verb[verb].values()), round(360 * place / VERBS)
        pieces.append(_piece(angle, angle + _turn(size, total), HOLE, MIDDLE, f"hsl({hue} 55% 60%)", verb, size))
        at = angle
        nouns = [(noun, count) for noun, count in by_verb[verb].most_common(NOUNS) if noun]
        for shade, (noun, count) in enumerate(nouns):
            colour = f"hsl({hue} 55% {68 + 4 * shade}%)"
            pieces.append(_piece(at, at + _turn(count, total), MIDDLE + 2, RIM, colour, noun, count))
            at += _turn(count, total)
        angle += _turn(size, total)
    half = SIDE / 2
    return (
        f'<svg class="sunburst" viewBox="{-half} {-half} {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}">'
        f'{"".join(pieces)}<text text-anchor="middle" y="5">{total:,}</text></svg>'
    )


def _turn(count: int, total: int) -> float:
    return 2 * math.pi * count / total


def _piece(start: float, stop: float, inner: float, outer: float, colour: str, text: str, count: int) -> str:
    stop = min(stop, start + 2 * math.pi - 1e-4)
    large = int(stop - start > math.pi)

    def at(angle: float, radius: float) -> str:
        return f"{radius * math.sin(angle):.2f} {-radius * math.cos(angle):.2f}"

    path = (
        f"M {at(start, inner)} L {at(start, outer)} A {outer} {outer} 0 {large} 1 {at(stop, outer)} "
        f"L {at(stop, inner)} A {inner} {inner} 0 {large} 0 {at(start, inner)} Z"
    )
    said = f'<path d="{path}" fill="{colour}"><title>{escape(text)} {count:,}</title></path>'
    if stop - start < LEAST_ANGLE:
        return said
    middle, radius = (start + stop) / 2, (inner + outer) / 2
    turned = math.degrees(middle) - 90
    turned += 180 if 90 < turned % 360 < 270 else 0
    place = f"translate({at(middle, radius)}) rotate({turned:.1f})"
    return f'{said}<text transform="{place}" text-anchor="middle" dy="4">{escape(text[:13])}</text>'
