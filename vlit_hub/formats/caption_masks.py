"""Captions whose phrases are tied to masks or polygons (GranD-f), one record a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.grounding import (
    Tie,
    find_phrase,
    grounded_sample,
    list_field,
    mask_of,
    numbers_of,
    size_of,
    span_of,
)
from vlit_hub.regions.rle import mask_box
from vlit_hub.schema import Media, Region, Sample
from vlit_hub.spec import BadRecord, Context


def phrase_masks(
    record: Mapping[str, Any], ctx: Context, *, image: str = "file_name", meta_keys: Iterable[str] = ()
) -> Iterator[Sample]:
    """``{file_name, width, height, caption, groundings: {phrase: {token_positives, rle_masks}}}``, one Sample each.

    The caption loses the quotation marks around it; positions count without them. A mask also gets its box. Follows
    groundingLMM's dataset/gcg_datasets/GranDf_gcg_ds.py:58-78.
    """
    said = text_field(record, "caption").strip('"').strip()
    groundings = record.get("groundings")
    if not isinstance(groundings, Mapping):
        raise BadRecord("groundings", f"expected an object of phrases, found {groundings!r:.40}")
    regions: list[Region] = []
    ties: list[Tie] = []
    for phrase, grounding in groundings.items():
        where = f"groundings.{phrase}"
        if not isinstance(grounding, Mapping):
            raise BadRecord(where, f"expected an object, found {grounding!r:.40}")
        span = span_of(grounding.get("token_positives"), len(said))
        first = len(regions)
        for i, rle in enumerate(list_field(grounding, "rle_masks")):
            mask = mask_of(rle, f"{where}.rle_masks[{i}]")
            box = mask_box(mask)
            if box is None:
                ctx.report("groundings.rle_masks", "an empty mask, or counts that do not fill its size")
            regions.append(Region(kind="mask", mask=mask, box=box or [], label=phrase))
        if span is None:
            told = grounding.get("token_positives")
            ctx.report("groundings.token_positives", f"{told!r:.40} is no stretch of the caption; the masks are kept")
        else:
            if said[slice(*span)].lower() != phrase.lower():
                ctx.report("groundings.token_positives", "the stretch of the caption is not the phrase")
            ties.append((*span, list(range(first, len(regions)))))
    size = size_of(record)
    media = Media("image", 0, ref=_name(record, image), width=size and size[0], height=size and size[1])
    yield grounded_sample(said, ties, regions, media, ctx, meta=meta_json(record, meta_keys))


def phrase_polygons(
    record: Mapping[str, Any], ctx: Context, *, image: str = "img_file_name", meta_keys: Iterable[str] = ()
) -> Iterator[Sample]:
    """``{key: {img_file_name, caption, refs: [{sentence, segmentation}]}}``, one Sample each; the key is meta.

    A sentence is tied to its first place in the caption, cases apart; one that is not there keeps its region, which
    is reported. Polygons are in pixels. Follows GranDf_gcg_ds.py:292-320.
    """
    key = next(iter(record), "")
    inner = record.get(key)
    if len(record) != 1 or not isinstance(inner, Mapping):
        raise BadRecord("record", "expected an object of one key")
    said = text_field(inner, "caption").strip('"').strip()
    regions: list[Region] = []
    ties: list[Tie] = []
    for i, child in enumerate(list_field(inner, "refs")):
        where = f"refs[{i}]"
        if not isinstance(child, Mapping):
            raise BadRecord(where, f"expected an object, found {child!r:.40}")
        rings = [numbers_of(ring, f"{where}.segmentation") for ring in list_field(child, "segmentation")]
        if not rings or any(len(ring) < 6 or len(ring) % 2 for ring in rings):
            raise BadRecord(f"{where}.segmentation", "expected polygons, each a flat list of at least three points")
        sentence = text_field(child, "sentence")
        regions.append(Region(kind="polygon", frame="pixel", points=rings, label=sentence))
        if (span := find_phrase(said, sentence)) is None:
            ctx.report("refs.sentence", "not in the caption; its region is kept without it")
        else:
            ties.append((*span, [i]))
    media = Media("image", 0, ref=_name(inner, image))
    yield grounded_sample(said, ties, regions, media, ctx, meta=meta_json({"key": key, **inner}, ("key", *meta_keys)))


def _name(record: Mapping[str, Any], key: str) -> str:
    name = text_field(record, key)
    if not name:
        raise BadRecord(key, "empty")
    return name
