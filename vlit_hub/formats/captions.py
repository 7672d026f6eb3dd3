"""Captions of pictures and of regions, and phrases to be found: public annotations without instructions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from vlit_hub.formats.base_qa import joined, reference, texts
from vlit_hub.formats.fields import is_number, meta_json, text_field
from vlit_hub.formats.grounding import size_of
from vlit_hub.formats.templates import draw
from vlit_hub.regions import resolve
from vlit_hub.schema import Media, Message, Part, Region, Sample
from vlit_hub.spec import BadRecord, Context


def captions(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str | tuple[str, ...] = "{image}",
    caption: str = "caption",
    raw: str = "",
    references: str = "",
    join: tuple[str, str] | None = None,
    template: str = "caption_short",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per row: a drawn instruction, the caption.

    ``caption``: a text, or a list of references, of which the first is said; ``raw``: their key where they are
    objects, whose other keys are meta. ``references``: key of further wordings. ``join``: (table, key) of a look-up
    whose entry adds its keys to the row's.
    """
    if join:
        record = joined(record, ctx, *join)
    ref = reference(image, record, ctx)
    value = record.get(caption)
    facts = {key: record[key] for key in meta_keys if key in record}
    if isinstance(value, list):
        if raw:
            objects, value = value, []
            for i, item in enumerate(objects):
                if not isinstance(item, Mapping) or not isinstance(item.get(raw), str):
                    raise BadRecord(f"{caption}[{i}]", f"expected an object with a text {raw!r}, found {item!r:.40}")
                value.append(item[raw])
            facts[caption] = [{key: item[key] for key in item if key != raw} for item in objects]
        answers = texts({caption: value}, caption)
        if not answers:
            raise BadRecord(caption, "an empty list")
    else:
        answers = [text_field(record, caption)]
    also = texts(record, references) if record.get(references) else []
    yield Sample(
        messages=[
            Message("user", [Part("image", index=0), Part(text=draw(template, f"{ctx.file}:{ctx.row}"))]),
            Message("assistant", [Part(text=answers[0])]),
        ],
        media=[Media("image", 0, ref=ref)],
        task="caption",
        answers=also or (answers if len(answers) > 1 else []),
        group=ref,
        meta=meta_json(facts, facts),
    )


def region_captions(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str,
    items: str = "regions",
    phrase: str = "phrase",
    corner: Sequence[str] = ("x", "y", "width", "height"),
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample | BadRecord]:
    """Several Samples per row, of one group: a box in pixels, described by its phrase."""
    ref = reference(image, record, ctx)
    children = record.get(items)
    if not isinstance(children, list):
        raise BadRecord(items, f"expected a list of regions, found {children!r:.40}")
    if not children:
        ctx.report(items, "empty")
    for i, child in enumerate(children):
        try:
            if not isinstance(child, Mapping):
                raise BadRecord("", f"expected an object, found {child!r:.40}")
            region = Region(frame="pixel", box=xywh([child.get(name) for name in corner], ", ".join(corner)))
            text = text_field(child, phrase)
        except BadRecord as fault:
            yield BadRecord(f"{items}[{i}].{fault.field}".rstrip("."), fault.reason)
            continue
        before, _, after = draw("describe_region", f"{ctx.file}:{ctx.row}:{i}").partition("{phrase}")
        pieces = [Part(text=before), Part("region", regions=[0]), Part(text=after)]
        yield Sample(
            messages=[
                Message("user", [Part("image", index=0), *(p for p in pieces if p.text or p.regions)]),
                Message("assistant", [Part(text=text)]),
            ],
            media=[Media("image", 0, ref=ref)],
            regions=[region],
            task="region_description",
            group=ref,
            meta=meta_json(child, meta_keys),
        )


def referring(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str,
    phrase: str,
    box: str = "bbox",
    join: tuple[str, str] | None = None,
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per row: a drawn question after a phrase, its box as the answer.

    Boxes are [x, y, w, h] in pixels of the row's ``width`` and ``height``; ``join``: (table, key) of the look-up whose
    entries hold them, one or several.
    """
    ref = reference(image, record, ctx)
    rows = ctx.tables[join[0]].all(record.get(join[1])) if join else [record]
    if not rows:
        raise BadRecord(join[1] if join else box, "no box belongs to it")
    size = size_of(record)
    if size is None:
        raise BadRecord("width, height", "absent: the boxes are in pixels")
    regions = [resolve(Region(frame="pixel", box=xywh(row.get(box), box)), size) for row in rows]
    name = text_field(record, phrase).strip()
    asked = draw("locate", f"{ctx.file}:{ctx.row}").format(phrase=name)
    yield Sample(
        messages=[
            Message("user", [Part("image", index=0), Part(text=asked)]),
            Message("assistant", [Part("region", regions=list(range(len(regions))))]),
        ],
        media=[Media("image", 0, ref=ref)],
        regions=regions,
        task="referring",
        group=ref,
        meta=meta_json(record, meta_keys),
    )


def xywh(value: Any, field: str) -> list[float]:
    """Corners of an [x, y, width, height] box."""
    if not isinstance(value, list) or len(value) != 4 or not all(map(is_number, value)):
        raise BadRecord(field, f"expected [x, y, width, height], found {value!r:.60}")
    x, y, width, height = map(float, value)
    return [x, y, x + width, y + height]


KARPATHY_META = ("sentids", "imgid", "cocoid", "split")
KARPATHY = partial(
    captions,
    image=("{filepath}/{filename}", "{filename}"),
    caption="sentences",
    raw="raw",
    meta_keys=KARPATHY_META,
)
"""Rows of Karpathy's dataset_*.json: one picture with all its sentences and its split."""
MDETR_META = tuple(
    "original_id dataset_name tokens_negative sentence_id coco_url flickr_url license date_captured".split()
)
MDETR = partial(referring, image="{file_name}", phrase="caption", join=("annotations", "id"), meta_keys=MDETR_META)
"""Rows ``images`` of MDETR's finetune_refcoco*.json: one expression each, its boxes among the ``annotations``."""
EVAL_DATA = partial(referring, image="{img_id:.27}.jpg", phrase="sents", meta_keys=("img_id",))
"""Rows {img_id, sents, bbox, height, width} of MiniGPT-v2's eval_data."""
