"""verify on samples with videos: green as they are, red for frames that are too few, missing, or of another video."""

from dataclasses import replace

import msgspec
import pytest

from tests.datasets.test_video import numbered
from tests.processing.samples import SAMPLES, processor, tiny
from tests.processing.test_videos import LENGTH, MADE, NATIVE, video_sample
from tests.verify.test_verify import Faulty
from vlit_hub.processing import VLITCollator, VLITProcessor
from vlit_hub.schema import Blob
from vlit_hub.verify import Tuned, verify

ALONE = video_sample("<v0>|What?", "A dog.", name="alone")
SHORT = video_sample("<v0>|What?|<v1>", "A cat.", name="short", clips=((1.0, 3.0), (None, None)),
                     videos=(numbered(60), numbered(5)))  # fmt: skip
DATA = [MADE, ALONE, SHORT, SAMPLES[0], SAMPLES[3]]
FAMILIES = [*NATIVE, "llava", pytest.param("idefics3", marks=pytest.mark.slow), "gemma3"]


def failed(report):
    return {row.check: row.first for row in report.rows if not row.passed}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("max_length", [LENGTH, 150])
def test_videos_are_green(family, max_length):
    report = verify(DATA, processor(family), max_length)
    assert report.ok, failed(report)
    assert set(report.dropped) <= {"too_long"} and (max_length < LENGTH or not report.dropped)


@pytest.mark.parametrize("family", ["qwen2_5_vl", "llava"])
def test_frames_a_second_are_green_and_others_red(family):
    ours = VLITProcessor(tiny(family)[1], fps=0.5)
    report = verify(DATA, ours, LENGTH)
    assert report.ok, failed(report)
    faulty = Faulty(ours, lambda encoded, ours, made: encoded)
    faulty.fps = 1.0
    assert failed(verify([ALONE], faulty, LENGTH)).keys() >= {"pictures whole"}


@pytest.mark.parametrize("family", ["qwen2_5_vl", "internvl"])
def test_a_model_reads_them_alone_and_in_packs(family):
    model, ours = tiny(family)[0], processor(family)
    rate = getattr(model.config.vision_config, "tokens_per_second", None)
    report = verify(DATA, ours, LENGTH, tuned=Tuned(model, VLITCollator(ours, LENGTH, rate=rate)))
    rows = {row.check: row for row in report.rows}
    assert report.ok and rows["model"].checked == len(DATA) and rows["packed logits"].result == "pass"


class Fewer(Faulty):
    """Takes four frames of each video, and says that it takes eight."""

    def __init__(self, ours):
        super().__init__(VLITProcessor(ours.native, frames=4), lambda encoded, ours, made: encoded)
        self.frames = 8


class Cut(Faulty):
    """The text holds eight frames, the model gets four."""

    def pixels(self, made, encoded):
        return self.processor.pixels(made, replace(encoded, frames=4))


class Other(Faulty):
    """As many frames, of another video."""

    def pixels(self, made, encoded):
        return self.processor.pixels(msgspec.structs.replace(made, videos=[Blob(bytes=numbered(90))]), encoded)


@pytest.mark.parametrize("family", [*NATIVE, "llava"])
def test_a_wrong_number_of_frames_is_red(family):
    ours = processor(family)
    found = failed(verify([ALONE], Fewer(ours), LENGTH))
    assert found["picture count"] == f"tests alone: 4 frames are taken of a video, where 8 fit into {LENGTH} tokens"
    cut = Cut(ours, lambda encoded, ours, made: encoded)
    found = failed(verify([ALONE], cut, LENGTH))
    assert found.keys() >= {"pixels", "picture tokens"}
    assert "picture tokens, the model makes" in found["picture tokens"]


@pytest.mark.parametrize("family", [*NATIVE, "llava"])
def test_frames_of_another_video_are_red(family):
    other = Other(processor(family), lambda encoded, ours, made: encoded)
    found = failed(verify([ALONE], other, LENGTH))
    assert found.keys() == {"pixels"} and "other pixels than those of videos [0] in this order" in found["pixels"]


def test_a_lost_video_is_red():
    gone = Faulty(processor("internvl"), lambda encoded, ours, made: replace(encoded, videos=[], order=[]))
    found = failed(verify([ALONE], gone, LENGTH))
    assert found["picture count"] == "tests alone: the turns show videos [0], the processor kept []"
