"""Videos, sounds and point clouds: kept as they are, made safe, or refused with the safe form named."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest

from tests import rows
from tests.rows import lamm
from vlit_hub import registry
from vlit_hub.media_errors import UnreadableMedia
from vlit_hub.media_forms import check_stream, point_cloud, ready
from vlit_hub.release import Release
from vlit_hub.schema import Blob

POINTS = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)


def saved(array: np.ndarray, **options: bool) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


@pytest.mark.parametrize("array", [POINTS, POINTS[:, :3].copy()])
def test_a_float32_array_is_kept_by_its_header(tmp_path: Path, array: np.ndarray) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(saved(array))
    assert point_cloud(str(path)) is None
    assert ready("point_cloud", Blob(path=str(path))) == Blob(path=str(path))


@pytest.mark.parametrize("array", [POINTS.astype(np.float64), np.asfortranarray(POINTS), POINTS.astype(">f4")])
def test_other_numbers_become_float32(array: np.ndarray) -> None:
    made = point_cloud(saved(array))
    assert made is not None
    again = np.load(io.BytesIO(made), allow_pickle=False)
    assert again.dtype == np.float32
    assert (again == POINTS).all()
    assert point_cloud(made) is None


def test_colours_of_255_are_divided_and_places_are_not() -> None:
    array = np.array([[1, 2, 300, 0, 51, 255]], np.float32)
    made = point_cloud(saved(array), full_colour=255)
    assert made is not None
    assert np.load(io.BytesIO(made)).tolist() == [[1, 2, 300, 0, np.float32(0.2), 1]]
    assert point_cloud(saved(array[:, :3].copy()), full_colour=255) is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (saved(np.array([{}], dtype=object), allow_pickle=True), "pickled objects is never loaded"),
        (saved(POINTS[:, :4]), "float32 \\(4, 4\\) is no point cloud"),
        (saved(POINTS[:0]), "is no point cloud"),
        (saved(POINTS)[:-1], "cut or followed"),
        (saved(POINTS) + b"x", "cut or followed"),
        (b"ply\nformat ascii 1.0\n", "not a .npy"),
        (b"", "not a .npy"),
        (b"\x93NUMPY\x01\x00\xff\xff{", "not a .npy"),
    ],
)
def test_other_forms_are_refused_and_the_safe_one_named(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableMedia, match=f"{reason}.*allow_pickle=False.* float32"):
        point_cloud(data)


@pytest.mark.parametrize("head", [b"\0\0\0\x18ftypmp42", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0WAVE", b"ID3"])
def test_videos_and_sounds_are_kept(head: bytes) -> None:
    assert ready("video", Blob(bytes=head)) == Blob(bytes=head)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pickle.dumps([1]), "a pickle is never loaded; give the video"),
        (b"PK\x03\x04", "torch file is never loaded"),
        (saved(POINTS), "array is never loaded"),
        (b"", "empty"),
    ],
)
def test_features_in_place_of_a_video_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableMedia, match=reason):
        check_stream(data)


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    for check in (check_stream, point_cloud):
        with pytest.raises(UnreadableMedia, match="cannot be read"):
            check(str(tmp_path / "gone"))


def test_a_release_gives_safe_clouds_and_reports_refused_ones(tmp_path: Path) -> None:
    release = Release(registry.get("lamm"), rows.write(tmp_path, lamm.FILES), "3d")
    blob = next(release.read("train")).samples[0].point_clouds[0]
    assert blob is not None and blob.bytes is not None
    found, native = np.load(io.BytesIO(blob.bytes)), np.linspace(0, 1, 30).reshape(5, 6)
    assert np.allclose(found[:, :3], native[:, :3])
    assert np.allclose(found[:, 3:], native[:, 3:] / 255)
    cloud = tmp_path / "3D_Instruct/shapenet_pcls/04256520_cb_4096.npy"
    cloud.write_bytes(saved(np.array([{}], dtype=object), allow_pickle=True))
    outcome = next(release.read("train"))
    assert outcome.samples[0].point_clouds == [None]
    ((field, reason),) = outcome.reports
    assert (field, "allow_pickle=False" in reason) == ("media[0]", True)
