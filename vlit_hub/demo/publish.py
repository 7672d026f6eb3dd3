"""The demo's last stage: both cards, a push of data and model to a Hub on loopback, both loaded back elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vlit_hub.publishing.export import export
from vlit_hub.publishing.facts import dataset_facts
from vlit_hub.publishing.local_hub import LocalHub
from vlit_hub.publishing.model_card import model_card
from vlit_hub.publishing.push import push_folder
from vlit_hub.publishing.staging import stage_model

TOKEN = "hf_local_write"
"""Of the local Hub alone."""
DATA, MODEL = "local/vlit-demo-scenes", "local/vlit-demo-tiny-llava"

USERS_OWN = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE",
             "TRANSFORMERS_OFFLINE")  # fmt: skip
"""Of the user's environment, not to be passed on: tokens for the real Hub, and switches that forbid any."""

LOAD_BACK = """
import json, sys
from datasets import load_dataset
data, model_id, question = sys.argv[1:]
rows = load_dataset(data, "llava-instruct-150k", split="train")
streamed = next(iter(load_dataset(data, "llava-instruct-150k", split="train", streaming=True)))
assert rows[0]["id"] == streamed["id"]
picture = rows[0]["images"][0]
from transformers import AutoModelForImageTextToText, AutoProcessor
processor = AutoProcessor.from_pretrained(model_id)
model = AutoModelForImageTextToText.from_pretrained(model_id)
asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}]
prompt = processor.apply_chat_template(asked, add_generation_prompt=True)
inputs = processor(images=[picture], text=prompt, return_tensors="pt", add_special_tokens=False)
made = model.generate(**inputs, max_new_tokens=8, do_sample=False)[0, inputs["input_ids"].shape[1]:]
assert "vlit_hub" not in sys.modules
print(json.dumps({"rows": len(rows), "picture": list(picture.size), "question": question,
                  "answer": processor.decode(made, skip_special_tokens=True)}))
"""
"""Runs in a fresh process that never imports vlit_hub."""


def publish(
    out: Path, verified: Mapping[str, Any], scored: Mapping[str, Any], note: str, log: Callable[[str], Any]
) -> dict[str, Any]:
    """Write the cards, push ``shards/train`` and ``tuned`` of the demo, load both back; commits and what was loaded."""
    shards, tuned = out / "shards" / "train", out / "tuned"
    fa, vlit = (json.loads((out / stage / "train_report.json").read_text()) for stage in ("fa", "tuned"))
    facts = [
        dataset_facts(folder, index=stage["data"]["index"])
        for folder, stage in ((out / "shards" / "captions", fa), (shards, vlit))
    ]
    card = model_card(
        vlit, scored, verified, facts, earlier=[fa], dataset_id=DATA, note=note, repo_id=MODEL,
        evaluated_on="held-out rendered scenes", title="Tiny LLaVA of the vlit_hub demo",
    )  # fmt: skip
    (tuned / "README.md").write_text(card, encoding="utf-8")
    export(
        shards, out / "export" / "data", dialect="square", title="Scenes of the vlit_hub demo", note=note, repo_id=DATA,
        media="all",  # rendered here: no licence of the datasets whose form they have speaks of them
    )  # fmt: skip
    stage_model(tuned, out / "export" / "model")
    with LocalHub(out / "hub") as hub:
        found: dict[str, Any] = {"endpoint": hub.endpoint}
        for kind, repo, folder in (("dataset", DATA, "data"), ("model", MODEL, "model")):
            report = push_folder(
                out / "export" / folder, repo, kind, endpoint=hub.endpoint, token=TOKEN,  # type: ignore[arg-type]
                commit_message="Publish the demo", on_progress=lambda step, done, total: None,
            )  # fmt: skip
            log(f"  {kind} {repo}: {report.files} files, {report.bytes:,} bytes, commit {report.oid[:8]}")
            found[kind] = {"repo": repo, "commit": report.oid, "files": report.files, "bytes": report.bytes}
        found["loaded"] = load_back(hub.endpoint, out / "home")
    log(f"  loaded back without vlit_hub: {found['loaded']}")
    return found


def load_back(endpoint: str, home: Path) -> dict[str, Any]:
    """Load both repositories in a fresh process with an empty cache; RuntimeError with its output if that fails."""
    environment = {
        **os.environ, "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(home.absolute()),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }  # fmt: skip
    for name in list(environment):
        if name in USERS_OWN or name.endswith("_CACHE"):
            del environment[name]
    command = [sys.executable, "-c", LOAD_BACK, DATA, MODEL, "How many objects are there?"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"what was published does not load: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])
