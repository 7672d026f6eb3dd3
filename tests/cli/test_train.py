"""``vlit train``: what is verified first, what that leaves behind, who prints."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tests.training.support import keys, sample, save_tiny
from vlit_hub.cli import app
from vlit_hub.processing import VLITProcessor
from vlit_hub.schema import Blob
from vlit_hub.shards import ShardWriter, Store


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A recipe over eight samples, one of them with a picture that cannot be decoded."""
    folder = tmp_path_factory.mktemp("train")
    with ShardWriter(folder / "data", "scenes", "default", "train") as writer:
        for number in range(8):
            one = sample(number)
            if number == 3:
                one.images[0] = Blob(bytes=b"no PNG")
            writer.write(one)
    flat = keys(save_tiny(folder / "model"), folder / "data", folder / "out", max_steps=1)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(flat))
    return folder


def train(folder: Path, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app(), ["train", str(folder / "recipe.yaml"), *arguments, "--json"])
    assert result.exit_code == code, result.output
    return result.stdout


def test_an_unreadable_picture_is_red_or_dropped_as_the_recipe_says(made):
    refused = json.loads(train(made, code=1))["error"]
    assert "verify is red" in refused and "cannot be decoded" in refused
    assert json.loads(train(made, "on_error=skip"))["steps"] == 1
    verified = json.loads((made / "out" / "verify.json").read_text())
    assert verified["ok"] and verified["dropped"] == {"unreadable_media": 1} and verified["samples"] == 8
    rows = {row["check"]: row for row in verified["rows"]}
    assert rows["packed logits"]["result"] == "pass" and rows["pictures matter"]["result"] == "told"
    assert (verified["processor"], verified["index"], verified["max_length"]) == (
        VLITProcessor.from_pretrained(made / "model").fingerprint(128),
        Store(made / "data").index.fingerprint,
        128,
    )


def test_what_an_earlier_run_proved_does_not_outlive_it(made):
    (made / "out").mkdir(exist_ok=True)
    (made / "out" / "verify.json").write_text('{"ok": true}')
    train(made, "on_error=skip", "--no-verify")
    assert not (made / "out" / "verify.json").exists()


def test_any_key_of_a_recipe_is_an_option(made):
    report = json.loads(train(made, "on_error=skip", "--learning_rate", "1e-5", "--no-verify", "--global-batch=2"))
    assert (report["hyper"]["learning_rate"], report["hyper"]["global_batch"]) == (1e-5, 2)
    refused = json.loads(train(made, "--learning_rat", "1", code=1))
    assert refused["error"].startswith("learning_rat: no such key; nearest: learning_rate")


def test_one_rank_speaks(made, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert train(made, "on_error=skip") == ""
