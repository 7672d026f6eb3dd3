"""Filters, kept rows and caps choose the rows they say and count what they leave out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from msgspec.structs import replace

from tests.shards.make import sample, write
from vlit_hub.schema import Blob, Media, Message, Part
from vlit_hub.shards import Blend, Filter, FilterError, Index, Plan, ShardError, Shards, Source, write_measure
from vlit_hub.shards.bitmap import Bitmap

TURNS = [2, 4, 6, 8, 2, 4, 6, 8, 2, 4]


@given(mask=arrays(bool, st.integers(0, 400)))
def test_a_bitmap_finds_its_members(mask):
    made, members = Bitmap(mask), np.flatnonzero(mask)
    assert len(made) == len(members)
    assert np.array_equal(made.select(np.arange(len(members))), members)
    assert np.array_equal(made.rank(np.arange(len(mask) + 1)), np.append(0, np.cumsum(mask)))


def talk(number):
    turns = [Message(("user", "assistant")[i % 2], [Part(text=f"{number} {i}")]) for i in range(TURNS[number])]
    return replace(sample(number), messages=turns, dataset="even" if number % 2 == 0 else "odd")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Ten rows of TURNS turns, datasets even and odd in turn."""
    made = Index(write(tmp_path_factory.mktemp("select"), [talk(i) for i in range(10)]))
    zeros = np.zeros(10, int)
    columns = {"length": 100 * np.arange(1, 11), "image_tokens": np.arange(10), "supervised": zeros, "reason": zeros}
    write_measure(made, "fp", columns, [""])
    return made


def rows(plan):
    return sorted(row for item, _ in plan.items() for row in item)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["turns<=4"], [0, 1, 4, 5, 8, 9]),
        (["turns > 4", "dataset == odd"], [3, 7]),
        (["dataset in [odd, none_such]"], [1, 3, 5, 7, 9]),
        (["dataset not in odd"], [0, 2, 4, 6, 8]),
        (["turns in 2, 8"], [0, 3, 4, 7, 8]),
        (["task!=conversation"], list(range(10))),
        (["tokens<=300"], [0, 1, 2]),
        (["image_tokens >= 8", "tokens != 1000"], [8]),
    ],
)
def test_filters_choose(index, filters, expected):
    plan = Plan(index, filters=filters, measure="fp")
    assert rows(plan) == expected
    assert sum(sum(reasons.values()) for reasons in plan.left_out.values()) == 10 - len(expected)


SIZES = [[], [(640, 480)], [(640, 480), (100, 50)], [(None, None)], [(50_000, 50_000)], [(480, 640)]]


@pytest.fixture(scope="module")
def sized(tmp_path_factory):
    """Rows with pictures of SIZES as their media say, each with a video without one."""
    samples = []
    for number, sizes in enumerate(SIZES):
        made = sample(number, len(sizes))
        media = [replace(medium, width=w, height=h) for medium, (w, h) in zip(made.media, sizes, strict=True)]
        film = Media("video", 0, ref="film.mp4")
        samples.append(replace(made, videos=[Blob(bytes=b"film")], media=[*media, film]))
    return Index(write(tmp_path_factory.mktemp("sized"), samples))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["width >= 480"], [0, 1, 4, 5]),
        (["height > 50"], [0, 1, 4, 5]),
        (["height <= 480"], [0, 1, 2]),
        (["width > 100", "height < 640"], [0, 1]),
        (["pixels == 307200"], [0, 1, 5]),
        (["pixels > 2147483648"], [0, 4]),
        (["width in [640, 100]"], [0, 1, 2]),
        (["width not in [640]"], [0, 4, 5]),
        (["width >= 1", "media > 1"], [1, 2, 4, 5]),
    ],
)
def test_all_pictures_of_a_sample_pass_a_filter_by_size(sized, filters, expected):
    plan = Plan(sized, filters=filters)
    assert rows(plan) == expected
    assert sum(plan.left_out["demo"].values()) == len(SIZES) - len(expected)


def test_what_a_filter_leaves_out_is_counted_under_its_text(index):
    assert Plan(index, filters=["turns<=4", "dataset==odd"]).left_out == {
        "even": {"turns<=4": 2, "dataset==odd": 3},
        "odd": {"turns<=4": 2},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("turns", "write COLUMN OP VALUE with one of <=, >=, ==, !=, <, >, in, not in, as in turns<=10"),
        ("turns <= [1, 2]", "turns is a number"),
        ("depth > 3", "no column 'depth'; there are: turns, chars, media"),
        ("width > wide", "width is a number"),
        ("tokens<5", "tokens is known once the shards are measured"),
        ("dataset < odd", "dataset is a word; compare it with ==, !=, in, not in"),
        ("turns == many", "turns is a number"),
        ("dataset in [1, 2]", "dataset is a word"),
    ],
)
def test_wrong_filters_say_what_can_stand_there(index, text, message):
    with pytest.raises(FilterError, match=message.replace("[", r"\[").replace("(", r"\(")):
        Plan(index, filters=[text])


@given(
    st.builds(
        Filter, st.sampled_from(["turns", "a-b"]), st.sampled_from(["<=", "!=", "<"]), st.integers() | st.floats(0, 1)
    )
    | st.builds(Filter, st.just("x"), st.sampled_from(["in", "not in"]), st.tuples(st.integers(), st.integers()))
)
def test_a_filter_is_read_back_from_its_text(made):
    assert Filter.parse(str(made)) == made


def one(**given):
    return Blend((Source("one", **given),))


def test_caps_draw_the_same_rows_every_time(index):
    for cap, count in (("#4", 4), ("%30", 3), ("#50", 10)):
        plan = Plan(index, blend=one(cap=cap), measure="fp")
        assert len(rows(plan)) == len(plan) == count
        assert rows(Plan(index, blend=one(cap=cap))) == rows(plan)
        assert plan.shares[0].matching == 10
        assert plan.shares[0].tokens_per_epoch == sum(100 * (row + 1) for row in rows(plan))
    drawn = {tuple(rows(Plan(index, seed=seed, blend=one(cap="#4")))) for seed in range(20)}
    assert len(drawn) > 10
    for cap in ("5", "#0", "%101", "#half"):
        with pytest.raises(ValueError, match="write #5000 for samples or %50 for per cent"):
            one(cap=cap)


def test_kept_rows_by_mask_numbers_and_parquet(index, tmp_path):
    kept = [1, 2, 7]
    np.save(tmp_path / "numbers.npy", kept)
    np.save(tmp_path / "mask.npy", np.isin(np.arange(10), kept))
    pq.write_table(pa.table({"row": kept, "why": ["a", "b", "c"]}), tmp_path / "rows.parquet")
    for name in ("numbers.npy", "mask.npy", "rows.parquet"):
        plan = Plan(index, blend=one(keep=str(tmp_path / name)))
        assert rows(plan) == kept
        assert plan.left_out == {"even": {"not_kept": 4}, "odd": {"not_kept": 3}}
    for wrong in ([1, 10], [-1], [0.5]):
        np.save(tmp_path / "wrong.npy", wrong)
        with pytest.raises(ShardError, match="rows are whole numbers from 0 to 9; is it of other shards"):
            Plan(index, blend=one(keep=str(tmp_path / "wrong.npy")))
    np.save(tmp_path / "wrong.npy", np.ones(9, bool))
    with pytest.raises(ShardError, match=r"a mask of shape \(9,\) for 10 rows"):
        Plan(index, blend=one(keep=str(tmp_path / "wrong.npy")))


def test_side_columns_are_filtered_like_any_other(index, tmp_path):
    np.save(tmp_path / "clip.npy", np.linspace(0, 0.9, 10))
    pq.write_table(pa.table({"row": [9, 3, 5], "rating": [5, 4, 1], "note": ["x", "y", "z"]}), tmp_path / "r.parquet")
    side = (str(tmp_path / "clip.npy"), str(tmp_path / "r.parquet"))
    parse = Filter.parse
    assert rows(Plan(index, blend=one(side=side, filters=(parse("clip>0.55"),)))) == [6, 7, 8, 9]
    assert rows(Plan(index, blend=one(side=side, filters=(parse("rating>=4"), parse("clip<0.5"))))) == [3]
    assert rows(Plan(index, blend=one(side=side, filters=(parse("note in x, z"),)))) == [5, 9]
    with pytest.raises(FilterError, match="no column 'row'; .*clip, rating, note"):
        Plan(index, blend=one(side=side, filters=(parse("row<5"),)))
    with pytest.raises(FilterError, match="note is a word"):
        Plan(index, blend=one(side=side, filters=(parse("note<5"),)))
    with pytest.raises(ShardError, match="no such file of columns"):
        Plan(index, blend=one(side=("nowhere.parquet",)))


def test_side_columns_of_a_folder_of_files(index, tmp_path):
    for number, part in enumerate(([0, 1, 2], [7, 8, 9])):
        pq.write_table(pa.table({"row": part, "score": [float(row) for row in part]}), tmp_path / f"{number}.parquet")
    for pattern in (tmp_path, tmp_path / "*.parquet"):
        side = Blend((Source("one", side=(str(pattern),), filters=(Filter.parse("score>=2"),)),))
        assert rows(Plan(index, blend=side)) == [2, 7, 8, 9]


def test_rows_of_files_count_within_their_part(index, tmp_path):
    other = write(tmp_path / "other", [sample(i) for i in range(4)])
    np.save(tmp_path / "kept.npy", [0, 3])
    both = Index([index.path, Shards(other)])
    blend = Blend((Source("a", 0, (Filter.parse("dataset==odd"),)), Source("b", 1, keep=str(tmp_path / "kept.npy"))))
    plan = Plan(both, blend=blend)
    assert rows(plan) == [1, 3, 5, 7, 9, 10, 13]
    assert [(share.name, share.samples) for share in plan.shares] == [("a", 5), ("b", 2)]


def test_drops_of_a_split_whose_rows_are_all_fine_are_counted_per_dataset(index):
    ones = np.ones(10, int)
    columns = {"length": ones, "image_tokens": ones, "supervised": ones, "reason": ones * 0}
    columns["length"][[1, 3, 4]], columns["reason"][[1, 3, 4]] = 0, [1, 2, 1]
    write_measure(index, "drops", columns, ["", "too_long", "no_answer"])
    plan = Plan(index, measure="drops")
    assert rows(plan) == [0, 2, 5, 6, 7, 8, 9]
    assert plan.left_out == {"even": {"too_long": 1}, "odd": {"too_long": 1, "no_answer": 1}}


def test_kept_rows_and_filters_are_part_of_the_fingerprint(index, tmp_path):
    plans = [Plan(index), Plan(index, filters=["turns<100"]), Plan(index, blend=one(cap="#10"))]
    for number, kept in enumerate(([1, 2], [1, 3])):
        np.save(tmp_path / f"{number}.npy", kept)
        plans.append(Plan(index, blend=one(keep=str(tmp_path / f"{number}.npy"))))
    assert len({plan.fingerprint for plan in plans}) == 5
