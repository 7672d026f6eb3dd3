"""lvis-instruct4v: placeholder trailing, in several turns, alone in a turn; numeric ids; boxes of a mix."""

import json

_TURNS = [
    {"from": "human", "value": "What is on the road?\n<image>"},
    {"from": "gpt", "value": "A tram."},
    {"from": "human", "value": "Which colour\n<image>\nhas it?"},
    {"from": "gpt", "value": "Green."},
    {"from": "human", "value": "<image>Where does it go?\n<image>"},
    {"from": "gpt", "value": "To the depot."},
]
FILES = {
    "coco/train2017/000000000061.jpg": "40x80",
    "lvis_instruct4v_220k.json": json.dumps(
        [
            {"id": 61, "image": "coco/train2017/000000000061.jpg", "conversations": _TURNS},
            {
                "id": "000000000072",
                "image": "coco/val2017/000000000072.jpg",
                "conversations": [
                    {"from": "human", "value": "<image>"},
                    {"from": "gpt", "value": "Two zebras graze."},
                ],
            },
        ]
    ),
    "lvis_instruct4v_mix730k.json": json.dumps(
        [
            {
                "id": "7",
                "image": "coco/train2017/000000000061.jpg",
                "conversations": [
                    {"from": "human", "value": "<image>\nWhere is the tram?"},
                    {"from": "gpt", "value": "[0.25, 0.50, 0.75, 1.00]"},
                ],
            },
            {
                "id": "8",
                "conversations": [
                    {"from": "human", "value": "Add up [0.1, 0.2, 0.3, 0.4]."},
                    {"from": "gpt", "value": "1.0"},
                ],
            },
        ]
    ),
}

_MEDIA = [("image", "coco/train2017/000000000061.jpg", 40, 80)]
EXPECTED = {
    "default": {
        "train": [
            {
                "id": "lvis_instruct4v_220k:0",
                "group": "coco/train2017/000000000061.jpg",
                "task": "conversation",
                "messages": [
                    ("user", ["What is on the road?", "<image 0>"]),
                    ("assistant", ["A tram."]),
                    ("user", ["Which colour\nhas it?"]),
                    ("assistant", ["Green."]),
                    ("user", ["Where does it go?"]),
                    ("assistant", ["To the depot."]),
                ],
                "media": _MEDIA,
                "meta": '{"id":61}',
            },
            {
                "id": "lvis_instruct4v_220k:1",
                "group": "coco/val2017/000000000072.jpg",
                "task": "conversation",
                "messages": [("user", ["<image 0>"]), ("assistant", ["Two zebras graze."])],
                "media": [("image", "coco/val2017/000000000072.jpg", None, None)],
                "meta": '{"id":"000000000072"}',
            },
        ]
    },
    "mix730k": {
        "train": [
            {
                "id": "lvis_instruct4v_mix730k:0",
                "group": "coco/train2017/000000000061.jpg",
                "task": "conversation",
                "messages": [("user", ["<image 0>", "Where is the tram?"]), ("assistant", [("", [0])])],
                "media": _MEDIA,
                # The 40x80 picture fills x 0.25..0.75 of its square.
                "regions": [("box", "norm", [0.0, 0.5, 1.0, 1.0])],
                "meta": '{"id":"7"}',
            },
            {
                "id": "lvis_instruct4v_mix730k:1",
                "group": "lvis_instruct4v_mix730k:1",
                "task": "conversation",
                "messages": [("user", ["Add up [0.1, 0.2, 0.3, 0.4]."]), ("assistant", ["1.0"])],
                "media": [],
                "meta": '{"id":"8"}',
            },
        ]
    },
}
