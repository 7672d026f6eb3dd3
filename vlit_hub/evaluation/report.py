"""What an evaluation says: rows per ability and instruction type, every accuracy beside its controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from vlit_hub.evaluation.intervals import Interval

MODEL = "model"
"""Key of the evaluated model in predictions; the controls go by their names."""
Kind = Literal["all", "ability", "instruction_type", "part"]


@dataclass(frozen=True)
class Prediction:
    """One answered question: what each system said (``model`` and the controls), and its score
    in 0..1, ``right``: 1.0 or 0.0 but for scorings that know more."""

    row: int
    id: str
    group: str
    ability: str
    instruction_type: str
    question: str
    references: tuple[str, ...]
    said: Mapping[str, str]
    right: Mapping[str, float]


@dataclass(frozen=True)
class EvalRow:
    """One stratum. Accuracies in 0..1; ``accuracy`` with its 95 % interval clustered by group; a control that was not
    run is absent from ``controls``. ``gains``: control -> model minus control on the same samples, paired interval.
    ``figures``: what the scoring says of the model's replies beside their mean (None: nothing to divide by)."""

    kind: Kind
    name: str
    n: int
    groups: int
    accuracy: float
    low: float
    high: float
    controls: Mapping[str, float]
    gains: Mapping[str, Interval]
    figures: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class EvalReport:
    """The whole evaluation. ``unanswerable``: reason -> samples that were counted but not scored. ``settings``: what
    the figures depend on (how the blind run was made, what the majority was fitted on, whose abilities, seed, ...), and
    what was evaluated: ``model``, ``untuned`` (Hub id or last part of the path) and, of a Store, ``data``: index
    (fingerprint), splits (of dataset, subset, split), samples."""

    samples: int
    scored: int
    unanswerable: Mapping[str, int]
    rows: tuple[EvalRow, ...]
    settings: Mapping[str, Any]
    predictions: tuple[Prediction, ...]

    def row(self, kind: Kind, name: str = "") -> EvalRow:
        """The row of a stratum; raises KeyError naming those there are."""
        for row in self.rows:
            if row.kind == kind and (row.name == name or kind == "all"):
                return row
        raise KeyError(f"no row {kind} {name!r}; there are: {', '.join(f'{r.kind} {r.name}' for r in self.rows)}")

    def to_dict(self, *, predictions: bool = False) -> dict[str, Any]:
        """Plain JSON types; single predictions on request."""
        data = asdict(self)
        if not predictions:
            del data["predictions"]
        return data

    def table(self) -> tuple[list[str], list[list[str]]]:
        """(column heads, rows of text) for a Rich or Markdown table; accuracies in percent."""
        controls = list(self.settings["controls"])
        extra = list(dict.fromkeys(name for row in self.rows for name in row.figures))
        heads = ["", "n", "accuracy", "95 % interval", *controls, *extra]
        body = []
        for row in self.rows:
            cells = [_percent(row.controls[name]) if name in row.controls else "-" for name in controls]
            interval = f"{_percent(row.low)}-{_percent(row.high)}"
            cells += [_figure(row.figures.get(name)) for name in extra]
            body.append([stratum(row.kind, row.name), str(row.n), _percent(row.accuracy), interval, *cells])
        return heads, body


def stratum(kind: Kind, name: str) -> str:
    """How a table names a row: abilities and instruction types share names ("none")."""
    return "all" if kind == "all" else f"{kind.replace('_', ' ')}: {name}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:d}" if isinstance(value, int) else f"{value:.3f}"
