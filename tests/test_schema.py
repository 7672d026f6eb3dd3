"""A canonical Sample survives JSON, Arrow and parquet exactly; a wrong one is refused by name."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from tests.strategies import picture, samples
from vlit_hub import canonical, schema
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
        canonical.validate(sample)
    assert caught.value.field == field
    assert message in caught.value.reason


PLAIN = Sample(
    images=[None, Blob(path="a.jpg")],
    messages=[
        Message("user", [Part("image", index=0), Part("image", index=1), Part(text="What?")]),
        Message("assistant", [Part("region", "a dog", regions=[0]), Part(text=" it is")], train=False),
    ],
    regions=[Region(index=1, frame="pixel", box=[0.0, 0.25, 1.0, 0.25], label="dog", score=0.5)],
    spans=[Span(1, "grounding", 0, 5, regions=[0]), Span(0, "rating", value="good")],
    choices=["a", "b"],
    correct=1,
    answers=["b"],
    media=[Media("image", 0, "a.jpg", 4, 3), Media("image", 1)],
    id="1",
)
ODD = [None, True, -1, 0, 1, 5, 2**31, -(2**31) - 1, 0.5, -1.0, float("nan"), float("inf"), "", "x", "text", "image",
       "video", "region", "box", "mask", "norm", "user", b"x", [], ["x"], [0], [-1], [None], [0.5], [[0.5]], (), {},
       [0.0, 0.5, 1.0, 0.25], [0, 0, 1, 1], [True, 0.0, 1.0, 1.0], [0.0, 0.0, float("inf"), 1.0]]  # fmt: skip


def changed(value):
    """``value`` with one of its fields, at any depth, replaced by each odd value in turn, or one entry more or less."""
    yield from ODD
    if isinstance(value, list):
        yield value[1:]
        yield [*value, *value[:1]]
        for i, inner in enumerate(value):
            yield from ([*value[:i], other, *value[i + 1 :]] for other in changed(inner))
    elif isinstance(value, Struct) and not isinstance(value, Blob):
        for field in value.__struct_fields__:
            yield from (replace(value, **{field: other}) for other in changed(getattr(value, field)))


def test_what_is_seen_to_be_plain_passes_every_check():
    assert canonical._is_plain(PLAIN)
    plain = wrong = 0
    for sample in changed(PLAIN):
        if not isinstance(sample, Sample):
            continue
        if canonical._is_plain(sample):
            canonical._check(sample, schema.to_json(schema.strip_media(sample)))
            plain += 1
        else:
            wrong += 1
    assert plain > 300
    assert wrong > 2000


@given(samples())
def test_every_canonical_sample_passes_every_check(sample):
    canonical._check(sample, schema.to_json(schema.strip_media(sample)))
