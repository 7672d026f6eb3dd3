"""``decode="fast"``: large JPEGs come at an even fraction, and nothing but the last bits of pixels changes."""

from __future__ import annotations

import io

import msgspec
import numpy as np
import PIL.Image
import pytest
import torch

from tests.processing.samples import FAMILIES, processor, sample
from vlit_hub.media import UnreadableMedia
from vlit_hub.processing import VLITCollator
from vlit_hub.processing.batch import Gallery
from vlit_hub.schema import Blob, Sample
from vlit_hub.training.recipe import RecipeError, TrainRecipe

LENGTH = 4000
STRETCHED = [name for name in FAMILIES if processor(name).family.stretches]


def jpeg(width: int, height: int, kind: str = "JPEG") -> bytes:
    """Waves of all lengths down to 12 pixels."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / 2 + y / 5), np.sin(x / 40) * np.cos(y / 25), np.sin((x + 2 * y) / 200)]
    out = io.BytesIO()
    PIL.Image.fromarray(np.stack([(wave * 100 + 127).astype(np.uint8) for wave in waves], -1)).save(out, kind)
    return out.getvalue()


def with_picture(width: int, height: int, kind: str = "JPEG") -> Sample:
    made = sample(("user", "<0> What is it?"), ("assistant", "Waves."), sizes=((8, 8),))
    media = [msgspec.structs.replace(made.media[0], width=width, height=height)]
    return msgspec.structs.replace(made, images=[Blob(bytes=jpeg(width, height, kind))], media=media)


def opened(family: str, made: Sample) -> tuple[int, int]:
    """Size at which fast decodes the picture."""
    ours = processor(family)
    gallery = Gallery(ours.family, ours.native, fast=True)
    gallery.take(made, ours.encode(made, LENGTH))
    (found,) = gallery._opened.values()
    return found.image.size


def both(family: str, samples: list[Sample]) -> tuple[dict, dict]:
    exact, fast = (VLITCollator(processor(family), LENGTH, decode=mode)(samples) for mode in ("exact", "fast"))
    assert exact.keys() == fast.keys() and exact.pop("vlit") == fast.pop("vlit")
    return exact, fast


@pytest.mark.parametrize("family", STRETCHED)
def test_tokens_stay_and_pixels_nearly(family):
    made = with_picture(1600, 1200)
    exact, fast = both(family, [made, made])
    for key, value in exact.items():
        assert fast[key].shape == value.shape
        if value.dtype.is_floating_point:
            spread = (value.max() - value.min()).item()
            error = torch.mean((value - fast[key]) ** 2).sqrt().item() / spread
            assert error < 10 ** (-40 / 20), "40 dB"
        else:
            assert torch.equal(fast[key], value)


def test_pictures_do_come_smaller():
    assert opened("llava", with_picture(1600, 1200)) == (200, 150)
    assert opened("llava", with_picture(1604, 1202)) == (802, 601)
    assert opened("llava", with_picture(1601, 1201)) == (1601, 1201), "no even fraction"
    assert opened("llava", with_picture(40, 30)) == (40, 30), "not large"
    assert opened("llava", with_picture(1600, 1200, "PNG")) == (1600, 1200), "no JPEG"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_does_not_come_smaller_is_equal(kind):
    exact, fast = both("llava", [with_picture(401, 301, kind)])
    assert all(torch.equal(exact[key], fast[key]) for key in exact)


def test_a_picture_of_another_size_than_recorded_is_refused_alike():
    made = with_picture(1600, 1200)
    wrong = msgspec.structs.replace(made, media=[msgspec.structs.replace(made.media[0], width=800, height=600)])
    for mode in ("exact", "fast"):
        with pytest.raises(UnreadableMedia, match=r"picture 0 is \(1600, 1200\), recorded as \(800, 600\)"):
            VLITCollator(processor("llava"), LENGTH, decode=mode)([wrong])


def test_who_does_more_than_stretch_decodes_exactly():
    other = next(name for name in FAMILIES if name not in STRETCHED)
    with pytest.raises(ValueError, match=r"decode: family \w+ does more than stretch a picture; only exact"):
        VLITCollator(processor(other), LENGTH, decode="fast")
    with pytest.raises(ValueError, match="decode: 'quick' is not one of: exact, fast"):
        VLITCollator(processor("llava"), LENGTH, decode="quick")
    with pytest.raises(RecipeError, match="decode"):
        TrainRecipe(model="m", setting="FA", data="d", out="o", global_batch=1, decode="quick")
