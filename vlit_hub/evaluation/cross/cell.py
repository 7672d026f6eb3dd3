"""One cell as a process: ``python -m vlit_hub.evaluation.cross.cell FOLDER`` does what FOLDER/spec.json says."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

CHECKED = 64
"""Samples that are verified before a cell is trained."""


def main(folder: Path) -> None:
    """Leave ``result.json``, whole or not at all."""
    from vlit_hub.evaluation.cross.cells import RESULT, SPEC

    spec = json.loads((folder / SPEC).read_text())
    started = time.perf_counter()
    found = _train(spec["recipe"]) if spec["kind"] == "train" else _score(spec)
    found |= {"key": spec["key"], "kind": spec["kind"], "seconds": round(time.perf_counter() - started, 1)}
    half = folder / f"{RESULT}.half"
    half.write_text(json.dumps(found) + "\n")
    os.replace(half, folder / RESULT)


def _train(flat: dict[str, Any]) -> dict[str, Any]:
    from vlit_hub.shards import Store
    from vlit_hub.training.callbacks import read_losses
    from vlit_hub.training.recipe import recipe_from
    from vlit_hub.training.run import run
    from vlit_hub.verify import verify

    recipe = recipe_from(flat)
    processor = recipe.processor_of()
    checks = verify(Store(recipe.mixture().parts), processor, recipe.max_length, CHECKED)
    if not checks.ok:
        red = "; ".join(f"{row.check}: {row.first}" for row in checks.rows if not row.passed)
        raise SystemExit(f"verify is red, nothing was trained ({red})")
    report = run(recipe)
    return {
        "steps": report.steps,
        "tokens": report.tokens,
        "training_seconds": report.seconds,
        "loss_first": report.loss_first,
        "loss_last": report.loss_last,
        "losses": [{key: line[key] for key in ("step", "datasets")} for line in read_losses(Path(recipe.out))],
    }


def _score(spec: dict[str, Any]) -> dict[str, Any]:
    from vlit_hub.evaluation.cache import ReplyCache
    from vlit_hub.evaluation.evaluate_model import evaluate
    from vlit_hub.evaluation.predict import load
    from vlit_hub.processing import VLITProcessor
    from vlit_hub.shards import Store

    report = evaluate(
        Store(Path(spec["shards"]), subset=spec["subset"] or None, split=spec["split"] or None),
        load(spec["model"]),
        VLITProcessor.from_pretrained(spec["model"]),
        scoring=spec["scoring"],
        labels=json.loads(Path(spec["labels"]).read_text()) if spec["labels"] else None,
        limit=spec["limit"],
        batch_size=spec["batch_size"],
        cache=ReplyCache(spec["cache"]),
    )
    return report.to_dict(predictions=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
