"""Releases that are faulty, hostile or absent: quarantine, refusal, clear errors; nothing silent."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests import rows
from tests.rows import llava_instruct_150k, shikra_rd, vcr
from vlit_hub import registry
from vlit_hub.media import image_size
from vlit_hub.media_errors import UnreadableMedia, UnsafePath
from vlit_hub.media_finder import MediaFinder
from vlit_hub.release import MissingFiles, Release
from vlit_hub.schema import Blob, Message, Part, Sample
from vlit_hub.shards import Store
from vlit_hub.shards.build import StrictError, build
from vlit_hub.spec import BadRecord, Context, DatasetSpec, Files, MediaRule

LLAVA = registry.get("llava-instruct-150k")


def llava(folder: Path, *records: object) -> Release:
    rows.write(folder, {"images/a.png": "8x6", "llava_instruct_150k.json": json.dumps(records)})
    return Release(LLAVA, folder)


def record(image: object = "a.png", *turns: object) -> dict:
    usual = [{"from": "human", "value": "<image>\nHi"}, {"from": "gpt", "value": "Yo"}]
    return {"id": "1", "image": image, "conversations": list(turns) or usual}


def test_quarantine_names_file_row_field_reason_and_the_build_goes_on(tmp_path: Path) -> None:
    bad_role = record("a.png", {"from": "robot", "value": "Hi"})
    release = llava(
        tmp_path / "raw", record(), bad_role, {"id": "2"}, record("gone.png"), 5, record("../../etc/passwd")
    )
    report = build(release, tmp_path / "out")
    assert (report.records, report.converted, report.partial, report.quarantined) == (6, 2, 0, 4)
    assert (report.samples, report.missing_media) == (2, 1)
    lines = [json.loads(line) for line in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()]
    assert [(line["file"], line["row"], line["field"]) for line in lines] == [
        ("llava_instruct_150k.json", 1, "conversations[0].from"),
        ("llava_instruct_150k.json", 2, "conversations"),
        ("llava_instruct_150k.json", 4, "record"),
        ("llava_instruct_150k.json", 5, "image"),
    ]
    assert lines[0]["native"] == bad_role
    assert "'robot' is none of the roles" in lines[0]["reason"]
    assert "leaves its root" in lines[3]["reason"]
    assert sum(report.reasons.values()) == 4
    store = Store(tmp_path / "out")
    assert [sample.images[0] is None for sample in store] == [False, True]


def test_strict_stops_at_the_first(tmp_path: Path) -> None:
    release = llava(tmp_path / "raw", record(), {"id": "2"}, {"id": "3"})
    with pytest.raises(StrictError, match=r"llava_instruct_150k.json, row 1, conversations: expected a list of turns"):
        build(release, tmp_path / "out", strict=True)


@pytest.mark.parametrize(
    ("turns", "field"),
    [
        ([{"from": "human", "value": None}], "conversations[0].value"),
        ([{"from": "human", "value": "x", "weight": 1}], "conversations[0]"),
        ([["q", "a", "b"]], "conversations[0]"),
        ([{"from": "human", "value": "half \ud83d"}], "record"),
    ],
)
def test_each_fault_names_its_field(tmp_path: Path, turns: list, field: str) -> None:
    (outcome,) = llava(tmp_path, record("a.png", *turns)).read("train")
    assert [bad.field for bad in outcome.bad] == [field]


def test_item_shapes_in_use_give_the_same_sample(tmp_path: Path) -> None:
    shapes = [
        [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yo"}],
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}],
        [{"User": "Hi", "AI": "Yo"}],
        [{"User": "Hi"}, {"AI": "Yo"}],
        [["Hi", "Yo"]],
        ["Hi", "Yo"],
    ]
    outcomes = list(llava(tmp_path, *(record("a.png", *shape) for shape in shapes)).read("train"))
    messages = [outcome.samples[0].messages for outcome in outcomes]
    assert messages == [messages[0]] * len(shapes)


def test_missing_files_say_which_from_where_into_which_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingFiles) as error:
        _ = Release(LLAVA, tmp_path).files
    assert "llava_instruct_150k.json or conversation_58k.json" in str(error.value)
    assert "https://huggingface.co/datasets/liuhaotian/LLaVA-Instruct-150K" in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_the_merged_file_wins_over_its_parts_and_the_rest_is_told(tmp_path: Path) -> None:
    raw = rows.write(tmp_path, {**llava_instruct_150k.FILES, "llava_instruct_150k.json": "[]", "other.json": "[]"})
    release = Release(LLAVA, raw)
    assert [path.name for _, path in release.files["train"]] == ["llava_instruct_150k.json"]
    assert release.unread == ["other.json"]
    (raw / "llava_instruct_150k.json").unlink()
    release = Release(LLAVA, raw)
    assert [path.name for _, path in release.files["train"]] == ["conversation_58k.json", "detail_23k.json"]
    assert release.absent == ["complex_reasoning_77k.json"]


@pytest.mark.parametrize("option", [{"subset": "nope"}, {"options": {"context": 3}}, {"media_roots": {"vg": "."}}])
def test_unknown_choices_name_the_known_ones(tmp_path: Path, option: dict) -> None:
    with pytest.raises(ValueError, match="default|none|coco"):
        _ = Release(LLAVA, tmp_path, **option).media


class TestMedia:
    def finder(self, tmp_path: Path) -> MediaFinder:
        rows.write(tmp_path / "root", {"images/a.png": "8x6"})
        (tmp_path / "secret.png").write_bytes((tmp_path / "root/images/a.png").read_bytes())
        return MediaFinder(tmp_path / "root", [MediaRule("r", ("{ref}", "images/{ref}"))])

    @pytest.mark.parametrize(
        "ref", ["../secret.png", "images/../../secret.png", "/etc/passwd", "C:\\x", "..\\secret.png"]
    )
    def test_paths_that_leave_the_root_are_refused(self, tmp_path: Path, ref: str) -> None:
        with pytest.raises(UnsafePath):
            self.finder(tmp_path).find("image", ref)

    def test_links_out_of_the_root_are_refused(self, tmp_path: Path) -> None:
        finder = self.finder(tmp_path)
        os.symlink(tmp_path / "secret.png", tmp_path / "root" / "link.png")
        os.symlink(tmp_path, tmp_path / "root" / "out")
        os.symlink(tmp_path / "root" / "images" / "a.png", tmp_path / "root" / "fine.png")
        for ref in ("link.png", "out/secret.png"):
            with pytest.raises(UnsafePath, match="link out of its root"):
                finder.find("image", ref)
        assert finder.find("image", "fine.png") == Blob(path=str(tmp_path / "root" / "fine.png"))

    def test_null_characters_and_folders_are_no_pictures(self, tmp_path: Path) -> None:
        finder = self.finder(tmp_path)
        with pytest.raises(UnsafePath):
            finder.find("image", "a\0.png")
        assert finder.find("image", "images") is None
        assert finder.find("image", "") is None

    def test_a_named_root_is_searched_instead_of_raw(self, tmp_path: Path) -> None:
        self.finder(tmp_path)
        rule = MediaRule("r", ("{name}",))
        there = MediaFinder(tmp_path, [rule], {"r": str(tmp_path / "root" / "images")})
        assert there.find("image", "/home/author/data/a.png") == Blob(path=str(tmp_path / "root" / "images" / "a.png"))

    def test_headers_give_sizes_and_refuse_what_is_no_picture(self, tmp_path: Path) -> None:
        data = io.BytesIO()
        Image.new("RGB", (31, 17)).save(data, "JPEG")
        assert image_size(data.getvalue()) == (31, 17)
        bomb = bytearray(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0")
        bomb += __import__("zlib").crc32(bomb[12:29]).to_bytes(4, "big")
        for broken in (b"", b"\xff\xd8", b"GIF89a", data.getvalue()[:10], bytes(bomb)):
            with pytest.raises(UnreadableMedia):
                image_size(broken)

    def test_an_unreadable_picture_is_missing_and_counted(self, tmp_path: Path) -> None:
        release = llava(tmp_path, record())
        (tmp_path / "images" / "a.png").write_bytes(b"")
        (outcome,) = release.read("train")
        assert outcome.samples[0].images == [None]
        assert [name for name, _ in outcome.reports] == ["media[0]"]


def test_boxes_resolve_when_the_picture_is_there_and_stay_pixels_when_not(tmp_path: Path) -> None:
    raw = rows.write(tmp_path / "raw", shikra_rd.FILES)
    report = build(Release(registry.get("shikra-rd"), raw), tmp_path / "out")
    assert (report.converted, report.missing_media, report.unresolved_regions) == (2, 1, 1)
    assert report.reasons == {
        "question_boxes_seq: the number of marks and of index lists differs; the text is kept without its boxes": 1,
        "cot_with_ans: a phrase mark is not balanced": 1,
    }


@pytest.mark.parametrize(
    ("boxes", "field"),
    [
        ([[1, 2, 3]], "boxes[0]"),
        ([[1, 2, 3, "4"]], "boxes[0]"),
        ("none", "boxes"),
        ([[1, 2, 3, float("nan")]], "record"),
    ],
)
def test_boxes_that_are_none_are_quarantined(tmp_path: Path, boxes: object, field: str) -> None:
    native = {"img_path": "a.png", "boxes": boxes, "question": "a", "question_boxes_seq": [], "cot_with_ans": "b"}
    rows.write(tmp_path, {"GPT4GEN_RD_BoxCoT_train.jsonl": json.dumps(native)})
    (outcome,) = Release(registry.get("shikra-rd"), tmp_path).read("train")
    assert [bad.field for bad in outcome.bad] == [field]


def two_children(record: dict, ctx: Context) -> Iterator[Sample | BadRecord]:
    for child in record["children"]:
        yield Sample(messages=[Message("user", [Part(text=child)])]) if child else BadRecord("children", "empty")


PAIRS = DatasetSpec(
    name="pairs", title="Pairs", paper="-", year=2026, licence_stated="CC0", kind="base", obtain="Write it.",
    files=(Files((("a.jsonl",),)), Files((("b.jsonl",),), split="test")), convert=two_children,
)  # fmt: skip


def test_a_partial_record_keeps_its_good_children_and_names_the_failed_one(tmp_path: Path) -> None:
    rows.write(
        tmp_path, {"a.jsonl": '{"children": ["x", "", "y"]}\n{"children": [""]}\n{"children": ["z"]}\nnot json\n'}
    )
    report = build(Release(PAIRS, tmp_path), tmp_path / "out")
    assert (report.records, report.converted, report.partial, report.quarantined, report.samples) == (4, 1, 1, 2, 3)
    lines = [json.loads(line) for line in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()]
    assert [(line["row"], line.get("child"), line["native"]) for line in lines] == [
        (0, 1, {"children": ["x", "", "y"]}), (1, 0, {"children": [""]}), (3, None, "not json")
    ]  # fmt: skip
    assert [sample.id for sample in Store(tmp_path / "out")] == ["a:0:0", "a:0:2", "a:2"]


def test_splits_built_one_by_one_keep_each_others_quarantine_and_go_with_their_files(tmp_path: Path) -> None:
    raw = rows.write(tmp_path / "raw", {"a.jsonl": '{"children": [""]}\n', "b.jsonl": '{"children": ["x", ""]}\n'})
    for split in ("train", "test"):
        build(Release(PAIRS, raw), tmp_path / "out", splits=[split])
    found = json.loads((tmp_path / "out" / "build.json").read_text())
    assert [(entry["split"], entry["partial"], entry["quarantined"]) for entry in found] == [
        ("test", 1, 0),
        ("train", 0, 1),
    ]
    lines = (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["split"] for line in lines) == ["test", "train"]
    before = (tmp_path / "out" / "build.json").read_bytes()
    build(Release(PAIRS, raw), tmp_path / "out")
    assert (tmp_path / "out" / "build.json").read_bytes() == before
    (raw / "b.jsonl").unlink()
    build(Release(PAIRS, raw), tmp_path / "out")
    assert len(Store(tmp_path / "out")) == 0
    assert [entry["split"] for entry in json.loads((tmp_path / "out" / "build.json").read_text())] == ["train"]


def test_the_report_keeps_the_options_of_the_build(tmp_path: Path) -> None:
    spec = replace(PAIRS, options={"context": 0})
    raw = rows.write(tmp_path / "raw", {"a.jsonl": '{"children": ["x"]}\n'})
    report = build(Release(spec, raw, options={"context": "2"}), tmp_path / "out")
    [kept] = json.loads((tmp_path / "out" / "build.json").read_text())
    assert kept["options"] == report.to_dict()["options"] == {"context": 2}
    assert "options" not in build(Release(PAIRS, raw), tmp_path / "out").to_dict()


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (Sample(messages=[Message("user", [Part(text=5)])]), "messages[0].content[0].text"),  # type: ignore[arg-type]
        (Sample(messages=[Message("robot", [])]), "messages[0].role"),  # type: ignore[arg-type]
        (Sample(messages=[Message("user", [], train=1)]), "messages[0].train"),  # type: ignore[arg-type]
        (Sample(answers=["a", None]), "answers[1]"),  # type: ignore[list-item]
        (Sample(task="nonsense"), "task"),
    ],
)
def test_a_wrong_type_is_quarantined_between_good_records(tmp_path: Path, made: Sample, field: str) -> None:
    good = Sample(messages=[Message("user", [Part(text="Hi")])])
    spec = replace(LLAVA, convert=lambda native, ctx: iter([made if native["id"] == "bad" else good]))
    rows.write(tmp_path, {"llava_instruct_150k.json": json.dumps([{"id": "1"}, {"id": "bad"}, {"id": "2"}])})
    outcomes = list(Release(spec, tmp_path).read("train"))
    assert [len(outcome.samples) for outcome in outcomes] == [1, 0, 1]
    assert [bad.field for outcome in outcomes for bad in outcome.bad] == [field]


def test_a_converter_that_fails_costs_its_record_alone(tmp_path: Path) -> None:
    rows.write(tmp_path, {"a.jsonl": '{"children": 5}\n{"child": []}\n{"children": ["x"]}\n'})
    report = build(Release(PAIRS, tmp_path), tmp_path / "out")
    assert (report.converted, report.quarantined) == (1, 2)


def test_side_files_of_pictures_are_no_unread_data(tmp_path: Path) -> None:
    raw = rows.write(tmp_path, {**vcr.FILES, "vcr1images/extra.txt": "x", "more.json": "[]"})
    assert Release(registry.get("vcr"), raw).unread == ["more.json"]
