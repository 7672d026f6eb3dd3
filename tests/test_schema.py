"""A canonical Sample survives JSON, Arrow and parquet exactly; a wrong one is refused by name."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.strategies import picture, samples
from vlit_hub import schema
from vlit_hub.schema import COLUMNS, Blob, Media, Message, Part, Region, Sample, SchemaError, Span


@given(samples())
def test_json_round_trip(sample):
    assert schema.from_json(schema.to_json(sample)) == sample


@settings(max_examples=50, deadline=None)
@given(st.lists(samples(), max_size=4))
def test_arrow_and_parquet_round_trip(batch):
    arrow = schema.to_arrow(batch)
    assert arrow.schema == schema.arrow_schema()
    assert schema.from_arrow(arrow) == batch
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_batches([arrow]), buffer)
    table = pq.read_table(buffer)
    assert table.schema.remove_metadata() == schema.arrow_schema().remove_metadata()
    assert schema.from_arrow(table) == batch


@given(samples())
def test_strip_media_keeps_everything_but_bytes_and_paths(sample):
    stripped = schema.strip_media(sample)
    for column in COLUMNS.values():
        before, after = getattr(sample, column), getattr(stripped, column)
        assert [blob is None for blob in after] == [blob is None for blob in before]
        assert all(blob in (None, Blob()) for blob in after)
    assert replace(stripped, **{column: getattr(sample, column) for column in COLUMNS.values()}) == sample


@settings(max_examples=50, deadline=None)
@given(st.lists(samples().map(schema.strip_media), max_size=4))
def test_arrow_round_trip_without_bytes(batch):
    arrow = schema.to_arrow(batch)
    assert arrow.schema == schema.arrow_schema()
    assert schema.from_arrow(arrow) == batch


def test_a_missing_medium_is_a_null_list_entry():
    sample = Sample(images=[None, Blob(bytes=picture(1))], media=[Media("image", 0), Media("image", 1)])
    column = schema.to_arrow([sample]).column("images")
    assert column[0].as_py() == [None, {"bytes": picture(1), "path": ""}]
    assert column.values.null_count == 1


ONE_PICTURE = Sample(images=[None], media=[Media("image", 0)])
WRONG = {
    "task": (replace(ONE_PICTURE, task="nonsense"), "'nonsense' is not one of: conversation, "),
    "ability": (replace(ONE_PICTURE, ability="x"), "'x' is not one of: scene_understanding, "),
    "language": (replace(ONE_PICTURE, language="English"), "BCP-47"),
    "messages[0].role": (Sample(messages=[Message("bot", [])]), "allowed: system, user, assistant, tool"),
    "messages[0].content[0]": (Sample(messages=[Message("user", [Part(index=0)])]), "index -1"),
    "messages": (Sample(messages=[Message("user", [Part(type="image", index=0)])]), "beyond 0"),
    "media": (replace(ONE_PICTURE, media=[Media("image", 1)]), "numbered 0, 1, 2 in order"),
    "images": (replace(ONE_PICTURE, media=[]), "1 blobs, but media has 0 of type image"),
    "regions[0].index": (replace(ONE_PICTURE, regions=[Region(index=1, box=[0.0] * 4)]), "no image 1"),
    "regions[0].box": (replace(ONE_PICTURE, regions=[Region(box=[1.0, 0.0, 0.0, 0.0])]), "ordered"),
    "regions[0]": (replace(ONE_PICTURE, regions=[Region(box=[0.0] * 4, score=float("inf"))]), "finite"),
    "spans[0].message": (replace(ONE_PICTURE, spans=[Span(0, "rating")]), "no index into messages"),
    "correct": (replace(ONE_PICTURE, correct=0), "0 is no index into 0 choices"),
}


@pytest.mark.parametrize("field", WRONG)
def test_validate_names_the_place_and_the_remedy(field):
    sample, message = WRONG[field]
    with pytest.raises(SchemaError) as caught:
        schema.validate(sample)
    assert caught.value.field == field
    assert message in caught.value.reason


@given(
    box=st.lists(st.floats() | st.sampled_from([0.0, 0.5, 1.0]), max_size=5),
    kind=st.sampled_from(list(schema.REGION_KINDS)),
    modality=st.sampled_from(["image", "video"]),
    index=st.integers(-1, 2),
    points=st.sampled_from([[], [[0.5]], [[0.5, 0.5]]]),
    score=st.none() | st.floats(),
)
def test_a_plain_box_needs_no_further_check(box, kind, modality, index, points, score):
    region = Region(kind=kind, modality=modality, index=index, box=box, points=points, score=score)
    sample = Sample(images=[None], videos=[None, None], regions=[region])
    if schema._is_plain_box(sample, region):
        schema._check_region(sample, region, "regions[0]")


def test_the_usual_box_is_plain():
    region = Region(box=[0.0, 0.25, 1.0, 0.25])
    assert schema._is_plain_box(Sample(images=[None], regions=[region]), region)
    assert not schema._is_plain_box(Sample(images=[None], regions=[region]), replace(region, box=[0.0, 0.5, 1.0, 0.25]))
