"""A folder that is asked often is listed: what it answers is what the file system would."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import rows
from vlit_hub import media_listing
from vlit_hub.media_errors import UnsafePath
from vlit_hub.media_listing import ASKS, Listing
from vlit_hub.media_roots import Folder
from vlit_hub.schema import Blob

LIMIT = 1 << 20


def asked_often(root: Path, folder: str) -> Folder:
    found = Folder(str(root))
    for i in range(ASKS):
        assert found.find(f"{folder}/no_{i}.png", "", LIMIT) is None
    return found


def test_a_listed_folder_answers_as_before(tmp_path: Path) -> None:
    rows.write(tmp_path, {"root/a/1.png": "1x1", "root/a/deep/2.png": "1x1", "out/3.png": "1x1"})
    root = tmp_path / "root"
    (root / "a/link.png").symlink_to("1.png")
    (root / "a/out.png").symlink_to(tmp_path / "out/3.png")
    (root / "a/dead.png").symlink_to("nowhere.png")
    (root / "b").symlink_to("a")
    (root / "elsewhere").symlink_to(tmp_path / "out")
    for folder in ("a", "b", "./a"):
        listed = asked_often(root, folder)
        for name in ("1.png", "deep/2.png", "link.png"):
            assert listed.find(f"{folder}/{name}", "", LIMIT) == Blob(path=f"{root}/{folder}/{name}")
        for name in ("4.png", "deep", "dead.png", "", ".", "1.png/"):
            assert listed.find(f"{folder}/{name}", "", LIMIT) is None
        with pytest.raises(UnsafePath):
            listed.find(f"{folder}/out.png", "", LIMIT)
    with pytest.raises(UnsafePath):
        asked_often(root, "elsewhere").find("elsewhere/3.png", "", LIMIT)
    assert asked_often(root, "nowhere").find("nowhere/1.png", "", LIMIT) is None


def test_folders_beyond_the_room_are_left_to_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows.write(tmp_path, {**{f"a/{i}.png": "1x1" for i in range(3)}, **{f"b/{i}.png": "1x1" for i in range(3)}})
    monkeypatch.setattr(media_listing, "NAMES", 5)
    listing = Listing(str(tmp_path))
    answers = {folder: [listing.has(folder, "1.png") for _ in range(ASKS)][-1] for folder in ("a", "b", "a")}
    assert answers == {"a": True, "b": None}
    assert Folder(str(tmp_path)).find("b/1.png", "", LIMIT) == Blob(path=f"{tmp_path}/b/1.png")
