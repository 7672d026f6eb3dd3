"""Multiple choice with four options: all over one run of prompt and picture, beside each run apart with its picture.

A LLaVA of random weights over photograph-sized pictures and the same questions, pictures decoded and resized in every
way. The plain way is run one row at a time and in batches of as many rows as ours; lmms-eval runs in its own
environment. One thread, processor time: other work on the machine does not count.
"""

from __future__ import annotations

import io
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common import Row, child, interleaved, main, peer_python

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


def prepare(folder: str) -> dict[str, float]:
    """The model and the questions in the forms that lmms-eval reads."""
    import datasets

    from vlit_hub.schema import text_of

    model, processor, samples = build()
    model.save_pretrained(Path(folder) / "model")
    processor.save_pretrained(Path(folder) / "model")
    rows = [
        {"image": {"bytes": s.images[0].bytes, "path": None}, "question": text_of(s.messages[0]), "choices": s.choices,
         "correct": s.correct} for s in samples
    ]  # fmt: skip
    text = datasets.Value("string")
    features = {"image": datasets.Image(), "question": text, "choices": datasets.List(text)}
    features |= {"correct": datasets.Value("int32")}
    made = datasets.Dataset.from_list(rows, features=datasets.Features(features))
    made.to_parquet(Path(folder) / "questions.parquet")
    return {}


def together() -> dict[str, float]:
    """Ours: questions a processor second."""
    return _timed("together")


def alone() -> dict[str, float]:
    """Each option by itself, one row at a time."""
    return _timed("alone")


def rows() -> dict[str, float]:
    """Each option by itself, in batches of as many rows as ours has."""
    return _timed("rows")


def _timed(way: str) -> dict[str, float]:
    import torch

    from vlit_hub.evaluation.likelihood import apart, likelihoods

    torch.set_num_threads(1)
    model, processor, samples = build()

    def run(part: list[Any]) -> list[list[float]]:
        if way == "together":
            return [[x.total for x in row] for row in likelihoods(model, processor, part, [s.choices for s in part])]
        if way == "alone":
            return [[x.total for x in apart(model, processor, s, s.choices)] for s in part]
        return _batched(model, processor, part)

    run(samples[:BATCH])
    started = time.process_time()
    scores = [row for at in range(0, len(samples), BATCH) for row in run(samples[at : at + BATCH])]
    return {"rate": len(samples) / (time.process_time() - started), "sum": sum(map(sum, scores))}


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
    """All rows; without those of lmms-eval where it cannot be installed."""
    with TemporaryDirectory() as folder:
        runs = [lambda name=name: child("benchmarks.evaluation", name) for name in ("together", "alone", "rows")]
        if peer := peer_python("lmms-eval"):
            child("benchmarks.evaluation", "prepare", folder)
            runs.append(lambda: child("benchmarks.peers_evaluation", "likelihoods", folder, python=peer))
        mine, *others = interleaved(runs)
    for other in others[:2]:
        if abs(other["sum"] - mine["sum"]) > 1e-3 * abs(mine["sum"]):
            raise RuntimeError(f"the ways of scoring disagree: {mine['sum']} and {other['sum']}")
    what = "multiple choice of four, questions per processor second"
    peers = (("each option apart", 2.5), ("options apart, batched", 2.5), ("lmms-eval llava_hf, loglikelihood", 1.5))
    return [
        Row(what, mine["rate"], name, other["rate"], mine["rate"] / other["rate"], bar)
        for (name, bar), other in zip(peers, others, strict=False)
    ]


if __name__ == "__main__":
    main("evaluation", bench, ("vlit_hub", "torch", "transformers"))
