"""A published folder in other people's hands: the card's own code loads it from a Hub, plain TRL trains on it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.publishing import made
from vlit_hub.publishing.export import export


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / "shards"
    return folder, made.write(folder)


def run(command: list[str], folder: Path, **environment: str) -> str:
    """Standard output of a process that has its own HF_HOME."""
    environment = {**os.environ, "HF_HOME": str(folder / "hf"), **environment}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_code_on_the_card_loads_it_from_a_hub(shards, tmp_path, hub):
    from huggingface_hub import HfApi

    source, content = shards
    export(source, tmp_path / "out", dialect="float", repo_id="local/pets")
    api = HfApi(hub.endpoint, token="hf_local_write")
    api.create_repo("local/pets", repo_type="dataset")
    api.upload_folder(folder_path=tmp_path / "out", repo_id="local/pets", repo_type="dataset")
    card = (tmp_path / "out" / "README.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", card, re.DOTALL))
    code = re.sub(r"^(\w+) = (load_dataset\(.*)$", r"\1 = \2\nprint(len(\1))", code, flags=re.MULTILINE)
    (tmp_path / "card.py").write_text(f"{code}\nimport os, sys\nassert 'vlit_hub' not in sys.modules\n")
    printed = run(["card.py"], tmp_path, HF_ENDPOINT=hub.endpoint, HF_HUB_DISABLE_XET="1", HF_HUB_OFFLINE="0")
    train, test, detail = (len(content[key]) for key in (("default", "train"), ("default", "test_clean"),
                                                          ("detail_23k", "train")))  # fmt: skip
    # The code loads the first split of each config, then every split of the tars.
    assert list(map(int, printed.split())) == [train, detail, train - 5, 1, 1, train, test, detail]


CELLS = [
    pytest.param(family, config, marks=[] if (family, config) == ("llava", "chat-square") else [pytest.mark.slow])
    for family in ("llava", "qwen2_5_vl")
    for config in ("chat-square", "chat-square-completion")
]


@pytest.mark.parametrize(("family", "config"), CELLS)
def test_plain_trl_trains_on_the_chat_config(shards, tmp_path, family, config):
    from tests.tiny import tiny

    export(shards[0], tmp_path / "out", forms=(), dialect="square")
    model, processor = tiny(family)
    model.save_pretrained(tmp_path / "model")
    processor.save_pretrained(tmp_path / "model")
    script = str(Path(__file__).with_name("trl_step.py"))
    printed = run([script, str(tmp_path / "out"), str(tmp_path / "model"), config, "run"], tmp_path, HF_HUB_OFFLINE="1")
    loss = float(printed.rpartition("loss ")[2])
    assert 1 < loss < 20
