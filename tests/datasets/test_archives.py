"""Media roots that are archives or hold them: found as if unpacked, hostile ones refused, nothing unpacked."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests import rows
from tests.datasets.test_load import run
from tests.rows import llava_instruct_150k, svit
from vlit_hub import archive_members, archives, registry
from vlit_hub.archives import Archives
from vlit_hub.media_errors import UnreadableMedia, UnsafePath
from vlit_hub.media_finder import MediaFinder
from vlit_hub.release import Release
from vlit_hub.schema import Blob
from vlit_hub.shards.build import build
from vlit_hub.spec import MediaRule

RULES = (MediaRule("coco", ("{ref}", "train2017/{ref}", "images/{name}")), MediaRule("coco", type="video"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def pack(path: Path, files: dict[str, bytes], **how: object) -> Path:
    """A zip or tar, by its name, of these members."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", **how) as file:
            for name, data in files.items():
                file.writestr(name, data)
        return path
    with tarfile.open(path, {".gz": "w:gz"}.get(path.suffix, "w"), **how) as file:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


def found(root: Path, ref: str, kind: str = "image") -> bytes | str | None:
    blob = MediaFinder(root.parent, RULES, {"coco": str(root)}).find(kind, ref)
    return blob and (blob.path if blob.bytes is None else blob.bytes)


FORMS = [("a.zip", {}), ("a.zip", {"compression": zipfile.ZIP_DEFLATED}), ("a.tar", {"format": tarfile.GNU_FORMAT}),
         ("a.tar", {"format": tarfile.PAX_FORMAT}), ("a.tar", {"format": tarfile.USTAR_FORMAT})]  # fmt: skip


@pytest.mark.parametrize(("name", "how"), FORMS)
def test_members_equal_what_the_standard_library_unpacks(tmp_path: Path, name: str, how: dict) -> None:
    long = "d/" * 40 + "x" * 90 + ".jpg"
    files = {"train2017/1.jpg": b"one" * 999, "2.jpg": b"", "./3.jpg": b"three", long: b"long", "d/e/ключ.jpg": b"k"}
    root = pack(tmp_path / "in" / name, files, **how)
    for ref, data in files.items():
        assert found(root, ref) == data
    assert found(root, "1.jpg") == files["train2017/1.jpg"]
    assert found(root, "d") is None and found(root, "4.jpg") is None
    assert [path.name for path in (tmp_path / "in").iterdir()] == [name]


def test_an_archive_stands_for_the_folder_it_would_become(tmp_path: Path) -> None:
    root = tmp_path / "root"
    pack(root / "train2017.zip", {"1.jpg": b"flat"})
    pack(root / "rest.tar", {"train2017/2.jpg": b"in place", "1.jpg": b"top"})
    pack(root / "gqa" / "images.zip", {"3.jpg": b"deep"})
    pack(root / "gqa" / "more.zip", {"images/4.jpg": b"deeper"})
    rows.write(root, {"train2017/5.jpg": "2x2"})
    assert found(root, "2.jpg") == b"in place"
    assert found(root, "1.jpg") == b"top"  # {ref} comes before train2017/{ref}
    assert found(root, "train2017/1.jpg") == b"flat"
    assert [found(root, f"gqa/images/{i}.jpg") for i in (3, 4, 5)] == [b"deep", b"deeper", None]
    assert found(root, "5.jpg") == str(root / "train2017" / "5.jpg")
    assert found(root / "gqa" / "more.zip" / "images", "4.jpg") == b"deeper"
    with pytest.raises(UnsafePath):
        found(root, "../root/train2017/1.jpg")


def test_what_is_no_root_is_named(tmp_path: Path) -> None:
    pack(tmp_path / "a.zip", {"b/1.jpg": b"1"})
    pack(tmp_path / "a.tar.gz", {"1.jpg": b"1"})
    (tmp_path / "b.zip").write_bytes(b"PK")
    for root, reason in {
        "gone": "is no folder, no archive",
        "a.zip/c": "no member below 'c/'",
        "a.tar.gz": r"make a plain tar of it once \(gunzip -k a.tar.gz\), or unpack it",
        "b.zip": "not a zip file, or cut",
    }.items():
        with pytest.raises(ValueError, match=f"media root .*{reason}"):
            found(tmp_path / root, "1.jpg")


def test_an_archive_that_cannot_be_read_is_told_with_what_is_missing(tmp_path: Path) -> None:
    root = tmp_path / "root"
    pack(root / "good.zip", {"1.jpg": b"1"})
    pack(root / "part.tar.gz", {"2.jpg": b"2"})
    assert found(root, "1.jpg") == b"1"
    with pytest.raises(UnreadableMedia, match=r"not found, but .* part.tar.gz: .*gunzip -k"):
        found(root, "2.jpg")
    whole = pack(tmp_path / "cut" / "c.tar", {f"{i}.jpg": b"x" * 5000 for i in range(4)})
    whole.write_bytes(whole.read_bytes()[:14_000])
    assert found(whole.parent, "1.jpg") == b"x" * 5000
    for ref in ("2.jpg", "3.jpg"):
        with pytest.raises(UnreadableMedia, match="cut|holds other than"):
            found(whole.parent, ref)
    damaged = pack(tmp_path / "bad" / "c.tar", {f"{i}.jpg": b"x" * 500 for i in range(4)})
    damaged.write_bytes(b"".join((damaged.read_bytes()[:2048], b"#" * 512, damaged.read_bytes()[2560:])))
    assert found(damaged.parent, "1.jpg") == b"x" * 500
    with pytest.raises(UnreadableMedia, match="c.tar: .*header at byte 2048 is damaged"):
        found(damaged.parent, "2.jpg")


def hostile_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("../up.jpg", "/abs.jpg", "C:\\x.jpg", "a/../../up2.jpg", "..\\up3.jpg"):
            file.writestr(name, b"out")
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("twice.jpg", b"first")
        file.writestr("twice.jpg", b"second")
        file.writestr("inner.zip", b"PK\3\4")
        file.writestr("more.jpg", b"y" * 1000)
        file.writestr("less.jpg", b"z" * 1000)
        file.writestr("sum.jpg", b"sum")
        file.writestr("secret.jpg", b"secret")
        file.writestr(zipfile.ZipInfo("lzma.jpg"), b"packed otherwise", zipfile.ZIP_LZMA)
        file.writestr("bomb.mp4", bytes(1 << 20))
        file.writestr("fine.jpg", b"fine")
    data = bytearray(path.read_bytes())

    def entry(name: bytes) -> int:
        return data.rindex(b"PK\1\2", 0, data.rindex(name))

    struct.pack_into("<L", data, entry(b"more.jpg") + 24, 500)
    struct.pack_into("<L", data, entry(b"less.jpg") + 24, 2000)
    struct.pack_into("<L", data, entry(b"sum.jpg") + 16, 1)
    struct.pack_into("<H", data, entry(b"secret.jpg") + 8, 1)
    struct.pack_into("<L", data, entry(b"bomb.mp4") + 24, 0xFFFFFFF0)
    path.write_bytes(data)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_members_are_missing_with_a_reason(tmp_path: Path) -> None:
    root = hostile_zip(tmp_path / "bad.zip")
    assert (found(root, "fine.jpg"), found(root, "twice.jpg")) == (b"fine", b"second")
    for ref, reason in {
        "link.jpg": "a link or device, which is never followed",
        "more.jpg": "holds other than the 500 bytes it tells",
        "less.jpg": "holds other than the 2000 bytes it tells",
        "sum.jpg": "its checksum differs",
        "secret.jpg": "encrypted; unpack the archive with its password",
        "lzma.jpg": "packed by method 14, which is not read; unpack the archive",
        "inner.zip/a.jpg": "5 members whose paths leave it, '../up.jpg' the first",
        "up.jpg": "5 members whose paths leave it",
        "abs.jpg": "5 members whose paths leave it",
    }.items():
        with pytest.raises(UnreadableMedia, match=reason):
            found(root, ref)
    with pytest.raises(UnreadableMedia, match="tells .* -> 4294967280 bytes, taken for a decompression bomb"):
        found(root, "bomb.mp4", "video")
    for ref in ("../up.jpg", "/abs.jpg"):
        with pytest.raises(UnsafePath):
            MediaFinder(tmp_path, [MediaRule("coco", ("{ref}",))], str(root)).find("image", ref)
    assert sorted(os.listdir(tmp_path)) == ["bad.zip", "home"]


def test_a_stored_member_with_a_small_size_and_much_data_is_a_bomb(tmp_path: Path) -> None:
    data = bytearray(pack(tmp_path / "a.zip", {"a.jpg": b"x" * 5000}).read_bytes())
    struct.pack_into("<L", data, data.rindex(b"PK\1\2") + 24, 10)
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(UnreadableMedia, match="tells 5000 -> 10 bytes"):
        found(tmp_path / "a.zip", "a.jpg")


def test_tar_links_devices_and_huge_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as file:
        for name, kind in {"sym.jpg": tarfile.SYMTYPE, "hard.jpg": tarfile.LNKTYPE, "dev.jpg": tarfile.CHRTYPE}.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            file.addfile(info)
        file.addfile(tarfile.TarInfo("../up.jpg"))
        file.addfile(tarfile.TarInfo("n" * 5000 + ".jpg"))
        file.addfile(tarfile.TarInfo("last.jpg"))
    for ref in ("sym.jpg", "hard.jpg", "dev.jpg"):
        with pytest.raises(UnreadableMedia, match="never followed"):
            found(path, ref)
    assert found(path, "last.jpg") == b""
    monkeypatch.setattr(archive_members, "MAX_HEADER", 4000)
    os.utime(path, (1, 1))
    with pytest.raises(UnreadableMedia, match="a header of 5015 bytes"):
        found(path, "last.jpg")


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_archive_never_crashes(tmp_path: Path, seed: int) -> None:
    import random

    rng = random.Random(seed)
    name = ("a.zip", "a.tar")[seed % 2]
    files = {f"{i}.jpg": rng.randbytes(300) for i in range(20)}
    path = pack(tmp_path / "in" / name, files, **({"compression": 8} if name == "a.zip" else {}))
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 30, 300))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    path.write_bytes(data[: rng.choice((len(data), len(data) // 2))])
    finder = MediaFinder(tmp_path, RULES, str(path.parent))
    for ref in files:
        try:
            blob = finder.find("image", ref)
        except (UnreadableMedia, UnsafePath):
            continue
        if name == "a.zip":  # a tar has no checksums of its data
            assert blob in (None, Blob(bytes=files[ref]))


def test_zip64_and_a_program_before_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    root = pack(tmp_path / "large.zip", {"a/1.jpg": b"x" * 300, "a/2.jpg": b"y" * 300})
    assert b"PK\6\6" in root.read_bytes()
    assert (found(root, "a/1.jpg"), found(root, "a/2.jpg")) == (b"x" * 300, b"y" * 300)
    monkeypatch.undo()
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    plain = pack(tmp_path / "plain.zip", {"1.jpg": b"one"})
    (tmp_path / "sfx.zip").write_bytes(b"#!/bin/sh\n" + plain.read_bytes())
    assert found(tmp_path / "sfx.zip", "1.jpg") == b"one"


def test_the_index_is_made_once_and_anew_when_the_archive_changes(tmp_path: Path, cache: Path, monkeypatch) -> None:
    root = pack(tmp_path / "a.zip", {"1.jpg": b"one"})
    assert found(root, "1.jpg") == b"one"
    assert len(list((cache / "vlit_hub" / "indexes").iterdir())) == 1
    listed = archives.members
    monkeypatch.setattr(archives, "members", lambda path: pytest.fail("listed again"))
    assert found(root, "1.jpg") == b"one"
    monkeypatch.setattr(archives, "members", listed)
    before = MediaFinder(tmp_path, RULES, str(root)).fingerprint()
    pack(root, {"2.jpg": b"two", "1.jpg": b"one!"})
    assert (found(root, "1.jpg"), found(root, "2.jpg")) == (b"one!", b"two")
    assert MediaFinder(tmp_path, RULES, str(root)).fingerprint() != before


def _read(finder: MediaFinder, ref: str) -> bytes | None:
    blob = finder.find("image", ref)
    return blob and blob.bytes


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_handles_survive_a_fork_and_pickling(tmp_path: Path, way: str) -> None:
    root = pack(tmp_path / "root" / "a.tar", {f"{i}.jpg": bytes([i]) * 1000 for i in range(9)}).parent
    finder = MediaFinder(tmp_path, RULES, str(root))
    assert _read(finder, "0.jpg") == bytes(1000)
    assert _read(pickle.loads(pickle.dumps(finder)), "1.jpg") == b"\1" * 1000
    with get_context(way).Pool(2) as pool:
        got = pool.starmap(_read, [(finder, f"{i}.jpg") for i in range(9)])
    assert got == [bytes([i]) * 1000 for i in range(9)]
    assert _read(finder, "8.jpg") == b"\x08" * 1000


@pytest.mark.parametrize(
    ("name", "count"),
    [("a.zip", 10_000), *(pytest.param(name, 100_000, marks=pytest.mark.slow) for name in ("a.zip", "a.tar"))],
)
def test_memory_stays_flat_for_many_members(tmp_path: Path, name: str, count: int) -> None:
    path = pack(tmp_path / name, {f"train2017/{i:012d}.jpg": b"%d" % i for i in range(count)})
    tracemalloc.start()
    packed = Archives([str(path)])
    assert packed.read(f"train2017/{count - 1:012d}.jpg", 100) == b"%d" % (count - 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3e6


def test_a_build_from_archives_is_the_one_from_the_folder(tmp_path: Path) -> None:
    """Visual Genome as it is served: images.zip holds VG_100K, images2.zip holds VG_100K_2."""
    files = {name: text for name, text in svit.FILES.items() if name.endswith(".json")}
    raw = rows.write(tmp_path / "raw", files)
    folder = rows.write(tmp_path / "vg", {"VG_100K/11.jpg": "80x40", "VG_100K_2/30.jpg": "40x30"})
    packed = tmp_path / "packed"
    for name, path in {"images.zip": "VG_100K/11.jpg", "images2.zip": "VG_100K_2/30.jpg"}.items():
        pack(packed / name, {path: (folder / path).read_bytes()})
    made = []
    for way, root in {"a": folder, "b": packed, "c": tmp_path}.items():
        report = build(Release(registry.get("svit"), raw, media_roots={"visual_genome": str(root)}), tmp_path / way)
        made.append((report.missing_media, [path.read_bytes() for path in sorted((tmp_path / way).glob("*.tar"))]))
    assert made[0] == made[1] and made[0][0] < made[2][0]


LOADED = """
import vlit_hub
from datasets import load_dataset
raw, root = sys.argv[1:3]
def load(**how):
    return load_dataset("vlit/llava-instruct-150k", data_dir=raw, split="train", media_roots={"coco": root}, **how)
def pictures(rows):
    return [[picture and picture.size for picture in row["images"]] for row in rows]
whole = load()
assert whole.cache_files[0]["filename"] == load().cache_files[0]["filename"]
two = load(num_proc=2, cache_dir=raw + "/../two")
found = [pictures(whole), pictures(load(streaming=True)), pictures(two)]
from tests.datasets.test_archives import pack
from pathlib import Path
from PIL import Image
import io
data = io.BytesIO()
Image.new("RGB", (5, 4)).save(data, "JPEG")
pack(Path(root), {"train2017/000000000009.jpg": data.getvalue()})
print(json.dumps([*found, pictures(load())]))
"""


@pytest.mark.parametrize("name", ["train2017.zip", pytest.param("train2017.tar", marks=pytest.mark.slow)])
def test_load_dataset_reads_an_archive_and_sees_it_change(tmp_path: Path, name: str) -> None:
    raw = rows.write(tmp_path / "raw", llava_instruct_150k.FILES)
    [picture] = raw.glob("**/*.jpg")
    data = picture.read_bytes()
    picture.unlink()
    root = pack(tmp_path / name, {picture.name: data})
    out = json.loads(run(LOADED, tmp_path / "home", raw, root))
    assert out == [[[[640, 480]], [None]]] * 3 + [[[[5, 4]], [None]]]
