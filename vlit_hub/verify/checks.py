"""The proofs, one function each: a case in, "" or what is wrong out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vlit_hub.verify.case import IGNORED, Case, plain
from vlit_hub.verify.frame import misplaced


@dataclass(frozen=True)
class Check:
    """One row of the report."""

    name: str
    what: str
    """What is proven, in one line."""
    run: Callable[[Case], str]
    """"" or what is wrong."""


def length(case: Case) -> str:
    found, most = len(case.encoded.input_ids), case.max_length
    return "" if 0 < found <= most else f"{found} tokens, max_length is {most}"


def labels(case: Case) -> str:
    ids, wanted = case.encoded.input_ids, case.encoded.labels
    if len(ids) != len(wanted):
        return f"{len(wanted)} labels for {len(ids)} tokens"
    for at, (token, label) in enumerate(zip(ids, wanted, strict=True)):
        if label not in (IGNORED, token):
            return f"position {at}: the label is {case.decode([label])!r}, the token {case.decode([token])!r}"
    return ""


def picture_count(case: Case) -> str:
    expected, said = case.mentions, case.encoded.pictures
    if said != expected:
        return f"the turns show pictures {expected}, the processor kept {said}"
    if len(case.shown) != len(expected):
        return f"the turns show {len(expected)} pictures, the model gets {len(case.shown)}"
    if len(case.runs) != len(expected):
        return f"the turns show {len(expected)} pictures, the tokens hold {len(case.runs)}"
    return ""


def picture_tokens(case: Case) -> str:
    found, expected = sum(case.runs), sum(case.features)
    return "" if found == expected else f"{found} picture tokens, the model makes {expected} features"


def picture_whole(case: Case) -> str:
    for number, (found, expected) in enumerate(zip(case.runs, case.features, strict=False)):
        if found != expected:
            return f"picture {number} of the text has {found} tokens, it takes {expected}"
    return ""


def supervised_text(case: Case) -> str:
    answered = case.answered
    if len(answered) != len(case.answers):
        return f"{len(answered)} supervised stretches for {len(case.answers)} answers"
    for number, (segment, answer) in enumerate(zip(answered, case.answers, strict=True)):
        ids = case.ids(segment)
        closing = ids[-1:] if ids[-1] in case.special_ids else []
        said = ids[: len(ids) - len(closing)]
        found = plain(case.decode(said))
        if found != plain(answer):
            return f"answer {number} is {_short(answer)}, supervised is {_short(found)}"
        # The first token may share a space with the template ("▁Yes"), but none may be white space of its own.
        if _blank(case, said[:1]) and not answer[:1].isspace() or _blank(case, said[-1:]) and not answer[-1:].isspace():
            return f"white space of the template is supervised with answer {number}: {_short(answer)}"
    return ""


def _blank(case: Case, ids: list[int]) -> bool:
    return not case.decode(ids).strip()


def boundaries(case: Case) -> str:
    """Unsupervised stretches hold every other text; supervised ones hold no special token but the closing one."""
    for segment in case.answered:
        inner = [token for token in case.ids(segment)[:-1] if token in case.special_ids]
        if inner:
            return f"supervision runs across {case.decode(inner[:1])!r}: {_short(case.decode(case.ids(segment)))}"
    rest = [plain(case.decode(case.ids(segment))) for segment in case.segments if not segment.supervised]
    if case.segments and case.segments[0].supervised:
        return "the first token is supervised"
    for number, texts in enumerate(case.context):
        at = 0
        for text in map(plain, texts):
            found = rest[number].find(text, at) if number < len(rest) else -1
            if found < 0:
                return f"{_short(text)} is not left unsupervised before answer {number}"
            at = found + len(text)
    return ""


def stop_token(case: Case) -> str:
    for number, segment in enumerate(case.answered):
        last = case.ids(segment)[-1]
        if last not in case.special_ids:
            return f"the stop token after answer {number} is not supervised: it ends in {case.decode([last])!r}"
    return ""


def box_frame(case: Case) -> str:
    for index in case.grounded:
        size, landing = case.landing(index)
        if wrong := misplaced(landing, size, case.processor.dialect):
            return f"picture {index}: {wrong}"
    return ""


CHECKS = (
    Check("length", "no sample is longer than max_length", length),
    Check("labels", "each label is the token of its position, or ignored", labels),
    Check("picture count", "pictures in the text = pictures shown = pictures of the kept turns", picture_count),
    Check("picture tokens", "picture tokens = features of the real pixels", picture_tokens),
    Check("pictures whole", "no picture is cut: each has all its tokens", picture_whole),
    Check("box frame", "the frame of the boxes is the frame of the pixels", box_frame),
    Check("supervised text", "supervised text = the answers, exactly", supervised_text),
    Check("boundaries", "questions and instructions carry no loss", boundaries),
    Check("stop token", "each answer's end-of-turn token is supervised, once", stop_token),
)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:40]}...{text[-15:]}")
