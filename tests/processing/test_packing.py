"""Packed = unpacked, in logits and gradients, with pictures; and one picture encoded once gives the same."""

import pytest
import torch

from tests.processing.samples import FAMILIES, SAMPLES, processor, sample, tiny
from vlit_hub.processing import VLITCollator
from vlit_hub.processing.packing import flash_arguments
from vlit_hub.processing.sharing import share_pictures
from vlit_hub.shards import Fetch, Skipped

LENGTH = 4000
PACKING = [f for f in FAMILIES if processor(f).family.packs and not processor(f).family.packed]
"""Those that cut a row where its positions start again; the rest: test_packed_masks.py."""
SHARING = [family for family in FAMILIES if processor(family).family.shares_pictures]
NAMED = {made.id: made for made in SAMPLES}
PACKS = [["turns", "text", "one"], ["pictures", "again"]]
"""Two rows of unequal length: pictures first, none, again; several in one sample."""


def made(family, packs, **settings):
    items = [[NAMED[name] if isinstance(name, str) else name for name in pack] for pack in packs]
    rows, at = [], 0
    for item in items:
        rows.append(tuple(range(at, at + len(item))))
        at += len(item)
    settings["window"] = getattr(tiny(family)[0].config.get_text_config(), "sliding_window", None)
    batch = VLITCollator(processor(family), LENGTH, **settings)((items, Fetch(rows, [], 0, True, (0, 0, at))))
    return batch, batch.pop("vlit")


def pieces(rows, lengths):
    """(sample's part of each row) of a tensor (rows, length, ...)."""
    for row, parts in zip(rows, lengths, strict=True):
        at = 0
        for length in parts:
            yield row[at : at + length]
            at += length


@pytest.mark.parametrize("family", PACKING)
def test_packed_logits_are_unpacked_ones(family):
    batch, note = made(family, PACKS)
    assert "attention_mask" not in batch and batch["use_cache"] is False
    model, worst = tiny(family)[0], 0.0
    with torch.no_grad():
        together = list(pieces(model(**batch).logits, note["lengths"]))
        for name, packed in zip(sum(PACKS, []), together, strict=True):
            alone = model(**processor(family)([NAMED[name]], LENGTH)).logits[0]
            assert alone.shape == packed.shape
            worst = max(worst, float((alone - packed).abs().max()))
    assert worst <= 1e-4


@pytest.mark.parametrize("family", PACKING)
def test_packed_gradients_are_unpacked_ones(family):
    model = tiny(family)[0]
    singles = [[name] for name in sum(PACKS, [])]
    found = []
    for packs in (PACKS, singles):
        batch, note = made(family, packs, supervised_only=True)
        model.zero_grad()
        model(**batch, num_items_in_batch=note["supervised"]).loss.backward()
        found.append({name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None})
    model.zero_grad()
    assert found[0].keys() == found[1].keys() and len(found[0]) > 20
    for name, gradient in found[0].items():
        assert torch.allclose(gradient, found[1][name], atol=1e-4), name


@pytest.mark.parametrize("family", PACKING)
def test_labels_never_cross(family):
    batch, note = made(family, PACKS)
    for (ids, labels), name in zip(
        zip(pieces(batch["input_ids"], note["lengths"]), pieces(batch["labels"], note["lengths"]), strict=True),
        sum(PACKS, []),
        strict=True,
    ):
        encoded = processor(family).encode(NAMED[name], LENGTH)
        assert ids.tolist() == encoded.input_ids and labels.tolist() == encoded.labels and labels[0] == -100
    rest = [row[sum(parts) :] for row, parts in zip(batch["labels"], note["lengths"], strict=True)]
    assert all((row == -100).all() for row in rest) and sum(map(len, rest)) > 0


@pytest.mark.parametrize("family", [f for f in PACKING if processor(f).family.positions])
@pytest.mark.parametrize("name", ["turns", "pictures", "text"])
def test_own_positions_are_the_models(family, name):
    ours, model = processor(family), tiny(family)[0].model
    batch, _ = made(family, [[name, "text"]])
    single = ours([NAMED[name]], LENGTH)
    if "image_grid_thw" in single:
        keys = ("input_ids", "mm_token_type_ids", "image_grid_thw", "attention_mask")
        expected = model.get_rope_index(**{key: single[key] for key in keys})[0][:, 0]
    else:
        expected = torch.arange(single["input_ids"].shape[1]).expand(3, -1)
    length = single["input_ids"].shape[1]
    assert torch.equal(batch["position_ids"][1:, 0, :length], expected)
    assert torch.equal(batch["position_ids"][0, 0, :length], torch.arange(length))
    assert (batch["position_ids"][:, 0, length] == 0).all()


@pytest.mark.parametrize("family", PACKING)
def test_flash_attention_gets_one_row_and_the_ends(family):
    batch, note = made(family, PACKS, attention="flash_attention_2")
    flat = sum(note["lengths"], [])
    total, ends = sum(flat), [0, *torch.tensor(flat).cumsum(0).tolist()]
    assert batch["input_ids"].shape == batch["labels"].shape == (1, total)
    assert batch["position_ids"].shape[-2:] == (1, total)
    starts = (batch["position_ids"].reshape(-1, total)[0] == 0).nonzero()[:, 0].tolist()
    assert starts == ends[:-1]
    if processor(family).family.varlen:
        for side in "qk":
            assert batch[f"cu_seq_lens_{side}"].tolist() == ends and batch[f"cu_seq_lens_{side}"].dtype == torch.int32
            assert batch[f"max_length_{side}"] == max(flat)
    else:  # Qwen's forward hands what it gets to its vision tower too, which has its own ends
        assert "cu_seq_lens_q" not in batch
    plain = {key: value for key, value in batch.items() if not key.startswith(("cu_seq", "max_length"))}
    padded, _ = made(family, PACKS)
    with torch.no_grad():
        one_row, rows = (tiny(family)[0](**b).logits for b in (plain, padded))
    for a, b in zip(pieces(one_row, [flat]), pieces(rows, note["lengths"]), strict=True):
        assert torch.allclose(a, b, atol=1e-4)


def test_flash_arguments():
    found = flash_arguments([3, 1, 4])
    assert found["cu_seq_lens_q"].tolist() == [0, 3, 4, 8] and found["max_length_k"] == 4


def test_a_skipped_sample_in_a_pack_is_one_ignored_position():
    batch, note = made("llava", [["one", Skipped(1, "torn")], ["text", "again"]])
    assert note["lengths"][0][1] == 1 and note["skipped"] == ["torn"] and note["keys"][1] == ""
    at = note["lengths"][0][0]
    assert batch["labels"][0, at] == -100 and batch["position_ids"][0, at] == 0


QUESTIONS = [
    sample(("user", f"<0>Question {n}?"), ("assistant", f"Answer {n}."), sizes=((300, 200),), name=f"q{n}")
    for n in range(4)
] + [NAMED["text"], NAMED["pictures"]]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("family", SHARING)
def test_one_picture_encoded_once_gives_the_same(family, packed):
    """Logits and the encoder's gradients; and the encoder truly sees each picture once."""
    packs = [QUESTIONS] if packed else [[made] for made in QUESTIONS]
    shared, _ = made(family, packs, share_pictures=True)
    repeated, note = made(family, packs)
    assert "picture_index" in shared and "picture_index" not in repeated
    assert shared["pixel_values"].shape[0] < repeated["pixel_values"].shape[0]
    model, found = tiny(family)[0], []
    handle = share_pictures(model)
    try:
        for batch in (shared, repeated):
            model.zero_grad()
            out = model(**batch, num_items_in_batch=note["supervised"])
            out.loss.backward()
            gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
            found.append((out.logits.detach(), gradients))
    finally:
        handle.remove()
        model.zero_grad()
    assert torch.allclose(found[0][0], found[1][0], atol=1e-5)
    assert found[0][1].keys() == found[1][1].keys()
    for name, gradient in found[0][1].items():
        assert torch.allclose(gradient, found[1][1][name], atol=1e-4), name


def test_a_picture_is_decoded_and_preprocessed_once(monkeypatch):
    from vlit_hub.processing import batch as module

    opened = []
    real = module.open_picture
    monkeypatch.setattr(module, "open_picture", lambda made, index: opened.append(made.id) or real(made, index))
    VLITCollator(processor("llava"), LENGTH)(QUESTIONS)
    assert opened == ["q0", "pictures", "pictures", "pictures"]


def test_families_that_do_not_share_say_why():
    with pytest.raises(ValueError, match="llava_onevision does not share .the model tells pictures"):
        VLITCollator(processor("llava_onevision"), LENGTH, share_pictures=True)
