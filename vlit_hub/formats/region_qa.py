"""One region and a text about it: a question and its answer, or a description whose instruction is a template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.formats.grounding import Size, number, region_of, size_of
from vlit_hub.formats.templates import draw
from vlit_hub.schema import Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context


def region_qa(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    image: str = "image",
    box: str = "bbox",
    form: str = "xyxy",
    point: str = "",
    question: str = "question",
    answer: str = "answer",
    template: str = "describe_region",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record ``{image, width?, height?, bbox, point?, question?, answer}``, all places in pixels.

    The question does not say which region it is about, so the region stands in front of it, on its own line. With
    ``point``, the field of [x, y], the region is that point, and its box goes with it.
    """
    ref = text_field(record, image)
    if not ref:
        raise BadRecord(image, "empty")
    size = size_of(record)
    region = region_of(record.get(box), box, size=size, form=form)
    if point:
        region = replace(region, kind="point", points=[_point(record.get(point), point, size)])
    asked = [Part("region", regions=[0]), Part(text=f"\n{text_field(record, question)}")] if question in record else []
    said = text_field(record, answer)
    media = Media(type="image", index=0, ref=ref, width=size and size[0], height=size and size[1])
    task = "vqa" if asked else "region_description"
    asked = asked or about_region(template, f"{ctx.file}:{ctx.row}")
    yield Sample(
        messages=[Message("user", [Part("image", index=0), *asked]), Message("assistant", [Part(text=said)])],
        media=[media],
        regions=[region],
        task=task,
        group=ref,
        meta=meta_json(record, meta_keys),
    )


def _point(value: Any, where: str, size: Size | None) -> list[float]:
    if not isinstance(value, list) or len(value) != 2:
        raise BadRecord(where, f"expected two numbers, found {value!r:.60}")
    x, y = (number(v, where) for v in value)
    return [x / size[0], y / size[1]] if size else [x, y]


def about_region(template: str, key: str, region: int = 0) -> list[Part]:
    """A drawn instruction in whose ``{phrase}`` a region without a phrase stands."""
    before, _, after = draw(template, key).partition("{phrase}")
    texts = [[Part(text=text)] if text else [] for text in (before, after)]
    return [*texts[0], Part("region", regions=[region]), *texts[1]]
