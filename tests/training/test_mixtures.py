"""A recipe trains on a mixture or its lock, resumes on it, and refuses another."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import yaml

from tests.training.support import flat, keys_of, recipe, save_tiny, train, write_shards
from vlit_hub.cli.mix_ import planned
from vlit_hub.processing import VLITProcessor, measure
from vlit_hub.shards import Packer, Store
from vlit_hub.shards.mixture import load_mixture
from vlit_hub.shards.mixture_lock import Lock, LockError
from vlit_hub.training.checkpoint import CheckpointError
from vlit_hub.training.recipe import RecipeError
from vlit_hub.training.run import build


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A model, two folders of shards, a mixture of them and its lock."""
    folder = tmp_path_factory.mktemp("mixtures")
    save_tiny(folder / "model")
    write_shards(folder / "scenes", texts=0)
    write_shards(folder / "words", pictures=0)
    (folder / "mix.yaml").write_text("seed: 3\nsources: [scenes%50, {shards: words, weight: 2}]\n")
    loaded = load_mixture(folder / "mix.yaml")
    processor = VLITProcessor.from_pretrained(folder / "model")
    measured = measure(Store(loaded.parts), processor, 128).fingerprint
    plan, index = planned(loaded, None, 0, measured, False)
    Lock.of(plan, index, loaded.document).save(folder / "vlit.lock")
    return folder


@pytest.fixture(scope="module")
def whole(home, tmp_path_factory):
    """Keys per step of five steps on the mixture, and the checkpoint after three."""
    out = tmp_path_factory.mktemp("whole")
    train(recipe(home / "model", home / "mix.yaml", out, max_steps=5, save_strategy="steps", save_steps=3))
    return out


def test_a_mixture_is_trained_on_as_it_says(whole):
    steps = keys_of(whole)
    names = [key.partition("-")[0] for key in flat(steps)]
    assert len(names) == 20 and names.count("scenes") in (9, 10) and names.count("words") in (10, 11)
    epoch = flat(steps)
    assert max(epoch.count(key) for key in epoch if key.startswith("scenes")) == 1
    state = json.loads((whole / "checkpoints" / "checkpoint-3" / "vlit_state.json").read_text())
    assert [source["units_per_epoch"] for source in state["plan"]["sources"]] == [10, 12]


def test_the_lock_gives_the_same_batches_elsewhere(home, whole, tmp_path):
    for name in ("scenes", "words"):
        shutil.copytree(home / name, tmp_path / "moved" / name)
    shutil.copy(home / "vlit.lock", tmp_path)
    made = recipe(home / "model", tmp_path / "vlit.lock", tmp_path / "out", root=str(tmp_path / "moved"), max_steps=5)
    train(made)
    assert keys_of(tmp_path / "out") == keys_of(whole)
    with pytest.raises(LockError, match="measure: '.*' in the lock, '.*' now .measure with the processor and max_len"):
        build(replace(made, max_length=64), log=lambda text: None)


def test_resume_refuses_another_mixture_naming_the_weight(home, whole, tmp_path):
    checkpoint = str(whole / "checkpoints" / "checkpoint-3")
    train(recipe(home / "model", home / "mix.yaml", tmp_path / "a", max_steps=5), resume=checkpoint)
    assert keys_of(tmp_path / "a") == {step: keys for step, keys in keys_of(whole).items() if step >= 3}
    (tmp_path / "mix.yaml").write_text((home / "mix.yaml").read_text().replace("weight: 2", "weight: 1"))
    other = recipe(home / "model", tmp_path / "mix.yaml", tmp_path / "b", max_steps=5, root=str(home))
    with pytest.raises(CheckpointError, match=r"sources.words.units_per_epoch: 12 in the checkpoint, 6 now"):
        train(other, resume=checkpoint)


def test_what_the_mixture_says_is_not_said_again(home, tmp_path):
    with pytest.raises(RecipeError, match="tail: to be set in the mixture .*mix.yaml, not in the recipe"):
        recipe(home / "model", home / "mix.yaml", tmp_path, tail="repeat").mixture()
    made = recipe(home / "model", home / "scenes", tmp_path, packing={"pictures": 2})
    assert made.mixture().packer == Packer(128, pictures=2)


def test_recipes_of_mixtures_are_read(tmp_path):
    from tests.test_docs import REPO

    paths = sorted((REPO / "recipes" / "mixtures").glob("*.yaml"))
    assert len(paths) == 2
    for path in paths:
        assert load_mixture(path).blend.leaves(), path
        assert yaml.safe_load(path.read_text())["sources"]
