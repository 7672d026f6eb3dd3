"""Construction from Visual Genome's own files, rows written by hand in their shape."""

import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from vlit_hub import registry
from vlit_hub.cli import app
from vlit_hub.construction import CollectError
from vlit_hub.construction.visual_genome import collect_vg, predicate
from vlit_hub.release import Release
from vlit_hub.shards.build import build


def thing(number, name, x, y, w, h):
    return {
        "object_id": number,
        "names": [name],
        "synsets": [],
        "merged_object_ids": [],
        "x": x,
        "y": y,
        "w": w,
        "h": h,
    }


def relation(subject, said, thing):
    ends = {"subject": {"object_id": subject, "name": "?"}, "object": {"object_id": thing, "name": "?"}}
    return {"relationship_id": 1, "predicate": said, "synsets": [], **ends}


@pytest.fixture
def vg(tmp_path):
    root = tmp_path / "vg"
    (root / "VG_100K").mkdir(parents=True)
    (root / "VG_100K_2").mkdir()
    Image.new("RGB", (200, 100), (9, 90, 9)).save(root / "VG_100K" / "4.jpg")
    Image.new("RGB", (100, 100), (9, 9, 90)).save(root / "VG_100K_2" / "7.jpg")
    dog, mat = thing(11, "Dog", 20, 20, 60, 40), thing(12, "mat", 10, 40, 120, 50)
    objects = [
        {"image_id": 7, "objects": [thing(21, "cat", 10, 10, 50, 50)], "image_url": "https://x"},
        {"image_id": 4, "objects": [dog, mat, thing(13, "bird", 300, 5, 9, 9), thing(14, "", 1, 1, 5, 5)]},
        {"image_id": 9, "objects": [thing(31, "cat", 1, 1, 5, 5)]},
    ]
    relations = [
        {"image_id": 4, "relationships": [
            relation(11, "lying ON", 12), relation(11, "gleams", 12), relation(12, "under", 99)]},
    ]  # fmt: skip
    (root / "objects.json").write_text(json.dumps(objects))
    (root / "relationships.json").write_text(json.dumps(relations))
    return root


def test_objects_and_relations_are_collected_and_faults_counted(vg):
    found = collect_vg(vg)
    one, two = found.pictures
    assert [(item.id, item.label, item.box) for item in one.objects] == [
        (11, "dog", (20.0, 20.0, 80.0, 60.0)),
        (12, "mat", (10.0, 40.0, 130.0, 90.0)),
    ]
    assert (one.id, two.id, one.relations, two.relations) == (4, 7, ((11, "is lying on", 12),), ())
    assert (found.labels, found.source, one.counts) == ((), "Visual Genome", {})
    assert dict(found.issues) == {
        "picture missing": 1,
        "relation of unknown things, or not to be put into a sentence": 2,
        "thing without a name, or with a box outside the picture": 2,
    }


def test_the_release_tells_the_relation_and_builds(vg, tmp_path):
    result = CliRunner().invoke(app(), ["construct", "--vg", str(vg), "--out", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["records"] == {"global": 0, "negative": 2, "region": 3}
    native = json.loads((tmp_path / "out" / "region.json").read_text())
    said = {row["img_ids"]: [turn["value"] for turn in row["conversations"]] for row in native["annotations"]}
    assert native["image_source"] == "Visual Genome" and len(said) == 3
    told = {name: [text for text in turns if text == "The dog is lying on the mat."] for name, turns in said.items()}
    assert sorted(map(len, told.values())) == [0, 0, 1]
    assert not any("only" in text or ", not" in text for turns in said.values() for text in turns)
    built = build(Release(registry.get("coco-arc"), tmp_path / "out"), tmp_path / "shards")
    assert (built.records, built.converted, built.quarantined, built.missing_media) == (5, 5, 0, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [("ON", "is on"), ("holding", "is holding"), ("have", "has"), ("is next to", "is next to"),
     ("next to", "is next to"), ("gleams", ""), ("", ""), (None, ""), ("ring", "")],
)  # fmt: skip
def test_a_predicate_in_a_sentence(text, said):
    assert predicate(text) == said


def test_a_folder_without_objects_is_refused(vg, tmp_path):
    with pytest.raises(CollectError, match="no objects.json of Visual Genome"):
        collect_vg(tmp_path)
    for path in vg.glob("VG*/*.jpg"):
        path.unlink()
    with pytest.raises(CollectError, match="no picture of objects.json is here"):
        collect_vg(vg)
