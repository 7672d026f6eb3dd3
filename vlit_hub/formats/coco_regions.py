"""COCO-style files: one row per picture, its boxes in the list of annotations, found by a look-up table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.grounding import Size, Tie, grounded_sample, mask_of, region_of, size_of, span_of
from vlit_hub.formats.region_qa import about_region
from vlit_hub.formats.templates import draw
from vlit_hub.schema import Media, Message, Part, Region, Sample
from vlit_hub.spec import BadRecord, Context


def coco_caption(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    join: str = "annotations",
    mask: str = "",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per row of ``images``: its ``caption``, grounded by the first of each annotation's tokens_positive.

    ``join``: the table of annotations by ``image_id``, bbox [x, y, w, h] in pixels; ``mask``: their key of an RLE.
    Annotations marked ``ignore`` are left out, as their readers do.
    """
    said = text_field(record, "caption")
    media, size = media_of_row(record)
    regions: list[Region] = []
    ties: list[Tie] = []
    for annotation in annotations_of(record, join, ctx):
        shape = mask_of(annotation[mask], f"{join}.{mask}") if mask and annotation.get(mask) is not None else None
        region = region_of(annotation.get("bbox"), f"{join}.bbox", size=size, form="xywh", mask=shape)
        if (span := span_of(annotation.get("tokens_positive"), len(said))) is None:
            told = annotation.get("tokens_positive")
            ctx.report(f"{join}.tokens_positive", f"{told!r:.40} is no stretch of the caption; the region is kept")
        else:
            ties.append((*span, [len(regions)]))
        regions.append(region)
    yield grounded_sample(said, ties, regions, media, ctx, meta=meta_json(record, meta_keys))


def objects_caption(record: Mapping[str, Any], ctx: Context, *, meta_keys: Iterable[str] = ()) -> Iterator[Sample]:
    """One Sample per row of ``images``: what people say of it, of the table ``captions`` by ``image_id``, the first as
    the answer; its objects, of the tables ``annotations`` and ``categories``, are labelled regions of no message."""
    media, size = media_of_row(record)
    people = {row.get("id"): text_field(row, "caption") for row in ctx.tables["captions"].all(record.get("id"))}
    if not people:
        raise BadRecord("captions", f"none with image_id {record.get('id')!r:.20}")
    said, regions = list(people.values()), []
    for i, annotation in enumerate(annotations_of(record, "annotations", ctx)):
        region = region_of(annotation.get("bbox"), f"annotations[{i}].bbox", size=size, form="xywh")
        regions.append(replace(region, label=_category(annotation, "name", f"annotations[{i}].category_id", ctx)))
    yield Sample(
        messages=[
            Message("user", [Part("image", index=0), Part(text=draw("caption_short", f"{ctx.file}:{ctx.row}"))]),
            Message("assistant", [Part(text=said[0])]),
        ],
        media=[media],
        regions=regions,
        task="caption",
        answers=said if len(said) > 1 else [],
        group=media.ref,
        meta=meta_json(record, meta_keys),
    )


def coco_regions(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    join: str = "annotations",
    name: str = "",
    file_name: str = "",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample | BadRecord]:
    """One Sample per annotation of a row of ``images``, of one group: a region, described by a text.

    The text is the annotation's own ``caption``, else the row's (RefCOCO's expression), else the ``name`` of its
    category in the table ``categories``.
    """
    media, size = media_of_row(record)
    if file_name:
        media = replace(media, ref=media.ref.rpartition(file_name)[2])
    found = annotations_of(record, join, ctx)
    for i, annotation in enumerate(found):
        try:
            region = region_of(annotation.get("bbox"), f"{join}[{i}].bbox", size=size, form="xywh")
            said = _said(record, annotation, name, ctx)
        except BadRecord as fault:
            yield fault
            continue
        asked = about_region("describe_region", f"{ctx.file}:{ctx.row}:{i}")
        yield Sample(
            messages=[Message("user", [Part("image", index=0), *asked]), Message("assistant", [Part(text=said)])],
            media=[media],
            regions=[region],
            task="region_description" if not name else "classification",
            group=media.ref,
            meta=meta_json(record, meta_keys),
        )


def annotations_of(record: Mapping[str, Any], join: str, ctx: Context) -> list[Mapping[str, Any]]:
    """The annotations of a row of ``images``, in the order of the file."""
    found = ctx.tables[join].all(record.get("id"))
    if not found:
        ctx.report(join, f"none with image_id {record.get('id')!r:.20}")
    if not all(isinstance(annotation, Mapping) for annotation in found):
        raise BadRecord(join, "expected objects")
    kept = [annotation for annotation in found if not annotation.get("ignore")]
    if len(kept) < len(found):
        ctx.report(join, "marked to be ignored; left out")
    return kept


def media_of_row(record: Mapping[str, Any]) -> tuple[Media, Size | None]:
    """The picture of a row of ``images``, and its size where the row tells it."""
    ref = text_field(record, "file_name")
    if not ref:
        raise BadRecord("file_name", "empty")
    size = size_of(record)
    return Media("image", 0, ref=ref, width=size and size[0], height=size and size[1]), size


def _said(record: Mapping[str, Any], annotation: Mapping[str, Any], name: str, ctx: Context) -> str:
    for holder in (annotation, record):
        if holder.get("caption") is not None:
            return text_field(holder, "caption")
    return _category(annotation, name, "caption", ctx)


def _category(annotation: Mapping[str, Any], name: str, field: str, ctx: Context) -> str:
    category = ctx.tables["categories"].get(str(annotation.get("category_id"))) if name else None
    if not isinstance(category, Mapping):
        raise BadRecord(field, "absent, and no category names the region")
    return text_field(category, name)
