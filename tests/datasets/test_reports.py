"""What converters of questions and answers keep although it is faulty, and say so."""

from __future__ import annotations

from typing import Any

import pytest

from vlit_hub import registry
from vlit_hub.spec import Context

ABSOLUTE = "an absolute path of the author's machine; its tail is kept"
DROPPED = "the trainer drops it for holding 'caption' (or, a response, ' no ' or 'not')"


def reports(name: str, record: dict[str, Any], file: str = "") -> list[tuple[str, str]]:
    spec = registry.get(name)
    entry = next(
        (e for e in spec.files if any(file in pattern for a in e.alternatives for pattern in a)), spec.files[0]
    )
    ctx = Context(spec, "default", "train", file)
    assert len(list((entry.convert or spec.convert)(record, ctx))) == 1
    return ctx.reports


@pytest.mark.parametrize(
    ("name", "file", "record", "expected"),
    [
        ("detgpt", "", {"image_id": "1", "task": "Find it.", "answer": "Therefore, the answer is: [cup]"}, []),
        (
            "detgpt",
            "",
            {"image_id": "1", "task": "Find it.", "answer": "A cup."},
            [("answer", "ends without its list of target objects")],
        ),
        ("macaw-llm", "", {"id": "a.jpg", "instruction": "What?", "response": "A cup."}, []),
        (
            "macaw-llm",
            "",
            {"id": "a.jpg", "instruction": "Which caption?", "response": "There is no cup."},
            [("instruction", DROPPED), ("response", DROPPED)],
        ),
        (
            "x-llm",
            "asr_instruction_zh.json",
            {"speech_feats_path": "/raid/1.npy", "target_text": "你好"},
            [("speech_feats_path", ABSOLUTE)],
        ),
        (
            "multiinstruct",
            "",
            {
                "image_path": "a.jpg",
                "question": "What?",
                "target_txt": "x",
                "options": ["x"],
                "prompt": "P",
                "target": "y",
            },
            [
                ("target_txt", "differs from target; both are kept"),
                ("question", "does not stand in the prompt: What?"),
                ("target", "is none of the options"),
            ],
        ),
        (
            "multimodal-id-v1",
            "",
            {"image_id": "1", "caption": "A", "questions": ["lamp.", "Question: What?", "Answer: It."]},
            [("questions[0]", "the caption's tail; it is put back")],
        ),
        (
            "multimodal-id-v1",
            "",
            {"image_id": "1", "caption": "A", "questions": ["What?", "Answer: It."]},
            [("questions[0]", "neither Question nor Answer is said; taken by its place")],
        ),
        (
            "gpt4tools",
            "",
            {"instruction": "TOOLS: none", "input": "", "output": "x"},
            [("instruction", "names tools but is not in their prompt's form; kept as one text")],
        ),
    ],
)
def test_faults_that_are_kept_are_reported(name: str, file: str, record: dict, expected: list) -> None:
    assert reports(name, record, file) == expected
