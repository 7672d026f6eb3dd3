"""Yes or no: what an answer says, and the figures of a set of such answers.

Read as POPE reads it (RUCAIBox/POPE @3df3ba1 evaluate.py): of the first sentence, no where it holds "no" or "not", else
yes; an answer that holds neither yes nor no is counted as unclear beside.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

_SAYS = re.compile(r"\b(?:yes|no|not)\b", re.IGNORECASE)


def said_yes(answer: str) -> bool:
    """Whether the first sentence of an answer affirms."""
    words = answer.split(".")[0].replace(",", "").split(" ")
    return not {"No", "not", "no"} & set(words)


def is_clear(answer: str) -> bool:
    """Whether an answer says yes or no at all."""
    return _SAYS.search(answer) is not None


@dataclass(frozen=True)
class YesNo:
    """Shares in 0..1; None where nothing is divided by."""

    n: int
    accuracy: float
    precision: float | None
    recall: float | None
    f1: float | None
    yes: float
    """Share of answers that affirm."""
    unclear: int
    """Answers that say neither; they count as yes."""
    accuracy_plus: float
    """Share of groups of which every question is answered right (MME's accuracy+, per picture)."""


def yes_no(predictions: Sequence[str], labels: Sequence[bool], groups: Sequence[Hashable]) -> YesNo:
    """Figures of n answers against n truths (True: yes); raises ValueError for none or unequal lengths."""
    if not predictions or not len(predictions) == len(labels) == len(groups):
        counts = f"{len(predictions)} answers, {len(labels)} labels, {len(groups)} groups"
        raise ValueError(f"{counts}: equally many are needed, at least one")
    said = [said_yes(answer) for answer in predictions]
    right = [a == b for a, b in zip(said, labels, strict=True)]
    both = sum(a and b for a, b in zip(said, labels, strict=True))
    precision = both / sum(said) if any(said) else None
    recall = both / sum(labels) if any(labels) else None
    f1 = 2 * both / (sum(said) + sum(labels)) if any(said) or any(labels) else None
    whole: dict[Hashable, bool] = {}
    for group, good in zip(groups, right, strict=True):
        whole[group] = whole.get(group, True) and good
    return YesNo(
        n=len(said),
        accuracy=sum(right) / len(said),
        precision=precision,
        recall=recall,
        f1=f1,
        yes=sum(said) / len(said),
        unclear=sum(not is_clear(answer) for answer in predictions),
        accuracy_plus=sum(whole.values()) / len(whole),
    )
