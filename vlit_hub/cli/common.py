"""What the verbs share: output as a table or as one JSON document, errors with exit codes, progress."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")]
Raw = Annotated[Path, typer.Option("--raw", help="Folder of the raw release.")]
Roots = Annotated[
    list[str] | None,
    typer.Option(
        "--media-root",
        help="NAME=PLACE, or one PLACE for all, where pictures outside --raw lie: a folder (archives in it are read as"
        " they are), a .zip or .tar, or a table of URLs and files.",
    ),
]
Subset = Annotated[str, typer.Option(help="Subset of the dataset; the default subset if left out.")]

LEFT = 16
"""Characters that a column of text keeps, at least, beside figures."""

Filled = tuple[str, list[str], bool]
"""A column of a table: (head, cells, whether they are figures)."""

err = Console(stderr=True)


class BadInput(ValueError):
    """What the user gave cannot be worked with; the message says why and what to do."""


def verb(function: Callable[..., int | None]) -> Callable[..., None]:
    """Run a verb: bad input ends with one line on stderr (and ``{"error"}`` under --json) and exit code 1."""

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> None:
        try:
            code = function(*args, **kwargs)
        except (ValueError, OSError, LookupError, RuntimeError) as error:
            if isinstance(error, LookupError) and type(error).__module__ == "builtins":
                raise
            if kwargs.get("as_json"):
                print(json.dumps({"error": _message(error), "kind": type(error).__name__}))
            err.print(f"[bold red]error:[/] {_plain(error)}", highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None
        raise typer.Exit(code or 0)

    return command


def _plain(error: Exception) -> str:
    return _message(error).replace("[", r"\[")


def _message(error: Exception) -> str:
    """What it says, and where it was noted to be."""
    return "; ".join([str(error) or type(error).__name__, *getattr(error, "__notes__", ())])


def emit(document: Any) -> None:
    """The one JSON document of ``--json``."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> None:
    """A table on stdout; columns named in ``right`` hold figures, are aligned right and never folded.

    Where it is wider than the terminal it goes without its frame, and figures that find no room follow below.
    """
    console = Console(markup=False, emoji=False)  # cells are the data's own text
    filled: list[Filled] = [
        (name, [str(cell) for cell in cells], name in right) for name, *cells in zip(columns, *rows, strict=True)
    ]
    framed = sum(max(map(len, [name, *cells])) + 3 for name, cells, _ in filled) < console.width
    if framed or not right:
        return console.print(_table(title, filled, framed=True))
    left = [column for column in filled if not column[2]]
    shown: list[Filled] = []
    room = space = console.width - LEFT * len(left)
    for name, cells, is_figure in filled:
        if not is_figure:
            continue
        head = "\n".join(name.rsplit(" ", 1))
        needs = max(map(len, [*head.splitlines(), *cells])) + 2
        if needs > room and shown:
            console.print(_table(title, [*left, *shown], framed=False))
            shown, room, title = [], space, ""
        shown.append((head, cells, True))
        room -= needs
    console.print(_table(title, [*left, *shown], framed=False))


def _table(title: str, columns: Sequence[Filled], framed: bool) -> Table:
    made = Table(title=title, title_justify="left", header_style="bold")
    if not framed:
        made.box, made.padding = None, (0, 2, 0, 0)
    for name, _, is_figure in columns:
        made.add_column(name, justify="right" if is_figure else "left", no_wrap=is_figure, overflow="fold")
    for row in zip(*(cells for _, cells, _ in columns), strict=True):
        made.add_row(*row)
    return made


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names in one line; of many the first ones, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[str, int], None]]:
    """A progress bar on stderr; the yielded function takes (label, done). Silent where stderr is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda label, done: bar.update(task, description=f"{what} {label}", completed=done)


def roots(given: list[str] | None) -> dict[str, str] | str | None:
    """``--media-root`` values as media_roots: NAME=PLACE pairs, or one PLACE."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    return pairs(given, "--media-root")


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """Repeated NAME=VALUE options as a dictionary."""
    found: dict[str, str] = {}
    for item in given or ():
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise BadInput(f"{option} {item}: expected NAME=VALUE")
        found[name] = value
    return found
