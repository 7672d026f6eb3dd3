"""Two processes over gloo against one: the same global sequence, the same loss, also across a resume."""

import pytest

from tests.training.show_resume import STEPS, STOP, compare, launch, show
from tests.training.support import FAMILIES, flat, keys, keys_of, recipe, save_tiny, train, write_shards
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.checkpoint import Progress, last_checkpoint


def test_two_processes_stopped_and_resumed_by_one(data, tmp_path):
    made = compare(tmp_path, save_tiny(tmp_path / "model"), data)
    assert show(made)
    assert list(made.cut) == list(range(STOP)) and list(made.resumed) == list(range(STOP, STEPS))
    assert len(set(flat(made.whole)[:24])) == 24  # an epoch of 6 steps repeats nothing
    assert made.losses == pytest.approx(made.whole_losses, abs=1e-5)
    progress = Progress.load(last_checkpoint(tmp_path / "cut" / "checkpoints"))
    assert sum(progress.seen.values()) == 4 * STOP
    assert progress.tokens == sum(line["tokens"] for line in read_losses(tmp_path / "cut"))


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("micro", [1, 2])
def test_one_process_stopped_and_resumed_by_two(tmp_path, family, workers, micro):
    model, data = save_tiny(tmp_path / "model", family), write_shards(tmp_path / "data")
    shape = {"max_steps": STEPS, "per_device_train_batch_size": micro, "dataloader_num_workers": workers}
    train(recipe(model, data, tmp_path / "whole", max_steps=STEPS))
    saves = {"save_strategy": "steps", "save_steps": STOP}
    train(recipe(model, data, tmp_path / "cut", **shape, **saves), stop=STOP)
    checkpoint = tmp_path / "cut" / "checkpoints" / f"checkpoint-{STOP}"
    launch(keys(model, data, tmp_path / "resumed", **shape, resume=str(checkpoint)), tmp_path, 2, stop=0)
    assert keys_of(tmp_path / "cut") | keys_of(tmp_path / "resumed") == keys_of(tmp_path / "whole")
    losses = [line["loss"] for out in ("cut", "resumed") for line in read_losses(tmp_path / out)]
    assert losses == pytest.approx([line["loss"] for line in read_losses(tmp_path / "whole")], abs=1e-5)
