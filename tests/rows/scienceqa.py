"""scienceqa: with picture and hint, text only, an answer that is no index; the split inside."""

import json

from tests.rows.asked import asked

_ROW = {
    "question": "Which state is north?",
    "choices": ["Ohio", "Maine"],
    "answer": 1,
    "hint": "",
    "image": "image.png",
}
_ROW |= {"task": "closed choice", "grade": "grade2", "subject": "social science", "topic": "geography"}
_ROW |= {"category": "Geography", "skill": "Read a map", "lecture": "Maps.", "solution": "Look.", "split": "train"}
_TEXT = _ROW | {"image": None, "hint": "Two states.", "answer": 0, "split": "test"}
FILES = {
    "train/1/image.png": "64x48",
    "problems.json": json.dumps({"1": _ROW, "2": _TEXT, "3": _ROW | {"answer": 2}}),
}


def _sample(row: int, ref: str, question: str, correct: int, split: str, size: tuple = ()) -> dict:
    keys = ("category", "grade", "lecture", "question_id", "skill", "solution", "split", "subject", "task", "topic")
    meta = json.dumps(
        {k: (_ROW | {"question_id": str(row + 1), "split": split})[k] for k in keys}, separators=(",", ":")
    )
    found = asked(f"problems:{row}", ref, f"{question}\nA. Ohio\nB. Maine", _ROW["choices"][correct])
    found |= {"media": [("image", ref, *size)] if ref else [], "task": "multiple_choice", "choices": _ROW["choices"]}
    return found | {"correct": correct, "meta": meta}


EXPECTED = {
    "default": {
        "train": [_sample(0, "1/image.png", "Which state is north?", 1, "train", (64, 48))],
        "validation": [],
        "test": [_sample(1, "", "Two states.\nWhich state is north?", 0, "test")],
    }
}
BAD = {"default": {"train": [("problems.json", 2, "answer")]}}
