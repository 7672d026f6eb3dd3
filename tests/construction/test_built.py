"""Construction from built shards whose regions have labels: hand-written samples."""

import io
import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.curation.made import sample, write
from vlit_hub import registry
from vlit_hub.cli import app
from vlit_hub.construction import CollectError, construct
from vlit_hub.construction.built import FIRST, collect_built
from vlit_hub.release import Release
from vlit_hub.schema import Blob, Media, Region
from vlit_hub.shards.build import build

DOG = Region(box=[0.05, 0.4, 0.25, 0.8], label="Dog")
CAT = Region(box=[0.6, 0.1, 0.9, 0.5], label="cat")


def picture(tint, size=(200, 100)):
    data = io.BytesIO()
    Image.new("RGB", size, (tint, 90, 90)).save(data, "PNG")
    return {
        "images": [Blob(bytes=data.getvalue())],
        "media": [Media(type="image", index=0, ref=f"{tint}.png", width=size[0], height=size[1])],
    }


@pytest.fixture
def shards(tmp_path):
    out = Region(box=[1.2, 0.1, 1.9, 0.5], label="bus")
    made = [
        sample("Where?", "There.", id="a", regions=[DOG], **picture(1)),
        sample("Where?", "There.", id="b", regions=[DOG, CAT, Region(box=[0, 0, 1, 1])], **picture(1)),
        sample("Describe.", "A dog and a cat.", id="c", task="caption", **picture(1)),
        sample("Where?", "There.", id="d", regions=[CAT, out], **picture(2)),
        sample("Describe.", "Nothing at all.", id="e", task="caption", **picture(3)),
    ]
    return write(tmp_path / "in", made)


def test_what_samples_tell_of_a_picture_is_brought_together(shards, tmp_path):
    found = collect_built(shards, tmp_path / "pictures", complete=True)
    one, two = found.pictures
    assert [(item.label, item.box) for item in one.objects] == [
        ("dog", (10.0, 40.0, 50.0, 80.0)),
        ("cat", (120.0, 10.0, 180.0, 50.0)),
    ]
    assert (one.id, one.width, one.height, one.captions) == (FIRST, 200, 100, ("A dog and a cat.",))
    assert one.counts == {"cat": 1, "dog": 1} and two.counts == {"cat": 1} and two.faulty == {"bus"}
    assert (found.labels, found.source) == (("cat", "dog"), "tests")
    assert dict(found.issues) == {
        "box outside the picture or empty": 1, "picture without a labelled box": 1, "region without a label": 1
    }  # fmt: skip
    with Image.open(one.path) as stored:
        assert stored.getpixel((0, 0)) == (1, 90, 90)


def test_of_incomplete_boxes_nothing_is_counted_or_denied(shards, tmp_path):
    found = collect_built(shards, tmp_path / "pictures")
    assert found.labels == () and all(not one.counts for one in found.pictures)
    report = construct(found, tmp_path / "out")
    assert report.records == {"global": 1, "negative": 2, "region": 3}
    for record in json.loads((tmp_path / "out" / "negative.json").read_text())["annotations"]:
        (said,) = (turn["value"] for turn in record["conversations"] if turn["from"] == "gpt")
        assert said.startswith(("The picture does not tell", "That cannot be known"))
    for record in json.loads((tmp_path / "out" / "region.json").read_text())["annotations"]:
        said = " ".join(turn["value"] for turn in record["conversations"])
        assert "only" not in said and "not a" not in said


@pytest.mark.parametrize("complete", [False, True])
def test_the_release_builds_and_can_be_written_again(shards, tmp_path, complete):
    command = ["construct", "--shards", shards, "--out", tmp_path / "out", "--json"] + ["--complete"] * complete
    for _ in range(2):
        result = CliRunner().invoke(app(), [str(argument) for argument in command])
        assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["records"] == {"global": 1 + complete, "negative": 2, "region": 3}
    assert json.loads((tmp_path / "out" / "region.json").read_text())["image_source"] == "tests"
    built = build(Release(registry.get("coco-arc"), tmp_path / "out"), tmp_path / "shards")
    total = sum(report["records"].values())
    assert (built.records, built.converted, built.quarantined, built.missing_media) == (total, total, 0, 0)


def test_shards_without_a_labelled_box_are_refused(tmp_path):
    with pytest.raises(CollectError, match="no picture with a labelled box in 1 samples"):
        collect_built(write(tmp_path / "in", [sample("Hm?", "Yes.", id="a", **picture(1))]), tmp_path / "pictures")


def test_one_source_is_asked_for(shards, tmp_path):
    for wrong in ([], ["--coco", str(shards), "--shards", str(shards)]):
        result = CliRunner().invoke(app(), ["construct", "--out", str(tmp_path / "out"), *wrong])
        assert result.exit_code == 1 and "either --coco" in result.output
