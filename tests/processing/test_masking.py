"""Supervised strings equal the answers exactly, whatever the template."""

import re
from itertools import groupby

import pytest

from tests.processing.samples import ANSWERS, FAMILIES, SAMPLES, processor, sample, tiny
from tests.tiny import MODULES
from tests.tiny.llava import TEMPLATE as LLAVA_TEMPLATE
from tests.tiny.qwen2_5_vl import TEMPLATE as QWEN_TEMPLATE
from vlit_hub.processing import MaskError, NoEndOfTurn, VLITProcessor
from vlit_hub.schema import Message

STOP = {family: MODULES[family].STOP for family in FAMILIES}
GENERATION = re.compile(r"{%-? (end)?generation -?%}")
TAGGED = {
    **{family: processor(family).chat_template for family in FAMILIES if "{% generation" in MODULES[family].TEMPLATE},
    "qwen2_5_vl": QWEN_TEMPLATE.replace(
        "<|im_start|>{{ message['role'] }}\n",
        "<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}{% generation %}"
        "{{ message['content'][0]['text'] + '<|im_end|>' }}{% endgeneration %}{{ '\n' }}{% else %}",
    ).replace(
        "<|im_end|>\n{% endif %}{% endfor %}{% if add", "<|im_end|>\n{% endif %}{% endif %}{% endfor %}{% if add"
    ),
}
PLAIN = {family: GENERATION.sub("", source) for family, source in TAGGED.items()}


def supervised(processor, encoded):
    """The supervised stretches as text, read off the labels alone."""
    out, at = [], 0
    for on, run in groupby(encoded.labels, lambda label: label != -100):
        ids = list(run)
        if on:
            assert ids == encoded.input_ids[at : at + len(ids)]
            out.append(processor.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))
        at += len(ids)
    return out


def said(processor, encoded):
    """The same; of a space that the template writes before an answer the first token may hold one."""
    return [text.removeprefix(" ") for text in supervised(processor, encoded)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("made", [s for s in SAMPLES if s.id in ANSWERS], ids=lambda s: s.id)
def test_supervised_strings_are_the_answers(family, made):
    encoded = processor(family).encode(made, 4000)
    answers = ANSWERS[made.id]
    if family in ("llava", "llava_next", "gemma3"):  # no normaliser: accents stay as they were written
        answers = ["".join(p.text for p in m.content) for m in made.messages if m.role == "assistant" and m.train]
    assert said(processor(family), encoded) == [answer + STOP[family] for answer in answers]
    assert [turn.message for turn in encoded.turns] == [
        i for i, m in enumerate(made.messages) if m.role == "assistant" and m.train
    ]
    assert encoded.supervised == sum(label != -100 for label in encoded.labels)


@pytest.mark.parametrize("family", TAGGED)
def test_generation_tags_change_nothing(family):
    assert "generation %}" in TAGGED[family] and "generation %}" not in PLAIN[family]
    tagged, plain = (VLITProcessor(tiny(family)[1], chat_template=source[family]) for source in (TAGGED, PLAIN))
    for made in SAMPLES:
        assert tagged.encode(made, 4000) == plain.encode(made, 4000) == processor(family).encode(made, 4000)


@pytest.mark.parametrize("family", FAMILIES)
def test_regions_are_written_in_the_dialect(family):
    made = next(s for s in SAMPLES if s.id == "regions")
    encoded = processor(family).encode(made, 4000)
    assert said(processor(family), encoded) == [text + STOP[family] for text in MODULES[family].REGIONS]


def test_another_dialect_can_be_chosen():
    made = next(s for s in SAMPLES if s.id == "regions")
    chosen = VLITProcessor(tiny("qwen2_5_vl")[1], dialect="float")
    assert supervised(chosen, chosen.encode(made, 4000))[1] == "that [0.100, 0.200, 0.500, 0.600]<|im_end|>"
    with pytest.raises(ValueError, match="unknown region dialect 'shout'"):
        VLITProcessor(tiny("llava")[1], dialect="shout")


def test_a_template_that_trims_gives_trimmed_answers():
    source = QWEN_TEMPLATE.replace("content['text'] }}", "content['text'] | trim }}")
    trimming = VLITProcessor(tiny("qwen2_5_vl")[1], chat_template=source)
    made = sample(("user", " Hi? "), ("assistant", " \n Yes, I do.  "), ("user", "So?"), ("assistant", "So."))
    assert supervised(trimming, trimming.encode(made, 400)) == ["Yes, I do.<|im_end|>", "So.<|im_end|>"]


def test_white_space_of_an_answer_is_kept_where_the_template_keeps_it():
    made = sample(("user", "Hi?"), ("assistant", "\n\n  Yes \n"))
    ours = processor("qwen2_5_vl")
    (text,) = supervised(ours, ours.encode(made, 400))
    assert text.strip() == "Yes \n<|im_end|>" and text.endswith("  Yes \n<|im_end|>")


def test_released_llava_template_without_end_of_turn_is_refused():
    source = LLAVA_TEMPLATE.replace("content['text'] + eos_token", "content['text'] + ' '")
    with pytest.raises(NoEndOfTurn, match="family.template"):
        VLITProcessor(tiny("llava")[1], chat_template=source)


def test_a_template_that_changes_an_answer_raises_and_names_the_sample():
    source = QWEN_TEMPLATE.replace("content['text'] }}", "content['text'] | replace('dog', 'cat') }}")
    changing = VLITProcessor(tiny("qwen2_5_vl")[1], chat_template=source)
    with pytest.raises(MaskError, match="tests one: the template changes the text of message 1: 'A dog.'"):
        changing.encode(SAMPLES[0], 400)


def test_a_template_that_loses_a_text_raises():
    source = LLAVA_TEMPLATE.replace("{% for message in messages %}", "{% for message in messages[1:] %}")
    with pytest.raises(MaskError, match="does not write the text of message 0 exactly once"):
        VLITProcessor(tiny("llava")[1], chat_template=source).encode(SAMPLES[3], 400)


def test_a_template_that_loses_a_picture_raises():
    source = QWEN_TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", "")
    with pytest.raises(MaskError, match="places 0 pictures, the chat has 1"):
        VLITProcessor(tiny("qwen2_5_vl")[1], chat_template=source).encode(SAMPLES[0], 400)


def test_a_token_across_template_and_answer_raises():
    source = LLAVA_TEMPLATE.replace("+ ': ' }}", "+ ': Ye' }}")
    native = tiny("llava")[1]
    assert native.tokenizer.tokenize("x Yes")[-1] == "▁Yes"
    with pytest.raises(MaskError, match="at the edge of message 1"):
        VLITProcessor(native, chat_template=source).encode(sample(("user", "a"), ("assistant", "s")), 400)


def test_consecutive_answers_are_separate_turns():
    made = sample(("user", "Hi"), ("assistant", "One."), ("assistant", "Two."))
    assert supervised(processor("llava"), processor("llava").encode(made, 400)) == ["One.</s>", "Two.</s>"]


def test_tokens_are_those_of_the_whole_text():
    """A piece tokenised alone would begin with another token than in the text ("▁" is shared with the template)."""
    ours = processor("llava")
    made = sample(("user", "Hi"), ("assistant", "(a)"))
    assert isinstance(made.messages[1], Message)
    encoded = ours.encode(made, 400)
    assert encoded.input_ids == ours.tokenizer("USER: Hi ASSISTANT: (a)</s>")["input_ids"]
