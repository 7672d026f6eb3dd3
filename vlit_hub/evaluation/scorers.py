"""Ways of scoring, as data: a benchmark's ``scoring`` names one, replies go in, scores of 0..1 and figures come out."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vlit_hub.evaluation.answers import is_right, normalise
from vlit_hub.evaluation.questions import Question
from vlit_hub.evaluation.scoring.boxes import THRESHOLD, iou
from vlit_hub.evaluation.scoring.captions import cider
from vlit_hub.evaluation.scoring.chair import Chair, chair, chair_i, chair_s, coverage, named_each
from vlit_hub.evaluation.scoring.vqa import normal_form, vqa_accuracy
from vlit_hub.evaluation.scoring.yes_no import said_yes, yes_no
from vlit_hub.spec import SCORINGS

WHOLE = "the whole picture"
"""Reply of the majority control where a box is asked for."""
BY = ("mean", "sum", "letter")
"""How an option is chosen: by likelihood per token, by likelihood, by the likelihood of its letter."""
CIDER_MOST = 10.0
_BY = re.compile(r"\b(mean|sum|letter)=([A-Z])\b")
_LETTER = re.compile(r"\W*([A-Za-z])(?:[).:]|\W*$)")

Figures = dict[str, float | None]
ReadBox = Callable[[str, Question], Sequence[float]]
"""The box of a reply, 0..1 of the stored picture; [] without one."""


@dataclass(frozen=True)
class Scorer:
    """``score``: one figure of 0..1 for each reply. ``figures``: what is said of a stratum (questions, replies, scores)
    beside their mean.
    ``forms``: the constant replies that would be right for a question, of which the majority control takes the most
    frequent."""

    metric: str
    score: Callable[[Sequence[Question], Sequence[str]], list[float]]
    forms: Callable[[Question], set[str]]
    figures: Callable[[Sequence[Question], Sequence[str], Sequence[float]], Figures] = lambda asked, said, scores: {}


def scorer_of(scoring: str, read_box: ReadBox | None = None) -> Scorer:
    """The scorer of one of spec.SCORINGS; ``iou`` needs ``read_box``. Raises ValueError for an unknown name."""
    if scoring not in SCORINGS:
        raise ValueError(f"scoring: {scoring!r} is not one of: {', '.join(SCORINGS)}")
    if scoring != "iou":
        return SCORERS[scoring]
    if read_box is None:
        raise ValueError("scoring iou: give read_box, which reads the box of a reply in the dialect of the model")
    return _boxes(read_box)


# -- multiple choice ---------------------------------------------------------------------------------------------------


def choice_of(reply: str, choices: Sequence[str], by: str = BY[0]) -> int:
    """Which option a reply takes: by ``mean=C sum=C letter=B`` where it says so, else by a letter or an option's own
    words; -1 for none."""
    chosen = dict(_BY.findall(reply))
    if chosen:
        letter = chosen.get(by, "")
    else:
        same = [i for i, choice in enumerate(choices) if normalise(choice) == normalise(reply)]
        if len(same) == 1:
            return same[0]
        found = _LETTER.match(reply)
        letter = found[1].upper() if found else ""
    place = string.ascii_uppercase.find(letter) if letter else -1
    return place if place < len(choices) else -1


def _choices(questions: Sequence[Question], said: Sequence[str], by: str = BY[0]) -> list[float]:
    return [float(choice_of(s, q.choices, by) == q.correct) for q, s in zip(questions, said, strict=True)]


def _choice_figures(questions: Sequence[Question], said: Sequence[str], scores: Sequence[float]) -> Figures:
    unclear = sum(choice_of(s, q.choices) < 0 for q, s in zip(questions, said, strict=True))
    found: Figures = {"chance": sum(1 / len(q.choices) for q in questions) / len(questions), "unclear": unclear}
    if all(_BY.search(s) for s in said):
        found |= {f"by_{by}": sum(_choices(questions, said, by)) / len(questions) for by in BY[1:]}
    return found


# -- the others --------------------------------------------------------------------------------------------------------


def _exact(questions: Sequence[Question], said: Sequence[str]) -> list[float]:
    return [float(is_right(s, q.references)) for q, s in zip(questions, said, strict=True)]


def _vqa(questions: Sequence[Question], said: Sequence[str]) -> list[float]:
    return [vqa_accuracy(s, q.answers or q.references) for q, s in zip(questions, said, strict=True)]


def _captions(questions: Sequence[Question], said: Sequence[str]) -> list[float]:
    return [value / CIDER_MOST for value in cider(said, people_said(questions))]


def people_said(questions: Sequence[Question]) -> list[list[str]]:
    """Per question the captions of its picture: those of all questions of its group, which may hold one each."""
    found: dict[str, dict[str, None]] = {}
    for question in questions:
        found.setdefault(question.group, {}).update(dict.fromkeys(question.answers or question.references))
    return [list(found[question.group]) for question in questions]


def _chairs(questions: Sequence[Question], said: Sequence[str]) -> list[Chair]:
    spoken = people_said(questions)
    return [chair(s, q.objects, people) for q, s, people in zip(questions, said, spoken, strict=True)]


def _chair(questions: Sequence[Question], said: Sequence[str]) -> list[float]:
    return [float(not found.absent) for found in _chairs(questions, said)]


def _chair_figures(questions: Sequence[Question], said: Sequence[str], scores: Sequence[float]) -> Figures:
    found = _chairs(questions, said)
    told: Figures = {"chair_i": chair_i(found), "chair_s": chair_s(found)}
    return told | {"objects": named_each(found), "coverage": coverage(found)}


def _is_yes(question: Question) -> bool:
    return said_yes(question.references[0].capitalize())


def _yes_no(questions: Sequence[Question], said: Sequence[str]) -> list[float]:
    return [float(said_yes(s) == _is_yes(q)) for q, s in zip(questions, said, strict=True)]


def _yes_no_figures(questions: Sequence[Question], said: Sequence[str], scores: Sequence[float]) -> Figures:
    found = yes_no(said, [_is_yes(q) for q in questions], [q.group for q in questions])
    names = ("precision", "recall", "f1", "yes", "unclear", "accuracy_plus")
    return {name: getattr(found, name) for name in names}


def _boxes(read: ReadBox) -> Scorer:
    def overlaps(questions: Sequence[Question], said: Sequence[str]) -> list[float]:
        boxes = [(0.0, 0.0, 1.0, 1.0) if s == WHOLE else read(s, q) for q, s in zip(questions, said, strict=True)]
        return [iou(box, q.box) if len(box) else 0.0 for q, box in zip(questions, boxes, strict=True)]

    def score(questions: Sequence[Question], said: Sequence[str]) -> list[float]:
        return [float(value >= THRESHOLD) for value in overlaps(questions, said)]

    def figures(questions: Sequence[Question], said: Sequence[str], scores: Sequence[float]) -> Figures:
        without = sum(s != WHOLE and not len(read(s, q)) for q, s in zip(questions, said, strict=True))
        return {"mean_iou": sum(overlaps(questions, said)) / len(questions), "without_box": without}

    return Scorer("vlit_box_iou (accuracy at 0.5)", score, lambda question: {WHOLE}, figures)


SCORERS: Mapping[str, Scorer] = {
    "exact": Scorer("vlit_short_answer", _exact, lambda q: {normalise(r) for r in q.references}),
    "vqa": Scorer("vlit_vqa_accuracy", _vqa, lambda q: {normal_form(a) for a in q.answers or q.references}),
    "yes_no": Scorer("accuracy of yes and no", _yes_no, lambda q: {"yes" if _is_yes(q) else "no"}, _yes_no_figures),
    "caption": Scorer(
        "vlit_cider (CIDEr-D over its maximum, 10)",
        _captions,
        lambda q: {" ".join(a.lower().split()) for a in q.answers or q.references},
        lambda questions, said, scores: {"cider": CIDER_MOST * sum(scores) / len(scores)},
    ),
    "chair": Scorer(
        "captions without an object that is not there (1 - CHAIR_s)", _chair, lambda q: set(q.objects), _chair_figures
    ),
    "multiple_choice": Scorer(
        "accuracy of choices, by likelihood per token",
        _choices,
        lambda q: {string.ascii_uppercase[q.correct]},
        _choice_figures,
    ),
}
"""All but ``iou``, which depends on how the model writes boxes."""
