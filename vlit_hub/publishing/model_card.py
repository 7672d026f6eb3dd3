"""Model cards: what was tuned on what, and what came of it beside its controls."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import ModelCardData

from vlit_hub.evaluation.evaluate_model import CONTROLS, UNTUNED
from vlit_hub.evaluation.interop import eval_results
from vlit_hub.evaluation.report import stratum
from vlit_hub.publishing.facts import DatasetFacts
from vlit_hub.publishing.licences import CONSEQUENCES, mixture, slug
from vlit_hub.publishing.rendering import REPO, card, render, resource
from vlit_hub.shards.mixture_lock import Lock

NOT_RECORDED = "not recorded"


def model_card(
    train_report: Mapping[str, Any],
    eval_report: Mapping[str, Any] | None,
    verify_report: Mapping[str, Any] | None,
    data_facts: Sequence[DatasetFacts],
    *,
    earlier: Sequence[Mapping[str, Any]] = (),
    base_model: str = "",
    dataset_id: str = "",
    evaluated_on: str = "",
    lock: str | Path | None = None,
    title: str = "",
    note: str = "",
    repo_id: str = "",
) -> str:
    """README.md of a model repository.

    ``train_report``: train_report.json (training/report.py), of the last stage; ``earlier``: those of the stages
    before it, in order. ``eval_report``: EvalReport.to_dict(); None: the card says it was not evaluated.
    ``verify_report``: verify.json (cli/train_.py), or verify's Report.as_dict(); None: not verified. ``data_facts``:
    per stage, in order, of what it was tuned on (``dataset_facts(..., index=report["data"]["index"])``).
    ``base_model``: Hub id of the weights it started from; empty: no published ones. ``dataset_id``: Hub id of the data
    of the last stage. ``repo_id``: of the model. ``evaluated_on``: the evaluated samples in words, beside what the
    report recorded. ``lock``: the vlit.lock of the last stage's mixture. ``title``, ``note``: as in ``dataset_card``.
    Raises ValueError for a family without a facts file, for facts of other shards than a stage was tuned on and for
    the lock of another plan.
    """
    family = family_facts(train_report["family"])
    stages = [*earlier, train_report]
    _check_data(stages, data_facts)
    mixed = _locked(lock, train_report) if lock else None
    title = title or f"{family['title']}, {train_report['setting']}, on {_data_title(data_facts[-1])}"
    parts = list({part.name: part for facts in data_facts for part in facts.parts}.values())
    evaluated = _evaluated(eval_report, stages)
    controls = list(eval_report["settings"]["controls"]) if eval_report else []
    body = render(
        "model.md.jinja",
        title=title,
        note=note,
        family=family,
        facts=data_facts,
        parts=parts,
        licences=mixture(parts),
        meanings=CONSEQUENCES,
        labels={name: _labels(data_facts, name) for name in ("task", "language")},
        stages=stages,
        mixed=mixed,
        recipe=_recipe,
        hyper=[key for key in train_report["hyper"] if all(key in stage["hyper"] for stage in stages)],
        left_out=_left_out,
        evaluation=eval_report,
        evaluated=evaluated,
        evaluated_on=evaluated_on,
        eval_command=_eval_command(eval_report),
        stratum=stratum,
        controls=controls,
        unmeasured=[name for name in (*CONTROLS, UNTUNED) if name not in controls],
        beaten=_not_beaten(eval_report),
        verification=verify_report,
        verify_command=_verify_command(verify_report, train_report, data_facts[-1]),
        base_model=base_model,
        base_licence=family["base_models"].get(base_model, ""),
        dataset_id=dataset_id,
        repo=repo_id or REPO,
    )
    results = eval_results(eval_report, *evaluated) if eval_report else []
    data = ModelCardData(
        model_name=title,
        license="other",
        license_name="base-model-and-data-terms",
        language=sorted({tag.split("-")[0] for tag in _labels(data_facts, "language")}),
        library_name="transformers",
        pipeline_tag="image-text-to-text",
        tags=["vision-language-instruction-tuning", "vlit_hub", slug(train_report["setting"])],
        base_model=base_model or None,
        datasets=[dataset_id] if dataset_id else None,
        eval_results=results or None,
    )
    return card(data.to_dict(), body)


def family_facts(name: str) -> dict[str, Any]:
    """``model_cards/<name>.yaml``; raises ValueError where the family has none."""
    try:
        return yaml.safe_load(resource(f"{name}.yaml"))
    except FileNotFoundError:
        raise ValueError(f"no facts of the family {name!r}: add model_cards/{name}.yaml") from None


def _check_data(stages: Sequence[Mapping[str, Any]], data_facts: Sequence[DatasetFacts]) -> None:
    if len(stages) != len(data_facts):
        raise ValueError(f"{len(stages)} stages, facts of {len(data_facts)} folders: each stage was tuned on one")
    for stage, facts in zip(stages, data_facts, strict=True):
        if facts.fingerprint != (tuned := stage["data"]["index"]):
            raise ValueError(f"{stage['setting']} was tuned on index {tuned}, the facts are of {facts.fingerprint}")


def _locked(path: str | Path, stage: Mapping[str, Any]) -> dict[str, Any]:
    """What the card says of a lock; ValueError where the stage had another plan."""
    lock = Lock.load(path)
    if lock.fingerprint != (tuned := stage["data"]["fingerprint"]):
        raise ValueError(f"{path} locks the plan {lock.fingerprint}, {stage['setting']} was tuned on {tuned}")
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return {"sha256": digest, "fingerprint": lock.fingerprint, "sources": lock.sources, "mixture": lock.mixture}


def _labels(data_facts: Sequence[DatasetFacts], name: str) -> list[str]:
    return list(dict.fromkeys(value for facts in data_facts for value in facts.labels[name]))


def _selection(splits: Iterable[Sequence[str]]) -> dict[str, str]:
    """The ``subset`` and ``split`` that select exactly these (subset, split) where all have the same."""
    columns = dict(zip(("subset", "split"), zip(*splits, strict=True), strict=True))
    return {key: values[0] for key, values in columns.items() if len(set(values)) == 1}


def _recipe(stage: Mapping[str, Any], facts: DatasetFacts) -> str:
    """The recipe of a stage as YAML; folders are placeholders."""
    keys = {"setting": stage["setting"], "model": "MODEL", "data": "SHARDS", "out": "OUT"}
    keys |= _selection((split.subset, split.split) for split in facts.splits)
    keys |= {key: stage["data"][key] for key in ("seed", "missing", "tail")}
    keys |= {key: value for key, value in stage["hyper"].items() if value is not None and value != {}}
    return yaml.safe_dump(keys, sort_keys=False).rstrip()


def _eval_command(report: Mapping[str, Any] | None) -> str:
    """The command that gives the report again; empty where what was evaluated was not recorded."""
    settings = report["settings"] if report else {}
    if "data" not in settings:
        return ""
    given = [name for name in (UNTUNED, "labels", "training") if settings.get(name) or name in settings["controls"]]
    options = _selection((subset, split) for _, subset, split in settings["data"]["splits"])
    options |= {key: settings[key] for key in ("limit", "seed", "max_new_tokens") if settings.get(key) is not None}
    return " ".join(
        ["vlit eval SHARDS --model MODEL", *(f"--{name} {name.upper()}" for name in given), _options(options)]
    )


def _verify_command(report: Mapping[str, Any] | None, stage: Mapping[str, Any], facts: DatasetFacts) -> str:
    if not report:
        return ""
    options: dict[str, Any] = {"max_length": report.get("max_length", stage["hyper"]["max_length"])}
    options["limit"] = report["samples"]
    if report.get("index") == stage["data"]["index"]:
        options |= _selection((split.subset, split.split) for split in facts.splits)
    read = any(row["check"] == "model" for row in report.get("rows", ()))  # a model read a handful of the samples too
    return f"vlit verify SHARDS {'--model' if read else '--processor'} MODEL {_options(options)}"


def _options(found: Mapping[str, Any]) -> str:
    return shlex.join(word for key, value in found.items() for word in (f"--{key.replace('_', '-')}", str(value)))


def _evaluated(report: Mapping[str, Any] | None, stages: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Name and type of the evaluated data, by what the report recorded alone."""
    if not report or not (data := report["settings"].get("data")):
        return NOT_RECORDED, slug(NOT_RECORDED)
    name = ", ".join(f"{dataset} {subset}/{split}" for dataset, subset, split in data["splits"])
    if data["index"] in [stage["data"]["index"] for stage in stages]:
        name += " (on the training shards)"
    return name, "-".join(dict.fromkeys(dataset for dataset, _, _ in data["splits"]))


def _data_title(facts: DatasetFacts) -> str:
    return " + ".join(part.title for part in facts.parts)


def _left_out(stage: Mapping[str, Any]) -> str:
    reasons = stage["data"]["left_out"]
    return "; ".join(
        f"{dataset}: {count} {reason}" for dataset, found in reasons.items() for reason, count in found.items()
    )


def _not_beaten(report: Mapping[str, Any] | None) -> list[str]:
    """``<stratum>: <controls>`` for every row where the model's gain over a control is not above 0."""
    found = []
    for row in report["rows"] if report else ():
        controls = [name for name, gain in row["gains"].items() if gain["low"] <= 0]
        if controls:
            found.append(f"{stratum(row['kind'], row['name'])}: {', '.join(controls)}")
    return found
