"""iconqa: options that are pictures or texts, a blank; a test row; a bad index, an unknown kind; skills beside."""

import json

from tests.rows.asked import asked

_TXT = {"question": "How many dots?", "choices": ["two", "five"], "answer": 1, "ques_type": "choose_txt"}
_TXT |= {"grade": "prek", "label": "S2", "split": "train"}
_IMG = _TXT | {"question": "Which one is different?", "choices": ["choice_0.png", "choice_1.png"], "answer": 0}
_IMG |= {"ques_type": "choose_img"}
_GAP = {"question": "There are _ cubes.", "answer": "12", "ques_type": "fill_in_blank", "grade": "grade2"}
_GAP |= {"label": "C1", "split": "test"}
FILES = {
    "iconqa/train/choose_img/21/image.png": "64x48",
    "iconqa/train/choose_img/21/choice_0.png": "20x20",
    "iconqa/train/choose_img/21/choice_1.png": "20x20",
    "problems.json": json.dumps(
        {
            "7": _TXT,
            "21": _IMG,
            "30": _GAP,
            "31": _IMG | {"answer": 2},
            "32": _TXT | {"ques_type": "draw"},
            "33": _IMG | {"choices": ["choice_0.png"]},
        }
    ),
    "pid2skills.json": json.dumps({"7": ["counting"], "21": ["comparing", "pattern"]}),
}


def _meta(number: str, row: dict, *skills: str) -> dict:
    facts = {key: row[key] for key in ("grade", "label")} | {"question_id": number}
    facts |= {"skills": list(skills)} if skills else {}
    return {"meta": json.dumps(dict(sorted(facts.items())), separators=(",", ":"))}


_DIR = "train/choose_img/21/"
EXPECTED = {
    "default": {
        "train": [
            asked("problems:0", "train/choose_txt/7/image.png", "How many dots?\nA. two\nB. five", "five")
            | {"task": "multiple_choice", "choices": ["two", "five"], "correct": 1}
            | _meta("7", _TXT, "counting"),
            {
                "id": "problems:1",
                "group": f"{_DIR}image.png",
                "task": "multiple_choice",
                "messages": [
                    ("user", ["<image 0>", "Which one is different?", "\nA. ", "<image 1>", "\nB. ", "<image 2>"]),
                    ("assistant", ["A"]),
                ],
                "media": [
                    ("image", f"{_DIR}image.png", 64, 48),
                    ("image", f"{_DIR}choice_0.png", 20, 20),
                    ("image", f"{_DIR}choice_1.png", 20, 20),
                ],
                "choices": ["A", "B"],
                "correct": 0,
            }
            | _meta("21", _IMG, "comparing", "pattern"),
        ],
        "validation": [],
        "test": [
            asked("problems:2", "test/fill_in_blank/30/image.png", "There are _ cubes.", "12") | _meta("30", _GAP),
        ],
    }
}
BAD = {
    "default": {
        "train": [
            ("problems.json", 3, "answer"),
            ("problems.json", 4, "ques_type"),
            ("problems.json", 5, "choices"),
        ]
    }
}
