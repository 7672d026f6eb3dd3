"""Annotations with any one value at fault: refused by name, or counted, and the other pictures are as they were."""

import copy
import json

import pytest
from PIL import Image

from tests.construction.collection import write
from tests.construction.test_visual_genome import relation, thing
from vlit_hub.construction import CollectError, collect, construct
from vlit_hub.construction.visual_genome import collect_vg

FAULTS = (None, "x", -5, 1e30, float("nan"), [], {}, True, [1, 2], 3.7)
GONE = object()
MINI = {
    7: ((200, 150), ["a dog sits left of an umbrella", "Dog and umbrella."],
        [("dog", [10, 60, 40, 40], 0), ("umbrella", [120, 20, 60, 90], 0)]),
    8: ((160, 160), ["A cat"], [("cat", [5, 5, 30, 30], 0)]),
}  # fmt: skip


def leaves(value, path=()):
    """The way to every value inside, to that of the first two of a list."""
    rows = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, inner in rows:
        yield (*path, key)
        yield from leaves(inner, (*path, key))


def spoiled(document):
    """(where, the document with one value replaced or gone)."""
    for path in leaves(document):
        for fault in (*FAULTS, GONE):
            made = copy.deepcopy(document)
            holder = made
            for key in path[:-1]:
                holder = holder[key]
            if fault is GONE:
                del holder[path[-1]]
            else:
                holder[path[-1]] = fault
            yield path, made


def coco(folder):
    return write(folder / "in", MINI), ("captions", "instances"), collect


def visual_genome(folder):
    (folder / "images").mkdir()
    for number in (7, 8):
        Image.new("RGB", (200, 100)).save(folder / "images" / f"{number}.jpg")
    things = [[thing(11, "dog", 20, 20, 60, 40), thing(12, "mat", 10, 40, 120, 50)], [thing(21, "cat", 10, 10, 50, 50)]]
    rows = {
        "objects": [{"image_id": 7, "objects": things[0]}, {"image_id": 8, "objects": things[1]}],
        "relationships": [{"image_id": 7, "relationships": [relation(11, "lying on", 12)]}],
        "attributes": [{"image_id": 7, "attributes": [{"object_id": 11, "names": ["dog"], "attributes": ["brown"]}]}],
    }
    for name, content in rows.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder, tuple(rows), collect_vg


@pytest.mark.parametrize("form", [coco, visual_genome])
def test_one_value_at_fault(tmp_path, form):
    folder, names, read = form(tmp_path)
    clean = read(folder)
    assert len(clean.pictures) == 2
    refused = whole = 0
    for name in names:
        path = folder / f"{name}.json"
        sound = path.read_text()
        for where, made in spoiled(json.loads(sound)):
            path.write_text(json.dumps(made))
            try:
                found = read(folder)
            except CollectError as error:
                assert str(folder) in str(error)
                refused += 1
                continue
            if where[:2] in (("annotations", 0), ("annotations", 1)) or where[:1] == (0,):  # of the first picture
                assert [picture for picture in found.pictures if picture.id != 7] == [clean.pictures[1]], where
            whole += 1
        path.write_text(sound)
    assert whole > 300 and (refused > 200) == (form is coco)
    assert read(folder) == clean


def test_pictures_without_captions_and_boxes_outside_do_not_stop_a_run(tmp_path):
    """A hundred pictures, the last of all at fault: what can be said of the others is written."""
    outside = [("dog", [500, 10, 60, 40], 0), ("cat", [-300, 0, 20, 20], 0)]
    pictures = {number: ((64, 48), ["A dog."], [("dog", [5, 5, 30, 30], 0)]) for number in range(1, 100)}
    folder = write(tmp_path / "in", pictures | {100: ((64, 48), [], outside)})
    report = construct(folder, tmp_path / "out")
    assert report.issues["box outside the picture or empty"] == 2 and report.issues["picture without captions"] == 1
    assert report.pictures == 100 and report.records["global"] == 99 and report.records["negative"] == 100
