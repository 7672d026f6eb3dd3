"""Packed = unpacked for families that need masks of blocks, in logits and gradients, with pictures."""

import pytest
import torch

from tests.processing.samples import BUILDERS, SAMPLES, processor, sample, tiny
from tests.processing.test_packing import pieces
from tests.tiny.paligemma import build as tiny_paligemma
from vlit_hub.processing import FamilyError, VLITCollator, VLITProcessor
from vlit_hub.processing.sharing import share_pictures
from vlit_hub.shards import Fetch
from vlit_hub.training.loss import token_losses

MASKED = [family for family in BUILDERS if processor(family).family.packed]
DIALOGUES = [["turns", "text", "one"], ["pictures", "again"]]
QUESTIONS = [["one", "text", "two"], ["code", "two", "one"]]
NAMED = {made.id: made for made in SAMPLES}
NAMED["other"] = sample(("user", "<0>Which colour?"), ("assistant", "Red."), sizes=((64, 48),), name="other")
NAMED["two"] = sample(("user", "<0>Which?"), ("assistant", "The red one."), sizes=((70, 30),), name="two")
WINDOW = 8
"""Of the tiny Gemma 3's sliding layers: shorter than every sample."""


def packs_of(family):
    return DIALOGUES if family in ("gemma3", "idefics") else QUESTIONS


def batch_of(ours, packs, **settings):
    """(inputs of the model, labels, note)"""
    items, rows, at = [[NAMED[name] for name in pack] for pack in packs], [], 0
    for item in items:
        rows.append(tuple(range(at, at + len(item))))
        at += len(item)
    settings = {"window": WINDOW if ours.family.name == "gemma3" else None, **settings}
    batch = VLITCollator(ours, 4000, **settings)((items, Fetch(rows, [], 0, True, (0, 0, at))))
    batch.pop("shift_labels", None)
    return batch, batch.pop("labels"), batch.pop("vlit")


def test_all_of_them_are_tested():
    assert MASKED == ["blip2", "gemma3", "idefics", "instructblip", "paligemma"]


@pytest.mark.parametrize(
    "family", [f for f in MASKED if f != "paligemma"] + [pytest.param("paligemma", id="paligemma")]
)
def test_packed_logits_and_gradients_are_unpacked_ones(family):
    model, ours, packs = tiny(family)[0], processor(family), packs_of(family)
    found = []
    for rows in (packs, [[name] for name in sum(packs, [])]):
        batch, labels, note = batch_of(ours, rows)
        model.zero_grad()
        logits = model(**batch).logits
        losses, _ = token_losses(logits, labels)
        losses.sum().backward()
        gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
        found.append((list(pieces(logits.detach(), note["lengths"])), losses.detach(), gradients))
    model.zero_grad()
    assert max(float((a - b).abs().max()) for a, b in zip(found[0][0], found[1][0], strict=True)) <= 1e-4
    assert torch.allclose(found[0][1], found[1][1], atol=1e-4)
    assert found[0][2].keys() == found[1][2].keys() and len(found[0][2]) > 20
    for name, gradient in found[0][2].items():
        scale = max(1.0, float(found[1][2][name].abs().max()))
        assert torch.allclose(gradient, found[1][2][name], atol=1e-4 * scale), name


@pytest.mark.parametrize("family", MASKED)
def test_a_leak_would_show(family):
    """The same pack with a mask that tells no sample from another gives other logits."""
    model, ours = tiny(family)[0], processor(family)
    batch, _, note = batch_of(ours, [packs_of(family)[0]])
    right = list(pieces(model(**batch).logits.detach(), note["lengths"]))
    length = batch["input_ids"].shape[1]
    leaking = torch.ones(length, length, dtype=torch.bool).tril()[None, None]
    own = batch["attention_mask"]
    batch["attention_mask"] = dict.fromkeys(own, leaking) if isinstance(own, dict) else leaking
    wrong = list(pieces(model(**batch).logits.detach(), note["lengths"]))
    assert float((right[1] - wrong[1]).abs().max()) > 1e-3


@pytest.mark.parametrize("family", MASKED)
def test_packs_without_a_picture(family):
    model, ours = tiny(family)[0], processor(family)
    batch, _, note = batch_of(ours, [["text", "code"]])
    with torch.no_grad():
        packed = list(pieces(model(**batch).logits, note["lengths"]))
        for name, found in zip(("text", "code"), packed, strict=True):
            alone, _, _ = batch_of(ours, [[name]])
            assert torch.allclose(model(**alone).logits[0], found, atol=1e-4)


@pytest.mark.parametrize("packs", [[["one"], ["other"], ["text"]], [["one", "other", "text"]]], ids=["rows", "packed"])
@pytest.mark.parametrize("family", ["blip2", "paligemma"])
def test_one_picture_encoded_once_gives_the_same(family, packs):
    """Of the others that share: test_packing.py."""
    model, ours = tiny(family)[0], processor(family)
    assert NAMED["other"].images == NAMED["one"].images
    twice, _, _ = batch_of(ours, packs)
    once, _, _ = batch_of(ours, packs, share_pictures=True)
    assert (len(twice["pixel_values"]), len(once["pixel_values"])) == (2, 1)
    handle = share_pictures(model)
    try:
        with torch.no_grad():
            assert torch.allclose(model(**twice).logits, model(**once).logits, atol=1e-5)
    finally:
        handle.remove()


def test_gemma_3_asks_for_the_window():
    with pytest.raises(FamilyError, match="give the collator `window`"):
        batch_of(processor("gemma3"), [["one", "text"]], window=None)


def test_paligemma_2_packs_by_eager_attention_what_its_window_reaches_over():
    model, native = tiny_paligemma(second=True)
    ours, text = VLITProcessor(native), model.config.text_config
    settings = {"window": text.sliding_window, "attention": text._attn_implementation}
    assert settings == {"window": 64, "attention": "eager"}
    batch, _, note = batch_of(ours, [["one", "code"]], **settings)
    with torch.no_grad():
        for name, packed in zip(("one", "code"), pieces(model(**batch).logits, note["lengths"]), strict=True):
            alone, _, _ = batch_of(ours, [[name]])
            assert torch.allclose(model(**alone).logits[0], packed, atol=1e-4)
    with pytest.raises(FamilyError, match="73 tokens in a pack: PaliGemma 2's sliding layers reach over 64"):
        batch_of(ours, [["one", "unicode"]], **settings)


@pytest.mark.parametrize("family", ["gemma3", "idefics"])
def test_eager_attention_gets_masks_to_add(family):
    model, ours = BUILDERS[family]()[0], processor(family)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        found = [
            list(pieces(model(**batch).logits, note["lengths"]))
            for batch, _, note in (batch_of(ours, packs, attention="eager") for packs in (DIALOGUES, [["turns"]]))
        ]
    assert torch.allclose(found[0][0], found[1][0], atol=1e-4)


def test_flash_attention_takes_none_of_the_masks():
    with pytest.raises(ValueError, match="family idefics have a mask of their own, which flash_attention_2 takes none"):
        batch_of(processor("idefics"), [["one", "text"]], attention="flash_attention_2")


def test_kosmos_2_says_why_it_does_not_pack():
    with pytest.raises(ValueError, match="family kosmos2 does not pack .its decoder takes no mask of blocks"):
        batch_of(processor("kosmos2"), [["one", "text"]])
