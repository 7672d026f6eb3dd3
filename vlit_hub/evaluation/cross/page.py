"""The results as a text table, a Markdown page for docs/, and one self-contained HTML page with the heat map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import jinja2

from vlit_hub.evaluation.cross.results import Figure, Results

NO_SIGNAL = "no signal: {0}, which may be chance, so nothing below is to be read as an effect"
FULL = 0.3
"""Difference at which a cell of the heat map has its full colour."""


def verdict(results: Results) -> str:
    """What the recipe's ``signal`` came to; empty where it was not asked."""
    if results.gap is None:
        return ""
    gap, (first, second) = results.gap, results.signal_of
    apart = f"{100 * abs(gap.value):.1f} points {'below' if gap.value < 0 else 'above'}"
    said = f"{second} is {apart} {first} over all questions [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
    return said if results.signal else NO_SIGNAL.format(said)


def table(results: Results, cell: Callable[[Figure | None], str] | None = None) -> tuple[list[str], list[list[str]]]:
    """(heads, rows of text): candidates down, dimensions across, in percent, with interval and delta to the untuned."""
    cell = cell or whole_cell
    columns = results.columns()
    several = len({benchmark for benchmark, _ in columns}) > 1
    heads = ["candidate", *(f"{b}: {d}" if several else d for b, d in columns), "tokens", "seconds"]
    costs = {cost.candidate: cost for cost in results.costs}
    rows = []
    for name in results.candidates():
        cells = [cell(results.at(name, *column)) for column in columns]
        rows.append([name, *cells, f"{costs[name].tokens:,.0f}", f"{costs[name].seconds:,.0f}"])
    return heads, rows


def markdown(
    results: Results,
    title: str,
    command: str,
    about: str = "",
    links: Mapping[str, str] | None = None,
    picture: str = "",
) -> str:
    """A page for docs/: what it is, links (words -> address), verdict, picture, table, controls, its command."""
    heads, rows = table(results)
    several = "s" if len(results.seeds) > 1 else ""
    lines = [f"# {title}", "", *([about.strip(), ""] if about else [])]
    lines += [f"Made by `{command}`; {len(results.seeds)} seed{several}."]
    for words, place in (links or {}).items():
        lines.append(f"{words[0].upper()}{words[1:]}: [{place}]({place}).")
    if said := verdict(results):
        lines += ["", f"**{said[0].upper()}{said[1:]}.**"]
    if picture:
        lines += ["", f"![Heat map: candidates by abilities]({picture})"]
    lines += ["", "Per cent right with the 95 % interval; behind it the difference to the untuned base with its own,",
              f"bold where it excludes 0. Intervals: {results.interval}.", ""]  # fmt: skip
    lines += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += ["", "Controls, mean over candidates' own runs:", "", "| candidate | majority | blind | shuffled |",
              "|---|---|---|---|"]  # fmt: skip
    for name in results.candidates():
        for benchmark in dict.fromkeys(b for b, _ in results.columns()):
            figure = results.at(name, benchmark, "all")
            if figure:
                cells = [_share(value) for value in (figure.majority, figure.blind, figure.shuffled)]
                lines.append(f"| {name}, {benchmark} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write_page(results: Results, path: Path, title: str) -> Path:
    """The heat map with costs and losses per dataset (``.html``), or alone (``.svg``); opens without a network."""
    environment = jinja2.Environment(loader=jinja2.PackageLoader("vlit_hub.evaluation", "cross"), autoescape=True)
    columns = results.columns()
    text = environment.get_template(f"page{path.suffix}.jinja").render(
        title=title,
        verdict=verdict(results),
        columns=columns,
        rows=[(name, [_heat(results.at(name, *column)) for column in columns]) for name in results.candidates()],
        costs=results.costs,
        seeds=results.seeds,
        untuned=results.untuned,
        interval=results.interval,
        unanswerable=results.unanswerable,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _heat(figure: Figure | None) -> dict[str, str]:
    if figure is None:
        return {"value": "-", "interval": "", "delta": "", "colour": "transparent", "seeds": ""}
    delta = figure.delta
    strength = min(1.0, abs(delta.value) / FULL) if delta else 0.0
    hue = "37,138,88" if delta and delta.value >= 0 else "196,60,48"
    return {
        "value": f"{100 * figure.value:.1f}",
        "interval": f"{100 * figure.low:.1f}-{100 * figure.high:.1f}",
        "delta": delta_words(figure),
        "colour": f"rgba({hue},{0.75 * strength:.2f})",
        "seeds": "seeds: " + ", ".join(f"{100 * value:.1f}" for value in figure.seeds) + f"; n = {figure.n}",
    }


def short_cell(figure: Figure | None) -> str:
    """Per cent right; ``+`` or ``-`` behind it where it differs from the untuned base beyond the interval."""
    if figure is None:
        return "-"
    delta = figure.delta
    return f"{100 * figure.value:.1f}" + ("+" if delta and delta.low > 0 else "-" if delta and delta.high < 0 else "")


def whole_cell(figure: Figure | None) -> str:
    """Per cent right (interval), difference [interval] to the untuned base, bold where it excludes 0."""
    if figure is None:
        return "-"
    text = f"{100 * figure.value:.1f} ({100 * figure.low:.1f}-{100 * figure.high:.1f})"
    if figure.delta is None:
        return text
    sure = figure.delta.low > 0 or figure.delta.high < 0
    return f"{text} **{delta_words(figure)}**" if sure else f"{text} {delta_words(figure)}"


def delta_words(figure: Figure) -> str:
    """Difference [interval] to the untuned base in per cent; empty without one."""
    delta = figure.delta
    return "" if delta is None else f"{100 * delta.value:+.1f} [{100 * delta.low:+.1f}, {100 * delta.high:+.1f}]"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
