"""One picture with everything that was found in it (GranD): objects, attributes, captions that refer to them by id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.grounding import (
    Size,
    Tie,
    find_phrase,
    grounded_sample,
    list_field,
    mask_of,
    number,
    region_of,
    span_of,
)
from vlit_hub.formats.region_qa import about_region
from vlit_hub.formats.templates import draw
from vlit_hub.schema import Media, Message, Part, Region, Sample, Span
from vlit_hub.spec import BadRecord, Context

_GARBAGE = re.compile(r"(?:ass)?istant:\s*", re.IGNORECASE)
_TYPED = ("bbox", "attributes", "score", "segmentation", "id")


@dataclass
class _Objects:
    """The objects of a picture: regions, what is meta of each, and where an id stands."""

    media: Media
    regions: list[Region] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    extras: list[dict[str, Any]] = field(default_factory=list)
    attributes: list[tuple[str, str, int]] = field(default_factory=list)
    """(field, text, region)."""
    by_id: dict[str, int] = field(default_factory=dict)

    def found(self, ids: Any, where: str, ctx: Context) -> list[int]:
        """The regions of native ids; unknown ones are reported."""
        values = ids if isinstance(ids, list) else [ids]
        for value in values:
            if str(value) not in self.by_id:
                ctx.report(where, f"{value!r:.20} is no object's id")
        return [self.by_id[str(value)] for value in values if str(value) in self.by_id]


def picture_objects(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    lists: Sequence[str] = ("objects", "floating_objects"),
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """Several Samples per picture (named by the record's key), of one group.

    The objects as a detection (each tied to its native id by a span's ``value``), whose meta holds the facts of the
    regions and of the picture; each caption with the phrases that ``relationships`` or its own ``details`` ground;
    each attribute as the description of its region; the additional context as a description. Boxes are pixels; the
    picture's size is that of a mask, where one is there. Follows groundingLMM's GranD/prepare_annotations and
    GranD/utils/add_masks_to_annotations.py:81-126.
    """
    if not ctx.key:
        raise BadRecord("record", "the record has no key that names its picture")
    size = _size(record, lists)
    media = Media("image", 0, ref=ctx.key, width=size and size[0], height=size and size[1])
    objects = _objects(record, lists, media, size, ctx)
    facts: dict[str, Any] = {key: record[key] for key in meta_keys if key in record}
    if isinstance(relations := facts.get("relationships"), Mapping):
        facts["relationships"] = {key: relations[key] for key in relations if key != "grounding"}
    if any(objects.extras):
        facts["regions"] = objects.extras
    samples = [_detection(objects, ctx)] if objects.regions else []
    samples += _captions(record, objects, ctx)
    for where, text, region in [*objects.attributes, *_floating(record, objects, size, ctx)]:
        samples.append(_described(where, text, objects, region, ctx))
    if record.get("additional_context") is not None:
        text = text_field(record, "additional_context")
        samples.append(grounded_sample(text, [], [], media, ctx, template="describe_image", task="description"))
    if not samples:
        raise BadRecord("objects", "neither objects nor captions")
    samples[0] = replace(samples[0], meta=meta_json(facts, facts))
    yield from samples


def _size(record: Mapping[str, Any], lists: Sequence[str]) -> Size | None:
    for name in lists:
        for item in list_field(record, name):
            if isinstance(item, Mapping) and item.get("segmentation") is not None:
                height, width = mask_of(item["segmentation"], f"{name}.segmentation").size
                return width, height
    return None


def _objects(
    record: Mapping[str, Any], lists: Sequence[str], media: Media, size: Size | None, ctx: Context
) -> _Objects:
    objects = _Objects(media)
    for name in lists:
        for i, item in enumerate(list_field(record, name)):
            where = f"{name}[{i}]"
            region, labels = _region(item, where, size)
            objects.names.append(region.label.replace("_", " "))
            extra = {key: item[key] for key in item if key not in (*_TYPED, "labels")}
            if labels[1:]:
                extra["labels"] = labels[1:]
            if name != lists[0]:
                extra["list"] = name
            objects.extras.append(extra)
            identity = str(item.get("id"))
            if identity in objects.by_id:
                ctx.report(f"{name}.id", "an id that repeats; it means the first")
            objects.by_id.setdefault(identity, len(objects.regions))
            objects.attributes += _attributes(item, where, len(objects.regions), ctx)
            objects.regions.append(region)
    return objects


def _region(item: Any, where: str, size: Size | None) -> tuple[Region, list[str]]:
    if not isinstance(item, Mapping):
        raise BadRecord(where, f"expected an object, found {item!r:.40}")
    labels = list_field(item, "labels")
    if not all(isinstance(label, str) for label in labels):
        raise BadRecord(f"{where}.labels", "expected a list of names")
    segmentation = item.get("segmentation")
    mask = mask_of(segmentation, f"{where}.segmentation") if segmentation is not None else None
    score = number(item["score"], f"{where}.score") if item.get("score") is not None else None
    label = labels[0] if labels else ""
    return region_of(item.get("bbox"), f"{where}.bbox", size=size, mask=mask, label=label, score=score), labels


def _attributes(item: Mapping[str, Any], where: str, region: int, ctx: Context) -> Iterator[tuple[str, str, int]]:
    """The attributes of an object (none, one or several) without the words that the generator left before them."""
    value = item.get("attributes")
    if value is None:
        return
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str):
            raise BadRecord(f"{where}.attributes", f"expected text, found {text!r:.40}")
        if garbage := _GARBAGE.match(text):
            ctx.report("attributes", "begins with the generator's own role; left out")
            text = text[garbage.end() :]
        yield f"{where}.attributes", text, region


def _floating(
    record: Mapping[str, Any], objects: _Objects, size: Size | None, ctx: Context
) -> Iterator[tuple[str, str, int]]:
    """Attributes that belong to no object; their regions are added behind those of the objects."""
    for i, item in enumerate(list_field(record, "floating_attributes")):
        where = f"floating_attributes[{i}]"
        region, _ = _region(item, where, size)
        yield from _attributes(item, where, len(objects.regions), ctx)
        objects.regions.append(region)


def _detection(objects: _Objects, ctx: Context) -> Sample:
    parts: list[Part] = []
    spans: list[Span] = []
    at = 0
    identities = {region: identity for identity, region in objects.by_id.items()}
    for i, name in enumerate(objects.names):
        if i:
            parts.append(Part(text="\n"))
            at += 1
        parts.append(Part("region", text=name, regions=[i]))
        if i in identities:
            spans.append(Span(1, "grounding", at, at + len(name), value=identities[i], regions=[i]))
        at += len(name)
    asked = Part(text=draw("detect_objects", f"{ctx.file}:{ctx.row}"))
    return Sample(
        messages=[Message("user", [Part("image", index=0), asked]), Message("assistant", parts)],
        media=[objects.media],
        regions=list(objects.regions),
        spans=spans,
        task="detection",
        group=objects.media.ref,
    )


def _captions(record: Mapping[str, Any], objects: _Objects, ctx: Context) -> Iterator[Sample]:
    relations = record.get("relationships")
    groundings = list_field(relations, "grounding") if isinstance(relations, Mapping) else []
    captions = list_field(record, "captions")
    for i, said in enumerate(captions):
        if not isinstance(said, str):
            raise BadRecord(f"captions[{i}]", f"expected text, found {said!r:.40}")
        here = [g for g in groundings if _belongs(g, said, captions, i)]
        yield _caption(said, here, "relationships.grounding", objects, ctx)
    dense = record.get("dense_caption")
    for name, children in (("short_captions", list_field(record, "short_captions")), ("dense_caption", [dense])):
        for child in children:
            if child is None:
                continue
            if not isinstance(child, Mapping):
                raise BadRecord(name, f"expected an object, found {child!r:.40}")
            yield _caption(text_field(child, "caption"), list_field(child, "details"), f"{name}.details", objects, ctx)


def _belongs(grounding: Any, said: str, captions: Sequence[Any], i: int) -> bool:
    """Whether a phrase stands in a caption; one that stands in none goes to the first."""
    phrase = grounding.get("phrase") if isinstance(grounding, Mapping) else None
    if not isinstance(phrase, str):
        return i == 0
    inside = [k for k, text in enumerate(captions) if isinstance(text, str) and find_phrase(text, phrase)]
    return i in inside or (i == 0 and not inside)


def _caption(said: str, details: Sequence[Any], where: str, objects: _Objects, ctx: Context) -> Sample:
    """A caption with the regions that its phrases are tied to, by native ids and by boxes of their own."""
    regions: list[Region] = []
    ties: list[Tie] = []
    spans: list[Span] = []
    for detail in details:
        if not isinstance(detail, Mapping):
            raise BadRecord(where, f"expected an object, found {detail!r:.40}")
        phrase = text_field(detail, "phrase")
        tied: list[Region] = []
        for key in ("object_ids", "ids", "id"):
            if detail.get(key) is not None:
                tied += [objects.regions[i] for i in objects.found(detail[key], f"{where}.{key}", ctx)]
        if (box := detail.get("bbox")) is not None:
            boxes = box if isinstance(box, list) and box and isinstance(box[0], list) else [box]
            size = (objects.media.width, objects.media.height)
            known = size if all(size) else None
            tied += [region_of(b, f"{where}.bbox", size=known, label=phrase) for b in boxes]  # type: ignore[arg-type]
        indices = list(range(len(regions), len(regions) + len(tied)))
        regions += tied
        span = span_of(detail.get("tokens_positive"), len(said))
        if span is None:
            if (told := detail.get("tokens_positive")) is not None:
                ctx.report(f"{where}.tokens_positive", f"{told!r:.40} is no stretch of the caption")
            span = find_phrase(said, phrase)
        if span is None:
            ctx.report(where, "a phrase that its caption does not hold; it stays a span of the whole")
            spans.append(Span(1, "grounding", value=phrase, regions=indices))
            continue
        if said[slice(*span)].lower() != phrase.lower():
            ctx.report(where, "the stretch of the caption is not the phrase")
        ties.append((*span, indices))
    return grounded_sample(said, ties, regions, objects.media, ctx, spans=spans)


def _described(where: str, text: str, objects: _Objects, region: int, ctx: Context) -> Sample:
    asked = about_region("describe_region", f"{ctx.file}:{ctx.row}:{where}")
    return Sample(
        messages=[Message("user", [Part("image", index=0), *asked]), Message("assistant", [Part(text=text)])],
        media=[objects.media],
        regions=[objects.regions[region]],
        task="region_description",
        group=objects.media.ref,
    )
