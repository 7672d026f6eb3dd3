"""Whole micro-batches: copies and views, where they lie, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import webdataset

from tests.shards.make import sample, write
from tests.strategies import film, sound
from vlit_hub.schema import Blob, Media, Sample
from vlit_hub.shards import (
    Fetch,
    Plan,
    Provenance,
    ShardError,
    ShardWriter,
    Skipped,
    StepSampler,
    Store,
    TooManyFailures,
    from_members,
    webdataset_pipeline,
)
from vlit_hub.shards.pages import MAX_PAGES, ROWS

TAR = "demo-default-train-000000.tar"
INDEX = "index/demo-default-train"


def fetch(*rows: int) -> Fetch:
    return Fetch([(row,) for row in rows], [], 0, True, (0, 0, len(rows)))


def change(table, row, **values):
    """Overwrite fields of one row of an index table."""
    rows = np.load(table)
    for name, value in values.items():
        rows[name][row] = value
    np.save(table, rows)


def test_a_shuffled_epoch_over_many_pages_and_shards(tmp_path):
    batch = [sample(i, i % 3) for i in range(3 * ROWS + 5)]
    store = Store(write(tmp_path, batch, per_shard=50))
    seen = []
    for step in StepSampler(Plan(store.index), global_batch=4, micro_batch=2, world=2, epochs=1):
        items, answered = store.__getitems__(step)
        assert [each for (each,) in items] == [batch[row] for (row,) in step.items]
        assert [place.key for place in answered.where] == [f"demo-default-train-{row:09d}" for (row,) in step.items]
        seen += [row for (row,) in step.items]
    assert len(seen) == len(set(seen)) == len(batch) // 4 * 2


def test_pages_are_bounded(tmp_path):
    store = Store(write(tmp_path, [sample(i) for i in range(ROWS + 1)]))
    pages = store._readers[0]._rows
    pages._pages.update({-i: b"" for i in range(1, MAX_PAGES + 1)})
    assert store[ROWS] == sample(ROWS) and len(pages._pages) <= MAX_PAGES
    assert store[0] == sample(0) and len(pages._pages) <= MAX_PAGES


def test_views_equal_copies_and_do_not_pickle(tmp_path):
    folder = write(tmp_path, [sample(i, 2) for i in range(5)])
    copied, viewed = Store(folder), pickle.loads(pickle.dumps(Store(folder, views=True)))
    for row in range(5):
        assert viewed[row] == copied[row] == sample(row, 2)
        assert {type(blob.bytes) for blob in viewed[row].images} == {memoryview}
        assert {type(blob.bytes) for blob in copied[row].images} == {bytes}
    with pytest.raises(TypeError, match="memoryview"):
        pickle.dumps(viewed[0])


def test_a_view_outlives_its_store(tmp_path):
    store = Store(write(tmp_path, [sample(0, 1)]), views=True)
    read = store[0]
    del store
    assert read == sample(0, 1)


def test_the_fetch_comes_back_with_the_provenance_of_every_sample(tmp_path):
    write(tmp_path, [sample(i, 1) for i in range(4)], per_shard=2)
    store = Store(write(tmp_path, [sample(9)], split="val"))
    asked = Fetch([(3, 0), (4,)], [], 0, True, (0, 0, 2))
    items, answered = store.__getitems__(asked)
    assert [[each.id for each in item] for item in items] == [["3", "0"], ["9"]]
    expected = [store.provenance(row) for row in (3, 0, 4)]
    assert list(answered.where) == pickle.loads(pickle.dumps(answered)).where == expected == answered.where[:]
    offset = store.index.row(3).offset
    assert expected[0] == Provenance("demo", "demo-default-train-000001.tar", offset, "demo-default-train-000000003")
    assert expected[2].shard == "demo-default-val-000000.tar"
    assert pickle.loads(pickle.dumps(answered)).where[0] == expected[0]


@pytest.mark.parametrize(
    ("table", "row", "values", "why"),
    [
        ("media.npy", 5, {"length": 0}, "image 1 is empty"),
        ("media.npy", 5, {"offset": 10**9}, "image 1 ends at byte .* beyond the end of its shard"),
        ("media.npy", 5, {"length": 10**9}, "image 1 ends at byte .* beyond the end of its shard"),
        ("media.npy", 5, {"present": 0}, "index and sample disagree about image 1"),
        ("media.npy", 5, {"shard": 7}, "there is no shard 7: the index belongs to another build"),
        ("rows.npy", 2, {"media": 1}, "the index knows 1 media, the sample 2"),
        ("rows.npy", 2, {"media": 0}, "the index knows 0 media, the sample 2"),
        ("rows.npy", 2, {"shard": 9}, "there is no shard 9: the index belongs to another build"),
        ("rows.npy", 2, {"offset": 10**12}, "found member b'' there: the index belongs to another build"),
        ("rows.npy", 2, {"offset": 100}, "the index belongs to another build"),
        ("rows.npy", 2, {"length": 10**8}, r"byte \d+ lies beyond the end of its shard"),
        ("rows.npy", 2, {"length": 2 * 10**9}, "its JSON has 2000000000 bytes, more than max_bytes"),
        ("rows.npy", 2, {"number": 1}, "found member .*000000002.json"),
    ],
)
def test_an_index_that_does_not_fit_is_named(tmp_path, table, row, values, why):
    folder = write(tmp_path, [sample(i, 2) for i in range(6)])
    change(folder / INDEX / table, row, **values)
    with pytest.raises(ShardError, match=rf"^demo, (demo-default-train-000000.tar|shard 9) at byte \d+, .*: .*{why}"):
        Store(folder)[2]
    items, _ = Store(folder, on_error="skip").__getitems__(fetch(1, 2, 3))
    assert (items[0], items[2]) == ([sample(1, 2)], [sample(3, 2)])
    assert isinstance(items[1][0], Skipped) and "demo, " in items[1][0].reason


def test_a_sample_larger_than_the_limit(tmp_path):
    folder = write(tmp_path, [sample(0, 2), sample(1)])
    size = sum(len(blob.bytes) for blob in sample(0, 2).images) + Store(folder).index.row(0).length
    assert Store(folder, max_bytes=size)[0] == sample(0, 2)
    with pytest.raises(ShardError, match=rf"image 1 makes a sample of more than max_bytes {size - 1} \({size} bytes\)"):
        Store(folder, max_bytes=size - 1)[0]
    with pytest.raises(ShardError, match="its JSON has .* bytes, more than max_bytes 100"):
        Store(folder, max_bytes=100)[1]


def test_a_member_of_unknown_extension(tmp_path):
    folder = write(tmp_path, [sample(0, 1), sample(1)])
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"png"', '"pkl"').replace("0.png", "0.pkl"))
    with pytest.raises(
        ShardError, match=r"000000000: image 0 is a .pkl, which no decoder here reads; known: aac, .*png"
    ):
        Store(folder)[0]
    assert Store(folder)[1] == sample(1)


def test_a_link_in_the_place_of_a_sample(tmp_path):
    folder = write(tmp_path, [sample(0), sample(1)])
    with open(folder / TAR, "r+b") as file:
        file.seek(156)
        file.write(b"2")
    with pytest.raises(ShardError, match="000000000: found member"):
        Store(folder)[0]
    assert Store(folder)[1] == sample(1)


def test_many_failures_in_a_row_stop_the_run(tmp_path):
    folder = write(tmp_path, [sample(i) for i in range(12)])
    with ShardWriter(folder, "other", "default", "train") as writer:
        for i in range(3):
            writer.write(sample(i))
    store = Store(folder, on_error="skip", patience=3)
    rows = {each: store.index.row(each) for each in range(12)}
    for bad in (0, 1, 3, 4, 6, 7, 8):
        with open(folder / TAR, "r+b") as file:
            file.seek(rows[bad].offset)
            file.write(b"!")
    store.__getitems__(fetch(0, 1, 2, 3, 4, 5))
    assert store.patience.skipped == {"demo": 4}
    with pytest.raises(TooManyFailures, match="demo: 3 samples in a row are unusable, the last is demo, .*000000008"):
        store.__getitems__(fetch(6, 12, 7, 13, 8))  # those of the other dataset do not count
    assert store.patience.skipped == {"demo": 7}
    assert [each for (each,) in store.__getitems__(fetch(9, 14))[0]] == [sample(9), sample(2)]


def test_media_of_every_type_and_missing_ones(tmp_path):
    made = Sample(
        images=[None, sample(3, 1).images[0]],
        videos=[Blob(bytes=film(1)), None],
        audios=[Blob(bytes=sound(1))],
        media=[
            Media("video", 1), Media("image", 1), Media("audio", 0), Media("image", 0), Media("video", 0, ref="v.avi"),
        ],
        dataset="demo",
    )  # fmt: skip
    for views in (False, True):
        assert Store(write(tmp_path, [made]), views=views)[0] == made


def records(folder):
    return {each["__key__"][-1]: each for each in webdataset.WebDataset(str(folder / TAR), shardshuffle=False)}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda record: record.pop("json"), "no member 'json'"),
        (lambda record: record.update(json=b"{"), "truncated"),
        (lambda record: record.update(json=b'{"task": 3}'), "task: Expected `str`"),
        (lambda record: record.pop("0.png"), r"no member 0\.\* for image 0"),
        (lambda record: record.update({"0.png": b""}), "member 0.png for image 0 is empty"),
        (lambda record: record.update({"0.pkl": record.pop("0.png")}), "member 0.pkl for image 0 is of a kind"),
    ],
)
def test_members_that_make_no_sample(tmp_path, change, why):
    record = records(write(tmp_path, [sample(i, 1) for i in range(3)]))["2"]
    assert from_members(record) == sample(2, 1)
    change(record)
    with pytest.raises(ShardError, match=f"^.*{TAR}, demo-default-train-000000002: .*{why}"):
        from_members(record)


def test_a_truncated_tar_is_an_error_in_the_pipeline_too(tmp_path):
    folder = write(tmp_path, [sample(i, 1) for i in range(30)])
    data = (folder / TAR).read_bytes()
    (folder / TAR).write_bytes(data[: len(data) // 2 + 700])
    with pytest.raises(Exception, match="unexpected end of data|read length"):
        list(webdataset_pipeline(str(folder / TAR)))
