"""Planted faults are found, and what is untouched is left alone."""

import io
import json

import pytest
from PIL import Image

from tests.curation.faults import annotation_of
from tests.curation.pictures import encoded
from tests.curation.show_faults import claim_faults, distinct, on_photographs, on_scenes, swapped_and_cut
from vlit_hub.demo.scenes import scenes

BAR = 0.95


def hold(found, least):
    for each in found:
        assert each.planted >= least, each
        assert min(each.recall, each.precision) >= BAR, each


def test_claims_swaps_and_cuts_on_scenes():
    items = distinct(scenes("train", 300))
    hold(claim_faults("scenes", [annotation_of(item) for item in items], 5), 100)
    hold(swapped_and_cut(items), 20)


@pytest.mark.slow
def test_every_fault_on_scenes():
    hold(on_scenes(), 100)


def test_claims_on_photographs(tmp_path):
    """Of drawn annotations of COCO's form; the photographs themselves are run by show_faults."""
    found = on_photographs(collection(tmp_path), per_picture=130)
    hold(found[:3], 100)
    assert [each.fault for each in found[3:]] == ["duplicate picture", "leaked picture"]


def collection(folder):
    """Ten pictures of noise with three to five kinds of things each, of many kinds but one."""
    import random

    rng = random.Random(0)
    labels = ("person", "dog", "cell phone", "couch", "sheep", "bus", "knife", "tv", "cat", "remote", "truck", "bench")
    boxes, images = [], []
    for number in range(10):
        (folder / "images").mkdir(exist_ok=True)
        noise = Image.frombytes("RGB", (8, 6), rng.randbytes(144)).resize((80, 60))
        (folder / f"images/{number:012d}.jpg").write_bytes(encoded(noise, "jpeg"))
        images.append({"id": number, "file_name": f"{number:012d}.jpg", "width": 80, "height": 60})
        for label in rng.sample(range(len(labels)), rng.randint(3, 5)):
            for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
                box = [rng.uniform(0, 60), rng.uniform(0, 45), rng.uniform(5, 20), rng.uniform(5, 15)]
                boxes.append({"id": len(boxes), "image_id": number, "category_id": label, "bbox": box, "iscrowd": 0})
    names = [{"id": i, "name": name} for i, name in enumerate(labels)]
    (folder / "instances.json").write_text(json.dumps({"images": images, "annotations": boxes, "categories": names}))
    (folder / "captions.json").write_text(json.dumps({"images": images, "annotations": []}))
    assert Image.open(io.BytesIO((folder / "images/000000000000.jpg").read_bytes())).size == (80, 60)
    return folder
