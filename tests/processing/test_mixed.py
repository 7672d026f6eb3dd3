"""Text alone and pictures in one run: a batch without pictures runs the encoder, and changes nothing by it."""

import pytest
import torch

from tests.processing.samples import SAMPLES, processor, tiny
from tests.processing.test_packing import PACKING
from vlit_hub.processing import VLITCollator
from vlit_hub.processing.sharing import blank_picture, meet_pictures

NAMED = {made.id: made for made in SAMPLES}


def gradients(model, batch):
    model.zero_grad()
    count = batch.pop("vlit")["supervised"]
    out = model(**batch, num_items_in_batch=count)
    out.loss.backward()
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return out, found


@pytest.mark.parametrize("supervised_only", [True, False])
@pytest.mark.parametrize("family", PACKING)
def test_text_alone_reaches_what_pictures_reach_with_zeros(family, supervised_only):
    model, ours = tiny(family)[0], processor(family)
    collate = VLITCollator(ours, 4000, supervised_only=supervised_only)
    reached = gradients(model, collate([NAMED["one"], NAMED["text"]]))[1].keys()
    plain, expected = gradients(model, collate([NAMED["text"], NAMED["again"]]))
    assert expected.keys() < reached, "else there is nothing to show"
    handles = meet_pictures(model, blank_picture(ours.family, ours.native))
    try:
        met, found = gradients(model, collate([NAMED["text"], NAMED["again"]]))
        with_picture = gradients(model, collate([NAMED["one"], NAMED["text"]]))[0]
    finally:
        for handle in handles:
            handle.remove()
    assert torch.equal(met.logits, plain.logits) and torch.equal(met.loss, plain.loss)
    assert found.keys() >= reached
    for name, gradient in found.items():
        assert torch.equal(gradient, expected[name]) if name in expected else not gradient.any(), name
    again = gradients(model, collate([NAMED["one"], NAMED["text"]]))[0]
    assert torch.equal(again.logits, with_picture.logits), "pictures are let alone"
