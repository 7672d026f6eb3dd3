"""Families whose processors come without a chat template: ids and pixels of transformers' own road, which is written
here by hand for each; what they cannot say; what their models take beside pixels."""

import copy
import json
import subprocess
import sys
from itertools import pairwise

import msgspec
import pytest
import torch
from transformers import AddedToken, AutoProcessor, LlamaTokenizer
from transformers.models.idefics.processing_idefics import (
    image_attention_mask_for_packed_input_ids,
    incremental_to_binary_attention_mask,
)

from tests.processing import test_truncation as truncation
from tests.processing.samples import ANSWERS, SAMPLES, UNTEMPLATED, processor, sample, tiny
from tests.processing.test_families import sizes
from tests.processing.test_masking import supervised
from tests.tiny import MODULES
from tests.tiny.paligemma import build as tiny_paligemma
from tests.tiny.words import llama_bpe
from vlit_hub.processing import FAMILIES, Dropped, FamilyError, NoEndOfTurn, VLITCollator, VLITProcessor
from vlit_hub.processing.batch import open_picture
from vlit_hub.training.loss import token_losses

REFUSES = {family: vars(MODULES[family]).get("REFUSES", {}) for family in UNTEMPLATED}
SAID = [(family, made) for family in UNTEMPLATED for made in SAMPLES if made.id not in REFUSES[family]]


def cases(pairs):
    return pytest.mark.parametrize(("family", "made"), pairs, ids=lambda x: getattr(x, "id", x))


def dialogue(made):
    """[(role, text, pictures)] of a sample whose pictures stand before its texts."""
    return [
        (
            message.role,
            "".join(part.text for part in message.content),
            [open_picture(made, part.index).image for part in message.content if part.type == "image"],
        )
        for message in made.messages
    ]


def asked(made):
    """(pictures, question, answer) of one exchange."""
    (_, question, pictures), (_, answer, _) = dialogue(made)
    return pictures, question, answer


def rounds(made, stop):
    """(pictures, text) of the question-answer form."""
    turns = dialogue(made)
    said = [f"{'Question' if role == 'user' else 'Answer'}: {text}{stop[role]}" for role, text, _ in turns]
    return [picture for _, _, pictures in turns for picture in pictures], " ".join(said)


def paligemma(native, made):
    pictures, question, answer = asked(made)
    if not pictures:
        return None  # the native processor takes no text alone
    return native(images=[pictures], text="<image>" * len(pictures) + question, suffix=answer, return_tensors="pt")


def blip2(native, made):
    pictures, text = rounds(made, {"user": "", "assistant": "</s>"})
    return native(images=pictures or None, text=text, return_tensors="pt")


def instructblip(native, made):
    pictures, question, answer = asked(made)
    out = native(images=pictures or None, text=f"{question} {answer}</s>", return_tensors="pt")
    read = native(text=question, return_tensors="pt")
    return {**out, **{key: read[key] for key in read if key.startswith("qformer")}}


def kosmos2(native, made):
    pictures, text = rounds(made, {"user": "", "assistant": "</s>"})
    return native(images=pictures[0] if pictures else None, text=text if pictures else f" {text}", return_tensors="pt")


def idefics(native, made):
    """Pieces of text and pictures; the native processor strips spaces at the ends of a text."""
    pieces, text = [], ""
    for m, message in enumerate(made.messages):
        text += f"{chr(10) if m else ''}{message.role.capitalize()}:"
        shown = False
        for part in message.content:
            if part.type == "image":
                pieces += (
                    [text, open_picture(made, part.index).image] if text else [open_picture(made, part.index).image]
                )
                text = ""
            else:
                text += part.text.strip() if shown else f" {part.text.strip()}"
            shown = part.type == "image"
        text += "<end_of_utterance>"
    return native(text=[[*pieces, text]], return_tensors="pt")


ROADS = {"paligemma": paligemma, "blip2": blip2, "instructblip": instructblip, "kosmos2": kosmos2, "idefics": idefics}


@cases([(family, made) for family, made in SAID if made.id not in ("untrained", "regions")])
def test_ids_and_pixels_are_the_native_ones(family, made):
    ours = processor(family)
    batch, native = ours([made], 4000), ROADS[family](tiny(family)[1], made)
    if native is None:
        return
    shared = set(native) if made.images else set(native) - {"pixel_values"}
    for key in shared - {"labels"}:
        if made.images or not key.startswith("qformer"):
            assert torch.equal(batch[key], native[key]), key
    if "labels" in native:
        assert torch.equal(batch["labels"], native["labels"])
    added = set() if made.images else {"pixel_values", "image_embeds", "image_embeds_position_mask"}
    assert set(batch) - {"labels"} - added == set(native) - {"labels"} - added


@cases(SAID)
def test_supervised_strings_are_the_answers(family, made):
    ours = processor(family)
    encoded = ours.encode(made, 4000)
    answers = [whole_text(m) for m in made.messages if m.role == "assistant" and m.train]
    said = [text.removeprefix(" ") for text in supervised(ours, encoded)]
    if made.id in ANSWERS:
        assert said == [answer + MODULES[family].STOP for answer in answers]
    else:  # regions, in the dialect
        written = {
            "kosmos2": [
                "At<phrase> this</phrase><object><patch_index_0195><patch_index_0623></object> place.",
                "<phrase> that</phrase><object><patch_index_0195><patch_index_0623></object>",
            ],
        }.get(family, ["At this [0.100, 0.200, 0.500, 0.600] place.", "that [0.100, 0.200, 0.500, 0.600]"])
        assert said == [text + MODULES[family].STOP for text in written]


def whole_text(message):
    return "".join(part.text for part in message.content)


@cases([(family, made) for family in UNTEMPLATED for made in SAMPLES if made.id in REFUSES[family]])
def test_what_a_family_cannot_say_is_dropped_by_name(family, made):
    assert processor(family).encode(made, 4000).dropped == REFUSES[family][made.id]


def test_what_the_prompt_cannot_say_is_dropped_too():
    system = next(made for made in SAMPLES if made.id == "system")
    asking = msgspec.structs.replace(system, messages=system.messages[:-1])
    with pytest.raises(Dropped) as drop:
        processor("paligemma").prompt(asking)
    assert drop.value.reason == "system"


@pytest.mark.parametrize("family", ["blip2", "kosmos2"])
def test_a_picture_behind_the_first_question_has_no_place(family):
    turns = ("user", "Hi"), ("assistant", "Yes."), ("user", "<0>And now?"), ("assistant", "No.")
    assert processor(family).encode(sample(*turns, sizes=((40, 30),)), 4000).dropped == "picture_place"


@cases(SAID)
def test_invariants_at_every_length(family, made):
    truncation.test_invariants_at_every_length(family, made)


@pytest.mark.parametrize("family", UNTEMPLATED)
def test_tokens_of_every_size_are_the_native_ones(family):
    native, ours = tiny(family)[1], processor(family)
    for size in sizes(1, 8):
        made = sample(("user", "<0>What?"), ("assistant", "A dog."), sizes=(size,))
        batch, expected = ours([made], 4000), ROADS[family](native, made)
        assert torch.equal(batch["input_ids"], expected["input_ids"])
        assert torch.equal(batch["pixel_values"], expected["pixel_values"])
        assert ours.encode(made, 4000).picture_tokens == ours.family.image_tokens(ours.native, [size])


def logits(model, batch):
    with torch.no_grad():
        return model(**{key: value for key, value in batch.items() if key != "labels"}).logits


@pytest.mark.parametrize("family", UNTEMPLATED)
def test_pictures_and_text_alone_in_one_batch(family):
    """Each sample has its own logits: with others or without, and all of the batch without a picture."""
    model, ours = tiny(family)[0], processor(family)
    made = [sample for name, sample in SAID if name == family]
    together = logits(model, ours(made, 4000))
    texts = [one for one in made if not one.images]
    assert 1 < len(texts) < len(made)
    for number, one in enumerate(made):
        alone = logits(model, ours([one], 4000))[0]
        assert torch.allclose(together[number, : len(alone)], alone, atol=1e-5)
    text = logits(model, ours(texts, 4000))
    for row, one in enumerate(texts):
        length = ours.encode(one, 4000).length
        assert torch.allclose(text[row, :length], together[made.index(one), :length], atol=1e-5)


@pytest.mark.parametrize("family", UNTEMPLATED)
def test_the_picture_counts(family):
    model, ours = tiny(family)[0], processor(family)
    batch = ours([SAMPLES[0]], 4000)
    before = logits(model, batch)
    batch["pixel_values"] = -batch["pixel_values"]
    assert (before - logits(model, batch)).abs().max() > 1e-4


@pytest.mark.parametrize("family", UNTEMPLATED)
def test_scoring_supervised_positions_alone_gives_the_same_loss_and_gradients(family):
    model, results = tiny(family)[0], []
    made = [sample for name, sample in SAID if name == family][:3]
    for alone in (False, True):
        batch = VLITCollator(processor(family), 4000, supervised_only=alone)(made)
        labels, count = batch.pop("labels"), batch.pop("vlit")["supervised"]
        batch.pop("shift_labels", None)
        model.zero_grad()
        out = model(**batch)
        losses, kept = token_losses(out.logits, labels)
        losses.sum().backward()
        assert len(losses) == count and kept.sum(1).tolist() == (labels != -100).sum(1).tolist()
        assert not alone or out.logits.shape[0] == count
        results.append((losses.detach(), [p.grad.clone() for p in model.parameters() if p.grad is not None]))
    model.zero_grad()
    assert torch.allclose(results[0][0], results[1][0], atol=1e-5)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(results[0][1], results[1][1], strict=True))


@pytest.mark.parametrize("family", ["instructblip", "kosmos2", "paligemma"])
def test_our_loss_is_the_models_own(family):
    """BLIP-2's and Idefics' own is another matter (training/loss.py)."""
    model, ours = tiny(family)[0], processor(family)
    batch = ours([SAMPLES[0], SAMPLES[3]], 4000)
    with torch.no_grad():
        out = model(**batch)
    assert torch.allclose(token_losses(out.logits, batch["labels"])[0].mean(), out.loss, atol=1e-6)


@pytest.mark.parametrize("family", UNTEMPLATED)
def test_prompts_are_what_training_shows_before_the_answer(family):
    model, ours = tiny(family)[0], processor(family)
    questions = [msgspec.structs.replace(SAMPLES[i], messages=SAMPLES[i].messages[:1]) for i in (0, 3)]
    batch = ours.prompts(questions)
    for row, number in enumerate((0, 3)):
        encoded = ours.encode(SAMPLES[number], 4000)
        seen = ours([SAMPLES[number]], 4000)["input_ids"][0, : encoded.turns[0].start]
        shown = batch["input_ids"][row][batch["attention_mask"][row].bool()]
        assert shown.tolist() == seen.tolist()
        settings = dict(max_new_tokens=6, do_sample=False, **ours.family.generate)
        alone = model.generate(**ours.prompts([questions[row]]), **settings)
        assert model.generate(**batch, **settings)[row, -6:].tolist() == alone[0, -6:].tolist()


# -- what one family's model takes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [False, True], ids=["PaliGemma", "PaliGemma 2"])
def test_the_question_of_paligemma_is_read_in_both_directions(second):
    model, native = tiny_paligemma(second=second)
    ours = VLITProcessor(native)
    batch = ours([SAMPLES[0], SAMPLES[3]], 4000)
    assert torch.equal(batch["token_type_ids"] == 1, batch["labels"] != -100)
    before = logits(model, batch)
    start = ours.encode(SAMPLES[0], 4000).turns[0].start
    changed = {**batch, "input_ids": batch["input_ids"].clone()}
    changed["input_ids"][0, start - 2] = 400
    assert (before[0, 4] - logits(model, changed)[0, 4]).abs().max() > 1e-4, "an earlier word reads a later one"
    changed = {**batch, "input_ids": batch["input_ids"].clone()}
    changed["input_ids"][0, start + 1] = 400
    assert torch.allclose(before[0, :start], logits(model, changed)[0, :start]), "nothing reads the answer to come"


def test_idefics_reads_the_picture_before_and_none_after_an_end():
    ours = processor("idefics")
    ids = ours.tokenizer(
        ["a<image>b<image>c</s>d<image>e", "</s>f<image>g</s></s>h"], add_special_tokens=False, padding=True,
        padding_side="right", return_tensors="pt",
    )["input_ids"]  # fmt: skip
    rows = [type("Row", (), {"picture_tokens": [1] * n}) for n in (3, 1)]
    found = ours.family.extras(ours.native, {"input_ids": ids}, rows)["image_attention_mask"]
    expected, _ = image_attention_mask_for_packed_input_ids(ids, ours.tokenizer, "pt")
    assert torch.equal(found, incremental_to_binary_attention_mask(expected, "pt", num_classes=3))
    assert found.any(2).tolist()[1][0] is False and found.shape == (2, ids.shape[1], 3)


def test_a_long_instruction_is_cut_for_the_q_former_alone():
    made = sample(("user", "<0>" + "What is it? " * 200), ("assistant", "A dog."), sizes=((40, 30),))
    batch = processor("instructblip")([made], 10**5)
    assert batch["qformer_input_ids"].shape == (1, 512) and batch["input_ids"].shape[1] > 600
    assert logits(tiny("instructblip")[0], batch).isfinite().all()


@pytest.mark.parametrize(
    ("family", "change", "message"),
    [
        ("blip2", {"num_query_tokens": 32}, "writes 4 queries, the model has 32"),
        ("blip2", {"is_encoder_decoder": True}, "opt is an encoder-decoder; take a checkpoint with OPT"),
        ("instructblip", {"image_token_index": 7}, "writes pictures as token 703, the model reads them at 7"),
        ("kosmos2", {"latent_query_num": 4}, "gives a picture 64 places, the model 4"),
        ("idefics", {"additional_vocab_size": 0}, "the picture token is 704, the model has 703"),
        ("paligemma", {}, ""),
        ("kosmos2", {}, ""),
        ("idefics", {}, ""),
    ],
)
def test_a_pair_that_does_not_fit_says_why(family, change, message):
    config = type(tiny(family)[0].config).from_dict(tiny(family)[0].config.to_dict())
    for key, value in change.items():
        setattr(config, key, value)
    found = FAMILIES[family].pair(processor(family).native, config)
    assert message in found and bool(message) == bool(found)


def test_idefics_without_its_end_of_turn_is_refused():
    native = tiny("idefics")[1]
    source = processor("idefics").chat_template.replace("<end_of_utterance>", "")
    with pytest.raises(NoEndOfTurn, match="family.template"):
        VLITProcessor(native, chat_template=source)
    base = copy.copy(native)
    base.tokenizer = LlamaTokenizer(vocab=dict(llama_bpe(())[0]), merges=list(llama_bpe(())[1]), pad_token="<pad>")
    base.tokenizer.add_tokens([AddedToken("<image>", special=True, normalized=False)])
    with pytest.raises(FamilyError, match="take an -instruct checkpoint"):
        VLITProcessor(base)


# -- files -------------------------------------------------------------------------------------------------------------

FRESH = """
import json, sys
from transformers import AutoProcessor
native = {name: type(AutoProcessor.from_pretrained(sys.argv[1] + "/" + name)).__name__ for name in sys.argv[2:]}
assert "vlit_hub" not in sys.modules
import vlit_hub.processing
from tests.processing.samples import SAMPLES
ours = {name: AutoProcessor.from_pretrained(sys.argv[1] + "/" + name + "/vlit") for name in sys.argv[2:]}
print(json.dumps({n: [native[n], p.fingerprint(512), [p.encode(s, 200).input_ids for s in SAMPLES]]
                  for n, p in ours.items()}))
"""


def test_a_fresh_process_gets_ours_with_its_template_and_the_native_one(tmp_path):
    """The four classes that forget their chat template included."""
    wanted = {}
    for family in UNTEMPLATED:
        template = processor(family).chat_template.replace("Question: ", "Q: ") + "{# ours #}"
        ours = VLITProcessor(tiny(family)[1], chat_template=template)
        ours.save_pretrained(tmp_path / family)
        encoded = [ours.encode(made, 200).input_ids for made in SAMPLES]
        wanted[family] = [type(ours.native).__name__, ours.fingerprint(512), encoded]
        assert len({tuple(ids) for ids in encoded}) > 3
    command = [sys.executable, "-c", FRESH, str(tmp_path), *UNTEMPLATED]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == wanted
    assert AutoProcessor.from_pretrained(tmp_path / "blip2").chat_template is None, "else the work-around can go"


def test_fingerprints_differ():
    prints = [processor(family).fingerprint(512) for family in UNTEMPLATED]
    assert all(a != b for a, b in pairwise(sorted(prints)))
