"""Chats composed from frames are those that the template writes; where a text steers it, the template writes them."""

import json

import msgspec
import pytest

from tests.processing.samples import FAMILIES, SAMPLES, processor, sample, tiny
from tests.processing.test_masking import said, supervised
from tests.tiny.qwen2_5_vl import TEMPLATE as QWEN_TEMPLATE
from vlit_hub.processing import VLITProcessor
from vlit_hub.processing.masking import Frame

ODD = [
    sample(("user", text), ("assistant", "Yes."), ("user", "So"), ("assistant", text), name=f"odd {number}")
    for number, text in enumerate(
        [" lead", "trail ", "\n\nlines\n", "user", "assistant", "image", "{{ messages }}", "{% if x %}",
         "USER: ASSISTANT:", "</think>", "a < b && c > d", "\u00a0nbsp", "犬🐶", "'quotes' \"too\"", "\\n"]
    )
]  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_composed_is_rendered(family, monkeypatch):
    """Every chat as the template itself writes it, after its shape is known and no longer checked."""
    ours = VLITProcessor(tiny(family)[1])
    template = ours.encoder.template
    says = ours.family.says
    composed = 0
    real = Frame.compose

    def counting(frame, texts):
        nonlocal composed
        composed += 1
        return real(frame, texts)

    for made in [*SAMPLES, *ODD]:
        if (made.images or len(made.messages) > 2) and (says.most_pictures == 1 or not says.several_turns):
            continue
        if made.messages[0].role == "system" and not says.system:
            continue
        chat, _ = ours.encoder._chat(made, len(made.messages), None)
        for _ in range(5):
            template.render(chat)
        monkeypatch.setattr(Frame, "compose", counting)
        assert template.render(chat).text == template._apply(chat), made.id
        monkeypatch.setattr(Frame, "compose", real)
    assert composed > 3


STEERED = {
    "think": "{% if '</think>' in content['text'] %}{{ content['text'].split('</think>')[-1] }}{% else %}"
    "{{ content['text'] }}{% endif %}",
    "equal": "{% if content['text'] == 'Yes' %}Yea{% else %}{{ content['text'] }}{% endif %}",
    "macro": "{{ said(content['text']) }}",
    "length": "{% if content['text'] | length > 900 %}long{% else %}{{ content['text'] }}{% endif %}",
}
MACRO = "{% macro said(text) %}{% if text.startswith('Yes') %}No{% else %}{{ text }}{% endif %}{% endmacro %}"


@pytest.mark.parametrize("kind", STEERED)
def test_a_text_that_steers_the_template_is_never_composed(kind):
    source = MACRO + QWEN_TEMPLATE.replace("{{ content['text'] }}", STEERED[kind])
    template = VLITProcessor(tiny("qwen2_5_vl")[1], chat_template=source).encoder.template
    plain = [{"role": "user", "content": [{"type": "text", "text": "Is it?"}]},
             {"role": "assistant", "content": [{"type": "text", "text": "It is."}]}]  # fmt: skip
    for _ in range(6):
        assert template.render(plain).text == template._apply(plain)
    text = {"think": "a </think> b", "length": "so " * 400 + "on"}.get(kind, "Yes")
    steered = [plain[0], {"role": "assistant", "content": [{"type": "text", "text": text}]}]
    try:
        assert template.render(steered).text == template._apply(steered)
    except ValueError as error:
        assert "the template changes the text of message 1" in str(error)
    assert text not in template._apply(steered)


CALL = [{"type": "function", "function": {"name": "zoom", "arguments": {"box": [1, 2]}}}]
TOOLS = [{"type": "function", "function": {"name": "zoom", "description": "Look closer.", "parameters": {}}}]
ASKED = sample(
    ("system", "Be brief."), ("user", "<0>What is it?"), ("assistant", ""), ("user", "8"), ("assistant", "An eight."),
    ("user", "Sure?"), ("assistant", "Look again."), ("user", "8"), ("assistant", "Yes."),
    sizes=((64, 48),), name="tool",
)  # fmt: skip


def called():
    messages = list(ASKED.messages)
    for number in (2, 6):
        messages[number] = msgspec.structs.replace(messages[number], tool_calls=json.dumps(CALL))
    messages[2] = msgspec.structs.replace(messages[2], content=[])
    for number in (3, 7):
        messages[number] = msgspec.structs.replace(messages[number], role="tool")
    return msgspec.structs.replace(ASKED, messages=messages, tools=json.dumps(TOOLS))


def test_tool_calls_are_supervised_and_results_are_not():
    ours = processor("qwen3_vl")
    encoded = ours.encode(called(), 4000)
    call = '<tool_call>\n{"name": "zoom", "arguments": {"box": [1, 2]}}\n</tool_call><|im_end|>'
    assert supervised(ours, encoded) == [call, "An eight.<|im_end|>", f"Look again.\n{call}", "Yes.<|im_end|>"]
    text = ours.decode_example(encoded)
    assert "<tools>\n" in text and "<tool_response>\n8\n</tool_response>" in text and "⟦8" not in text
    assert ours.native.apply_chat_template(*chat_of(ours)).count("<|im_end|>") == encoded.input_ids.count(
        ours.tokenizer.convert_tokens_to_ids("<|im_end|>")
    )


def chat_of(ours):
    chat, tools = ours.encoder._chat(called(), len(called().messages), None)
    return chat, None, tools


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl", "internvl", "smolvlm", "llava_onevision"])
def test_templates_without_tools_drop_and_say_so(family):
    encoded = processor(family).encode(called(), 4000)
    assert (encoded.dropped, encoded.detail) == ("tools", "the chat template takes no tool schemas")
    without = msgspec.structs.replace(called(), tools="")
    assert processor(family).encode(without, 4000).detail == "the chat template writes no tool calls"


@pytest.mark.parametrize("family", ["llava", "qwen3_vl", "smolvlm"])
def test_odd_texts_are_supervised_exactly(family):
    ours = processor(family)
    for made in ODD:
        encoded = ours.encode(made, 4000)
        texts, answer = said(ours, encoded), made.messages[3].content[0].text
        assert len(texts) == 2 and ours.tokenizer.decode(encoded.input_ids).count(answer.strip()) >= 2
        assert answer.strip() in texts[1]
