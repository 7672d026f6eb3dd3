"""``vlit demo``: from raw releases to a grounded, published model, every stage for real, on rendered scenes."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import PIL.Image

from vlit_hub import registry
from vlit_hub.demo import releases
from vlit_hub.demo.model import write_start
from vlit_hub.demo.page import Example, page
from vlit_hub.demo.publish import publish
from vlit_hub.demo.scenes import scenes
from vlit_hub.evaluation.evaluate_model import evaluate
from vlit_hub.evaluation.report import EvalReport
from vlit_hub.processing import VLITProcessor
from vlit_hub.release import Release
from vlit_hub.shards import Store
from vlit_hub.shards.build import build
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.recipe import TrainRecipe, load_recipe
from vlit_hub.verify import verify

RECIPES = Path(__file__).parent / "recipes"
SCENES = 4000
TEST_SCENES = 400
OTHERS = 200
"""Scenes for each of the other three datasets."""
SCORED = ("colour", "counting", "existence", "location", "shape")
"""Abilities with a bar; drawn words are scored apart."""
BAR, SHUFFLED_BAR, MAJORITY_BAR = 0.60, 0.35, 0.35
DATASETS = ("llava-instruct-150k", "coco-arc", "shikra-rd", "pmc-vqa")
CAPTIONS = "detail_23k"
NOTE = (
    "This is not the release: it is what `vlit demo` renders, scenes of coloured shapes written in the native form of"
    " the dataset, to show the whole line offline."
)

MARK = ".vlit-demo"
"""File that marks a demo's folder."""

Log = Callable[[str], Any]


@dataclass(frozen=True)
class DemoReport:
    """What the demo measured; ``accuracy``, ``shuffled`` and ``majority`` are means over the five scored abilities."""

    rows: tuple[dict[str, Any], ...]
    accuracy: float
    shuffled: float
    majority: float
    verified: bool
    published: dict[str, Any]
    stages: dict[str, float]
    """Stage -> seconds."""
    seconds: float
    page: str

    @property
    def ok(self) -> bool:
        """Whether the bars are met, verify is green and what was published loads."""
        scores = self.accuracy >= BAR and self.shuffled <= SHUFFLED_BAR and self.majority <= MAJORITY_BAR
        return scores and self.verified

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self) | {"ok": self.ok}

    def table(self) -> tuple[list[str], list[list[str]]]:
        """(heads, rows of text): per ability accuracy with its interval, majority, blind, shuffled, untuned."""
        controls = ("majority", "blind", "shuffled", "untuned")
        heads = ["ability", "n", "accuracy", "95 % interval", *controls]
        body = [
            [row["name"], str(row["n"]), _percent(row["accuracy"]), f"{_percent(row['low'])}-{_percent(row['high'])}",
             *(_percent(row["controls"][name]) for name in controls)]
            for row in self.rows
        ]  # fmt: skip
        return heads, body


class _Clock:
    """Names the stages, times them."""

    def __init__(self, log: Log) -> None:
        self.log, self.began, self.seconds = log, time.monotonic(), {}
        self._stage, self._since = "", self.began

    def stage(self, name: str, what: str) -> None:
        self.stop()
        self._stage, self._since = name, time.monotonic()
        self.log(f"[{time.monotonic() - self.began:5.0f} s] {name}: {what}")

    def stop(self) -> None:
        if self._stage:
            self.seconds[self._stage] = round(time.monotonic() - self._since, 1)

    seconds: dict[str, float]


def run(out: Path, *, scenes: int | None = None, seed: int = 0, log: Log = print) -> DemoReport:
    """Run every stage into ``out``, a new folder or one of an earlier demo, which is emptied.

    Raises FileExistsError for any other folder that holds something, and the error of the stage that fails.
    """
    _empty(out)
    clock = _Clock(log)
    clock.stage("render", "scenes as native raw releases of four datasets")
    written = releases.write_releases(out / "raw", scenes or SCENES, min(TEST_SCENES, scenes or SCENES), OTHERS)
    log("  " + "; ".join(f"{name}: {sum(r.records.values()):,} records" for name, r in written.items()))
    clock.stage("load", "datasets.load_dataset('vlit/<name>') streams each of them")
    for name in DATASETS:
        log(f"  {name}: {_first_question(name, out / 'raw' / 'train' / name)}")
    clock.stage("build", "shards, index, manifest, quarantine")
    for name in DATASETS:
        _build(name, out / "raw" / "train" / name, out / "shards" / "train", log)
    _build(DATASETS[0], out / "raw" / "train" / DATASETS[0], out / "shards" / "captions", log, CAPTIONS)
    _build(DATASETS[0], out / "raw" / "test" / DATASETS[0], out / "shards" / "test", log)
    clock.stage("start", "a tiny LLaVA from its config, a tokenizer, and what stands in for CLIP")
    encoder = _start(out, scenes or SCENES, seed)
    log(f"  encoder: colour {encoder.colour:.2f}, shape {encoder.shape:.2f} right per cell, {encoder.steps} steps")
    clock.stage("verify", "what the model sees is what was meant")
    store = Store(out / "shards" / "train")
    checks = verify(store, VLITProcessor.from_pretrained(out / "start"), 256, 256)
    verified = checks.as_dict() | {"index": store.index.fingerprint, "max_length": 256}
    (out / "verify.json").write_text(json.dumps(verified, indent=1))
    for check in checks.rows:
        log(f"  {'pass' if check.passed else 'FAIL'} {check.check}: {check.checked} checked. {check.first}")
    if not checks.ok:
        raise RuntimeError("verify is red: nothing is trained")
    losses = {}
    for stage in ("fa", "vlit"):
        recipe = _recipe(stage, out, seed)
        clock.stage(stage, f"VLITTrainer, setting {recipe.setting}")
        _train(recipe, log)
        losses[stage.upper()] = [(line["step"], line["loss"]) for line in read_losses(Path(recipe.out))]
    clock.stage("evaluate", "held-out scenes, four controls")
    scored = _evaluate(out, seed)
    clock.stage("publish", "cards, push to a local Hub, load both back in a fresh process")
    published = publish(out, verified, scored.to_dict(), NOTE, log)
    clock.stop()
    return _report(out, clock, scored, checks.ok, published, losses)


def _empty(out: Path) -> None:
    """Leave an empty folder with our mark; nothing without the mark is ever deleted."""
    if out.exists() and any(out.iterdir()) and not (out / MARK).is_file():
        raise FileExistsError(f"{out} holds something that is not a demo's; give a new folder with --out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARK).touch()


def _first_question(name: str, raw: Path) -> str:
    import datasets

    split = datasets.load_dataset(f"vlit/{name}", data_dir=str(raw), split="train", streaming=True)
    row = next(iter(split))
    said = ["".join(part["text"] for part in message["content"]) for message in row["messages"][:2]]
    return " -> ".join(text.replace("\n", " ") for text in said) + f" ({row['images'][0].size[0]} px)"


def _build(name: str, raw: Path, out: Path, log: Log, subset: str = "") -> None:
    report = build(Release(registry.get(name), raw, subset), out)
    if report.quarantined or report.partial or report.missing_media:
        raise RuntimeError(f"{name}: the rendered release is faulty: {dict(report.reasons)}")
    log(f"  {name}: {report.converted:,} records -> {report.samples:,} samples in {report.shards} shards")


def _start(out: Path, count: int, seed: int) -> Any:
    items = list(scenes("train", count, releases.SEED_BLOCKS["train"]))
    return write_start(
        RECIPES / "tiny_llava.json", releases.texts(out / "raw" / "train"), items, out / "start", seed=seed
    )


def _recipe(stage: str, out: Path, seed: int) -> TrainRecipe:
    paths = {
        "fa": {"model": out / "start", "data": out / "shards" / "captions", "out": out / "fa"},
        "vlit": {"model": out / "fa", "data": out / "shards" / "train", "out": out / "tuned"},
    }[stage]
    return load_recipe(RECIPES / f"{stage}.yaml", {"seed": seed, **{key: str(path) for key, path in paths.items()}})


def _train(recipe: TrainRecipe, log: Log) -> None:
    from vlit_hub.training.run import run as train

    report = train(recipe, log=lambda text: log("  " + text.replace("\n", "\n  ")))
    log(f"  {report.steps} steps, loss {report.loss_first:.3f} -> {report.loss_last:.3f}, {report.tokens:,} tokens")


def _evaluate(out: Path, seed: int) -> EvalReport:
    from transformers import AutoModelForImageTextToText

    tuned, start = (AutoModelForImageTextToText.from_pretrained(out / name) for name in ("tuned", "start"))
    return evaluate(
        Store(out / "shards" / "test"),
        tuned,
        VLITProcessor.from_pretrained(out / "tuned"),
        labels=json.loads((out / "raw" / "test" / "abilities.json").read_text()),
        untuned=start,
        seed=seed,
        batch_size=64,
        max_new_tokens=8,
    )


def _report(
    out: Path,
    clock: _Clock,
    scored: EvalReport,
    verified: bool,
    published: dict[str, Any],
    losses: dict[str, list[tuple[int, float]]],
) -> DemoReport:
    rows = tuple(asdict(row) for row in scored.rows if row.kind == "ability")
    five = [row for row in rows if row["name"] in SCORED]
    if len(five) != len(SCORED):
        raise RuntimeError(f"only {', '.join(row['name'] for row in five)} were scored: {dict(scored.unanswerable)}")

    def mean(of: Callable[[dict[str, Any]], float]) -> float:
        return round(sum(of(row) for row in five) / len(five), 4)

    report = DemoReport(
        rows=rows,
        accuracy=mean(lambda row: row["accuracy"]),
        shuffled=mean(lambda row: row["controls"]["shuffled"]),
        majority=mean(lambda row: row["controls"]["majority"]),
        verified=verified,
        published=published,
        stages=clock.seconds,
        seconds=round(time.monotonic() - clock.began, 1),
        page=str(out / "demo.html"),
    )
    heads, body = report.table()
    note = (
        f"Mean over {', '.join(SCORED)}: accuracy {report.accuracy:.3f}, shuffled pictures {report.shuffled:.3f},"
        f" majority answer {report.majority:.3f}. {scored.scored:,} questions on scenes that training never saw."
    )
    page(out / "demo.html", title="vlit demo", table_rows=[heads, *body], examples=_examples(out, scored),
         loss=losses, note=note)  # fmt: skip
    (out / "demo.json").write_text(json.dumps(report.to_dict(), indent=1) + "\n")
    return report


def _examples(out: Path, scored: EvalReport, each: int = 4) -> list[Example]:
    """The first questions of each ability, with the model's answers, right or wrong."""
    store = Store(out / "shards" / "test")
    examples, taken = [], dict.fromkeys((row.name for row in scored.rows), 0)
    for prediction in scored.predictions:
        if taken[prediction.ability] < each:
            taken[prediction.ability] += 1
            blob = store[prediction.row].images[0]
            assert blob is not None and blob.bytes is not None
            picture = PIL.Image.open(io.BytesIO(blob.bytes))
            said, reference = prediction.said["model"], prediction.references[0]
            examples.append(Example(picture, prediction.question, said, reference, prediction.ability))
    return examples


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
