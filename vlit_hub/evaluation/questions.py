"""What a sample asks and what would be right: its messages up to the last assistant turn, and that turn's text."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from vlit_hub.evaluation.abilities import ability_of
from vlit_hub.evaluation.answers import normalise
from vlit_hub.lexicon import COCO
from vlit_hub.schema import Modality, Sample, text_of


class Unanswerable(ValueError):
    """A sample that cannot be scored; ``reason`` is short enough to be counted by."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Question:
    """What scoring needs to know of one sample; ``row`` is its place in the source. ``ability_source``: given (by the
    caller's labels), release (the sample says it) or rules (our indicator). ``part``: of the benchmark. ``answers``:
    those of people, duplicates kept. ``box``: the released one, 0..1 of a picture of ``size``. ``objects``: what is
    annotated in the picture, of COCO's labels."""

    row: int
    id: str
    group: str
    instruction_type: str
    ability: str
    ability_source: str
    text: str
    references: tuple[str, ...]
    part: str = ""
    choices: tuple[str, ...] = ()
    correct: int = -1
    answers: tuple[str, ...] = ()
    box: tuple[float, ...] = ()
    size: tuple[int, int] = (0, 0)
    objects: tuple[str, ...] = ()


def question_of(
    sample: Sample, row: int, labels: Mapping[str, str] | None = None, scoring: str = "exact", part: str = ""
) -> Question:
    """The question of a sample; raises Unanswerable without a user turn, what ``scoring`` compares a reply with, or one
    of its pictures.

    ``labels``: sample id -> ability, before what the sample itself or our rules say.
    """
    asked = asked_sample(sample)
    if not asked.messages or asked.messages[-1].role not in ("user", "tool"):
        raise Unanswerable("no question")
    text = next((text_of(m) for m in reversed(asked.messages) if m.role == "user"), "")
    if any(part.type in ("audio", "point_cloud") for m in asked.messages for part in m.content):
        raise Unanswerable("video, audio or point cloud")
    if any(sample.images[i] is None for i in mentioned(asked)):
        raise Unanswerable("missing picture")
    if any(sample.videos[i] is None for i in mentioned(asked, "video")):
        raise Unanswerable("missing video")
    references = references_of(sample)
    box, size = _box(sample) if scoring == "iou" else ((), (0, 0))
    objects = _objects(sample) if scoring == "chair" else ()
    if scoring not in ("iou", "chair") and not references:
        raise Unanswerable("no reference answer")
    if scoring == "multiple_choice":
        _check_choices(sample)
    ability, source = sample.ability, "release"
    if labels is not None and sample.id in labels:
        ability, source = labels[sample.id], "given"
    elif ability == "none":
        ability, source = ability_of(text), "rules"
    return Question(
        row, sample.id, sample.group or sample.id, sample.instruction_type, ability, source, text, references,
        part, tuple(sample.choices), sample.correct, tuple(sample.answers), box, size, objects,
    )  # fmt: skip


def _check_choices(sample: Sample) -> None:
    if len(sample.choices) < 2 or sample.correct < 0:
        raise Unanswerable("no choices" if len(sample.choices) < 2 else "no reference answer")
    if not all(choice.strip() for choice in sample.choices):
        raise Unanswerable("empty choice")
    if len({choice.strip() for choice in sample.choices}) < len(sample.choices):
        raise Unanswerable("repeated choices")


def _box(sample: Sample) -> tuple[tuple[float, ...], tuple[int, int]]:
    """The first box of the last turn, and the size of its picture."""
    parts = sample.messages[-1].content if sample.messages and sample.messages[-1].role == "assistant" else []
    found = [sample.regions[number] for part in parts for number in part.regions]
    if not found or not found[0].box or found[0].frame != "norm":
        raise Unanswerable("no reference box")
    media = next((m for m in sample.media if m.type == found[0].modality and m.index == found[0].index), None)
    if media is None or not media.width or not media.height:
        raise Unanswerable("picture of unknown size")
    return tuple(found[0].box), (media.width, media.height)


def _objects(sample: Sample) -> tuple[str, ...]:
    """The labels of a picture's regions that are of COCO's list."""
    found = sorted({region.label for region in sample.regions} & COCO)
    if not found:
        raise Unanswerable("no annotated objects")
    return tuple(found)


def asked_sample(sample: Sample) -> Sample:
    """The sample without its last assistant turn and what follows it; all of it context, with the pictures that are
    still mentioned."""
    last = max((i for i, m in enumerate(sample.messages) if m.role == "assistant"), default=len(sample.messages))
    if sample.messages and sample.messages[-1].role == "user":
        last = len(sample.messages)  # the reply is kept apart, in answers or choices
    messages = [msgspec.structs.replace(m, train=True) for m in sample.messages[:last]]
    return msgspec.structs.replace(sample, messages=messages, spans=[])


def references_of(sample: Sample) -> tuple[str, ...]:
    """The alternative right answers: of a multiple choice the option, its letter and both; else the last turn's text
    and ``answers``. Empty where the release gives none."""
    given = list(sample.answers)
    if sample.messages and sample.messages[-1].role == "assistant":
        given.insert(0, text_of(sample.messages[-1]))
    if sample.correct >= 0:
        option, letter = sample.choices[sample.correct], string.ascii_uppercase[sample.correct : sample.correct + 1]
        letters = {normalise(x) for x in string.ascii_uppercase[: len(sample.choices)]}
        is_clear = not letters & {normalise(choice) for choice in sample.choices}
        given += ([option] if is_clear else []) + ([letter, f"{letter}. {option}"] if letter else [])
    return tuple(dict.fromkeys(text.strip() for text in given if text.strip()))


def mentioned(sample: Sample, kind: Modality = "image") -> list[int]:
    """Indices of the pictures, or of another medium, that messages mention, in order of first use."""
    return list(dict.fromkeys(p.index for m in sample.messages for p in m.content if p.type == kind))
