"""What a canonical :class:`~vlit_hub.schema.Sample` is: types, closed sets, indices, order of media.

Plain dialogues about pictures are told at a glance; what is not seen to be plain is decoded from its JSON and checked
step by step, which also names the fault.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import attrgetter

from vlit_hub.schema import (
    ABILITIES,
    COLUMNS,
    FRAMES,
    INSTRUCTION_TYPES,
    LANGUAGE,
    ROLES,
    SPAN_KINDS,
    TASKS,
    Blob,
    Media,
    Message,
    Part,
    Region,
    Sample,
    SchemaError,
    Span,
    from_json,
    strip_media,
    to_json,
)


def validate(sample: Sample) -> None:
    """Raise SchemaError unless the sample is in canonical form (types, closed sets, indices, order of media)."""
    validated([sample])


def validated(samples: Sequence[Sample]) -> list[bytes]:
    """The JSON of each sample without its media, all of them checked as :func:`validate` does.

    Step by step over all samples, as each step's code then stays in the processor's cache. Raises SchemaError, or
    UnicodeEncodeError for half of a surrogate pair, without telling which sample it was.
    """
    encoded = [to_json(strip_media(sample)) for sample in samples]
    for sample, text in zip(samples, encoded, strict=True):
        if not _is_plain(sample):
            _check(sample, text)
    return encoded


_texts = attrgetter("task", "instruction_type", "ability", "language", "tools", "group", "id", "dataset", "subset",
                    "split", "meta")  # fmt: skip
_lists = attrgetter("images", "messages", "regions", "spans", "choices", "answers", "media")
_others = attrgetter("videos", "audios", "point_clouds")
_STR, _LIST = {str}, {list}
_NO_MASK = Region().mask


def _is_plain(sample: Sample) -> bool:
    """Whether a sample is surely canonical, types too: dialogues about pictures mostly are seen to be.

    What it cannot tell (videos, masks, anything wrong) is decoded from its JSON and checked step by step.
    """
    images, messages, regions, spans, choices, answers, media = lists = _lists(sample)
    if {*map(type, _texts(sample))} != _STR or {*map(type, lists)} != _LIST or _others(sample) != ([], [], []):
        return False
    if choices or answers:
        if {*map(type, choices), *map(type, answers)} != _STR:
            return False
    if not (
        sample.task in TASKS
        and sample.instruction_type in INSTRUCTION_TYPES
        and sample.ability in ABILITIES
        and (sample.language == "en" or LANGUAGE.fullmatch(sample.language))
        and type(sample.correct) is int
        and -1 <= sample.correct < len(choices)
        and len(images) == len(media)
    ):
        return False
    for i, entry in enumerate(media):
        if not (_is_plain_picture(entry, i) and _is_blob(images[i])):
            return False
    for region in regions:
        if not _is_plain_box(region, len(images)):
            return False
    return _are_plain(messages, len(images), len(regions)) and (
        not spans or _are_plain_spans(spans, messages, len(regions))
    )


def _are_plain(messages: list[Message], pictures: int, regions: int) -> bool:
    used = 0
    for message in messages:
        if type(message) is not Message:
            return False
        role, content = message.role, message.content
        if type(role) is not str or role not in ROLES or type(content) is not list:
            return False
        if type(message.train) is not bool or type(message.tool_calls) is not str:
            return False
        for part in content:
            if type(part) is not Part:
                return False
            kind, text, index, grounding = part.type, part.text, part.index, part.regions
            if type(text) is not str or type(index) is not int or type(grounding) is not list:
                return False
            if kind == "text":
                if index != -1 or grounding:
                    return False
            elif kind == "image":
                if text or grounding or not 0 <= index <= used or index >= pictures:
                    return False
                used = max(used, index + 1)
            elif kind != "region" or index != -1:
                return False
            else:
                for region in grounding:
                    if type(region) is not int or not 0 <= region < regions:
                        return False
    return True


def _are_plain_spans(spans: list[Span], messages: list[Message], regions: int) -> bool:
    lengths = _lengths(messages)
    for span in spans:
        if type(span) is not Span or type(span.regions) is not list:
            return False
        message, start, end = span.message, span.start, span.end
        if not (
            type(message) is type(start) is type(end) is int
            and type(span.value) is type(span.kind) is str
            and span.kind in SPAN_KINDS
            and 0 <= message < len(lengths)
            and (0 <= start <= end <= lengths[message] or start == end == -1)
        ):
            return False
        for region in span.regions:
            if type(region) is not int or not 0 <= region < regions:
                return False
    return True


def _lengths(messages: list[Message]) -> list[int]:
    """Code points of each message."""
    return [sum([len(part.text) for part in message.content]) for message in messages]


def _is_plain_picture(media: Media, index: int) -> bool:
    if type(media) is not Media:
        return False
    width, height = media.width, media.height
    return (
        media.type == "image"
        and type(media.index) is int
        and media.index == index
        and media.start is media.end is None
        and type(media.ref) is type(media.caption) is type(media.clip) is str
        and (width is None or (type(width) is int and -(2**31) <= width < 2**31))
        and (height is None or (type(height) is int and -(2**31) <= height < 2**31))
    )


def _is_blob(blob: Blob | None) -> bool:
    if blob is None:
        return True
    return type(blob) is Blob and type(blob.path) is str and (blob.bytes is None or type(blob.bytes) is bytes)


def _is_plain_box(region: Region, pictures: int) -> bool:
    """Whether a region is a sound box of a picture and nothing else: most are."""
    if type(region) is not Region:
        return False
    box, score = region.box, region.score
    if type(box) is not list or len(box) != 4:
        return False
    x1, y1, x2, y2 = box
    return (
        type(x1) is type(y1) is type(x2) is type(y2) is float
        and region.kind == "box"
        and region.modality == "image"
        and type(region.index) is int
        and 0 <= region.index < pictures
        and -math.inf < x1 <= x2 < math.inf
        and -math.inf < y1 <= y2 < math.inf
        and region.start is region.end is None
        and (score is None or (type(score) is float and math.isfinite(score)))
        and region.mask is _NO_MASK
        and region.points == []
        and type(region.frame) is type(region.label) is type(region.native) is str
        and region.frame in FRAMES
    )


def _check(sample: Sample, text: bytes) -> None:
    """Raise SchemaError unless a sample, whose JSON without media is ``text``, is canonical."""
    from_json(text)
    _member("task", sample.task, TASKS)
    _member("ability", sample.ability, ABILITIES)
    if not LANGUAGE.fullmatch(sample.language):
        raise SchemaError("language", f"{sample.language!r} is not a BCP-47 tag such as 'en' or 'zh-Hans'")
    counts = _check_media(sample)
    seen: dict[str, int] = {}
    for m, message in enumerate(sample.messages):
        for p, part in enumerate(message.content):
            _check_part(sample, part, f"messages[{m}].content[{p}]")
            if part.type in COLUMNS:
                _check_order(part, counts, seen)
    for r, region in enumerate(sample.regions):
        if not _is_plain_box(region, counts["image"]):
            _check_region(sample, region, f"regions[{r}]")
    lengths = _lengths(sample.messages)
    for s, span in enumerate(sample.spans):
        _check_span(sample, span, lengths, f"spans[{s}]")
    if not -1 <= sample.correct < len(sample.choices):
        raise SchemaError("correct", f"{sample.correct} is no index into {len(sample.choices)} choices (-1 for none)")


def _member(field: str, value: str, allowed: Mapping[str, str]) -> None:
    if value not in allowed:
        raise SchemaError(field, f"{value!r} is not one of: {', '.join(allowed)}")


def _check_part(sample: Sample, part: Part, where: str) -> None:
    if part.type == "text":
        if part.index != -1 or part.regions:
            raise SchemaError(where, "a text part has index -1 and no regions")
    elif part.type == "region":
        if part.index != -1:
            raise SchemaError(f"{where}.index", "a region part has index -1")
        for region in part.regions:
            if not 0 <= region < len(sample.regions):
                raise SchemaError(f"{where}.regions", f"{region} is no index into regions")
    elif part.text or part.regions:
        raise SchemaError(where, f"a part of type {part.type} has neither text nor regions")


def _check_order(part: Part, counts: Mapping[str, int], seen: dict[str, int]) -> None:
    kind, index = part.type, part.index
    used = seen.get(kind, 0)
    if not 0 <= index <= min(used, counts[kind] - 1):
        raise SchemaError("messages", f"{kind} {index} is out of order of first use, or beyond {counts[kind]}")
    seen[kind] = max(used, index + 1)


def _check_media(sample: Sample) -> dict[str, int]:
    """Media per type, after checking that the list and the four columns agree."""
    media = sample.media
    for name in COLUMNS.values():
        for i, blob in enumerate(getattr(sample, name)):
            if not _is_blob(blob):
                raise SchemaError(f"{name}[{i}]", f"expected a Blob of bytes or a path, or None, found {blob!r:.60}")
    counts = {
        "image": len(sample.images),
        "video": len(sample.videos),
        "audio": len(sample.audios),
        "point_cloud": len(sample.point_clouds),
    }
    seen = {"image": 0, "video": 0, "audio": 0, "point_cloud": 0}
    for entry in media:
        if entry.index != seen[entry.type]:
            raise SchemaError("media", f"{entry.type} {entry.index}: entries of one type are numbered 0, 1, 2 in order")
        seen[entry.type] += 1
        if entry.start is not None or entry.end is not None:
            _check_clip(entry)
    if seen != counts:
        kind = next(kind for kind in counts if seen[kind] != counts[kind])
        raise SchemaError(COLUMNS[kind], f"{counts[kind]} blobs, but media has {seen[kind]} of type {kind}")
    return counts


def _check_clip(media: Media) -> None:
    if not _finite(media.start, media.end):
        raise SchemaError("media", "clip times must be finite")


def _check_region(sample: Sample, region: Region, where: str) -> None:
    if not 0 <= region.index < len(getattr(sample, COLUMNS[region.modality])):
        raise SchemaError(f"{where}.index", f"there is no {region.modality} {region.index}")
    if len(region.box) not in (0, 4) or (region.kind == "box" and not region.box):
        raise SchemaError(f"{where}.box", f"a box has 4 numbers, not {len(region.box)}")
    if not _finite(*region.box, *(x for ring in region.points for x in ring), region.start, region.end, region.score):
        raise SchemaError(where, "numbers must be finite")
    if region.box and (region.box[0] > region.box[2] or region.box[1] > region.box[3]):
        raise SchemaError(f"{where}.box", f"{region.box}: corners must be ordered x1 <= x2, y1 <= y2")
    is_point = region.kind == "point" and (len(region.points) != 1 or len(region.points[0]) != 2)
    if is_point or any(len(ring) % 2 for ring in region.points):
        raise SchemaError(f"{where}.points", "a point is [[x, y]], a polygon flat rings of x, y pairs")
    if region.kind == "polygon" and not region.points:
        raise SchemaError(f"{where}.points", "a polygon has at least one ring")
    if region.kind == "mask" and len(region.mask.size) != 2:
        raise SchemaError(f"{where}.mask", "a mask has size [height, width] and counts")
    if region.kind == "interval" and (region.start is None or region.end is None or region.start > region.end):
        raise SchemaError(f"{where}.start", "an interval has start <= end in seconds")


def _check_span(sample: Sample, span: Span, lengths: Sequence[int], where: str) -> None:
    """``lengths``: code points of each message."""
    if not 0 <= span.message < len(lengths):
        raise SchemaError(f"{where}.message", f"{span.message} is no index into messages")
    length = lengths[span.message]
    if (span.start, span.end) != (-1, -1) and not 0 <= span.start <= span.end <= length:
        raise SchemaError(where, f"{span.start}..{span.end} does not lie in the message's {length} code points")
    if any(not 0 <= region < len(sample.regions) for region in span.regions):
        raise SchemaError(f"{where}.regions", "an entry is no index into regions")


def _finite(*values: float | None) -> bool:
    return all(value is None or math.isfinite(value) for value in values)
