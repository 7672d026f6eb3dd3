"""Model cards: what was tuned on what, and what came of it beside its controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from huggingface_hub import EvalResult, ModelCardData

from vlit_hub.publishing.facts import DatasetFacts
from vlit_hub.publishing.licences import slug
from vlit_hub.publishing.rendering import REPO, card, render, resource


def model_card(
    train_report: Mapping[str, Any],
    eval_report: Mapping[str, Any] | None,
    verify_report: Mapping[str, Any] | None,
    data_facts: DatasetFacts,
    *,
    earlier: Sequence[Mapping[str, Any]] = (),
    base_model: str = "",
    dataset_id: str = "",
    evaluated_on: str = "",
    title: str = "",
    note: str = "",
    repo_id: str = "",
) -> str:
    """README.md of a model repository.

    ``train_report``: train_report.json (training/report.py), of the last stage; ``earlier``: those of the stages
    before it, in order. ``eval_report``: EvalReport.to_dict(); None: the card says it was not evaluated.
    ``verify_report``: verify's Report.as_dict(); None: not verified. ``data_facts``: of the shards it was tuned on.
    ``base_model``: Hub id of the weights it started from; empty: no published ones. ``dataset_id``: Hub id of the
    data. ``repo_id``: of the model. ``evaluated_on``: the evaluated samples in words; the data's titles by default.
    ``title``, ``note``: as in ``dataset_card``. Raises ValueError for a family without a facts file.
    """
    family = family_facts(train_report["family"])
    title = title or f"{family['title']}, {train_report['setting']}, on {_data_title(data_facts)}"
    stages = [*earlier, train_report]
    controls = list(eval_report["settings"]["controls"]) if eval_report else []
    body = render(
        "model.md.jinja",
        title=title,
        note=note,
        family=family,
        facts=data_facts,
        stages=stages,
        hyper=[key for key in train_report["hyper"] if all(key in stage["hyper"] for stage in stages)],
        left_out=_left_out,
        evaluation=eval_report,
        evaluated_on=evaluated_on,
        controls=controls,
        beaten=_not_beaten(eval_report),
        verification=verify_report,
        base_model=base_model,
        base_licence=family["base_models"].get(base_model, ""),
        dataset_id=dataset_id,
        repo=repo_id or REPO,
    )
    results = _results(eval_report, evaluated_on or _data_title(data_facts), dataset_id)
    data = ModelCardData(
        model_name=title,
        license="other",
        license_name="base-model-and-data-terms",
        language=sorted({tag.split("-")[0] for tag in data_facts.labels["language"]}),
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
            found.append(f"{row['name'] or 'all'}: {', '.join(controls)}")
    return found


def _results(report: Mapping[str, Any] | None, name: str, dataset_id: str) -> list[EvalResult]:
    """The model-index: accuracy of every stratum with its interval, and its controls beside it."""
    results = []
    for row in report["rows"] if report else ():
        stratum = row["name"] or "all"
        size = {"n": row["n"], "groups": row["groups"]}
        interval = {**size, "low": round(row["low"], 6), "high": round(row["high"], 6)}
        systems = [(f"accuracy, {stratum}", row["accuracy"], interval)]
        systems += [(f"{control} control, {stratum}", value, size) for control, value in row["controls"].items()]
        results += [
            EvalResult(
                task_type="image-text-to-text",
                dataset_type=dataset_id or slug(name),
                dataset_name=name,
                metric_type="accuracy",
                metric_name=label,
                metric_value=round(value, 6),
                metric_args=args,
            )
            for label, value, args in systems
        ]
    return results
