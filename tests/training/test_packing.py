"""A recipe that packs and shares pictures: the same loss per dataset, a cursor with windows, an exact resume."""

from dataclasses import replace
from itertools import chain

import msgspec
import pytest
import torch

from tests.training.support import keys_of, recipe, sample, save_tiny, some, train, write_shards
from vlit_hub.processing import family_of
from vlit_hub.schema import Sample
from vlit_hub.shards import ShardWriter
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.checkpoint import Progress, last_checkpoint
from vlit_hub.training.loss import samples_of
from vlit_hub.training.recipe import RecipeError
from vlit_hub.training.run import build, check_family
from vlit_hub.training.tally import NATS, SAMPLES, TOKENS

PACKED = {"packing": {"tokens": 96, "look_ahead": 12}, "global_batch": 2, "max_length": 96}


def shown(number: int) -> Sample:
    """A question about one of six pictures: samples 0, 6, 12, ... are a group about the first."""
    return msgspec.structs.replace(sample(number), group=f"picture-{number % 6}", images=sample(number % 6).images)


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    folder = write_shards(tmp_path_factory.mktemp("groups"), pictures=0, texts=8)
    with ShardWriter(folder, "scenes", "default", "train") as writer:
        for number in sorted(range(24), key=lambda number: number % 6):
            writer.write(shown(number))
    return folder


def test_the_sample_of_each_place():
    kept = torch.tensor([[1, 1, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0]]).bool()
    assert samples_of(kept, [[2, 1, 2], [4]]).tolist() == [0, 0, 2, 2, 3, 3, 3]
    assert samples_of(kept, [[6], [6]]).tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert samples_of(torch.ones(1, 5).bool(), [[2, 1], [2]]).tolist() == [0, 0, 1, 2, 2]


@pytest.mark.parametrize("family", some(("llava", "qwen2_5_vl"), ("llava",)))
def test_packs_have_the_loss_of_their_samples_by_dataset(groups, tmp_path, family):
    """One epoch at weights that stay as they are: the same whatever lies beside whatever."""
    folder = save_tiny(tmp_path / "model", family)
    found = []
    for more in (PACKED | {"share_pictures": True}, {"max_length": 96}):
        trainer, _ = build(recipe(folder, groups, tmp_path, **more | {"global_batch": 1}), log=lambda text: None)
        trainer.model.train()
        rows = []
        for batch in trainer.get_train_dataloader():
            trainer.notes.append(note := batch.pop("vlit"))
            rows += chain(*note["rows"])
            trainer.compute_loss(trainer.model, batch)
        assert sorted(rows) == list(range(32))
        found.append(trainer._tally)
    packs, samples = (tally.step for tally in found)
    assert list(found[0].names) == ["scenes", "words"]
    assert packs[:, TOKENS:].tolist() == samples[:, TOKENS:].tolist() and packs[:, SAMPLES].tolist() == [24, 8]
    assert packs[:, NATS].tolist() == pytest.approx(samples[:, NATS].tolist(), rel=1e-5)


@pytest.fixture(scope="module")
def whole(model, groups, tmp_path_factory):
    """Nine steps on packs, more than an epoch, with dropout."""
    out = tmp_path_factory.mktemp("whole")
    train(recipe(model, groups, out, **PACKED, max_steps=9, share_pictures=True))
    return out


def test_a_resumed_run_on_packs_is_the_whole_one(model, groups, whole, tmp_path):
    made = recipe(
        model, groups, tmp_path, **PACKED, max_steps=9, share_pictures=True, save_strategy="steps", save_steps=1
    )
    train(made, stop=2)
    cursor = Progress.load(last_checkpoint(tmp_path / "checkpoints")).cursor
    assert cursor[1] > 0, "it lies in a window after the first"
    train(made, resume=str(last_checkpoint(tmp_path / "checkpoints")))
    assert keys_of(tmp_path) == keys_of(whole)
    assert any(" " in item for items in keys_of(whole).values() for item in items)
    got, expected = read_losses(tmp_path), read_losses(whole)
    assert [line["loss"] for line in got] == pytest.approx([line["loss"] for line in expected], abs=1e-6)
    assert [line["datasets"] for line in got] == [pytest.approx(line["datasets"], abs=1e-6) for line in expected]


def test_a_group_is_encoded_once_with_the_same_gradients(model, groups, tmp_path):
    """Four questions about a picture in one pack, its picture passing the encoder once."""
    gradients, pictures = [], []
    for share in (False, True):
        packing = {"packing": {"tokens": 96, "look_ahead": 40, "group": True}, "max_length": 96}
        made = recipe(model, groups, tmp_path / str(share), share_pictures=share, global_batch=2, **packing)
        trainer, _ = build(made, log=lambda text: None)
        trainer.model.eval()
        batch = next(iter(trainer.get_train_dataloader()))
        note = batch.pop("vlit")
        pictures.append((len(batch["pixel_values"]), len({key for key in note["keys"]})))
        labels = batch.pop("labels")
        trainer.model(**batch, labels=labels).loss.backward()
        gradients.append({name: p.grad for name, p in trainer.model.named_parameters() if p.grad is not None})
    assert pictures[1][0] < pictures[0][0], pictures
    assert gradients[0].keys() == gradients[1].keys()
    assert all(torch.allclose(gradients[1][name], grad, atol=1e-5) for name, grad in gradients[0].items())


def test_a_family_that_cannot_is_told_so(model, groups, tmp_path):
    made = recipe(model, groups, tmp_path, packing=True, share_pictures=True)
    trainer, _ = build(made, log=lambda text: None)
    assert trainer.plan.packer.tokens == made.max_length
    family = family_of(trainer.model.config)
    for key, without in (("packing", {"packs": False}), ("share_pictures", {"shares_pictures": False})):
        poor = replace(family, why_not="its masks leak", **without)
        processor = type("P", (), {"family": poor})()
        with pytest.raises(RecipeError, match=f"{key}: family llava does not .*its masks leak"):
            check_family(made, made.mixture(), processor)
