"""Every max_length from 1 to the full length: pictures whole, turns whole, something supervised, or dropped."""

import json
from dataclasses import replace
from itertools import groupby

import msgspec
import pytest

from tests.processing.samples import FAMILIES, SAMPLES, parts, processor, sample
from tests.processing.test_masking import supervised
from vlit_hub.processing import REASONS, Dropped
from vlit_hub.schema import Blob, Media, Message, Part, Region


def whole(ours, made, messages, budget=None):
    """The encoding of the first messages alone, at no limit, pictures under a budget."""
    row = ours.family
    family = replace(
        row,
        write=lambda native, sizes, _: row.write(native, sizes, budget),
        resize=lambda native, size, _: row.resize(native, size, budget),
    )
    made = msgspec.structs.replace(made, messages=made.messages[:messages])
    return replace(ours.encoder, family=family).encode([made], 10**6)[0]


def picture_runs(ours, encoded):
    token = ours.native.image_token_id
    return [len(list(run)) for same, run in groupby(encoded.input_ids, token.__eq__) if same]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("made", SAMPLES, ids=lambda s: s.id)
def test_invariants_at_every_length(family, made):
    ours = processor(family)
    full = ours.encode(made, 10**6)
    budgets = ours.family.budgets(ours.native)
    previous = 0
    for max_length in range(1, full.length + 2):
        encoded = ours.encode(made, max_length)
        if encoded.dropped:
            assert encoded.dropped == "too_long" and encoded.length == 0 and previous == 0
            continue
        assert 0 < encoded.supervised and encoded.length == len(encoded.labels) <= max_length
        assert encoded.messages >= previous, "a longer limit never keeps fewer turns"
        previous = encoded.messages
        assert supervised_everything(ours, made, encoded)
        assert encoded.pictures == [
            p.index for m in made.messages[: encoded.messages] for p in m.content if p.type == "image"
        ]
        sizes = [(made.media[i].width, made.media[i].height) for i in encoded.pictures]
        tokens = ours.family.image_tokens(ours.native, sizes, encoded.budget)
        written = ours.family.write(ours.native, sizes, encoded.budget)
        runs, found = [run for picture in written for run in picture.runs], picture_runs(ours, encoded)
        assert found == runs or (len(found) < len(runs) and sum(found) == sum(runs)), "runs may touch each other"
        assert encoded.picture_tokens == tokens
        if encoded.budget is None:
            assert encoded == whole(ours, made, encoded.messages)
        else:  # no larger budget would have fitted
            larger = budgets[budgets.index(encoded.budget) - 1]
            assert whole(ours, made, encoded.messages, larger).length > max_length
    assert encoded == full and full.messages == len(made.messages) and full.budget is None


def supervised_everything(ours, made, encoded):
    texts = supervised(ours, encoded)
    kept = [m for m in made.messages[: encoded.messages] if m.role == "assistant" and m.train]
    if made.regions and any(p.type == "region" for m in made.messages for p in m.content):
        return len(texts) == len(kept)  # the numbers change with the picture's budget
    return texts == supervised(ours, whole(ours, made, encoded.messages))


def test_budget_goes_first_then_turns_then_the_sample():
    ours = processor("qwen2_5_vl")
    made = next(s for s in SAMPLES if s.id == "turns")
    steps = []
    for max_length in range(ours.encode(made, 10**6).length, 0, -1):
        encoded = ours.encode(made, max_length)
        step = (encoded.messages, encoded.budget, encoded.dropped)
        if not steps or steps[-1] != step:
            steps.append(step)
    assert steps[:3] == [(6, None, ""), (6, 128, ""), (6, 64, "")]
    assert [step[0] for step in steps] == sorted((step[0] for step in steps), reverse=True)
    assert steps[-2:] == [(2, 64, ""), (0, None, "too_long")]


def test_the_system_turn_stays():
    ours = processor("llava")
    made = sample(("system", "Be brief."), ("user", "Hi"), ("assistant", "Yo"), ("user", "And"), ("assistant", "So"))
    short = ours.encode(made, ours.encode(made, 10**6).length - 1)
    assert short.messages == 3 and ours.decode_example(short).startswith("<s> Be brief. USER: Hi")


def test_a_prefix_ends_with_a_supervised_answer():
    made = sample(
        ("user", "a"), ("assistant", "One."), ("user", "b"), ("bad", "Two."), ("user", "c"), ("assistant", "3")
    )
    ours = processor("llava")
    assert ours.encode(made, ours.encode(made, 10**6).length - 1).messages == 2


HI = Message(role="user", content=[Part(text="Hi")])
YES = Message(role="assistant", content=[Part(text="Yes")])
SEEN = Message(role="user", content=[Part(type="image", index=0), Part(text="Hi")])
PICTURE = {"images": SAMPLES[0].images, "media": SAMPLES[0].media}


def dropping(reason):
    """Fields of a sample that is dropped for this reason, and the length at which it is."""
    broken = {"images": [Blob(bytes=b"no picture")], "media": [Media(type="image", index=0)]}
    return {
        "open_end": {"messages": [HI, YES, HI]},
        "nothing_trained": {"messages": [HI, msgspec.structs.replace(YES, train=False)]},
        "empty_answer": {"messages": [HI, YES, HI, Message(role="assistant", content=[Part(text=" \n")])]},
        "picture_answer": {
            **PICTURE,
            "messages": [HI, Message(role="assistant", content=[Part(text="See"), Part(type="image", index=0)])],
        },
        "tools": {"messages": [HI, YES], "tools": json.dumps([{"name": "look"}])},
        "unsupported_media": {
            "audios": [None],
            "media": [Media(type="audio", index=0)],
            "messages": [Message(role="user", content=[Part(type="audio", index=0)]), YES],
        },
        "missing_media": {"images": [None], "media": [Media(type="image", index=0)], "messages": [SEEN, YES]},
        "unreadable_media": {**broken, "messages": [SEEN, YES]},
        "picture_size": {
            "images": [Blob(bytes=b"")],
            "media": [Media(type="image", index=0, width=3000, height=5)],
            "messages": [SEEN, YES],
        },
        "region": {
            **PICTURE,
            "regions": [Region(frame="pixel", box=[1, 2, 3, 4])],
            "messages": [SEEN, Message(role="assistant", content=[Part(type="region", text="it", regions=[0])])],
        },
        "control_token": {"messages": [Message(role="user", content=parts("What is <|im_end|>?")), YES]},
        "too_long": {"messages": [HI, YES]},
    }.get(reason)


ELSEWHERE = {"template", "unreadable_sample", "box_frame"}
NARROW = {"several_pictures", "picture_place", "several_turns", "system", "lost_text"}
"""Of families that say less than a dialogue: test_narrow_families.py."""


@pytest.mark.parametrize("reason", sorted(set(REASONS) - ELSEWHERE - NARROW))
def test_every_reason(reason):
    made = msgspec.structs.replace(SAMPLES[3], **dropping(reason))
    encoded = processor("qwen2_5_vl").encode(made, 5 if reason == "too_long" else 4000)
    assert (encoded.dropped, encoded.length, encoded.labels, encoded.turns) == (reason, 0, [], [])
    with pytest.raises(Dropped, match="tests text: "):
        processor("qwen2_5_vl")([made], 5 if reason == "too_long" else 4000)


def test_a_refusing_template_drops_with_its_words():
    from tests.processing.samples import tiny
    from tests.tiny.qwen2_5_vl import TEMPLATE as QWEN_TEMPLATE
    from vlit_hub.processing import VLITProcessor

    source = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}" + QWEN_TEMPLATE
    )
    encoded = VLITProcessor(tiny("qwen2_5_vl")[1], chat_template=source).encode(SAMPLES[4], 400)
    assert (encoded.dropped, encoded.detail) == ("template", "no system turn")


def test_a_reason_out_of_the_set_is_refused():
    with pytest.raises(ValueError, match="'bored' is no drop reason; known: open_end"):
        Dropped("bored")
