"""The command that ``vlit eval`` prints, run by lmms-eval itself over a tuned model, in the environment that
benchmarks/evaluation.py makes (`.peers/lmms-eval`). Its own tasks are downloads: pictures of ours stand in for them."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import datasets
import pytest

from tests.evaluation.rooms import colour_sample, seen_colour
from tests.tiny.llava import build as tiny_llava
from vlit_hub.evaluation import evaluate_answers
from vlit_hub.evaluation.interop import lmms_command, lmms_results
from vlit_hub.processing import VLITProcessor

PEER = Path(__file__).parents[2] / ".peers" / "lmms-eval"
TASK = """task: rooms
dataset_path: parquet
dataset_kwargs: {{data_files: {{test: "{rows}"}}}}
test_split: test
output_type: generate_until
doc_to_visual: !function rooms_utils.visual
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{max_new_tokens: 4}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""
VISUAL = """def visual(doc):
    return [doc["image"].convert("RGB")]
"""
COLUMNS = {"image": datasets.Image(), "question": datasets.Value("string"), "answer": datasets.Value("string")}


@pytest.mark.slow
@pytest.mark.skipif(not (PEER / ".ready").exists(), reason="`python -m benchmarks.evaluation` makes the environment")
def test_a_tuned_model_runs_by_the_command_we_print(tmp_path):
    model, native = tiny_llava()
    model.save_pretrained(tmp_path / "model")
    VLITProcessor(native).save_pretrained(tmp_path / "model")
    samples = [colour_sample(i, colour) for i, colour in enumerate(("red", "blue", "green", "red"))]
    rows = [{"image": {"bytes": s.images[0].bytes}, "question": "Which?", "answer": seen_colour(s)} for s in samples]
    made = datasets.Dataset.from_list(rows, features=datasets.Features(COLUMNS))
    made.to_parquet(tmp_path / "rooms.parquet")
    task = tmp_path / "task"
    task.mkdir()
    (task / "rooms.yaml").write_text(TASK.format(rows=tmp_path / "rooms.parquet"))
    (task / "rooms_utils.py").write_text(VISUAL)
    said = shlex.split(lmms_command("llava", str(tmp_path / "model"), "pope"))
    assert said[:3] == ["python", "-m", "lmms_eval"] and said.count("pope") == 1
    said = [str(PEER / "bin" / "python"), *("rooms" if word == "pope" else word for word in said[1:])]
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home"), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [*said, "--device", "cpu", "--include_path", str(task), "--output_path", str(tmp_path / "out")],
        env=os.environ | offline, capture_output=True, text=True, timeout=900, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (written,) = (tmp_path / "out").rglob("*results.json")
    found = json.loads(written.read_text())
    assert found["n-samples"]["rooms"] == {"original": 4, "effective": 4}
    assert "exact_match,none" in found["results"]["rooms"]
    ours = lmms_results(evaluate_answers(samples, lambda batch: ["red"] * len(batch)).to_dict(), "rooms")
    assert set(ours) <= set(found), "what we export has lmms-eval's own keys"
    assert {key.rpartition(",")[0] for key in found["results"]["rooms"]} >= {"exact_match", "exact_match_stderr"}
