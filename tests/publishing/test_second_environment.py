"""What was published, in an environment that has no vlit_hub: data in every form, one step of TRL, models."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from tests.publishing import made, model_answers, second
from tests.tiny import BUILDERS
from vlit_hub.publishing.local_hub import LocalHub
from vlit_hub.publishing.publish import Destination, publish_dataset, publish_model

TOKEN = "hf_local_write"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """One for the file: its repositories have names of their own."""
    with LocalHub(tmp_path_factory.mktemp("second") / "hub") as hub:
        yield hub


def online(hub):
    return {"HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_XET": "1"}


@pytest.mark.slow
def test_the_dataset_in_every_form_and_one_step_of_trl(hub, tmp_path):
    content = made.write(tmp_path / "shards")
    to = Destination("local/pets", endpoint=hub.endpoint, token=TOKEN)
    report, exported = publish_dataset(tmp_path / "shards", to, dialect="square")
    assert not list(tmp_path.glob(".shards.push-*"))
    python = second.build(tmp_path / "venv")
    fetched = Path(
        HfApi(hub.endpoint, token=TOKEN).snapshot_download(
            "local/pets", repo_type="dataset", local_dir=tmp_path / "copy"
        )
    )
    card = (fetched / "README.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", card, re.DOTALL))
    code = re.sub(
        r"^(\w+) = (load_dataset\(.*)\)(  #.*)?$",
        r"\1 = \2)\nprint(len(\1), sum(1 for _ in \2, streaming=True)))",
        code,
        flags=re.MULTILINE,
    )
    (tmp_path / "card.py").write_text(f"{code}\nimport os, sys\nassert 'vlit_hub' not in sys.modules\nos._exit(0)\n")
    printed = second.run(python, ["-u", "card.py"], tmp_path, **online(hub))
    counts = [tuple(map(int, line.split())) for line in printed.splitlines()]
    sizes = {key: len(samples) for key, samples in content.items()}
    train, test, detail = sizes["default", "train"], sizes["default", "test_clean"], sizes["detail_23k", "train"]
    assert counts == [(n, n) for n in (train, detail, train - 5, 1, 1, train, test, detail)]

    family = "llava"
    model, processor = BUILDERS[family]()
    model.save_pretrained(tmp_path / "model")
    processor.save_pretrained(tmp_path / "model")
    script = shutil.copy(Path(__file__).with_name("trl_step.py"), tmp_path / "trl_step.py")
    command = [script, "local/pets", str(tmp_path / "model"), "chat-square", "run"]
    loss = float(second.run(python, command, tmp_path, **online(hub)).rpartition("loss ")[2])
    assert 1 < loss < 20


@pytest.mark.parametrize("family", ["llava", pytest.param("qwen2_5_vl", marks=pytest.mark.slow)])
@pytest.mark.parametrize("slow", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_model_its_adapter_and_both_merged(hub, tmp_path, family, slow):
    from peft import LoraConfig, get_peft_model

    model, processor = BUILDERS[family]()
    names = {kind: f"local/{kind}-{family.replace('_', '-')}-{slow}".lower() for kind in ("base", "lora", "merged")}
    base, lora = tmp_path / "base", tmp_path / "lora"
    model.save_pretrained(base, max_shard_size="100KB")
    assert len(list(base.glob("*.safetensors"))) > 1
    processor.save_pretrained(base)
    tuned = get_peft_model(model, LoraConfig(target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    tuned.peft_config["default"].base_model_name_or_path = str(base)
    tuned.save_pretrained(lora)
    processor.save_pretrained(lora)
    for folder in (base, lora):
        (folder / "checkpoint-3").mkdir()
        (folder / "checkpoint-3" / "model.safetensors").write_text("no")
        (folder / "optimizer.pt").write_text("no")
        (folder / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    for kind, folder in (("base", base), ("lora", lora), ("merged", lora)):
        to = Destination(names[kind], endpoint=hub.endpoint, token=TOKEN)
        report = publish_model(folder, to, merged=kind == "merged")
        assert "optimizer.pt" not in report.sent and not [path for path in report.sent if "checkpoint" in path]
        assert ("adapter_config.json" in report.sent) == (kind == "lora")
        assert report.oid
    python = second.build(tmp_path / "venv") if slow else None
    script = shutil.copy(model_answers.__file__, tmp_path / "model_answers.py")

    def made_by(repo, adapter=""):
        if python:
            printed = second.run(python, [script, repo, adapter], tmp_path, **online(hub))
            return json.loads(printed.splitlines()[-1])
        fetch = HfApi(hub.endpoint, token=TOKEN).snapshot_download
        places = [name and fetch(name, local_dir=tmp_path / name) for name in (repo, adapter)]
        return model_answers.answers(*places)

    plain, adapted = made_by(names["base"]), made_by(names["base"], names["lora"])
    whole = made_by(names["merged"])
    assert plain["new"] == adapted["new"] == whole["new"] > 0
    assert max(abs(a - b) for a, b in zip(adapted["logits"], whole["logits"], strict=True)) < 1e-4
    assert max(abs(a - b) for a, b in zip(adapted["logits"], plain["logits"], strict=True)) > 1e-3


def test_what_is_no_model_is_refused(hub, tmp_path):
    to = Destination("local/none", endpoint=hub.endpoint, token=TOKEN)
    folder = tmp_path / "m"
    folder.mkdir()
    steps = [("config.json", "{}", "has no card"), ("README.md", "# x", "has no \\*.safetensors"), (None, "", "")]
    with pytest.raises(ValueError, match="holds neither shards"):
        publish_model(folder, to)
    for name, text, message in steps[:2]:
        (folder / name).write_text(text)
        with pytest.raises(ValueError, match=message):
            publish_model(folder, to)
    with pytest.raises(ValueError, match="only an adapter can be merged"):
        publish_model(folder, to, merged=True)
