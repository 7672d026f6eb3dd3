"""pointqa: one point and its box per question, three wordings of one question, points and boxes that are none."""

import json

_LOCAL = {
    "file_path": "VG_100K/1.jpg",
    "question": "What colour is this shirt?",
    "answer": "red",
    "bbox": [20, 10, 100, 60],
    "point": [50.5, 30],
}
_TWICE = {
    "file_path": "VG_100K/1.jpg",
    "obj_question": "How many of these dogs are there?",
    "super_question": "How many of these animals are there?",
    "general_question": "How many of these are there?",
    "answer": "2",
    "bbox": [20, 10, 100, 60],
    "point": [50, 25],
}
_QUESTIONS = ("general_question", "obj_question", "super_question")


def _lines(*rows: dict) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


FILES = {
    "VG_100K/1.jpg": "200x100",
    "data/pointQA_local_train.jsonl": _lines(
        _LOCAL, _LOCAL | {"point": [50]}, _LOCAL | {"bbox": [20, 10, 100]}, _LOCAL | {"point": ["50", 1]}
    ),
    "data/pointQA_local_test.jsonl": _lines(_LOCAL | {"file_path": "VG_100K/absent.jpg"}),
    "data/pointQA_twice_train.jsonl": _lines(_TWICE),
}


def _sample(id: str, question: str, answer: str, point: list[float]) -> dict:
    return {
        "id": id,
        "group": "VG_100K/1.jpg",
        "task": "vqa",
        "messages": [("user", ["<image 0>", ("", [0]), "\n" + question]), ("assistant", [answer])],
        "media": [("image", "VG_100K/1.jpg", 200, 100)],
        "regions": [("point", "norm", [0.1, 0.1, 0.5, 0.6], [point])],
    }


def _others(asked: str) -> dict:
    return {name: _TWICE[name] for name in _QUESTIONS if name != asked}


EXPECTED = {
    "default": {
        "train": [_sample("data/pointQA_local_train:0", "What colour is this shirt?", "red", [0.2525, 0.3])],
        "test": [
            _sample("data/pointQA_local_test:0", "What colour is this shirt?", "red", [])
            | {
                "group": "VG_100K/absent.jpg",
                "media": [("image", "VG_100K/absent.jpg", None, None)],
                "regions": [("point", "pixel", [20.0, 10.0, 100.0, 60.0], [[50.5, 30.0]])],
            }
        ],
    },
    **{
        {"obj": "twice_object"}.get(name, f"twice_{name}"): {
            "train": [
                _sample("data/pointQA_twice_train:0", _TWICE[f"{name}_question"], "2", [0.25, 0.25])
                | {"meta": json.dumps(_others(f"{name}_question"), separators=(",", ":"))}
            ]
        }
        for name in ("obj", "super", "general")
    },
}
BAD = {
    "default": {
        "train": [
            ("data/pointQA_local_train.jsonl", 1, "point"),
            ("data/pointQA_local_train.jsonl", 2, "bbox"),
            ("data/pointQA_local_train.jsonl", 3, "point"),
        ]
    }
}
