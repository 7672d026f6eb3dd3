"""Boxes around run-length masks, against pycocotools."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlit_hub.regions.rle import mask_box, runs
from vlit_hub.schema import Mask

coco = pytest.importorskip("pycocotools.mask")


@given(
    st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.02, 0.1, 0.5, 0.95, 1.0])
)
def test_the_box_is_that_of_the_decoded_mask(height: int, width: int, seed: int, share: float) -> None:
    drawn = np.asfortranarray(np.random.default_rng(seed).random((height, width)) < share, dtype=np.uint8)
    encoded = coco.encode(drawn)
    found = mask_box(Mask(size=[height, width], counts=encoded["counts"].decode()))
    ys, xs = np.nonzero(drawn)
    if not len(xs):
        assert found is None
        return
    wanted = [xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height]
    assert found == pytest.approx(wanted)


@pytest.mark.parametrize("counts", ["", "\x00", "o", "PPYo01O1", "~~~~~~~~~~~~~~~~~"])
def test_broken_counts_have_no_box(counts: str) -> None:
    assert mask_box(Mask(size=[4, 4], counts=counts)) is None
    assert runs("o") is None
