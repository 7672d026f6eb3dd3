"""``vlit train``: what is verified first, what that leaves behind, who prints."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText
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


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU takes bf16")
def test_bf16_without_a_gpu_is_refused_with_the_key_to_set(made):
    refused = json.loads(train(made, "--bf16", "--use_cpu=false", "--no-verify", code=1))
    assert refused["error"].startswith("bf16: no GPU here takes it; --bf16 false")


def test_one_rank_speaks(made, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert train(made, "on_error=skip") == ""


def test_the_model_is_loaded_once(made, monkeypatch):
    real, loaded = AutoModelForImageTextToText.from_pretrained, []
    monkeypatch.setattr(
        AutoModelForImageTextToText, "from_pretrained", lambda *a, **k: (loaded.append(a[0]), real(*a, **k))[1]
    )
    train(made, "on_error=skip", f"out={made / 'once'}")
    assert loaded == [made / "model"]
    train(made, "on_error=skip", f"out={made / 'twice'}", "--no-verify")
    weights = [load_file(made / name / "model.safetensors") for name in ("once", "twice")]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_questions_are_answered_by_generation_at_each_evaluation(made):
    folder = made / "evaluated"
    asked = [f"eval_data={made / 'data'}", "eval_limit=3", "on_error=skip", f"out={folder}"]
    refused = json.loads(train(made, *asked, "--no-verify", code=1))["error"]
    assert refused.startswith("eval_data: asked when the Trainer evaluates; set eval_strategy")
    train(made, *asked, "--no-verify", "max_steps=2", "eval_strategy=steps", "eval_steps=1", "save_strategy=steps",
          "save_steps=2")  # fmt: skip
    state = json.loads((folder / "checkpoints" / "checkpoint-2" / "trainer_state.json").read_text())
    lines = [line for line in state["log_history"] if "eval_generation_accuracy" in line]
    assert [line["step"] for line in lines] == [1, 2] and all(
        0 <= line["eval_generation_accuracy"] <= 1 for line in lines
    )
    assert all(line["eval_generation_scored"] <= 3 for line in lines)
