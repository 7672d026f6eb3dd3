"""``vlit eval SHARDS --model DIR``: answers scored as the benchmark is, beside their controls."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlit_hub.cli.common import BadInput, Json, emit, progress, table, verb

if TYPE_CHECKING:
    from vlit_hub.schema import Sample
    from vlit_hub.shards import Store


@verb
def command(
    shards: Annotated[Path, typer.Argument(help="Folder of shards with the questions.")],
    model: Annotated[Path, typer.Option("--model", help="Folder of the tuned model.")],
    untuned: Annotated[Path | None, typer.Option("--untuned", help="Folder of the model before tuning.")] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="JSON {sample id: ability}; not with --training.")
    ] = None,
    training: Annotated[Path | None, typer.Option("--training", help="Shards to fit the majority answer on.")] = None,
    subset: Annotated[str, typer.Option(help="Of the shards; all if left out.")] = "",
    split: Annotated[str, typer.Option(help="Of the shards; all if left out.")] = "",
    limit: Annotated[int | None, typer.Option(help="Samples to ask, drawn by --seed.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw, the shuffled pictures and the intervals.")] = 0,
    scoring: Annotated[str, typer.Option(help="Of spec.SCORINGS; auto: that of the dataset.")] = "auto",
    batch_size: Annotated[int, typer.Option(help="Questions asked at once.")] = 8,
    max_new_tokens: Annotated[int | None, typer.Option(help="Longest answer, in tokens; by the scoring.")] = None,
    cache: Annotated[Path | None, typer.Option(help="File of replies known from before; is added to.")] = None,
    processes: Annotated[int, typer.Option(help="That ask at once, a share of the batches each.")] = 1,
    share: Annotated[
        str, typer.Option(help="I/N: ask that share only and leave the replies in --cache; no report.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write the report here as JSON (for the card).")] = None,
    lmms: Annotated[Path | None, typer.Option(help="Write the figures here as lmms-eval does.")] = None,
    model_index: Annotated[Path | None, typer.Option(help="Write the Hub's model-index here, as YAML.")] = None,
    as_json: Json = False,
) -> None:
    """Score a model as the benchmark is scored, per ability and instruction type, beside majority, blind, shuffled and
    untuned."""
    import yaml

    from vlit_hub.evaluation import interop
    from vlit_hub.evaluation.cache import ReplyCache
    from vlit_hub.evaluation.evaluate_model import evaluate
    from vlit_hub.evaluation.predict import load
    from vlit_hub.processing import VLITProcessor
    from vlit_hub.shards import Store

    store = Store(shards, subset=subset or None, split=split or None)
    if not len(store):
        raise BadInput(f"{shards} holds no samples")
    if share and not cache:
        raise BadInput("--share: needs the --cache that the replies are left in")
    with ExitStack() as stack:
        if processes > 1 and not share:
            cache = cache or Path(stack.enter_context(TemporaryDirectory())) / "replies.sqlite"
            given = {"--model": model, "--untuned": untuned, "--labels": labels, "--subset": subset, "--split": split,
                     "--limit": limit, "--seed": seed, "--scoring": scoring, "--batch-size": batch_size,
                     "--max-new-tokens": max_new_tokens, "--training": training}  # fmt: skip
            fill([str(shards), *flags(given)], processes, cache)
        step = stack.enter_context(progress("eval"))
        processor = VLITProcessor.from_pretrained(model)
        report = evaluate(
            store,
            load(model),
            processor,
            scoring=scoring,
            cache=ReplyCache(cache, _share(share)) if cache else None,
            labels=json.loads(labels.read_text()) if labels else None,
            untuned=load(untuned) if untuned else None,
            training=_samples(Store(training)) if training else None,
            limit=limit,
            seed=seed,
            batch_size=batch_size,
            max_new_tokens=max_new_tokens,
            progress=lambda done, total: step(f"of {total}", done),
        )
    if share:
        return
    found = report.to_dict()
    if out:
        out.write_text(json.dumps(found, indent=2) + "\n")
    datasets = sorted({entry.dataset for entry in store.index.splits})
    if lmms:
        lmms.write_text(json.dumps(interop.lmms_results(found, "+".join(datasets)), indent=2) + "\n")
    if model_index:
        index = interop.model_index(found, model.absolute().name, ", ".join(datasets), datasets[0])
        model_index.write_text(yaml.safe_dump({"model-index": index}, sort_keys=False))
    if as_json:
        return emit(found)
    show(report)
    if command := interop.lmms_command(processor.family.name, str(model), datasets[0] if len(datasets) == 1 else ""):
        print(f"by lmms-eval, where it is installed: {command}")


def flags(given: dict[str, Any]) -> list[str]:
    """Options as arguments; what was not given is left out."""
    return [text for name, value in given.items() if value not in (None, "") for text in (name, str(value))]


def fill(arguments: list[str], processes: int, cache: Path) -> None:
    """Ask everything once, each of ``processes`` its share, into ``cache``. Raises RuntimeError where one fails."""
    code = "from vlit_hub.cli import main; main()"
    common = [sys.executable, "-c", code, "eval", *arguments, "--cache", str(cache)]
    running = [
        subprocess.Popen([*common, "--share", f"{i}/{processes}"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for i in range(processes)
    ]
    said = [process.communicate()[1].decode(errors="replace") for process in running]
    for i, process in enumerate(running):
        if process.returncode:
            raise RuntimeError(f"process {i} of {processes} ended with {process.returncode}: {said[i].strip()[-500:]}")


def _share(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise BadInput(f"--share {text}: expected I/N with I below N, the first is 0")
    return int(number), int(count)


def _samples(store: Store) -> Iterator[Sample]:
    return (store[row] for row in range(len(store)))


def show(report: Any) -> None:
    """One row per stratum: accuracy with its interval, then the controls."""
    heads, body = report.table()
    table(f"{report.scored} of {report.samples} samples scored", heads, body, right=heads[1:])
    if told := report.settings.get("data", {}).get("version"):
        print(told)
    if report.unanswerable:
        print("not scored:", ", ".join(f"{count} {reason}" for reason, count in report.unanswerable.items()))
