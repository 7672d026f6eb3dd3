"""Multiple choice with four options: all over one run of prompt and picture, beside each run apart with its picture.

A LLaVA of random weights over photograph-sized pictures, in one process with two ways of scoring the same questions,
interleaved, pictures decoded and resized in both. The plain way is run one row at a time, as lmms-eval's
``loglikelihood`` does, and in batches of as many rows as ours. lmms-eval itself is not run: see :func:`bench`.
"""

from __future__ import annotations

import io
import sys
import time
from typing import Any

from benchmarks.common import Row, child, interleaved, main

QUESTIONS, BATCH = 16, 8
SIDE, PATCH, HIDDEN = 224, 14, 64
"""256 tokens a picture."""
WORDS = ("a red kite", "the man on the left", "three towels", "nothing of that kind", "a dog in the grass", "two")


def build() -> tuple[Any, Any, list[Any]]:
    """Model, processor and questions."""
    import numpy as np
    from PIL import Image

    from tests.tiny.llava import build as tiny
    from vlit_hub.processing import VLITProcessor
    from vlit_hub.schema import Blob, Media, Message, Part, Sample

    draw = np.random.default_rng(0)
    samples = []
    for i in range(QUESTIONS):
        data = io.BytesIO()
        small = Image.fromarray(draw.integers(0, 255, (30, 40, 3), np.uint8))
        small.resize((640, 480), Image.Resampling.BICUBIC).save(data, "JPEG")
        options = [str(word) for word in draw.choice(WORDS, 4, replace=False)]
        asked = f"What is in the middle of picture {i}?\n" + "\n".join(
            f"{letter}. {option}" for letter, option in zip("ABCD", options, strict=True)
        )
        samples.append(
            Sample(
                id=str(i), images=[Blob(bytes=data.getvalue())],
                media=[Media("image", 0, ref=f"{i}.jpg", width=640, height=480)],
                messages=[Message("user", [Part("image", index=0), Part(text=asked)])], choices=options, correct=0,
            )  # fmt: skip
        )
    model, native = tiny(WORDS, image_size=SIDE, patch_size=PATCH, hidden=HIDDEN)
    return model, VLITProcessor(native), samples


def together() -> dict[str, float]:
    """Ours: questions a second."""
    return _timed("together")


def alone() -> dict[str, float]:
    """Each option by itself, one row at a time."""
    return _timed("alone")


def rows() -> dict[str, float]:
    """Each option by itself, in batches of as many rows as ours has."""
    return _timed("rows")


def _timed(way: str) -> dict[str, float]:
    from vlit_hub.evaluation.likelihood import apart, likelihoods

    model, processor, samples = build()

    def run(part: list[Any]) -> list[list[float]]:
        if way == "together":
            return [[x.total for x in row] for row in likelihoods(model, processor, part, [s.choices for s in part])]
        if way == "alone":
            return [[x.total for x in apart(model, processor, s, s.choices)] for s in part]
        return _batched(model, processor, part)

    run(samples[:BATCH])
    started = time.perf_counter()
    scores = [row for at in range(0, len(samples), BATCH) for row in run(samples[at : at + BATCH])]
    return {"rate": len(samples) / (time.perf_counter() - started), "sum": sum(map(sum, scores))}


def _batched(model: Any, processor: Any, samples: list[Any]) -> list[list[float]]:
    import msgspec
    import torch

    from vlit_hub.schema import Message, Part

    pairs = [
        msgspec.structs.replace(s, messages=[*s.messages, Message("assistant", [Part(text=option)])])
        for s in samples
        for option in s.choices
    ]
    totals: list[float] = []
    with torch.inference_mode():
        for at in range(0, len(pairs), BATCH):
            batch = processor(pairs[at : at + BATCH], 1 << 20)
            labels = batch.pop("labels")[:, 1:]
            scores = torch.log_softmax(model(**batch, use_cache=False).logits[:, :-1].float(), -1)
            each = scores.gather(-1, labels.clamp(min=0)[..., None])[..., 0]
            totals += (each * (labels >= 0)).sum(1).tolist()
    return [totals[i : i + 4] for i in range(0, len(totals), 4)]


def bench() -> list[Row]:
    """All rows. lmms-eval asks for a hub and for versions of its own; a run beside it is not set up."""
    print("lmms-eval is not run: no environment with it and our model is set up", file=sys.stderr)
    names = ("together", "alone", "rows")
    mine, single, batched = interleaved([lambda name=name: child("benchmarks.evaluation", name) for name in names])
    for other in (single, batched):
        if abs(other["sum"] - mine["sum"]) > 1e-3 * abs(mine["sum"]):
            raise RuntimeError(f"the ways of scoring disagree: {mine['sum']} and {other['sum']}")
    what = "multiple choice of four, questions/s"
    return [
        Row(what, mine["rate"], "each option apart", single["rate"], mine["rate"] / single["rate"], 2.5),
        Row(what, mine["rate"], "options apart, batched", batched["rate"], mine["rate"] / batched["rate"], 2.5),
    ]


if __name__ == "__main__":
    main("evaluation", bench, ("vlit_hub", "torch", "transformers"))
