"""``vlit verify SHARDS --processor DIR --model DIR --max-length N``: prove what the model sees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlit_hub.cli.common import BadInput, Json, emit, table, verb

if TYPE_CHECKING:
    from vlit_hub.verify import Tuned


@verb
def command(
    shards: Annotated[Path, typer.Argument(help="Folder of shards.")],
    processor: Annotated[
        Path | None, typer.Option("--processor", help="Its folder; that of the model if left out.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="Folder of a model that reads a handful of the samples too.")
    ] = None,
    max_length: Annotated[int, typer.Option(help="Tokens, pictures included.")] = 2048,
    limit: Annotated[int, typer.Option(help="Samples to check, spread evenly; 0 = all.")] = 256,
    subset: Annotated[str, typer.Option(help="Of the shards; all if left out.")] = "",
    split: Annotated[str, typer.Option(help="Of the shards; all if left out.")] = "",
    as_json: Json = False,
) -> int:
    """Check token counts, supervised text, boundaries and pictures of real samples. Exit code 1 on a red row."""
    from vlit_hub.processing import VLITProcessor
    from vlit_hub.shards import Store
    from vlit_hub.verify import verify

    folder = processor or model
    if folder is None:
        raise BadInput("give --processor, --model or both")
    store = Store(shards, subset=subset or None, split=split or None)
    ours = VLITProcessor.from_pretrained(folder)
    read = None if model is None else _loaded(model, ours, max_length)
    report = verify(store, ours, max_length, limit or None, tuned=read)
    if as_json:
        emit(report.as_dict())
    else:
        show(report)
    return 0 if report.ok else 1


def _loaded(folder: Path, processor: Any, max_length: int) -> Tuned:
    import torch
    from transformers import AutoModelForImageTextToText

    from vlit_hub.processing import VLITCollator

    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    text = model.config.get_text_config()
    window = getattr(text, "sliding_window", None)
    rate = getattr(getattr(model.config, "vision_config", None), "tokens_per_second", None)
    attention = text._attn_implementation
    return tuned(model, VLITCollator(processor, max_length, attention=attention, window=window, rate=rate))


def tuned(model: Any, collator: Any) -> Tuned:
    """Model and collator as ``verify`` takes them, on the first accelerator if there is one that holds the model."""
    import torch

    from vlit_hub.verify import Tuned

    if torch.cuda.is_available():
        try:
            model.cuda()
        except torch.OutOfMemoryError:
            model.cpu()
            torch.cuda.empty_cache()
    return Tuned(model, collator)


def show(report: Any) -> None:
    """The rows as a table, the first failure of each red one below it."""
    rows = ([row.check, row.result, row.checked, row.failed, row.what] for row in report.rows)
    table(
        f"verify: {report.samples} samples",
        ("check", "result", "checked", "failed", "what"),
        rows,
        ("checked", "failed"),
    )
    for row in report.rows:
        if row.first:
            print(f"{row.check}: {row.first}")
        if row.note:
            print(f"{row.check}: {row.note}")
        if row.unsaid:
            print(f"{row.check}: nothing is said of {row.unsaid} samples: {row.why}")
    if report.dropped:
        print("left out of training:", ", ".join(f"{count} {reason}" for reason, count in report.dropped.items()))
