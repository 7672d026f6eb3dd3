"""gptvqa: both generations; no choices, rationale of a description, picture id as text; letters absent, wrong, odd."""

import json


def _first(image_id: object, choices: list[str], rationale: str, **more: object) -> dict:
    return {
        "image_id": image_id,
        "raw_instructions": "Question: ... [0.1, 0.2, 0.3, 0.4]",
        "question_type": "Instance Location",
        "question": "Where is the lamp?",
        "choices": choices,
        "correct_choice_idx": 1,
        "rationales": [rationale],
        **more,
    }


_OPTIONS = ["left", "right"]
_FRUIT = ["Apple", "Pear", "Plum", "Fig"]


def _second(**more: object) -> dict:
    record = {
        "instruction": "Which fruit is shown?",
        "answer": "The fruit on the plate is a pear.",
        "short_answer": "Pear",
        "options": _FRUIT,
        "choice_answer": "B",
        "image": "vg/VG_100K_2/7.jpg",
        "qtype": 2,
    } | more
    return {key: value for key, value in record.items() if value is not None}


FILES = {
    "train2017/000000000139.jpg": "64x42",
    "DataEngine_round1_data.json": json.dumps(
        [
            _first(139, _OPTIONS, "It stands beside the sofa."),
            _first(139, [], "Nothing to choose."),
            _first("139", _OPTIONS, "It stands there."),
        ]
    ),
    "DataEngine_round2_data.json": json.dumps(
        [
            _first(139, _OPTIONS, "The description says so."),
            _first(139, _OPTIONS, "Out of range.", correct_choice_idx=2),
        ]
    ),
    "dataengine_llava.json": json.dumps(
        [
            _second(),
            {"choide_answer" if key == "choice_answer" else key: value for key, value in _second(qtype=5).items()},
            _second(choice_answer=None),
            _second(choice_answer="C"),
            _second(options=None, choice_answer=None),
            _second(choice_answer="E"),
            _second(qtype=10),
        ]
    ),
}

_V1 = {
    "group": "000000000139.jpg",
    "task": "multiple_choice",
    "media": [("image", "000000000139.jpg", 64, 42)],
    "choices": _OPTIONS,
    "correct": 1,
    "meta": '{"question_type":"Instance Location","raw_instructions":"Question: ... [0.1, 0.2, 0.3, 0.4]"}',
}
_ASKED = ("user", ["<image 0>", "Where is the lamp?\nA. left\nB. right"])
_FIRSTS = [
    _V1
    | {"id": "DataEngine_round1_data:0", "messages": [_ASKED, ("assistant", ["right. It stands beside the sofa."])]},
    _V1 | {"id": "DataEngine_round2_data:0", "messages": [_ASKED, ("ASSISTANT", ["right. The description says so."])]},
]
_WITH_OPTIONS = "Which fruit is shown?\nA. Apple\nB. Pear\nC. Plum\nD. Fig"


def _v2(row: int, question: str, **more: object) -> dict:
    return {
        "id": f"dataengine_llava:{row}",
        "group": "vg/VG_100K_2/7.jpg",
        "task": "multiple_choice",
        "ability": "instance_identity",
        "messages": [
            ("user", ["<image 0>", question]),
            ("assistant", ["The fruit on the plate is a pear."]),
        ],
        "media": [("image", "vg/VG_100K_2/7.jpg", None, None)],
        "choices": _FRUIT,
        "correct": 1,
        "answers": ["Pear"],
    } | more


_SECONDS = [
    _v2(0, _WITH_OPTIONS),
    _v2(1, _WITH_OPTIONS, ability="instance_counting"),
    _v2(2, _WITH_OPTIONS),
    _v2(3, _WITH_OPTIONS),
    {
        key: value
        for key, value in _v2(4, "Which fruit is shown?", task="vqa").items()
        if key not in ("choices", "correct")
    },
]
EXPECTED = {"default": {"train": _FIRSTS}, "v2_llava": {"train": _SECONDS}}
BAD = {
    "default": {
        "train": [
            ("DataEngine_round1_data.json", 1, "choices"),
            ("DataEngine_round1_data.json", 2, "image_id"),
            ("DataEngine_round2_data.json", 1, "correct_choice_idx"),
        ]
    },
    "v2_llava": {"train": [("dataengine_llava.json", 5, "choice_answer"), ("dataengine_llava.json", 6, "qtype")]},
}
