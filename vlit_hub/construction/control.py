"""Control: what a dialogue claims is held against the annotations of its picture; what is only said is held to form."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from vlit_hub.construction.states import check_states
from vlit_hub.construction.templates import Turn
from vlit_hub.curation.collect import Picture
from vlit_hub.curation.facts import Annotation
from vlit_hub.curation.verdicts import VERDICTS, Verdict, verdicts

MOST_TURNS = 8
RESIDUE = re.compile(
    r"\b(?:captions?|annotat\w+|bounding box(?:es)?|coordinates|the (?:given )?facts|as an ai|language model|"
    r"(?:question|answer|human|gpt|user|assistant) ?:)|<image>|\[/?inst\]|<\|",
    re.IGNORECASE,
)
"""What speaks of the prompt and not of the picture."""
FENCE = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*(?:```)?\s*$", re.DOTALL)


class Unusable(ValueError):
    """A reply that gives no dialogue; the message says why, and is what a model is told."""


@dataclass
class Claims:
    """Verdicts counted."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, found: Iterable[Verdict]) -> None:
        self.counts.update(verdict.verdict for verdict in found)

    def to_dict(self) -> dict[str, Any]:
        """The verdicts, and the share of right ones among right and wrong (None without any)."""
        right, wrong = self.counts["right"], self.counts["wrong"]
        share = round(right / (right + wrong), 4) if right + wrong else None
        return {**{verdict: self.counts[verdict] for verdict in VERDICTS}, "passing": share}


def parsed(text: str, form: str, finish: str = "stop") -> list[Turn]:
    """The turns of a reply in JSON (``{"turns": [{"question", "answer"}]}``); raises Unusable."""
    if finish == "length":
        raise Unusable("the answer is cut off; it must be shorter")
    data = _json(text)
    rows = data.get("turns") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not rows:
        raise Unusable('there is no list "turns" in it')
    most = MOST_TURNS if form == "conversation" else 1
    if len(rows) > most:
        raise Unusable(f"it has {len(rows)} turns, more than {most}")
    return [_turn(row, number) for number, row in enumerate(rows, 1)]


def rating(text: str) -> tuple[int, str]:
    """A judge's rating, 1 to 5, and its reason; raises Unusable."""
    data = _json(text)
    value = data.get("rating") if isinstance(data, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 5:
        raise Unusable(f"no rating from 1 to 5: {value!r:.40}")
    return value, " ".join(str(data.get("reason") or "").split())[:300]


def checked(turns: Sequence[Turn], known: Annotation, picture: Picture) -> list[list[Verdict]]:
    """The verdicts on the claims of each answer: by the annotation, and by what people tell of the picture."""
    return [
        [*verdicts(turn.question, turn.answer, known), *check_states(turn.question, turn.answer, picture)]
        for turn in turns
    ]


def faults(found: Sequence[Sequence[Verdict]]) -> list[str]:
    """What is wrong, one reason per wrong claim."""
    return [f'"{v.claim}" is wrong ({v.reason})' for turn in found for v in turn if v.verdict == "wrong"]


def _json(text: str) -> Any:
    match = FENCE.match(text)
    try:
        return json.loads(match[1] if match else text)
    except ValueError as error:
        raise Unusable(f"it is not JSON ({error})") from None
    except RecursionError:
        raise Unusable("it is not JSON (nested too deep)") from None


def _turn(row: Any, number: int) -> Turn:
    texts = []
    for name in ("question", "answer"):
        text = row.get(name) if isinstance(row, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise Unusable(f'turn {number} has no text "{name}"')
        if match := RESIDUE.search(text):
            raise Unusable(f'"{name}" of turn {number} must not say {match[0]!r}')
        texts.append(" ".join(text.split()))
    return Turn(*texts)
