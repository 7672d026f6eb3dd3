"""The construction room: what it writes is true, deterministic and in the survey's native form."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.construction.annotation_reader import Annotations, Reader, marked_boxes
from tests.construction.collection import write
from vlit_hub.construction import CollectError, collect, construct
from vlit_hub.construction.paint import frame, paint
from vlit_hub.construction.templates import TEMPLATES, Draw
from vlit_hub.curation.words import counted, mentioned, one, plural

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "coco"
# picture -> size, captions, (label, [x, y, w, h], iscrowd)
MINI = {
    7: ((200, 150), ["a dog sits left of an umbrella", "Dog and umbrella.", "Two of my favourite things"],
        [("dog", [10, 60, 40, 40], 0), ("umbrella", [120, 20, 60, 90], 0)]),
    8: ((160, 160), ["People with knives"],
        [("knife", [5, 5, 30, 30], 0), ("knife", [60, 5, 30, 30], 0), ("knife", [100, 100, 30.5, 30.25], 0),
         ("person", [0, 40, 160, 60], 1)]),
    9: ((120, 90), ["A mouse"],
        [("mouse", [-10, 10, 60, 40], 0), ("bus", [-50, 10, 60, 40], 0), ("dog", [10, 10, 0, 5], 0)]),
    10: ((64, 64), [], []),
}  # fmt: skip


@pytest.fixture
def mini(tmp_path):
    """A hand-written collection: crowds, boxes over and beyond the border, no captions, missing and unsafe files."""
    root = write(tmp_path / "coco", MINI)
    captions, instances = (json.loads((root / f"{name}.json").read_text()) for name in ("captions", "instances"))
    captions["images"] = instances["images"] = instances["images"] + [
        {"id": 11, "file_name": "gone.jpg", "width": 5, "height": 5},
        {"id": 12, "file_name": "../images/7.jpg", "width": 200, "height": 150},
        {"id": 13, "file_name": "7.jpg", "width": 20, "height": 15},
    ]
    instances["annotations"] += [
        {"id": 1, "image_id": 99, "category_id": 1, "bbox": [0, 0, 1, 1], "iscrowd": 0},
        {"id": 2, "image_id": 7, "category_id": 55, "bbox": [0, 0, 1, 1], "iscrowd": 0},
    ]
    (root / "captions.json").write_text(json.dumps(captions))
    (root / "instances.json").write_text(json.dumps(instances))
    return root


def shared():
    if not SHARED.is_dir():
        pytest.skip("the photographs of ../shared/coco are not on this machine")
    return SHARED


def digest(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read(folder, kind):
    data = json.loads((folder / f"{kind}.json").read_text())
    assert list(data) == ["image_source", "construction_time", "annotations"]
    return data["annotations"]


def hold(coco, out):
    """Every claim of every dialogue, against the annotations; returns how many of each kind were checked."""
    annotations = Annotations(coco / "captions.json", coco / "instances.json")
    seen = []
    for kind in ("global", "negative", "region"):
        for record in read(out, kind):
            assert list(record) == ["img_ids", "instruction_type", "conversations", "prompt_version", "model"]
            assert record["instruction_type"] == kind
            suffix = r"_\d+" if kind == "region" else ""
            picture = int(re.fullmatch(rf"COCO_train2014_(\d{{12}}){suffix}\.jpg", record["img_ids"])[1])
            original, given = coco / "images" / annotations.file[picture], out / "images" / record["img_ids"]
            marked = marked_boxes(annotations, picture, original, given) if kind == "region" else ()
            assert bool(marked) == (kind == "region")
            assert kind == "region" or original.read_bytes() == given.read_bytes()
            turns = record["conversations"]
            assert [turn["from"] for turn in turns] == ["human", "gpt"] * (len(turns) // 2)
            reader = Reader(annotations, picture, marked)
            for question, answer in zip(turns[::2], turns[1::2], strict=True):
                reader.check(question["value"], answer["value"])
            seen += reader.seen
    return {kind: seen.count(kind) for kind in sorted(set(seen))}


def test_collect_counts_what_it_cannot_use(mini):
    collection = collect(mini)
    assert [picture.id for picture in collection.pictures] == [7, 8, 9, 10]
    assert collection.issues == {
        "annotation of an unknown class": 1,
        "annotation of an unknown picture": 1,
        "box outside the picture or empty": 2,
        "crowd box": 1,
        "picture missing": 1,
        "picture unreadable, or of another size than its record": 1,
        "picture with an unsafe file name": 1,
        "picture without captions": 1,
    }
    dog_umbrella, knives, mouse, bare = collection.pictures
    assert dog_umbrella.counts == {"dog": 1, "umbrella": 1}
    assert (knives.counts, knives.crowds) == ({"knife": 3}, {"person"})
    assert (mouse.counts, mouse.faulty, mouse.objects[0].box) == ({"mouse": 1}, {"bus", "dog"}, (0.0, 10.0, 50.0, 50.0))
    assert (bare.counts, bare.captions) == ({}, ())
    assert collection.cooccurrence()["knife"] == {"person": 1}


def test_mini_collection_holds_and_repeats(mini, tmp_path):
    calls = []
    first = construct(mini, tmp_path / "a", progress=lambda done, total: calls.append((done, total)))
    second = construct(mini, tmp_path / "b")
    assert first == second
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert first.pictures == 4
    assert first.records == {"global": 3, "negative": 4, "region": 6}
    assert first.issues["picture with nothing to say: global"] == 1
    assert first.issues["picture with nothing to say: region"] == 1
    assert not list((tmp_path / "a").rglob("*.part"))
    seen = hold(mini, tmp_path / "a")
    assert {"absent", "count", "group", "marked", "place", "size", "relation"} <= set(seen)


def test_faulty_labels_are_neither_affirmed_nor_denied(mini, tmp_path):
    for seed in range(20):
        construct(mini, tmp_path / "out", seed=seed, types=["negative", "global"])
        hold_types = [r for kind in ("negative", "global") for r in read(tmp_path / "out", kind)]
        text = " ".join(t["value"] for r in hold_types if "009" in r["img_ids"] for t in r["conversations"])
        assert not re.search(r"\b(bus|buses|dog|dogs)\b", text)


def test_every_wording_is_true_under_many_seeds(mini, tmp_path):
    for seed in range(25):
        construct(mini, tmp_path / str(seed), seed=seed)
        hold(mini, tmp_path / str(seed))
    assert digest(tmp_path / "0") != digest(tmp_path / "1")


def test_photographs(tmp_path):
    coco = shared()
    report = construct(coco, tmp_path / "a")
    construct(coco, tmp_path / "b")
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert report.records["global"] == report.records["negative"] == report.pictures == 35
    assert report.records["region"] == report.region_pictures > 80
    seen = hold(coco, tmp_path / "a")
    assert seen["absent"] >= 100 and seen["count"] >= 300 and seen["relation"] >= 50 and seen["near"] >= 100
    assert seen["attribute"] >= 10 and seen["action"] >= 10 and seen["unanswerable"] >= 10
    verdicts = [record["conversations"][-1]["value"] for record in read(tmp_path / "a", "negative")]
    assert 8 <= verdicts.count("Yes") <= 27


def test_limit_and_types(mini, tmp_path):
    report = construct(mini, tmp_path / "out", types=["region"], limit=1, construction_time="2026-11-23")
    assert (report.pictures, report.records) == (1, {"region": 2})
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["images", "region.json"]
    assert json.loads((tmp_path / "out" / "region.json").read_text())["construction_time"] == "2026-11-23"
    assert sorted(path.name for path in (tmp_path / "out" / "images").iterdir()) == [
        "COCO_train2014_000000000007_0.jpg",
        "COCO_train2014_000000000007_1.jpg",
    ]
    with pytest.raises(ValueError, match="allowed: global, negative, region"):
        construct(mini, tmp_path / "out", types=["local"])


def test_a_former_run_goes_first(mini, tmp_path):
    construct(mini, tmp_path / "used", seed=1)
    (tmp_path / "used" / "global.json").rename(tmp_path / "used" / "global.json.part")  # as a kill leaves it
    (tmp_path / "used" / "negative.json.part").touch()
    construct(mini, tmp_path / "used", types=["region"], limit=1)
    construct(mini, tmp_path / "new", types=["region"], limit=1)
    assert digest(tmp_path / "used") == digest(tmp_path / "new")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.txt", "mine"),
        ("global.json", '{"image_source": "COCO", "construction_time": "2023", "annotations": [{"img_ids": "a"}]}'),
        ("images/COCO_train2014_000000000007.jpg", "a photograph"),
        ("images/deeper/COCO_train2014_000000000007.jpg", "a photograph"),
    ],
)
def test_a_folder_of_something_else_is_refused_untouched(mini, tmp_path, name, text):
    out = tmp_path / "out"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text(text)
    with pytest.raises(FileExistsError, match="construct into a new folder"):
        construct(mini, out)
    assert [path for path in out.rglob("*") if path.is_file()] == [out / name] and (out / name).read_text() == text
    before = digest(mini)
    with pytest.raises(FileExistsError):
        construct(mini, mini)
    assert digest(mini) == before


def test_paint_touches_only_the_frame(tmp_path):
    down, across = np.mgrid[0:240, 0:320]
    pixels = np.stack([across // 4, down // 2, across // 3], axis=2).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in.jpg", quality=95)
    box = (40.4, 30.2, 199.7, 150.0)
    paint(tmp_path / "in.jpg", tmp_path / "out.jpg", box)
    before = np.asarray(Image.open(tmp_path / "in.jpg"), int)
    after = np.asarray(Image.open(tmp_path / "out.jpg"), int)
    assert before.shape == after.shape
    on_box = np.zeros((240, 320), bool)
    on_box[30:150, 40:200] = True
    on_box[32:148, 42:198] = False
    assert frame(box, 320, 240) == ((40, 30, 199, 149), 2)
    assert np.abs(after[on_box] - [255, 0, 0]).mean() < 12
    far = np.ones((240, 320), bool)  # JPEG spreads an edge over its own 8x8 block, no farther
    far[24:160, 40:208] = False
    far[40:136, 48:192] = True
    assert np.abs(after - before)[far].max() <= 8
    assert np.abs(after - before)[~on_box].mean() < 1.5


@pytest.mark.parametrize("box", [(0, 0, 320, 240), (319.4, 239.2, 320, 240), (10, 10, 11, 200)])
def test_a_frame_stays_in_the_picture(box):
    (x1, y1, x2, y2), line = frame(box, 320, 240)
    assert 0 <= x1 <= x2 < 320 and 0 <= y1 <= y2 < 240 and line >= 1


def test_folders_that_are_no_collection(tmp_path):
    with pytest.raises(CollectError, match=r"captions\.json \+ instances\.json"):
        collect(tmp_path)
    (tmp_path / "captions.json").write_text("{")
    (tmp_path / "instances.json").write_text("{}")
    with pytest.raises(CollectError, match="not JSON"):
        collect(tmp_path)
    (tmp_path / "captions.json").write_text('{"annotations": [], "images": {}}')
    with pytest.raises(CollectError, match="'categories' must be a list"):
        collect(tmp_path)


def test_a_picture_that_breaks_off_is_counted(mini, tmp_path):
    path = mini / "images" / "7.jpg"
    path.write_bytes(path.read_bytes()[:-400])
    report = construct(mini, tmp_path / "out")
    assert report.issues["picture cannot be decoded"] == 3  # its copy (global and negative share it), two regions
    assert all("0007" not in path.name for path in (tmp_path / "out" / "images").iterdir())
    assert report.records == {"global": 2, "negative": 3, "region": 4}


def test_words():
    assert (
        counted("person", 3) == "three people"
        and counted("knife", 1) == "one knife"
        and counted("dog", 30) == "30 dogs"
    )
    assert one("umbrella") == "an umbrella" and one("tv") == "a TV" and one("mouse") == "a computer mouse"
    assert plural("bus") == "buses" and plural("sandwich") == "sandwiches" and plural("teddy bear") == "teddy bears"
    assert mentioned("dining table", ["Two tables outside"]) and mentioned("person", ["Women talking"])
    assert not mentioned("dog", ["hotdogs and cats"])


def test_templates_fill_every_slot():
    slots = {
        slot: f"<{slot}>"
        for template in TEMPLATES.values()
        for text in (*template.questions, *template.answers)
        for slot in re.findall(r"{(\w+)}", text)
    }
    for kind in TEMPLATES:
        turn = Draw(kind).turn(kind, **slots)
        assert "{" not in turn.question + turn.answer and turn.question and turn.answer


def test_draw_depends_on_its_key_alone():
    assert [Draw(0, 7, "global").below(1000) for _ in range(2)] == [Draw(0, 7, "global").below(1000)] * 2
    values = [Draw(0, i).below(4) for i in range(4000)]
    assert all(900 < values.count(v) < 1100 for v in range(4))
    assert sorted(Draw(1).take(range(10), 10)) == list(range(10))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is there a dog in the picture?", "No, there is no dog in the picture."),
        ("Is there a cat in the picture?", "Yes, there is one cat in the picture."),
        ("How many dogs are there? Answer with a number.", "2"),
        ("Can you count the dogs?", "There are two dogs in the picture."),
        ("Is the dog to the left of the umbrella?", "No, the dog is to the right of the umbrella."),
        ("Where?", "The umbrella is to the left of the dog."),
        ("Where is the dog?", "It is in the top left of the picture."),
        ("Is the dog standing?", "Yes, the dog is standing."),
        ("Is the dog sitting?", "No, the dog is standing, not sitting."),
        ("Why is the dog black?", "The dog is not black but white."),
        ("What is the name of the dog?", "The picture does not tell. It shows a cat, but no photograph says that."),
        ("Where is the dog?", "The picture does not tell. It shows a dog, but no photograph says that."),
        ("Is there a cat in the picture? Answer yes or no.", "Yes"),
        ("What is marked by the red rectangle?", "The red rectangle marks an umbrella."),
        ("What?", "Some sentence that no rule knows."),
    ],
)  # fmt: skip
def test_the_reader_catches_false_answers(mini, question, answer):
    annotations = Annotations(mini / "captions.json", mini / "instances.json")
    dog = [(label, box) for label, box, _ in annotations.rows[7] if label == "dog"]
    with pytest.raises(AssertionError):
        Reader(annotations, 7, dog).check(question, answer)
