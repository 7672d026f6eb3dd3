"""The proofs, one function each: a case in; out comes "" or what is wrong, Unsaid, or None where there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vlit_hub.verify.boxes import TILED, boxes
from vlit_hub.verify.case import IGNORED, Case
from vlit_hub.verify.frame import misplaced
from vlit_hub.verify.opening import begins, generation_prompt
from vlit_hub.verify.said import Unsaid, short


@dataclass(frozen=True)
class Check:
    """One row of the report."""

    name: str
    what: str
    """What is proven, in one line."""
    run: Callable[[Case], str | None]
    """"" or what is wrong; Unsaid where the check cannot speak of the sample; None where it has nothing to look at."""


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
    if wrong := video_count(case):
        return wrong
    expected = [*expected, *case.videos]
    if (budgeted(case) or case.native is None) and bool(expected) == bool(case.runs):
        return ""
    runs = sum(map(len, case.native.runs)) if case.native else 0
    if not runs - case.neighbours <= len(case.runs) <= runs:
        return f"the turns show {len(expected)} pictures in {runs} runs of tokens, the text holds {len(case.runs)}"
    return ""


def video_count(case: Case) -> str:
    """What is wrong with the videos or the number of frames that the processor says it took; "" if nothing is."""
    found, wanted = case.encoded.frames, case.processor.frames if case.videos else 0
    if case.encoded.videos != case.videos:
        return f"the turns show videos {case.videos}, the processor kept {case.encoded.videos}"
    if found == wanted:
        return ""
    less, whole = case.made(found) if 0 < found < wanted else None, case.made(wanted)
    if less is None or whole is None:
        return f"{found} frames are taken of a video, the processor is to take {wanted}"
    if len(case.encoded.input_ids) - less.length + whole.length <= case.max_length:
        return f"{found} frames are taken of a video, where {wanted} fit into {case.max_length} tokens"
    return ""


def budgeted(case: Case) -> str:
    """Why nothing is said of pictures that truncation has made smaller; "" of others."""
    budget = case.encoded.budget
    return "" if budget is None else "pictures held to a budget by truncation: their tiles are the processor's choice"


def pixels(case: Case) -> str | None:
    """By value, not by bit: both decode and resize with the same code, but not always on the same machine kernels."""
    if case.native is None:
        return "the turns show no picture, the model gets pixels" if case.pixels else None
    if case.native.view:
        return Unsaid("transformers' own processor takes such pictures and videos not together")
    if why := budgeted(case):
        return Unsaid(why)
    for name, found in case.pixels.items():
        expected = case.native.pixels.get(name)
        if expected is not None and found.numel() != expected.numel():
            return f"{name} is {tuple(found.shape)}, transformers' own processor makes {tuple(expected.shape)}"
        if expected is not None and (found.flatten() - expected.flatten()).abs().max() > CLOSE:
            return f"the model gets other pixels than those of {_media(case)} in this order ({name})"
    given = {"pixel_values", "pixel_values_videos"} & set(case.pixels)
    return "" if given else f"the model gets no pixels of {_media(case)}"


def _media(case: Case) -> str:
    found = {"pictures": case.mentions, "videos": case.videos}
    return " and ".join(f"{kind} {numbers}" for kind, numbers in found.items() if numbers)


CLOSE = 0.1
"""Of normalised pixels, which lie in about -2 .. 2: what two decoders of one JPEG may differ by."""


def picture_tokens(case: Case) -> str | None:
    if not case.mentions and not case.videos and not case.runs:
        return None
    found, expected = sum(case.runs), case.features
    return "" if found == expected else f"{found} picture tokens, the model makes {expected} features"


def picture_whole(case: Case) -> str | None:
    if case.native is None:
        return None
    if why := budgeted(case):
        return Unsaid(why)
    for mark in dict.fromkeys(case.native.marks):  # a template may place pictures before videos
        found = [length for token, length in case.marked if token == mark]
        numbers = [number for number, of in enumerate(case.native.marks) if of == mark]
        if wrong := _whole(found, {number: case.native.runs[number] for number in numbers}, bool(case.neighbours)):
            return wrong
    return ""


def _whole(runs: Sequence[int], pictures: Mapping[int, list[int]], neighbours: bool) -> str:
    """What of the ``pictures`` is cut; ``neighbours``: a run may hold several."""
    found, rest, last = iter(runs), 0, max(pictures)
    for number, picture in pictures.items():
        for place, expected in enumerate(picture):
            rest = rest if rest and not place else next(found, 0)
            following = number != last and place == len(picture) - 1 and neighbours
            if rest < expected or rest > expected and not following:
                of = f" in run {place}" if len(picture) > 1 else ""
                return f"picture {number} of the text has {rest} tokens{of}, it takes {expected}"
            rest -= expected
    return ""


def supervised_text(case: Case) -> str | None:
    if case.resized and case.grounded and not case.shown:
        return Unsaid(TILED)
    answered = case.answered
    if len(answered) != len(case.answers):
        return f"{len(answered)} supervised stretches for {len(case.answers)} answers"
    for number, (segment, answer) in enumerate(zip(answered, case.answers, strict=True)):
        ids = case.ids(segment)
        closing = ids[-1:] if ids[-1] in case.special_ids else []
        said = ids[: len(ids) - len(closing)]
        found = case.plain(case.decode(said))
        if found != case.plain(answer):
            return f"answer {number} is {short(answer)}, supervised is {short(found)}"
        # The first token may share a space with the template ("▁Yes"), but none may be white space of its own, unless
        # generation has to say it ("▁" "F" "our") or the tokenizer begins the answer with it wherever it stands.
        opened = _blank(case, said[:1]) and not answer[:1].isspace() and said[:1] != case.tokens(answer)[:1]
        opened = opened and not begins(case, number, case.written(case.trained[number], reply=True))
        if opened or _blank(case, said[-1:]) and not answer[-1:].isspace():
            return f"white space of the template is supervised with answer {number}: {short(answer)}"
    return ""


def _blank(case: Case, ids: list[int]) -> bool:
    return not case.decode(ids).strip()


def boundaries(case: Case) -> str:
    """Unsupervised stretches hold every other text; supervised ones hold no special token but the closing one."""
    for segment in case.answered:
        inner = [token for token in case.ids(segment)[:-1] if token in case.special_ids]
        if inner:
            return f"supervision runs across {case.decode(inner[:1])!r}: {short(case.decode(case.ids(segment)))}"
    rest = [case.plain(case.decode(case.ids(segment))) for segment in case.segments if not segment.supervised]
    if case.segments and case.segments[0].supervised:
        return "the first token is supervised"
    if case.resized and case.grounded and not case.shown:
        return Unsaid(TILED)
    for number, texts in enumerate(case.context):
        at = 0
        for text in map(case.plain, texts):
            found = rest[number].find(text, at) if number < len(rest) else -1
            if found < 0:
                return f"{short(text)} is not left unsupervised before answer {number}"
            at = found + len(text)
    return ""


def turns_once(case: Case) -> str | None:
    """What stands more often than in the sample is of the template, or a turn that was doubled."""
    whole, texts = case.plain(case.decode(case.encoded.input_ids)), case.texts
    for text in dict.fromkeys(texts):
        found, expected = whole.count(text), _times(text, texts)
        if found > expected and case.wordless is None:
            return Unsaid("the template alone cannot be said, so its words are not told from the turns'")
        if found > expected + (case.wordless or "").count(text):
            return f"{short(text)} stands {found} times in the text, {expected} times in the sample"
    return "" if texts else None


def _times(text: str, texts: Sequence[str]) -> int:
    return sum(other.count(text) for other in texts)


def stop_token(case: Case) -> str:
    for number, segment in enumerate(case.answered):
        last = case.ids(segment)[-1]
        if last not in case.special_ids:
            return f"the stop token after answer {number} is not supervised: it ends in {case.decode([last])!r}"
    return ""


def box_frame(case: Case) -> str | None:
    for index in case.grounded:
        size, landing = case.landing(index)
        if wrong := misplaced(landing, size, case.processor.dialect):
            return f"picture {index}: {wrong}"
    return "" if case.grounded else None


CHECKS = (
    Check("length", "no sample is longer than max_length", length),
    Check("labels", "each label is the token of its position, or ignored", labels),
    Check("picture count", "pictures in the text = pictures kept = pictures of the kept turns", picture_count),
    Check("pixels", "the model gets the pixels of the turns' pictures, in their order", pixels),
    Check("picture tokens", "picture tokens = features of the real pixels", picture_tokens),
    Check("pictures whole", "no picture is cut: each has all its tokens", picture_whole),
    Check("box frame", "the frame of the boxes is the frame of the pixels", box_frame),
    Check("boxes", "written boxes lie on the sample's: half a quantum + 1 px of what the model gets", boxes),
    Check("supervised text", "supervised text = the answers, exactly", supervised_text),
    Check(
        "generation prompt", "what generation begins with is what training shows before the answer", generation_prompt
    ),
    Check("boundaries", "questions and instructions carry no loss", boundaries),
    Check("turns once", "no turn stands in the text more often than in the sample", turns_once),
    Check("stop token", "each answer's end-of-turn token is supervised, once", stop_token),
)
