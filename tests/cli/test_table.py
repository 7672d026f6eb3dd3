"""Tables for people: figures whole at any width, texts of the data as they are."""

from __future__ import annotations

import re

import pytest

from vlit_hub.cli.common import table

HEADS = ["", "n", "accuracy", "95 % interval", "majority", "blind", "shuffled", "untuned", "CIDEr"]
ROWS = [
    ["all", "1200", "77.2", "74.8-79.5", "24.7", "26.1", "22.0", "25.5", "0.912"],
    ["instruction type: complex_reasoning", "812", "71.3", "69.9-73.4", "24.8", "26.2", "22.3", "25.6", "0.913"],
]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_figure_is_cut_or_lost(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    table("scored", HEADS, ROWS, right=HEADS[1:])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    words = re.findall(r"[^\s│┃]+", out)
    for figure in (cell for row in ROWS for cell in row[1:]):
        assert words.count(figure) == 1
    assert words.count("scored") == 1 and set(" ".join(HEADS).split()) <= set(words)


def test_cells_are_no_markup(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table("[/bold]", ["text", "n"], [["[/INST] [red]red[/] :smile:", 1]], right=["n"])
    out = capsys.readouterr().out
    assert "[/INST] [red]red[/] :smile:" in out and "[/bold]" in out


@pytest.mark.parametrize("width", [20, 200])
def test_columns_of_one_name_are_all_there(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    table("", ["text", "vcr (3)", "vcr (3)"], [["claims", 17, 23]], right=["vcr (3)"])
    assert {"17", "23"} <= set(capsys.readouterr().out.replace("│", " ").split())
