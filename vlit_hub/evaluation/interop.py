"""Reports in the forms of others: the Hub's model-index, lmms-eval's results, and the command that runs its tasks.

lmms-eval's form: github.com/EvolvingLMMs-Lab/lmms-eval, lmms_eval/evaluator.py (results, versions, n-shot, n-samples).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from huggingface_hub import EvalResult
from huggingface_hub.repocard_data import eval_results_to_model_index

from vlit_hub.evaluation.report import stratum

METRICS = {
    "exact": "accuracy",
    "multiple_choice": "accuracy",
    "yes_no": "accuracy",
    "vqa": "vqa_accuracy",
    "iou": "accuracy_at_0.5",
    "caption": "cider_over_10",
    "chair": "one_minus_chair_s",
}
"""Scoring -> what its score is called elsewhere."""
LMMS_MODELS = {
    "llava": "llava_hf",
    "qwen2_5_vl": "qwen2_5_vl",
    "qwen3_vl": "qwen3_vl",
    "instructblip": "instructblip",
    "internvl": "internvl_hf",
    "gemma3": "gemma3",
}
"""Family -> lmms-eval's name for what loads it."""
LMMS_TASKS = {
    "seed-bench": "seedbench",
    "pope": "pope",
    "mme": "mme",
    "mmbench": "mmbench_en_dev",
    "gqa": "gqa",
    "vqav2": "vqav2_val",
    "textvqa": "textvqa_val",
    "okvqa": "ok_vqa_val2014",
    "scienceqa": "scienceqa_img",
    "vizwiz": "vizwiz_vqa_val",
}
"""Dataset -> lmms-eval's task."""


def metric_of(report: Mapping[str, Any]) -> str:
    """What the score of a report is called elsewhere."""
    return METRICS[report["settings"].get("scoring", "exact")]


def eval_results(report: Mapping[str, Any], name: str, kind: str) -> list[EvalResult]:
    """The score of every stratum with its interval, its controls and its other figures beside it, for a model-index.

    ``report``: EvalReport.to_dict(). ``name``, ``kind``: of the evaluated data, in words and as an id.
    """
    metric, found = metric_of(report), []
    for row in report["rows"]:
        label = stratum(row["kind"], row["name"])
        size = {"n": row["n"], "groups": row["groups"]}
        interval = {**size, "low": round(row["low"], 6), "high": round(row["high"], 6)}
        systems = [(metric, f"{metric}, {label}", row["accuracy"], interval)]
        systems += [(metric, f"{control} control, {label}", value, size) for control, value in row["controls"].items()]
        others = row.get("figures") or {}
        systems += [(key, f"{key}, {label}", value, size) for key, value in others.items() if value is not None]
        found += [
            EvalResult(
                task_type="image-text-to-text",
                dataset_type=kind,
                dataset_name=name,
                metric_type=type_,
                metric_name=said,
                metric_value=round(value, 6),
                metric_args=args,
            )
            for type_, said, value, args in systems
        ]
    return found


def model_index(report: Mapping[str, Any], model: str, name: str, kind: str) -> list[dict[str, Any]]:
    """The ``model-index`` of a model card's head."""
    return eval_results_to_model_index(model, eval_results(report, name, kind))


def lmms_results(report: Mapping[str, Any], task: str, model: str = "") -> dict[str, Any]:
    """A report as lmms-eval writes its results: the whole and every part and ability as a task of its own.

    The standard error is what the interval comes to for a normal distribution.
    """
    metric, tasks, sizes = metric_of(report), {}, {}
    for row in report["rows"]:
        name = task if row["kind"] == "all" else f"{task}_{row['kind']}_{row['name']}".replace(" ", "_")
        tasks[name] = {
            "alias": name,
            f"{metric},none": row["accuracy"],
            f"{metric}_stderr,none": (row["high"] - row["low"]) / (2 * 1.959964),
        } | {f"{key},none": value for key, value in (row.get("figures") or {}).items() if value is not None}
        sizes[name] = {"original": row["n"], "effective": row["n"]}
    return {
        "results": tasks,
        "configs": {name: {"task": name, "metric_list": [{"metric": metric}]} for name in tasks},
        "versions": dict.fromkeys(tasks, 0.0),
        "n-shot": dict.fromkeys(tasks, 0),
        "higher_is_better": {name: {metric: True} for name in tasks},
        "n-samples": sizes,
        "config": {"model": model or report["settings"].get("model", ""), "limit": report["settings"].get("limit")},
    }


def lmms_command(family: str, folder: str, dataset: str) -> str:
    """The line that scores a tuned model's folder by lmms-eval's task for the same benchmark; "" where it has none.

    Run with lmms-eval 0.7.3, whose ``llava_hf`` asks transformers 5 for the device map "" unless one is given. Without
    a GPU it needs ``--device cpu`` too.
    """
    if family not in LMMS_MODELS or dataset not in LMMS_TASKS:
        return ""
    given = f"pretrained={folder}" + (",device_map=auto" if family == "llava" else "")
    parts = ["python", "-m", "lmms_eval", "--model", LMMS_MODELS[family], "--model_args", given]
    return shlex.join([*parts, "--tasks", LMMS_TASKS[dataset], "--batch_size", "1"])
