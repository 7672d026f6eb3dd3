"""Samples -> tar -> Samples, by our store, by webdataset and by datasets."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import webdataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.shards.make import sample, write
from tests.strategies import cloud, film, picture, samples, sound
from vlit_hub.schema import Blob, Media, Sample
from vlit_hub.shards import Index, MediumError, ShardError, Shards, ShardWriter, Store, webdataset_pipeline

REPOSITORY = Path(__file__).parents[2]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batch=st.lists(samples(), max_size=5), per_shard=st.integers(1, 3))
def test_any_canonical_samples_come_back_equal(tmp_path_factory, batch, per_shard):
    folder = write(tmp_path_factory.mktemp("shards"), batch, per_shard=per_shard)
    store = Store(folder, verify=True)
    assert [store[row] for row in range(len(store))] == batch
    assert len(store.index.splits[0].shards) == -(-len(batch) // per_shard)
    if batch:
        assert list(webdataset_pipeline(_urls(folder))) == batch


def test_equal_input_gives_equal_bytes(tmp_path):
    batch = [sample(i, i % 4) for i in range(23)]
    first, second = (write(tmp_path / name, batch, per_shard=5) for name in "ab")
    write(second, batch[:3], per_shard=1)  # what another build left there
    write(second, batch, per_shard=5)
    assert _files(first) == _files(second)
    assert sorted(path for path in _files(first) if path.endswith(".tar")) == [
        f"demo-default-train-{i:06d}.tar" for i in range(5)
    ]


def test_members_and_index_rows(tmp_path):
    batch = [
        sample(0, 2),
        Sample(
            images=[None],
            videos=[Blob(bytes=film(1))],
            audios=[Blob(bytes=b"?unknown?")],
            media=[
                Media("audio", 0, ref="http://x.org/a.MP3?b"),
                Media("image", 0, ref="gone.png"),
                Media("video", 0, ref="v.avi"),
            ],
            dataset="other",
        ),
    ]
    folder = write(tmp_path, batch)
    with tarfile.open(folder / "demo-default-train-000000.tar") as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == [
        "demo-default-train-000000000.json",
        "demo-default-train-000000000.0.png",
        "demo-default-train-000000000.1.jpg",
        "demo-default-train-000000001.json",
        "demo-default-train-000000001.0.mp3",
        "demo-default-train-000000001.2.mp4",
    ]
    assert {(member.mtime, member.uid, member.gid, member.mode, member.type) for member in members} == {
        (0, 0, 0, 0o644, tarfile.REGTYPE)
    }
    index = Index(folder)
    rows = [index.row(0), index.row(1)]
    assert [(row.number, row.media, row.missing, row.turns, row.chars) for row in rows] == [
        (0, 2, 0, 2, len("question 0answer 0")),
        (1, 3, 1, 0, 0),
    ]
    assert [(media.present, media.length, media.width, media.height) for media in index.media(1)] == [
        (1, 9, 0, 0),
        (0, 0, 0, 0),
        (1, len(film(1)), 0, 0),
    ]
    assert index.codes("dataset")[1] == ["demo", "other"]
    assert rows[0].offset == members[0].offset_data
    assert [media.offset for media in index.media(0)] == [member.offset_data for member in members[1:3]]


def test_manifest(tmp_path):
    with ShardWriter(tmp_path, "demo", "v1.5", "train", max_samples=2) as writer:
        for i in range(3):
            writer.write(sample(i, i))
        writer.facts["info"] = {"version": 1}
    entry = json.loads((tmp_path / "manifest.json").read_text())["splits"][0]
    assert (entry["dataset"], entry["subset"], entry["split"]) == ("demo", "v1.5", "train")
    assert [(shard["file"], shard["samples"]) for shard in entry["shards"]] == [
        ("demo-v1_5-train-000000.tar", 2),
        ("demo-v1_5-train-000001.tar", 1),
    ]
    assert [shard["bytes"] for shard in entry["shards"]] == [
        (tmp_path / shard["file"]).stat().st_size for shard in entry["shards"]
    ]
    assert entry["members"] == ["0.jpg", "0.png", "1.jpg", "json"]
    assert entry["facts"] == {"info": {"version": 1}}
    assert entry["counts"] == {
        "image": 3, "video": 0, "audio": 0, "point_cloud": 0,
        "missing_media": 0, "unresolved_regions": 0, "trainable": 3,
    }  # fmt: skip


def test_a_shard_stays_below_max_bytes_unless_one_sample_is_larger(tmp_path):
    large = Sample(images=[Blob(bytes=b"x" * 9000)], media=[Media("image", 0)])
    with ShardWriter(tmp_path, "demo", "default", "train", max_bytes=7000) as writer:
        for each in [sample(0), sample(1), large, sample(2), sample(3), sample(4), sample(5)]:
            writer.write(each)
    assert [shard.samples for shard in writer.shards] == [2, 1, 3, 1]
    assert [shard.bytes > 7000 for shard in writer.shards] == [False, True, False, False]


def test_splits_share_a_folder(tmp_path):
    write(tmp_path, [sample(i) for i in range(3)])
    write(tmp_path, [sample(i, 1) for i in range(10, 12)], split="val")
    assert [each.id for each in map(Store(tmp_path).__getitem__, range(5))] == ["0", "1", "2", "10", "11"]
    val = Store(tmp_path, split="val", subset="default")
    assert (len(val), val[1].id, val.provenance(1).key) == (2, "11", "demo-default-val-000000001")
    with pytest.raises(ShardError, match="no shards of subset None, split 'test'; it holds default/train, default/val"):
        Store(tmp_path, split="test")
    with pytest.raises(IndexError, match="row 2 of 2"):
        val[2]


def test_names_that_would_overwrite_each_other_are_refused(tmp_path):
    with ShardWriter(tmp_path, "demo", "v1.5", "train") as writer:
        writer.write(sample(0))
    with pytest.raises(ShardError, match="use another folder"):
        ShardWriter(tmp_path, "demo", "v1_5", "train").__enter__()
    assert Store(tmp_path)[0] == sample(0)


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (Blob(path="/nowhere/p.jpg"), "sample '7', image 0 (7_0.jpg): No such file or directory"),
        (Blob(), "sample '7', image 0 (7_0.jpg) is empty; a missing medium is None"),
        (Blob(bytes=b""), "sample '7', image 0 (7_0.jpg) is empty; a missing medium is None"),
    ],
)
def test_an_unreadable_medium_is_named_and_the_next_sample_follows(tmp_path, blob, reason):
    with ShardWriter(tmp_path, "demo", "default", "train") as writer:
        with pytest.raises(MediumError) as caught:
            writer.write(replace(sample(7, 1), images=[blob]))
        assert str(caught.value) == reason
        writer.write(sample(8, 1))
    assert [Store(tmp_path)[0], len(Store(tmp_path))] == [sample(8, 1), 1]


def test_media_are_read_from_their_paths(tmp_path):
    (tmp_path / "p.png").write_bytes(picture(3))
    folder = write(tmp_path / "out", [replace(sample(7, 1), images=[Blob(path=str(tmp_path / "p.png"))])])
    assert Store(folder)[0].images == [Blob(bytes=picture(3))]
    assert str(tmp_path).encode() not in (folder / "demo-default-train-000000.tar").read_bytes()


def test_an_interrupted_writer_leaves_no_manifest_and_no_partial_shard(tmp_path, monkeypatch):
    monkeypatch.setattr("vlit_hub.shards.writer.SAMPLES", 1)
    with pytest.raises(KeyboardInterrupt), ShardWriter(tmp_path, "demo", "default", "train", max_samples=2) as writer:
        for i in range(5):
            writer.write(sample(i))
        raise KeyboardInterrupt
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "demo-default-train-000000.tar",
        "demo-default-train-000001.tar",
        "manifest.json",
    ]
    with pytest.raises(ShardError, match="it holds nothing"):
        Store(tmp_path)


def test_a_store_pickles(tmp_path):
    store = Store(write(tmp_path, [sample(i, 1) for i in range(3)]))
    assert store[0] == sample(0, 1)
    assert pickle.loads(pickle.dumps(store))[2] == sample(2, 1)


def test_webdataset_reads_the_shards_as_they_are(tmp_path):
    counts = [0, 12, 1, 3, 0, 7, 2]
    write(tmp_path, [sample(i, count) for i, count in enumerate(counts)], per_shard=3)
    records = list(webdataset.WebDataset(_urls(tmp_path), shardshuffle=False).decode("pil"))
    assert [sum(name[0].isdigit() for name in record) for record in records] == counts
    assert [record["json"]["id"] for record in records] == [str(i) for i in range(len(counts))]
    assert {image.size for record in records for name, image in record.items() if name[0].isdigit()} == {(3, 2)}


LOAD = """
import json, sys
import datasets
manifest = json.load(open(sys.argv[1] + "/manifest.json"))
features = datasets.Features.from_dict(manifest["features"])
assert features.to_dict() == manifest["features"]
files = {split: f"{sys.argv[1]}/demo-default-{split}-*.tar" for split in ("train", "val")}
for streaming in (False, True):
    loaded = datasets.load_dataset("webdataset", data_files=files, features=features, streaming=streaming)
    for split, dataset in loaded.items():
        for row in dataset:
            media = {name: value for name, value in row.items() if name[0].isdigit() and value is not None}
            sizes = {name: getattr(value, "size", None) or len(value) for name, value in media.items()}
            print(json.dumps([split, row["__key__"], row["json"]["id"], len(row["json"]["images"]), sizes]))
"""


def test_datasets_loads_the_shards_with_the_published_features(tmp_path):
    counts = [1, 2, 1, 0, 1, 0, 12, 7, 3]
    write(tmp_path, [sample(i, count) for i, count in enumerate(counts)], per_shard=4)
    other = replace(
        sample(9, 1),
        audios=[Blob(bytes=sound(1))],
        videos=[Blob(bytes=film(1))],
        point_clouds=[Blob(bytes=cloud(1))],
        media=[*sample(9, 1).media, Media("audio", 0), Media("video", 0), Media("point_cloud", 0)],
    )
    write(tmp_path, [other, sample(10)], split="val")
    environment = os.environ | {
        "HF_HOME": str(tmp_path / "home"),
        "HF_DATASETS_CACHE": str(tmp_path / "cache"),
        "HF_HUB_OFFLINE": "1",
    }
    command = [sys.executable, "-c", LOAD, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    expected = [
        ["train", f"demo-default-train-{i:09d}", str(i), count, {_member(i, p): [3, 2] for p in range(count)}]
        for i, count in enumerate(counts)
    ]
    others = {"1.wav": len(sound(1)), "2.mp4": len(film(1)), "3.npy": 3}
    expected += [
        ["val", "demo-default-val-000000000", "9", 1, {_member(9, 0): [3, 2], **others}],
        ["val", "demo-default-val-000000001", "10", 0, {}],
    ]
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected * 2


def _member(number: int, position: int) -> str:
    return f"{position}.{'jpg' if (number + position) % 2 else 'png'}"


def _urls(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.glob("*.tar"))


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_several_folders_are_numbered_through(tmp_path):
    for name, ids in (("a", (0, 1)), ("b", (2, 3, 4))):
        write(tmp_path / name, [sample(i, i % 2) for i in ids])
        write(tmp_path / name, [sample(10 + i) for i in ids], split="val")
    folders = [tmp_path / "a", tmp_path / "b"]
    store = pickle.loads(pickle.dumps(Store(folders, split="train")))
    assert [store[row].id for row in range(len(store))] == ["0", "1", "2", "3", "4"]
    assert store[3].images == sample(3, 1).images
    mixed = Store([Shards(tmp_path / "b", split="val"), tmp_path / "a"])
    assert (mixed.index.part_starts, mixed.index.starts) == ((0, 3, 7), (0, 3, 5, 7))
    assert [mixed[row].id for row in (0, 3, 5)] == ["12", "0", "10"]
    assert Index(folders[:1]).fingerprint == Index(tmp_path / "a").fingerprint != Index(folders).fingerprint
    with pytest.raises(ValueError, match=r"needs one folder of shards, not 2: .*a, .*b"):
        _ = store.index.path
    with pytest.raises(ShardError, match="b: no shards of subset None, split 'dev'; it holds default/train"):
        Index([tmp_path / "a", Shards(tmp_path / "b", split="dev")])
