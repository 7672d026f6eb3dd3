"""Where the pictures of COCO, Visual Genome and Flickr30k lie, for each script that reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import rows
from vlit_hub import registry
from vlit_hub.media_errors import UnsafePath
from vlit_hub.media_finder import MediaFinder
from vlit_hub.schema import Blob
from vlit_hub.spec import MediaRule

NAMES = ("000000000009.jpg", "COCO_train2014_000000000009.jpg", "COCO_val2014_000000000009.jpg")
COCO = (
    *NAMES, *(f"images/{name}" for name in NAMES), f"train2017/{NAMES[0]}", f"val2017/{NAMES[0]}",
    f"train2014/{NAMES[1]}", f"val2014/{NAMES[2]}",
)  # fmt: skip
PLACES = {"VG_100K/2.jpg": "VG_100K", "VG_100K_2/2.jpg": "VG_100K_2", "flickr30k-images/2.jpg": "flickr30k-images"}

OWN_FOLDERS = ("grand",)
"""Scripts whose release packs these pictures into folders of its own; its rows show them."""


def image_roots(name: str) -> set[str]:
    return {rule.root for rule in registry.get(name).media if rule.type == "image"}


def with_root(*beginnings: str) -> list[tuple[str, str]]:
    return [(n, root) for n in registry.names() for root in sorted(image_roots(n)) if root.startswith(beginnings)]


def find(name: str, root: str, folder: Path, ref: str) -> str | None:
    blob = MediaFinder(folder / "raw", registry.get(name).media, {root: str(folder)}).find("image", ref)
    return blob and blob.path


@pytest.mark.parametrize(("name", "root"), with_root("coco"))
def test_coco_is_found_under_the_names_of_either_year(tmp_path: Path, name: str, root: str) -> None:
    (tmp_path / "raw").mkdir()
    refs = (*NAMES, f"train2014/{NAMES[1]}", f"coco/train2017/{NAMES[0]}", NAMES[0].removesuffix(".jpg"))
    for place in COCO:
        file = rows.write(tmp_path, {place: "1x1"}) / place
        assert [find(name, root, tmp_path, ref) for ref in refs] == [str(file)] * len(refs), place
        assert find(name, root, tmp_path, "000000000010.jpg") is None
        file.unlink()


def test_another_name_with_twelve_digits_is_no_coco_picture(tmp_path: Path) -> None:
    rows.write(tmp_path, {NAMES[0]: "1x1"})
    finder = MediaFinder(tmp_path, [MediaRule("coco")])
    assert finder.find("image", NAMES[1]) == Blob(path=str(tmp_path / NAMES[0]))
    for ref in ("1000000000009.jpg", "x000000000009.jpg", "000000000009.png", "9.jpg"):
        assert finder.find("image", ref) is None
    with pytest.raises(UnsafePath):
        finder.find("image", "/etc/passwd")
    assert MediaFinder(tmp_path, [MediaRule("sa-1b")]).find("image", NAMES[1]) is None


@pytest.mark.parametrize(
    ("name", "root"), [pair for pair in with_root("vg", "visual_genome", "flickr30k") if pair[0] not in OWN_FOLDERS]
)
def test_visual_genome_and_flickr30k_are_found_in_the_folders_they_unpack_to(
    tmp_path: Path, name: str, root: str
) -> None:
    (tmp_path / "raw").mkdir()
    places = [place for place in PLACES if place.startswith("VG") != root.startswith("flickr")]
    for place in places:
        file = rows.write(tmp_path, {place: "1x1"}) / place
        found = [find(name, root, tmp_path, ref) for ref in ("2.jpg", place)]
        assert str(file) in found, place
        file.unlink()
