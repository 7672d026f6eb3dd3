"""``vlit index``: others' WebDataset folders, good and hostile."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
from pathlib import Path

import pytest
import webdataset

from tests.shards.make import sample, write
from tests.strategies import film, picture, sound
from vlit_hub.schema import Blob, Message, Part
from vlit_hub.shards import Index, Plan, ShardError, StepSampler, Store
from vlit_hub.shards.foreign_index import index_foreign


def tar(path: Path, *members: tuple[str, bytes] | tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> Path:
    """A tar of members by name; a TarInfo goes in as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=form) as out:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                out.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                out.addfile(info, io.BytesIO(member[1]))
    return path


def pair(key: str, number: int, text: str = "") -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return (f"{key}.jpg", picture(number, "JPEG")), (f"{key}.txt", (text or f"picture {number}\n").encode())


def odd(**fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo("x.txt")
    for name, value in fields.items():
        setattr(info, name, value)
    return info


def test_captions_of_all_kinds(tmp_path):
    tar(
        tmp_path / "a" / "shard one.v1.tar",
        *pair("000", 1, " A bus. "),
        ("dir/x y ü.png", picture(2)),
        ("dir/x y ü.seg.PNG", picture(3)),
        ("dir/x y ü.json", json.dumps({"caption": "Two", "url": "http://x", "n": 1}).encode()),
        ("dir/x y ü.cls", b"7\n"),
        ("dir/x y ü.pyd", pickle.dumps({"a": 1})),
    )
    tar(
        tmp_path / "b.tar",
        ("v.mp4", film(1)),
        ("v.txt", b"A film."),
        ("s.wav", sound(1)),
        ("s.json", b'{"text": "Hm"}'),
    )
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.tar")}
    report = index_foreign(tmp_path, name="cc")
    assert (report.shards, report.records, report.samples) == (2, 4, 4)
    assert (report.skipped, report.unknown_members) == ({}, {"pyd": 1})
    assert {path: path.read_bytes() for path in before} == before
    store = Store(tmp_path, verify=True)
    found = [store[row] for row in range(4)]
    assert [each.id for each in found] == ["000", "dir/x y ü", "v", "s"]
    assert found[0].images == [Blob(bytes=picture(1, "JPEG"))]
    assert found[1].images == [Blob(bytes=picture(2)), Blob(bytes=picture(3))]
    assert (found[2].videos, found[3].audios) == ([Blob(bytes=film(1))], [Blob(bytes=sound(1))])
    assert [each.messages[1] for each in found] == [
        Message("assistant", [Part(text=text)]) for text in ("A bus.", "Two", "A film.", "Hm")
    ]
    assert json.loads(found[1].meta) == {"cls": "7", "n": 1, "url": "http://x"}
    assert [(each.task, each.dataset, each.split) for each in found] == [
        (task, "cc", "train") for task in ("caption", "caption", "video_caption", "audio_caption")
    ]
    assert [(medium.width, medium.height, medium.ref) for medium in found[1].media] == [
        (3, 2, "dir/x y ü.png"), (3, 2, "dir/x y ü.seg.png")
    ]  # fmt: skip
    assert "a/shard one.v1.tar" in [shard.file for shard in store.index.splits[0].shards]


def test_order_and_resume_over_anothers_shards_written_by_webdataset(tmp_path):
    with webdataset.ShardWriter(f"{tmp_path}/set-%05d.tar", maxcount=7, verbose=0) as out:
        for i in range(40):
            out.write({"__key__": f"k{i:03d}", "jpg": picture(i, "JPEG"), "json": {"caption": f"picture {i}"}})
    index_foreign(tmp_path)
    store, plan = Store(tmp_path), Plan(Index(tmp_path), seed=3)

    def ids(**given):
        sampler = StepSampler(plan, global_batch=4, micro_batch=2, world=2, epochs=1, **given)
        return [
            (fetch.cursor, [each.id for item in store.__getitems__(fetch)[0] for each in item]) for fetch in sampler
        ]

    whole = [ids(rank=rank) for rank in (0, 1)]
    assert sorted(key for rank in whole for _, keys in rank for key in keys) == [f"k{i:03d}" for i in range(40)]
    cursor = whole[0][4][0]
    assert [ids(rank=rank, cursor=cursor, step=5) for rank in (0, 1)] == [rank[5:] for rank in whole]
    for row in range(40):
        number = int(store[row].id[1:])
        assert store[row].images == [Blob(bytes=picture(number, "JPEG"))]


def test_our_own_samples_come_back_when_their_index_is_lost(tmp_path):
    batch = [sample(i, i % 3) for i in range(9)]
    write(tmp_path, batch, per_shard=4)
    (tmp_path / "manifest.json").unlink()
    report = index_foreign(tmp_path, name="demo")
    assert (report.shards, report.samples, report.skipped) == (3, 9, {})
    assert [Store(tmp_path)[row] for row in range(9)] == batch
    assert len(list(tmp_path.glob("*.tar"))) == 3
    index_foreign(tmp_path, name="demo")  # again: replaced, the tars stay
    assert [Store(tmp_path)[row] for row in range(9)] == batch


def test_native_records_go_through_a_datasets_converter(tmp_path):
    turns = [{"from": "human", "value": "<image>\nHi"}, {"from": "gpt", "value": "Yo"}]
    record = {"id": "1", "image": "a.jpg", "conversations": turns}
    bad = {"id": "2", "image": "a.jpg", "conversations": [{"from": "robot", "value": "Hi"}]}
    tar(
        tmp_path / "x.tar",
        ("1.json", json.dumps(record).encode()), ("1.jpg", picture(5, "JPEG")),
        ("2.json", json.dumps(bad).encode()), ("2.jpg", picture(6, "JPEG")),
    )  # fmt: skip
    report = index_foreign(tmp_path, native="llava-instruct-150k")
    assert report.samples == 1 and sum(report.skipped.values()) == 1
    (found,) = [Store(tmp_path)[0]]
    assert found.images == [Blob(bytes=picture(5, "JPEG"))] and (found.media[0].width, found.media[0].height) == (3, 2)
    assert found.messages == [
        Message("user", [Part("image", index=0), Part(text="Hi")]), Message("assistant", [Part(text="Yo")])
    ]  # fmt: skip
    assert found.dataset == "llava-instruct-150k"


LONG = "deep/" * 30 + "name"
HOSTILE = {
    "a link": [odd(name="l.txt", type=tarfile.SYMTYPE, linkname="/etc/passwd")],
    "a name that leaves the folder": [("../up.txt", b"x")],
    "a name without key or extension": [("README", b"x")],
    "a device": [odd(name="f.txt", type=tarfile.FIFOTYPE)],
    "a member twice in one sample": [("1.txt", b"x")],
    "a key twice in one tar": [*pair("2", 2), *pair("1", 1)],
    "neither a text nor a json with a caption": [("9.jpg", picture(9, "JPEG"))],
    "its json is none": [("9.json", b"{")],
    "its txt is no Unicode text": [("9.txt", b"\xff")],
    "a picture that cannot be read: not a readable picture (UnidentifiedImageError)": [
        ("9.jpg", b"x"),
        ("9.txt", b"x"),
    ],
}


@pytest.mark.parametrize("reason", HOSTILE)
def test_what_is_left_out_is_counted_and_strict_stops(tmp_path, reason):
    tar(tmp_path / "x.tar", *pair("1", 1), *HOSTILE[reason], *pair("z", 3))
    report = index_foreign(tmp_path)
    assert report.skipped == {reason: 1}
    found = [each.id for each in Store(tmp_path, verify=True)]
    assert found[0] == "1" and found[-1] == "z" and len(found) == 2 + (reason == "a key twice in one tar")
    with pytest.raises(ShardError, match="x.tar: "):
        index_foreign(tmp_path, strict=True)


def test_an_absolute_name_is_left_out(tmp_path):
    tar(tmp_path / "x.tar", ("/abs.txt", b"x"), *pair("1", 1))
    assert index_foreign(tmp_path).skipped == {"a name that leaves the folder": 1}


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names(tmp_path, form):
    tar(tmp_path / "x.tar", *pair(LONG, 1), *pair("ключ", 2), form=form)
    assert index_foreign(tmp_path).samples == 2
    store = Store(tmp_path)
    assert [(each.id, each.images) for each in store] == [
        (LONG, [Blob(bytes=picture(1, "JPEG"))]), ("ключ", [Blob(bytes=picture(2, "JPEG"))])
    ]  # fmt: skip


def test_a_sparse_member_is_left_out(tmp_path):
    info = odd(name="1.txt", pax_headers={"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1",
                                          "GNU.sparse.size": "9"})  # fmt: skip
    tar(tmp_path / "x.tar", info, *pair("2", 2))
    assert index_foreign(tmp_path).skipped == {"a sparse file": 1}


@pytest.mark.parametrize("cut", [700, 512, 100])
def test_a_truncated_tar_is_an_error(tmp_path, cut):
    path = tar(tmp_path / "x.tar", *pair("1", 1), *pair("2", 2))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ShardError, match="x.tar: (truncated or no tar|no header)"):
        index_foreign(tmp_path)
    assert not list(tmp_path.rglob("texts-*"))


def test_a_tar_that_breaks_in_the_middle_is_an_error(tmp_path):
    path = tar(tmp_path / "x.tar", *pair("1", 1), *pair("2", 2))
    data = bytearray(path.read_bytes())
    with tarfile.open(path) as opened:
        at = opened.getmembers()[2].offset
    data[at : at + 512] = b"?" * 512
    path.write_bytes(data)
    with pytest.raises(ShardError, match=f"x.tar: no header of a member at byte {at}"):
        index_foreign(tmp_path)


def test_compressed_or_absent_tars_are_named(tmp_path):
    with pytest.raises(ShardError, match="no tar that is not indexed already"):
        index_foreign(tmp_path)
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz"):
        pass
    with pytest.raises(ShardError, match="x.tar.gz is compressed, unpack it first"):
        index_foreign(tmp_path)
    (tmp_path / "x.tar.gz").rename(tmp_path / "x.tar")
    with pytest.raises(ShardError, match="x.tar: is compressed"):
        index_foreign(tmp_path)


def test_pickles_are_counted_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return open, (str(tmp_path / "exploded"), "w")

    tar(tmp_path / "x.tar", *pair("1", 1), ("1.pkl", pickle.dumps(Bomb())), ("1.pth", b"x"), ("1.npy", b"x"))
    assert index_foreign(tmp_path).unknown_members == {"pkl": 1, "pth": 1, "npy": 1}
    assert not (tmp_path / "exploded").exists()
    with pytest.raises(ShardError, match="no record gave a Sample: 1 x neither a text"):
        tar(tmp_path / "only" / "x.tar", ("1.pkl", pickle.dumps(Bomb())))
        index_foreign(tmp_path / "only")


def test_a_changed_tar_is_found_by_verify(tmp_path):
    path = tar(tmp_path / "x.tar", *pair("1", 1))
    index_foreign(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:600] + b"!" + data[601:])
    with pytest.raises(ShardError, match="x.tar: sha256"):
        Store(tmp_path, verify=True)


def test_anothers_shards_survive_a_writer_of_the_same_names(tmp_path):
    write(tmp_path, [sample(i, 1) for i in range(3)])
    (tmp_path / "manifest.json").unlink()
    index_foreign(tmp_path, name="demo")
    with pytest.raises(ShardError, match="demo-default-train is the name of indexed shards there already"):
        write(tmp_path, [sample(0)])
    assert (tmp_path / "demo-default-train-000000.tar").exists() and len(Store(tmp_path)) == 3
