"""lmms-eval over the questions of benchmarks/evaluation.py; runs in its environment, imports nothing of ours.

Its model ``llava_hf`` and a local task of its form; what is timed is its ``loglikelihood``, every option by itself with
its picture. It encodes each prompt a second time without its picture to count its tokens, which transformers 5 refuses:
that call gets the tokenizer alone (in its favour). The count leaves out the picture's tokens, so its figures take them
in and are not compared with ours.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

TASK = {
    "task": "questions",
    "dataset_path": "parquet",
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "{{question}}",
    "doc_to_choice": "choices",
    "doc_to_target": "correct",
    "target_delimiter": "",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}
TEMPLATE = (
    "{% for message in messages %}{{ message['role'].upper() + ': ' + message['content'] }}"
    "{{ eos_token if message['role'] == 'assistant' else ' ' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT: ' }}{% endif %}"
)
"""The model's own template over texts: ``loglikelihood`` hands it no lists of parts."""


def likelihoods(folder: str) -> dict[str, float]:
    """Questions a processor second over ``folder``: model/, questions.parquet (image, question, choices, correct)."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": f"{folder}/home", "CUDA_VISIBLE_DEVICES": ""}
    import lmms_eval.api.metrics  # noqa: F401  registers acc
    import torch
    from lmms_eval.api.task import ConfigurableTask
    from lmms_eval.models.simple.llava_hf import LlavaHf

    rows = {"data_files": {"test": str(Path(folder) / "questions.parquet")}}
    task = ConfigurableTask(config={**TASK, "dataset_kwargs": rows, "doc_to_visual": lambda doc: [doc["image"]]})
    model = LlavaHf(str(Path(folder) / "model"), device="cpu", device_map="cpu", chat_template=TEMPLATE)
    torch.set_num_threads(1)
    whole = model._image_processor

    def encode(text: list[str], images: Any = None, **more: Any) -> Any:
        return whole(text=text, images=images, **more) if images else whole.tokenizer(text, **more)

    model._image_processor = encode
    model.task_dict[task.config.task] = task.dataset
    task.build_all_requests(rank=0, world_size=1)
    requests = task.instances
    model.loglikelihood(requests[:4])
    started = time.process_time()
    found = model.loglikelihood(requests)
    seconds = time.process_time() - started
    options = sum(map(len, task.dataset["test"]["choices"]))
    if not len(found) == len(requests) == options:
        raise RuntimeError(f"lmms-eval scored {len(found)} of {options} options")
    return {"rate": len(task.dataset["test"]) / seconds}
