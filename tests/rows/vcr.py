"""vcr: the row that the authors' reader quotes, with boxes and without; a test row; numbers nothing has, bad words."""

import json

from vlit_hub.formats.templates import draw

_ROW = {
    "movie": "3015_CHARLIE",
    "objects": ["person", "person", "person", "car"],
    "img_fn": "lsmdc_3015/a@0.jpg",
    "metadata_fn": "lsmdc_3015/a@0.json",
    "question_orig": "Does 3 feel comfortable?",
    "question": ["Does", [2], "feel", "comfortable", "?"],
    "answer_choices": [
        ["Yes", ",", [0, 1, 3], "do", "n't", "move", "."],
        ["No", "she", "does", "not", "."],
        ["She", "says", '"', "Hi", "!", '"', "to", [2], "'", "s", "t", "-", "shirt", "."],
        ["It", "'s", "(", "very", ")", "cold", "."],
    ],
    "answer_label": 1,
    "rationale_choices": [[[2], "is", "in", "bed", "."], ["Her", "arms", "are", "crossed", "."]],
    "rationale_label": 0,
    "annot_id": "train-0",
}
_TEST = {k: v for k, v in _ROW.items() if not k.endswith("_label")} | {"img_fn": "b.jpg", "metadata_fn": "b.json"}
FILES = {
    "vcr1images/lsmdc_3015/a@0.jpg": "200x100",
    "vcr1images/lsmdc_3015/a@0.json": json.dumps(
        {
            "boxes": [[0, 0, 50, 50, 0.5], [50, 0, 100, 50, 0.75], [100, 10, 150, 60, 0.875], [0, 50, 200, 100, 0.25]],
            "width": 200,
            "height": 100,
        }
    ),
    "vcr1annots/train.jsonl": "\n".join(
        map(json.dumps, (_ROW, _ROW | {"question": ["Is", [2.5], "?"]}, _ROW | {"answer_label": 4}))
    ),
    "vcr1annots/val.jsonl": json.dumps(_ROW | {"question": ["Why", "is", [8], "here", "?"]}),
    "vcr1annots/test.jsonl": json.dumps(_TEST),
}

_CHOICES = [
    "Yes, person1, person2 and car4 don't move.",
    "No she does not.",
    'She says "Hi!" to person3\'s t-shirt.',
    "It's (very) cold.",
]
_WHYS = ["person3 is in bed.", "Her arms are crossed."]
_BOXES = [[0.0, 0.0, 0.25, 0.5], [0.25, 0.0, 0.5, 0.5], [0.5, 0.1, 0.75, 0.6], [0.0, 0.5, 1.0, 1.0]]
_REGIONS = [
    ("box", "norm", box, [], "", None, None, name, score)
    for box, name, score in zip(_BOXES, _ROW["objects"], (0.5, 0.75, 0.875, 0.25), strict=True)
]
_P1, _P2, _P3, _C4 = ("person1", [0]), ("person2", [1]), ("person3", [2]), ("car4", [3])
_LISTED = [
    *("\nA. Yes, ", _P1, ", ", _P2, " and ", _C4),
    *(' don\'t move.\nB. No she does not.\nC. She says "Hi!" to ', _P3, "'s t-shirt.\nD. It's (very) cold."),
]


_LEAVE = {"img_fn", "metadata_fn", "objects", "question", "answer_choices", "answer_label"}


def _meta(row: dict, leave: set = _LEAVE) -> str:
    return json.dumps({k: row[k] for k in sorted(row) if k not in leave}, separators=(",", ":"))


def _picture(row: dict) -> dict:
    return {
        "group": row["img_fn"],
        "task": "multiple_choice",
        "media": [("image", row["img_fn"], 200, 100)],
        "regions": _REGIONS,
    }


def _answer(name: str, row: dict, question: list) -> dict:
    return _picture(row) | {
        "id": name,
        "messages": [
            ("user", ["<image 0>", *question[:-1], f"{question[-1]}{_LISTED[0]}", *_LISTED[1:]]),
            ("assistant", ["No she does not."]),
        ],
        "choices": _CHOICES,
        "correct": 1,
        "meta": _meta(row),
    }


def _why(name: str, file: str, row: dict, question: list) -> dict:
    first, (_, said) = _answer(name, row, question)["messages"]
    return _picture(row) | {
        "id": name,
        "messages": [
            first,
            ("ASSISTANT", said),
            ("user", [f"{draw('why', f'{file}:0')}\nA. ", _P3, " is in bed.\nB. Her arms are crossed."]),
            ("assistant", [_P3, " is in bed."]),
        ],
        "choices": _WHYS,
        "correct": 0,
        "meta": _meta(row, _LEAVE | {"rationale_choices", "rationale_label"}),
    }


_NUMBERED = [
    "A. Yes, 1, 2 and 4 don't move.",
    "B. No she does not.",
    'C. She says "Hi!" to 3\'s t-shirt.',
    "D. It's (very) cold.",
]
_ASKED = ["Does ", _P3, " feel comfortable?"]
_VAL = _ROW | {"question": ["Why", "is", [8], "here", "?"]}
EXPECTED = {
    "default": {
        "train": [_answer("vcr1annots/train:0", _ROW, _ASKED)],
        "validation": [_answer("vcr1annots/val:0", _VAL, ["Why is 9 here?"])],
        "test": [
            {
                "id": "vcr1annots/test:0",
                "group": "b.jpg",
                "task": "multiple_choice",
                "messages": [("user", ["<image 0>", "\n".join(["Does 3 feel comfortable?", *_NUMBERED])])],
                "media": [("image", "b.jpg", None, None)],
                "choices": [line[3:] for line in _NUMBERED],
                "meta": _meta(_TEST, _LEAVE - {"objects"}),
            }
        ],
    },
    "rationale": {
        "train": [_why("vcr1annots/train:0", "vcr1annots/train.jsonl", _ROW, _ASKED)],
        "validation": [_why("vcr1annots/val:0", "vcr1annots/val.jsonl", _VAL, ["Why is 9 here?"])],
    },
}
BAD = {
    "default": {"train": [("vcr1annots/train.jsonl", 1, "question[1]"), ("vcr1annots/train.jsonl", 2, "answer_label")]},
    "rationale": {
        "train": [("vcr1annots/train.jsonl", 1, "question[1]"), ("vcr1annots/train.jsonl", 2, "answer_label")]
    },
}
