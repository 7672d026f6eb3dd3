"""mmc-instruction: <image> leading, trailing, none, twice; both benchmarks; captions; an empty answer."""

import json


def _lines(*records: dict) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


FILES = {
    "mmc_instruction_arxiv_images/a.png": "64x48",
    "MMC-Instruction/mmc_instruction_arxiv_text.jsonl": _lines(
        {"image_id": "a.png", "question": "<image>\nWhat is plotted?", "answer": "A loss."},
        {"image_id": "a.png", "question": "What rises? <image>", "answer": "The rate."},
        {"image_id": "a.png", "question": "<image> or <image>?", "answer": "The first."},
    ),
    "MMC-Instruction/mmc_instruction_non-arxiv_text.jsonl": _lines(
        {"image_id": "b.jpg", "question": "Which year?", "answer": "1999"},
        {"image_id": "b.jpg", "question": "Which month?", "answer": ""},
    ),
    "MMC-Alignment/mmc_chart_text_alignment_arxiv_text.jsonl": _lines(
        {"image_id": "a.png", "caption": "A loss curve."}
    ),
    "MMC-Benchmark/mmc_benchmark_text.jsonl": _lines(
        {"image_id": "c.png", "instruction": "It falls.", "label": "false", "task": "chart type"}
    ),
    "MMC-Benchmark/mmc_benchmark_mqa_text.jsonl": _lines(
        {"image_id": "d.png", "question": "Which? A: 1 B: 2", "answer": "B"}
    ),
}


def _sample(id: str, ref: str, question: list, answer: str, **more: object) -> dict:
    ref = f"{id.partition('/')[2].rpartition('_text')[0]}_images/{ref}"
    size = (64, 48) if ref == "mmc_instruction_arxiv_images/a.png" else (None, None)
    return {
        "id": id,
        "group": ref,
        "task": "document_qa",
        "messages": [("user", question), ("assistant", [answer])],
        "media": [("image", ref, *size)],
    } | more


_FIRST = "MMC-Instruction/mmc_instruction_arxiv_text"
_SECOND = "MMC-Instruction/mmc_instruction_non-arxiv_text"
_ARXIV = [
    _sample(f"{_FIRST}:0", "a.png", ["<image 0>", "What is plotted?"], "A loss."),
    _sample(f"{_FIRST}:1", "a.png", ["What rises? ", "<image 0>"], "The rate."),
]
_OTHER = [_sample(f"{_SECOND}:0", "b.jpg", ["<image 0>", "Which year?"], "1999")]
EXPECTED = {
    "default": {"train": [*_ARXIV, *_OTHER]},
    "arxiv": {"train": _ARXIV},
    "non-arxiv": {"train": _OTHER},
    "alignment": {
        "train": [
            _sample(
                "MMC-Alignment/mmc_chart_text_alignment_arxiv_text:0",
                "a.png",
                ["<image 0>", "Describe the scene, the objects in it and how they relate."],
                "A loss curve.",
            )
        ]
    },
    "benchmark": {
        "test": [
            _sample(
                "MMC-Benchmark/mmc_benchmark_text:0",
                "c.png",
                ["<image 0>", "It falls."],
                "false",
                task="yes_no",
                meta='{"task":"chart type"}',
            )
        ]
    },
    "benchmark_mqa": {
        "test": [_sample("MMC-Benchmark/mmc_benchmark_mqa_text:0", "d.png", ["<image 0>", "Which? A: 1 B: 2"], "B")]
    },
}
_TWICE, _EMPTY = (f"{_FIRST}.jsonl", 2, "question"), (f"{_SECOND}.jsonl", 1, "answer")
BAD = {"default": {"train": [_TWICE, _EMPTY]}, "arxiv": {"train": [_TWICE]}, "non-arxiv": {"train": [_EMPTY]}}
