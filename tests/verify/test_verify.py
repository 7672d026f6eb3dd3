"""verify passes clean data and catches faults planted around the processor's output, each row naming its fault."""

import random
import re
import subprocess
import sys
from dataclasses import replace

import msgspec
import pytest

from tests.processing.samples import SAMPLES, UNTEMPLATED, processor, sample, tiny
from tests.tiny import BUILDERS, MODULES
from tests.tiny.llava import build as tiny_llava
from tests.tiny.llava_onevision import TEMPLATE as TEMPLATE_RELEASED
from vlit_hub.processing import FAMILIES as FAMILIES_TABLE
from vlit_hub.processing import VLITProcessor
from vlit_hub.regions import DIALECTS
from vlit_hub.schema import Blob, Message, Part, Sample
from vlit_hub.shards import ShardWriter, Store
from vlit_hub.verify import CHECKS, verify
from vlit_hub.verify.frame import land, misplaced

ALL_ROWS = ["encodes", *(check.name for check in CHECKS), "kept"]
FAMILIES = ("llava", "qwen2_5_vl", "smolvlm")
"""One square a picture, rows of patches, tiles each with a run of its own."""
SLOW = [pytest.param(family, marks=pytest.mark.slow) for family in BUILDERS if family not in FAMILIES]
LENGTH = 2000
BETWEEN = {"llava": 1, "qwen2_5_vl": 7, "smolvlm": 6}
"""Tokens of the template between a question and its answer."""


def changed(family, words, others):
    source = MODULES[family].TEMPLATE
    assert source.count(words) == 1
    return source.replace(words, others)


class Faulty:
    """A processor whose encodings go through ``fault(encoded, processor, sample)``."""

    def __init__(self, processor, fault):
        self.processor, self.fault = processor, fault
        self.tokenizer, self.native, self.dialect = processor.tokenizer, processor.native, processor.dialect
        self.frames, self.fps = processor.frames, processor.fps

    def encode(self, sample, max_length):
        encoded = self.processor.encode(sample, max_length)
        return encoded if encoded.dropped else self.fault(encoded, self.processor, sample)

    def pixels(self, sample, encoded):
        return self.processor.pixels(sample, encoded)


@pytest.mark.parametrize("family", [*FAMILIES, *SLOW])
@pytest.mark.parametrize("max_length", [60, 150, LENGTH])
def test_clean_data_passes(family, max_length):
    report = verify(SAMPLES, processor(family), max_length)
    assert [row.check for row in report.rows] == ALL_ROWS and report.samples == len(SAMPLES)
    assert report.ok, report.rows
    checked = {row.check: row.checked for row in report.rows}
    assert checked["supervised text"] == len(SAMPLES) - sum(report.dropped.values()) > 0
    said = {"several_pictures", "several_turns", "system", "lost_text"} if family in UNTEMPLATED else set()
    assert set(report.dropped) <= {"too_long"} | said
    if max_length == LENGTH:
        boxed = [] if family in ("paligemma", "instructblip") else ["box frame", "boxes"]  # of one exchange: none here
        silent = {row.check for row in report.rows if row.result != "pass" or row.unsaid}
        assert silent == {"box frame", "boxes"} - set(boxed)


# -- planted faults: what is done to an encoding, the rows that must be red, and words of their first failure --------


def shifted_labels(encoded, ours, made):
    return replace(encoded, labels=[-100, *encoded.labels[:-1]])


def shift_mask(by):
    def fault(encoded, ours, made):
        on = [label != -100 for label in encoded.labels]
        on = [False] * by + on[:-by] if by > 0 else on[-by:] + [False] * -by
        return replace(encoded, labels=[t if s else -100 for t, s in zip(encoded.input_ids, on, strict=True)])

    return fault


def without(encoded, *positions):
    def rest(values):
        return [v for at, v in enumerate(values) if at not in positions]

    return replace(encoded, input_ids=rest(encoded.input_ids), labels=rest(encoded.labels))


def cut_picture_token(encoded, ours, made):
    token = ours.native.image_token_id
    return without(encoded, encoded.input_ids.index(token)) if token in encoded.input_ids else encoded


def moved_picture_token(encoded, ours, made):
    """One token too few in the first picture, one too many in the last: the sum is right."""
    token, ids = ours.native.image_token_id, encoded.input_ids
    if len(encoded.pictures) < 2:
        return encoded
    last = len(ids) - 1 - ids[::-1].index(token)
    longer = replace(
        encoded,
        input_ids=[*ids[:last], token, *ids[last:]],
        labels=[*encoded.labels[:last], -100, *encoded.labels[last:]],
    )
    return without(longer, ids.index(token))


def user_turns_supervised(encoded, ours, made):
    token = ours.native.image_token_id
    labels = [-100 if t == token else t for t in encoded.input_ids]
    return replace(encoded, labels=[-100, *labels[1:]])


def question_supervised(encoded, ours, made):
    """The words of the last question, apart from its answer, are supervised too."""
    start, pairs = encoded.turns[-1].start - 12, zip(encoded.input_ids, encoded.labels, strict=True)
    labels = [t if start <= at < start + 5 else x for at, (t, x) in enumerate(pairs)]
    return replace(encoded, labels=labels)


def stop_not_supervised(encoded, ours, made):
    stops = {turn.stop - 1 for turn in encoded.turns}
    return replace(encoded, labels=[-100 if at in stops else x for at, x in enumerate(encoded.labels)])


def stop_missing(encoded, ours, made):
    return without(encoded, encoded.turns[-1].stop - 1)


def picture_lost(encoded, ours, made):
    return replace(encoded, pictures=encoded.pictures[:-1])


def pictures_swapped(encoded, ours, made):
    return replace(encoded, pictures=encoded.pictures[::-1])


def answer_truncated(encoded, ours, made):
    """The last answer loses its last token; the stop token stays."""
    return without(encoded, encoded.turns[-1].stop - 2)


def cut_at_the_end(encoded, ours, made):
    stop = encoded.turns[-1].stop - 2
    return replace(encoded, input_ids=encoded.input_ids[:stop], labels=encoded.labels[:stop])


def answer_not_supervised(encoded, ours, made):
    turn = encoded.turns[0]
    return replace(encoded, labels=[-100 if turn.start <= at < turn.stop else x for at, x in enumerate(encoded.labels)])


def template_supervised(encoded, ours, made):
    """One token of template before each answer is supervised too."""
    starts = {turn.start - 1 for turn in encoded.turns}
    return replace(
        encoded,
        labels=[
            t if at in starts else x for at, (t, x) in enumerate(zip(encoded.input_ids, encoded.labels, strict=True))
        ],
    )


def untrained_supervised(encoded, ours, made):
    if made.id != "untrained":
        return encoded
    shown = ours.encode(
        msgspec.structs.replace(made, messages=[msgspec.structs.replace(m, train=True) for m in made.messages]), LENGTH
    )
    return replace(encoded, labels=shown.labels)


def blank_unsupervised(encoded, ours, made):
    """The first token of each answer, which generation has to say, carries no loss."""
    starts = {turn.start for turn in encoded.turns}
    return replace(encoded, labels=[-100 if at in starts else x for at, x in enumerate(encoded.labels)])


def question_lost(encoded, ours, made):
    """The last token of the words before the first answer is gone; so many tokens of template stand between."""
    return without(encoded, encoded.turns[0].start - BETWEEN[ours.family.name] - 1)


def turn_doubled(encoded, ours, made):
    """The first message's words stand twice, one after another."""
    text = made.messages[0].content[-1].text
    ids = ours.tokenizer(text, add_special_tokens=False)["input_ids"]
    at = encoded.turns[0].start - BETWEEN[ours.family.name] - 1
    return replace(
        encoded,
        input_ids=[*encoded.input_ids[:at], *ids, *encoded.input_ids[at:]],
        labels=[*encoded.labels[:at], *[-100] * len(ids), *encoded.labels[at:]],
    )


def too_long(encoded, ours, made):
    extra = LENGTH + 1 - encoded.length
    return replace(encoded, input_ids=encoded.input_ids + [5] * extra, labels=encoded.labels + [-100] * extra)


def labels_short(encoded, ours, made):
    return replace(encoded, labels=encoded.labels[:-1])


FAULTS = [
    (shifted_labels, {"labels", "stop token"}, r"labels: .*: position \d+: the label is '.*', the token '.*'"),
    (shift_mask(1), {"supervised text", "boundaries"}, r"supervised text: .*: answer 0 is '.*', supervised is '.*'"),
    (shift_mask(-1), {"supervised text", "stop token"}, r"stop token: .*: the stop token after answer 0 is not superv"),
    (
        template_supervised,
        {"supervised text", "generation prompt"},
        r"supervised text: .*: (white space of the template is superv|answer 0 .* supervised is '(ASSISTANT)?: A dog)",
    ),
    (cut_picture_token, {"picture tokens", "pictures whole"}, r"picture tokens: .*: \d+ picture tokens, .* \d+ feat"),
    (
        moved_picture_token,
        {"pictures whole"},
        r"pictures whole: .*: picture 0 of the text has \d+ tokens( in run 0)?, it takes \d+",
    ),
    (
        user_turns_supervised,
        {"boundaries", "supervised text"},
        r"boundaries: .*: (supervision runs across|'.*' is not left unsu)",
    ),
    (question_supervised, {"supervised text", "boundaries"}, r"supervised text: .*: 2 supervised stretches for 1 answ"),
    (stop_not_supervised, {"stop token"}, r"stop token: .*: the stop token after answer 0 is not supervised: it ends"),
    (stop_missing, {"stop token"}, r"stop token: .*: the stop token after answer \d is not supervised"),
    (
        picture_lost,
        {"picture count", "picture tokens"},
        r"picture count: .*: the turns show pictures \[0\], .* kept \[\]",
    ),
    (pictures_swapped, {"picture count"}, r"picture count: .*: the turns show pictures .*, the processor kept"),
    (answer_truncated, {"supervised text"}, r"supervised text: .*: answer 0 is 'A dog\.', supervised is 'A dog'"),
    (cut_at_the_end, {"supervised text", "stop token"}, r"supervised text: .*: answer 0 is 'A dog\.', supervised is"),
    (answer_not_supervised, {"supervised text"}, r"supervised text: .*: 0 supervised stretches for 1 answers"),
    (untrained_supervised, {"supervised text"}, r"supervised text: tests untrained: 3 supervised stretches for 1 answ"),
    (
        blank_unsupervised,
        {"generation prompt"},
        r"generation prompt: .*: generation begins with '.*', training shows '",
    ),
    (question_lost, {"boundaries"}, r"boundaries: .* is not left unsupervised before answer 0"),
    (turn_doubled, {"turns once"}, r"turns once: .*: '.*' stands \d times in the text, \d times in the sample"),
    (too_long, {"length"}, r"length: .*: 2001 tokens, max_length is 2000"),
    (labels_short, {"labels"}, r"labels: .*: \d+ labels for \d+ tokens"),
]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("fault", "red", "words"), FAULTS, ids=lambda v: getattr(v, "__qualname__", "").split(".")[0])
def test_planted_faults_are_caught_and_named(family, fault, red, words):
    report = verify(SAMPLES, Faulty(processor(family), fault), LENGTH)
    failed = {row.check: f"{row.check}: {row.first}" for row in report.rows if not row.passed}
    assert not report.ok and red <= set(failed), failed

    assert any(re.match(words, first) for first in failed.values()), failed
    for row in report.rows:
        assert (
            (row.failed > 0) == bool(row.first) and row.first.startswith(("tests ", "")) and row.failed <= row.checked
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_swapped_pixels_are_caught(family):
    class Swapped(Faulty):
        def pixels(self, sample, encoded):
            return self.processor.pixels(sample, replace(encoded, pictures=encoded.pictures[::-1]))

    turns = ("user", "<0>First.<1>Second."), ("assistant", "The second.")
    alike = sample(*turns, sizes=((64, 48), (64, 48)), name="alike")
    report = verify([SAMPLES[0], alike], Swapped(processor(family), lambda encoded, ours, made: encoded), LENGTH)
    (red,) = [row for row in report.rows if not row.passed]
    assert red.check == "pixels" and red.first.startswith(
        "tests alike: the model gets other pixels than those of pictures [0, 1] in this order"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_unscaled_boxes_are_caught(family):
    """Boxes that do not follow when a picture is resized: of 640 pixels across, as if it were shown at 560."""

    class Unscaled(Faulty):
        def encode(self, made, max_length):
            boxes = [msgspec.structs.replace(r, box=[x * 640 / 560 for x in r.box]) for r in made.regions]
            return self.processor.encode(msgspec.structs.replace(made, regions=boxes), max_length)

    made = [s for s in SAMPLES if s.id == "regions"]
    report = verify(made, Unscaled(processor(family), None), LENGTH)
    failed = {row.check: row.first for row in report.rows if not row.passed}
    assert set(failed) == {"boxes", "supervised text", "boundaries"}
    assert re.match(r"tests regions: group 0 of boxes is not in the text where the sample has it: '", failed["boxes"])


TEMPLATES = {
    "as released": ("llava_onevision", TEMPLATE_RELEASED, r"assistant\\n', training shows '.*assistant \\nA dog\."),
    "space": ("llava", changed("llava", "'ASSISTANT:'", "'ASSISTANT: '"), r"ASSISTANT: ', .* '.*ASSISTANT:' before"),
    "thought": (
        "qwen2_5_vl",
        changed("qwen2_5_vl", "assistant\n{% endif %}", "assistant\n<think>\n{% endif %}"),
        r"assistant\\n<think>\\n', training shows '.*assistant\\nA dog\.",
    ),
    "none": (
        "smolvlm",
        changed("smolvlm", "{% if add_generation_prompt %}", "{% if false %}"),
        r"<end_of_utterance>\\n', training shows '.*<end_of_utterance>\\nAssistant:'",
    ),
}  # fmt: skip
"""Of users: what generation begins with is not what training shows; family, template, the two texts."""


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_that_begins_generation_otherwise_is_caught(name):
    family, source, texts = TEMPLATES[name]
    ours = VLITProcessor(tiny(family)[1], chat_template=source)
    assert ours.chat_template == ours.native.chat_template == source, "a template that is given is never changed"
    report = verify(SAMPLES, ours, LENGTH)
    (red,) = [row for row in report.rows if not row.passed]
    assert (red.check, red.failed) == ("generation prompt", red.checked)
    assert re.search(f"tests one: generation begins with '.*{texts}", red.first), red.first
    assert "chat_template.jinja" in red.first


def test_an_answer_that_is_one_token_with_the_prompt_is_not_judged():
    """Qwen's prompt ends in a line, and so does the white space before this answer begin."""
    ours = VLITProcessor(MODULES["qwen2_5_vl"].build(corpus=("a\n\n\nb c\n\n\nd " * 50,))[1])
    assert len(ours.tokenizer("\n\n\n")["input_ids"]) == 1
    made = [SAMPLES[0], sample(("user", "Code?"), ("assistant", "\n\nx = 1"), name="blank")]
    report = verify(made, ours, LENGTH)
    (row,) = [row for row in report.rows if row.check == "generation prompt"]
    assert report.ok and (row.checked, row.unsaid) == (1, 1)
    assert row.why == "an answer begins with white space, which is one token with the end of the prompt"


def test_boxes_in_pixels_of_tiles_are_not_passed_in_silence():
    made = [s for s in SAMPLES if s.id == "regions"]
    report = verify(made, VLITProcessor(processor("smolvlm").native, dialect="qwen25-json"), LENGTH)
    unsaid = {row.check: row.why for row in report.rows if row.result == "not said"}
    assert report.ok and unsaid.keys() == {"boxes", "supervised text", "boundaries"}
    assert set(unsaid.values()) == {
        "boxes in pixels of a picture that the model gets as tiles: of which size is not known"
    }


def cropping(**native):
    """A LLaVA whose CLIP processor crops, sure that it pads: what the family says of the pixels is wrong."""
    ours = VLITProcessor(tiny_llava(pads=False)[1], **native)

    def window(native, size, count):
        return FAMILIES_TABLE["llava"].window(tiny("llava")[1], size, count)

    padded = replace(ours.family, window=window)
    ours.encoder = replace(ours.encoder, family=padded)
    return ours


def test_boxes_of_a_padded_square_on_cropped_pixels_are_caught():
    report = verify(SAMPLES, cropping(), LENGTH)
    (red,) = [row for row in report.rows if not row.passed]
    assert (red.check, red.failed) == ("box frame", 1)
    assert red.first == (
        "tests regions: picture 0: a box in a picture of 640x400 that is written as (0.05, 0.25, 0.60, 0.69) in frame "
        "square lies at (0.00, 0.10, 0.66, 0.80) of what the model gets"
    )


@pytest.mark.parametrize(("width", "height"), [(640, 400), (333, 90), (30, 90), (64, 64), (900, 30), (41, 40)])
def test_every_dialect_is_proven_in_its_frame(width, height):
    """Stretched pixels are the picture's own frame, padded ones that of square: no other dialect is green on them."""
    stretches, pads = tiny("qwen2_5_vl")[1], tiny("llava")[1]
    for name, rules in DIALECTS.items():
        for native, frames in ((stretches, {"norm", "pixel", "resized"}), (pads, {"square"})):
            is_green = not misplaced(land(native, (width, height)), (width, height), name)
            assert is_green == (rules.frame in frames or max(width, height) < 1.1 * min(width, height)), (name, native)


def test_unreadable_samples_are_red_or_dropped_as_training_takes_them(tmp_path):
    torn = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),), name="torn")
    torn.images[0] = Blob(bytes=b"no picture")
    with ShardWriter(tmp_path, "tests", "default", "train") as writer:
        for made in (SAMPLES[0], torn, SAMPLES[3]):
            writer.write(made)
    store = Store(tmp_path)
    at = store.index.row(2).offset
    (shard,) = tmp_path.rglob("*.tar")
    data = shard.read_bytes()
    shard.write_bytes(data[:at] + b"{]" + data[at + 2 :])
    assert verify(store, processor("llava"), LENGTH).rows[0].failed == 2
    report = verify(store, processor("llava"), LENGTH, on_error="skip")
    assert report.ok and report.samples == 3 and report.rows[0].checked == 1
    assert report.dropped == {"unreadable_media": 1, "unreadable_sample": 1}


def test_errors_become_a_red_row_that_names_the_sample():
    torn = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),), name="torn")
    torn.images[0] = Blob(bytes=b"no picture")
    report = verify([SAMPLES[0], torn], processor("llava"), LENGTH)
    row = report.rows[0]
    assert (row.check, row.checked, row.failed) == ("encodes", 2, 1)
    assert row.first.startswith("tests torn: UnreadableMedia: tests torn: picture 0 cannot be decoded")
    assert [r.check for r in report.rows if not r.passed] == ["encodes"]


def test_nothing_left_is_red():
    report = verify(SAMPLES, processor("llava"), 5)
    assert report.dropped == {"too_long": len(SAMPLES)} and not report.ok
    assert report.rows[-1].first == f"all samples: nothing is left of {len(SAMPLES)} samples ({report.dropped})"


def test_a_store_is_read_evenly_up_to_the_limit(tmp_path):
    with ShardWriter(tmp_path, "tests", "default", "train") as writer:
        for made in SAMPLES:
            writer.write(made)
    report = verify(Store(tmp_path), processor("llava"), LENGTH, limit=4)
    assert report.ok and report.samples == 4
    document = report.as_dict()
    assert document["ok"] is True and [row["check"] for row in document["rows"]] == ALL_ROWS
    assert set(document["rows"][0]) == {
        "check", "what", "checked", "failed", "first", "unsaid", "why", "note", "passed", "result",
    }  # fmt: skip


def test_verify_imports_nothing_of_processing():
    heavy = ("vlit_hub.processing", "torch", "transformers")
    code = f"import sys, vlit_hub.verify; print([m for m in sys.modules if m.startswith({heavy})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


ODD = [*" \n\t\r:.,?!aXZ019()[]{}<>|/\\\"'", "Yes", "é", "e\u0301", "\u0301", "한", "\u1112\u1161\u11ab", "犬", "🐶"]
ODD += ["👩\u200d👩\u200d👧", "\u00a0", "\u3000", "\u200b", "ﬁ", "İ", "ß", "\u2028", "\x00", "</", "<|", "{{", "{%"]
ODD += ["ASSISTANT:", "USER:", "\ue000", "\ue0001\ue001"]
"""Whatever a text may hold, the private marks of the masking included."""


@pytest.mark.parametrize("family", FAMILIES)
def test_odd_texts_are_supervised_exactly_too(family):
    rng = random.Random(0)

    def text():
        return "".join(rng.choice(ODD) for _ in range(rng.randint(1, 14)))

    made = []
    for number in range(200):
        roles = ["user", "assistant"] * rng.randint(1, 3)
        messages = [Message(role=r, content=[Part(text=text())], train=rng.random() < 0.8) for r in roles]
        made.append(Sample(messages=messages, id=str(number), dataset="tests"))
    report = verify(made, processor(family), 10**6, limit=None)
    assert report.ok, [row for row in report.rows if not row.passed]
    assert set(report.dropped) <= {"empty_answer", "nothing_trained"} and sum(report.dropped.values()) < 50
