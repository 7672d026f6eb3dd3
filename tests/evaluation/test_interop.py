"""Reports in the forms of others: the Hub reads the one back, the other has lmms-eval's keys."""

import json

import pytest
import yaml
from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import model_index_to_eval_results
from typer.testing import CliRunner

from tests.evaluation.rooms import COLOURS, colour_sample, seen_colour
from tests.tiny.llava import build as tiny_llava
from vlit_hub.cli import app
from vlit_hub.evaluation import evaluate_answers
from vlit_hub.evaluation.interop import LMMS_MODELS, LMMS_TASKS, lmms_command, lmms_results, model_index
from vlit_hub.processing import VLITProcessor
from vlit_hub.processing.families import FAMILIES
from vlit_hub.registry import names
from vlit_hub.schema import Message, Part
from vlit_hub.shards import ShardWriter


def report():
    samples = [colour_sample(i, list(COLOURS)[i % 3], group=f"g{i // 2}") for i in range(12)]
    return evaluate_answers(samples, lambda batch: [seen_colour(s) for s in batch]).to_dict()


def test_the_hub_reads_the_index_back():
    index = model_index(report(), "tuned", "Rooms", "rooms")
    card = ModelCard(f"---\n{yaml.safe_dump({'model-index': index})}---\ntext")
    name, results = model_index_to_eval_results(card.data.to_dict()["model-index"])
    found = {result.metric_name: result for result in results}
    assert name == "tuned" and found["accuracy, all"].metric_value == 1.0
    assert found["majority control, all"].metric_value == pytest.approx(1 / 3, abs=1e-6)
    assert found["accuracy, all"].metric_args["n"] == 12


def test_lmms_evals_form():
    found = lmms_results(report(), "rooms", "tuned")
    row = found["results"]["rooms"]
    assert row["accuracy,none"] == 1.0 and row["accuracy_stderr,none"] > 0
    assert found["n-samples"]["rooms"] == {"original": 12, "effective": 12}
    assert set(found["results"]) == set(found["versions"]) == set(found["n-shot"])
    assert {"rooms_ability_instance_attributes", "rooms_instruction_type_none"} <= set(found["results"])
    json.dumps(found, allow_nan=False)


def test_the_command_knows_our_names_only():
    assert set(LMMS_MODELS) <= set(FAMILIES) and set(LMMS_TASKS) <= set(names())
    assert lmms_command("llava", "a b", "pope") == (
        "python -m lmms_eval --model llava_hf --model_args 'pretrained=a b,device_map=auto' --tasks pope --batch_size 1"
    )
    assert lmms_command("kosmos2", "x", "pope") == lmms_command("llava", "x", "rooms") == ""


def test_eval_scores_a_benchmark_as_its_spec_says(tmp_path):
    """``vlit eval`` on shards named after a benchmark: options by likelihood, its other figures, both exports."""
    model, native = tiny_llava()
    model.save_pretrained(tmp_path / "model")
    VLITProcessor(native).save_pretrained(tmp_path / "model")
    with ShardWriter(tmp_path / "shards", "seed-bench", "default", "test") as writer:
        for i in range(6):
            sample = colour_sample(i, "red", ability=("instance_counting", "scene_understanding")[i % 2])
            sample.choices.extend(["red", "green", "blue", "none of these"])
            sample.messages[-1] = Message("assistant", [Part(text="A")])
            writer.write(type(sample)(**{f: getattr(sample, f) for f in sample.__struct_fields__} | {"correct": 0}))
    files = {name: str(tmp_path / name) for name in ("lmms.json", "index.yaml", "replies.sqlite")}
    command = ["eval", str(tmp_path / "shards"), "--model", str(tmp_path / "model"), "--json"]
    command += ["--lmms", files["lmms.json"], "--model-index", files["index.yaml"], "--cache", files["replies.sqlite"]]
    first, again = (CliRunner().invoke(app(), command) for _ in range(2))
    assert first.exit_code == 0, first.output
    found = json.loads(first.stdout)
    assert json.loads(again.stdout) == found
    whole = found["rows"][0]
    assert found["settings"]["scoring"] == "multiple_choice" and found["settings"]["decoding"].endswith("all options")
    assert whole["figures"]["chance"] == 0.25 and {"by_sum", "by_letter"} <= set(whole["figures"])
    assert "19,242" in found["settings"]["data"]["version"]
    assert {row["name"] for row in found["rows"] if row["kind"] == "ability"} == {
        "instance_counting", "scene_understanding"
    }  # fmt: skip
    exported = json.loads((tmp_path / "lmms.json").read_text())["results"]["seed-bench"]
    assert exported["accuracy,none"] == whole["accuracy"]
    assert yaml.safe_load((tmp_path / "index.yaml").read_text())["model-index"][0]["name"] == "model"
