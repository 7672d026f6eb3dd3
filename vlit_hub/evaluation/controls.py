"""What an accuracy must stand beside: the majority answer, the same prompt without its picture, with another picture.

A model that never looks at its pictures scores the same with and without them; a falling loss does not show it.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from vlit_hub.evaluation.answers import normalise
from vlit_hub.evaluation.questions import Question, Unanswerable, mentioned, question_of
from vlit_hub.schema import Blob, Media, Modality, Sample

Blind = Literal["removed", "grey"]
SEEN: tuple[Modality, ...] = ("image", "video")
"""What a question is asked about; the controls take it away or swap it."""
GREY = (128, 128, 128)
GREY_SIZE = (336, 336)
"""Of the grey picture where the real one's size is not known."""
BLIND: Mapping[str, Blind] = {"blip-2": "grey", "instructblip": "grey", "paligemma": "grey"}
"""``config.model_type`` of families that refuse a prompt without a picture; for all others it is removed."""


# -- majority ----------------------------------------------------------------------------------------------------------


def references(question: Question) -> set[str]:
    """The constant answers, in normal form, that would be right."""
    return {normalise(reference) for reference in question.references}


def majority_answers(
    questions: Iterable[Question],
    by: Literal["ability", "instruction_type"] = "ability",
    forms: Callable[[Question], set[str]] = references,
) -> dict[str, str]:
    """Ability (or instruction type) -> the constant answer, of ``forms``, that is right most often; ties go to the
    first in the alphabet. Key "" holds the one over all."""
    counts: dict[str, Counter[str]] = {"": Counter()}
    for question in questions:
        right = forms(question)
        for key in ("", question.ability if by == "ability" else question.instruction_type):
            counts.setdefault(key, Counter()).update(right)
    return {key: min(found, key=lambda form: (-found[form], form)) for key, found in counts.items() if found}


def questions_of(
    samples: Iterable[Sample], labels: Mapping[str, str] | None = None, scoring: str = "exact"
) -> list[Question]:
    """The questions of training samples, to fit :func:`majority_answers` on; unanswerable ones are left out."""
    found = []
    for row, sample in enumerate(samples):
        try:
            found.append(question_of(sample, row, labels, scoring))
        except Unanswerable:
            continue
    return found


def majority_predictions(questions: Sequence[Question], answers: Mapping[str, str]) -> list[str]:
    """The constant answer of each question's ability; of all abilities where that one was never seen."""
    return [answers.get(question.ability, answers.get("", "")) for question in questions]


# -- blind -------------------------------------------------------------------------------------------------------------


def blind(sample: Sample, how: Blind) -> Sample:
    """The sample with its pictures and videos taken out of the prompt (``removed``; their sizes stay known, so that
    boxes in the text can still be written) or each picture replaced by a grey one of the same size (``grey``)."""
    if how == "grey":
        media = {m.index: m for m in sample.media if m.type == "image"}
        return msgspec.structs.replace(sample, images=[_grey(media.get(i)) for i in range(len(sample.images))])
    messages = [
        msgspec.structs.replace(m, content=[part for part in m.content if part.type not in SEEN])
        for m in sample.messages
    ]
    return msgspec.structs.replace(sample, messages=messages, images=[], videos=[])


def _grey(media: Media | None) -> Blob:
    from PIL import Image

    known = media is not None and media.width and media.height
    size = (media.width or 0, media.height or 0) if media is not None and known else GREY_SIZE
    data = io.BytesIO()
    Image.new("RGB", size, GREY).save(data, "PNG")
    return Blob(bytes=data.getvalue())


# -- shuffled ----------------------------------------------------------------------------------------------------------


def donors(questions: Sequence[Question], shown: Sequence[Shown], seed: int) -> list[int | None]:
    """Per question the position of the question whose pictures and videos it gets: one of another group, never its own.

    ``shown``: what each question shows. Of those that show the same, the groups are put in an order drawn from the seed
    and each takes from the next one: a derangement, the same on every machine. None where a question shows nothing, or
    no other group the same.
    """
    chosen: list[int | None] = [None] * len(questions)
    for kind in set(filter(None, shown)):
        members: dict[str, list[int]] = {}
        for i, question in enumerate(questions):
            if shown[i] == kind:
                members.setdefault(question.group, []).append(i)
        order = sorted(members, key=lambda group: (_hash(seed, group), group))
        for group, giver in zip(order, order[1:] + order[:1], strict=True) if len(order) > 1 else ():
            for k, i in enumerate(members[group]):
                chosen[i] = members[giver][k % len(members[giver])]
    return chosen


Shown = tuple[Modality, ...]
"""Of SEEN, what a question shows."""


def shown_of(sample: Sample) -> Shown:
    """Whether its messages mention pictures, videos or both."""
    return tuple(kind for kind in SEEN if mentioned(sample, kind))


def _hash(seed: int, group: str) -> bytes:
    return hashlib.blake2b(f"{seed}/{group}".encode(), digest_size=8).digest()


def with_pictures_of(sample: Sample, donor: Sample) -> Sample:
    """The sample with each mentioned picture (video) replaced by one that the donor mentions, in turn where it has
    fewer."""
    media, theirs = ({(m.type, m.index): m for m in each.media} for each in (sample, donor))
    images, videos = list(sample.images), list(sample.videos)
    for kind, mine, given in zip(SEEN, (images, videos), (donor.images, donor.videos), strict=True):
        offered = mentioned(donor, kind)
        for k, index in enumerate(mentioned(sample, kind)):
            source = offered[k % len(offered)]
            mine[index] = given[source]
            media[kind, index] = msgspec.structs.replace(theirs[kind, source], index=index)
    kept = [media[m.type, m.index] for m in sample.media]
    return msgspec.structs.replace(sample, images=images, videos=videos, media=kept)
