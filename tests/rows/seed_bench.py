"""seed-bench: a picture question, a video question with its segment; a letter and a type that are none."""

import json

_PICTURE = {
    "answer": "C", "choice_a": "One", "choice_b": "Two", "choice_c": "Three", "choice_d": "Four",
    "data_id": "1454426_2591111986", "data_type": "image", "question": "How many towels are in the image?",
    "question_id": "101669", "question_type_id": 5,
}  # fmt: skip
_VIDEO = _PICTURE | {
    "answer": "A", "data_id": "20.webm", "data_type": "video", "question": "What is done?", "question_id": "7",
    "question_type_id": 11, "segment": [1.5, 4],
}  # fmt: skip
FILES = {
    "SEED-Bench.json": json.dumps(
        {
            "questions": [_PICTURE, _VIDEO, _PICTURE | {"answer": "E"}, _PICTURE | {"question_type_id": 13}],
            "question_type": {"Scene Understanding": 1},
        }
    ),
}
_OPTIONS = ["One", "Two", "Three", "Four"]
_TEXT = "\nA. One\nB. Two\nC. Three\nD. Four"
_COMMON = {"task": "multiple_choice", "choices": _OPTIONS}
EXPECTED = {
    "default": {
        "test": [
            _COMMON
            | {
                "id": "SEED-Bench:0",
                "group": "1454426_2591111986",
                "messages": [
                    ("user", ["<image 0>", f"How many towels are in the image?{_TEXT}"]),
                    ("assistant", ["C"]),
                ],
                "media": [("image", "1454426_2591111986", None, None)],
                "ability": "instance_counting",
                "correct": 2,
                "meta": '{"question_id":"101669"}',
            },
            _COMMON
            | {
                "id": "SEED-Bench:1",
                "group": "20.webm",
                "messages": [("user", ["<video 0>", f"What is done?{_TEXT}"]), ("assistant", ["A"])],
                "media": [("video", "20.webm", None, None, 1.5, 4.0)],
                "correct": 0,
                "meta": '{"question_id":"7","question_type_id":11}',
            },
        ]
    }
}
BAD = {
    "default": {"test": [("SEED-Bench.json", 2, "answer"), ("SEED-Bench.json", 3, "question_type_id")]},
}
