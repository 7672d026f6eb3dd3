"""What generation begins with is what training shows before the answer, token for token, in every family."""

import copy
import logging

import msgspec
import pytest
from transformers import AutoProcessor

from tests.processing.samples import SAMPLES, processor, sample, tiny
from tests.processing.test_masking import supervised
from tests.tiny import BUILDERS
from tests.tiny.llava_onevision import STOP, TEMPLATE
from vlit_hub.processing import FAMILIES, VLITProcessor
from vlit_hub.verify import verify

ODD = [
    sample(("user", "<0>How many?"), ("assistant", "5"), sizes=((64, 48),), name="number"),
    sample(("user", "How many?"), ("assistant", "7 犬"), ("user", "And?"), ("assistant", "犬"), name="sign"),
]
"""Of answers that many tokenizers begin with a token for the space before them."""


def asked(made, turn):
    return msgspec.structs.replace(made, messages=made.messages[: turn.message])


@pytest.mark.parametrize("family", BUILDERS)
def test_the_prompt_is_how_training_begins(family):
    ours, seen, pictured, later = processor(family), 0, 0, 0
    for made in [*SAMPLES, *ODD]:
        encoded = ours.encode(made, 10**5)
        for turn in encoded.turns:
            prompt = ours.prompt(asked(made, turn)).input_ids
            assert prompt == encoded.input_ids[: turn.start], (made.id, turn)
            seen, pictured, later = seen + 1, pictured + bool(encoded.pictures), later + (turn.message > 2)
    assert pictured >= 2 and seen - pictured >= 3
    assert ours.family.says.several_turns == bool(later)


@pytest.mark.parametrize("family", ["llava", "smolvlm"])
def test_a_space_that_is_a_token_is_supervised(family):
    """Generation has to say it before the answer: the prompt ends before it."""
    ours = processor(family)
    made = ODD[0] if family == "smolvlm" else ODD[1]
    encoded = ours.encode(made, 10**5)
    answers = ["".join(part.text for part in m.content) for m in made.messages if m.role == "assistant"]
    assert [text.removeprefix(" ") for text in supervised(ours, encoded)] == [
        a + ours.encoder.template.end_of_turn for a in answers
    ]
    first = [ours.tokenizer.decode(encoded.input_ids[turn.start]).strip() for turn in encoded.turns]
    assert "" in first, first


def test_what_plain_transformers_begins_with_is_what_training_shows(tmp_path, caplog):
    """The released template of LLaVA-OneVision opens replies in two ways: what is saved opens them in one."""
    with caplog.at_level(logging.WARNING, "vlit_hub"):
        ours = VLITProcessor(tiny("llava_onevision")[1])
        assert "opens replies otherwise in a dialogue than for generation" in caplog.text
        caplog.clear()
        ours.save_pretrained(tmp_path)
        again = VLITProcessor.from_pretrained(tmp_path)
        assert not caplog.text and again.chat_template == ours.chat_template != TEMPLATE
    assert again.fingerprint(512) == ours.fingerprint(512)
    plain = AutoProcessor.from_pretrained(tmp_path)
    said = [{"role": r, "content": [{"type": "text", "text": t}]} for r, t in (("user", "Hi?"), ("assistant", "Yes."))]
    whole = plain.apply_chat_template([*said, *said], tokenize=False)
    asked = plain.apply_chat_template([*said, *said[:1]], tokenize=False, add_generation_prompt=True)
    assert whole == f"{asked}Yes.{STOP}" and whole.count("<|im_start|>assistant\nYes.") == 2
    asked = plain.apply_chat_template(said[:1], tokenize=False, add_generation_prompt=True)
    assert asked == tiny("llava_onevision")[1].apply_chat_template(said[:1], tokenize=False, add_generation_prompt=True)


def test_only_what_the_checkpoint_brings_and_what_differs_is_mended(caplog):
    native = tiny("llava_onevision")[1]
    alike = TEMPLATE.replace("'<|im_start|>assistant\n'", "'<|im_start|>assistant \n'")
    assert alike != TEMPLATE
    with caplog.at_level(logging.WARNING, "vlit_hub"):
        assert VLITProcessor(native, chat_template=TEMPLATE).chat_template == TEMPLATE
        own = copy.copy(native)
        own.chat_template = alike
        assert VLITProcessor(own).chat_template == alike
    assert not caplog.text
    assert native.chat_template == TEMPLATE, "the processor that was handed in stays as it is"
    assert VLITProcessor(native).chat_template != TEMPLATE
    assert [name for name, family in FAMILIES.items() if family.mends] == ["llava_onevision"]


def test_a_template_that_asks_nothing_still_trains():
    source = processor("qwen2_5_vl").chat_template
    refusing = "{% if messages[-1]['role'] == 'user' %}{{ raise_exception('no reply') }}{% endif %}" + source
    ours = VLITProcessor(tiny("qwen2_5_vl")[1], chat_template=refusing)
    made = SAMPLES[1]
    assert ours.encode(made, 4000) == processor("qwen2_5_vl").encode(made, 4000)
    (row,) = [row for row in verify([made], ours, 4000).rows if row.check == "generation prompt"]
    assert (row.result, row.why) == ("not said", "the chat template refuses the turns before an answer")
