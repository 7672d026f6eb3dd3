"""llava-instruct-150k: picture before, after and without placeholder; text only; boxes of the v1.5 mix."""

import json

FILES = {
    "images/000000000009.jpg": "640x480",
    "conversation_58k.json": json.dumps(
        [
            {
                "id": "000000000009",
                "image": "000000000009.jpg",
                "conversations": [
                    {"from": "human", "value": "What stands on the table?\n<image>"},
                    {"from": "gpt", "value": "A blue cup."},
                    {"from": "human", "value": "Is it full?"},
                    {"from": "gpt", "value": "No, it is empty."},
                ],
            },
        ]
    ),
    "detail_23k.json": json.dumps(
        [
            {
                "id": "000000000025",
                "image": "000000000025.jpg",
                "conversations": [
                    {"from": "human", "value": "<image>\nDescribe it."},
                    {"from": "gpt", "value": "Two giraffes – one eats."},
                ],
            }
        ]
    ),
    "llava_v1_5_mix665k.json": json.dumps(
        [
            {
                "id": "wg1",
                "model": "",
                "conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hi [1] there."}],
            },
            {
                "id": 7,
                "image": "images/000000000009.jpg",
                "conversations": [
                    {"from": "human", "value": "<image>\nWhat is at [0.25, 0.25, 0.5, 0.625]?"},
                    {"from": "gpt", "value": "The cup at [0.250, 0.250, 0.500, 0.625]."},
                ],
            },
        ]
    ),
}

_MEDIA = [("image", "000000000009.jpg", 640, 480)]
_CONVERSATION = {
    "id": "conversation_58k:0",
    "group": "000000000009.jpg",
    "task": "conversation",
    "messages": [
        ("user", ["What stands on the table?", "<image 0>"]),
        ("assistant", ["A blue cup."]),
        ("user", ["Is it full?"]),
        ("assistant", ["No, it is empty."]),
    ],
    "media": _MEDIA,
    "meta": '{"id":"000000000009"}',
}
_DETAIL = {
    "id": "detail_23k:0",
    "group": "000000000025.jpg",
    "task": "description",
    "messages": [("user", ["<image 0>", "Describe it."]), ("assistant", ["Two giraffes – one eats."])],
    "media": [("image", "000000000025.jpg", None, None)],
    "meta": '{"id":"000000000025"}',
}
# 0.25 of the padded square of 640x480: the picture lies between 80/640 and 560/640.
_BOX = ("box", "norm", [0.25, 0.1667, 0.5, 0.6667])

EXPECTED = {
    "default": {"train": [_CONVERSATION, _DETAIL]},
    "conversation_58k": {"train": [_CONVERSATION]},
    "detail_23k": {"train": [_DETAIL]},
    "llava_v1_5_mix665k": {
        "train": [
            {
                "id": "llava_v1_5_mix665k:0",
                "group": "llava_v1_5_mix665k:0",
                "task": "conversation",
                "messages": [("user", ["Hello"]), ("assistant", ["Hi [1] there."])],
                "media": [],
                "meta": '{"id":"wg1","model":""}',
            },
            {
                "id": "llava_v1_5_mix665k:1",
                "group": "images/000000000009.jpg",
                "task": "conversation",
                "messages": [
                    ("user", ["<image 0>", "What is at ", ("", [0]), "?"]),
                    ("assistant", ["The cup at ", ("", [1]), "."]),
                ],
                "media": [("image", "images/000000000009.jpg", 640, 480)],
                "regions": [_BOX, _BOX],
                "meta": '{"id":7}',
            },
        ]
    },
}
