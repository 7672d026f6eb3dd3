"""Likelihoods of several replies over one run of the prompt equal those of running each with its picture."""

import importlib

import msgspec
import pytest

from tests.datasets.test_video import numbered
from tests.evaluation.rooms import colour_sample, say
from tests.processing.test_videos import video_sample
from vlit_hub.chat import NotChat
from vlit_hub.evaluation.likelihood import UNCACHED, apart, how, likelihoods
from vlit_hub.evaluation.questions import asked_sample
from vlit_hub.processing import VLITProcessor
from vlit_hub.processing.families import FAMILIES
from vlit_hub.schema import Blob

FIRST = ("llava", "qwen2_5_vl", "idefics3")
REST = sorted({*FAMILIES} - {*FIRST})


def tiny(family):
    model, native = importlib.import_module(f"tests.tiny.{family}").build()
    return model, VLITProcessor(native)


def samples(processor):
    plain = msgspec.structs.replace(
        colour_sample(2, "red"), images=[], media=[], messages=[say("user", "Yes or no?"), say("assistant", "yes")]
    )
    found = [
        (colour_sample(0, "red"), ["red", "green and blue", "a dark blue", "A"]),
        (colour_sample(1, "green", question="Which of the colours is it, in one word please?"), ["yes", "no"]),
        (plain, ["yes", "no, not at all", "maybe"]),
    ]
    if processor.family.says.several_turns:
        turns = [say("user", 0, "Hi?"), say("assistant", "Hello."), say("user", "Shape?"), say("assistant", "square")]
        found.append((msgspec.structs.replace(colour_sample(3, "blue"), messages=turns), ["square", "ring", "B"]))
    return [asked_sample(sample) for sample, _ in found], [replies for _, replies in found]


@pytest.mark.parametrize("family", [*FIRST, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)])
def test_together_is_apart(family):
    model, processor = tiny(family)
    asked, replies = samples(processor)
    together = likelihoods(model, processor, asked, replies)
    for sample, said, scores in zip(asked, replies, together, strict=True):
        alone = apart(model, processor, sample, said)
        assert [score.tokens for score in scores] == [score.tokens for score in alone]
        assert [score.total for score in scores] == pytest.approx([score.total for score in alone], abs=1e-4)
        assert len({score.total for score in alone}) == len(said)
    reordered = likelihoods(model, processor, asked[::-1], replies[::-1])
    flat = [score.total for scores in together for score in scores]
    assert [s.total for scores in reordered[::-1] for s in scores] == pytest.approx(flat, abs=1e-4)
    assert (family in UNCACHED) == how(processor).startswith("each option apart")


def test_the_total_is_what_training_supervises():
    """Minus the model's own loss on the sample, times its supervised tokens."""
    model, processor = tiny("llava")
    sample = colour_sample(0, "green")
    batch = processor([sample], 4096)
    (((score,)),) = (likelihoods(model, processor, [asked_sample(sample)], [["green"]]),)
    assert score[0].tokens == int((batch["labels"] != -100).sum())
    assert score[0].mean == pytest.approx(-model(**batch).loss.item(), abs=1e-5)


def test_what_cannot_be_asked_is_named():
    model, processor = tiny("llava")
    torn = msgspec.structs.replace(colour_sample(2, "red"), images=[Blob(bytes=b"no picture")])
    for sample, replies, reason in (
        (torn, ["a", "b"], "unreadable picture"),
        (colour_sample(0, "red"), ["a", "</s>"], "control token"),
        (colour_sample(0, "red"), ["a", " "], "empty answer"),
    ):
        with pytest.raises(NotChat) as refused:
            likelihoods(model, processor, [asked_sample(sample)], [replies])
        assert refused.value.reason == reason


VIDEO = ("llava", "qwen2_5_vl")
MORE = ("idefics3", "internvl", "llava_onevision", "qwen3_vl", "smolvlm")


@pytest.mark.parametrize("family", [*VIDEO, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)])
def test_videos_are_asked_about_as_in_training(family):
    model, processor = tiny(family)
    asked = [asked_sample(video_sample("<v0>|Which number?", "3", videos=(numbered(n),))) for n in (60, 24)]
    mixed = asked_sample(colour_sample(0, "red"))
    replies = [["three", "a big number", "C"], ["one", "two of them"], ["red", "green and blue"]]
    together = likelihoods(model, processor, [*asked, mixed], replies)
    for sample, said, scores in zip([*asked, mixed], replies, together, strict=True):
        alone = [score.total for score in apart(model, processor, sample, said)]
        assert [score.total for score in scores] == pytest.approx(alone, abs=1e-4) and len(set(alone)) == len(said)
    whole = processor([video_sample("<v0>|Which number?", "3")], 1 << 20)["input_ids"][0].tolist()
    prompt = processor.prompts(asked[:1])["input_ids"][0].tolist()
    shown = [[ids.count(token) for token in processor.encoder.tokens] for ids in (whole, prompt)]
    assert shown[0] == shown[1] and sum(shown[0]) >= 8
    assert whole[: len(prompt)] == prompt
