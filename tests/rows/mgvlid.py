"""mgvlid (substitute form): conversations; coordinates of unknown scale stay text; a turn of no known role."""

import json

_TURNS = [
    {"from": "human", "value": "<image>\nWhat is at [0.1, 0.2, 0.5, 0.6]?"},
    {"from": "gpt", "value": "A cup."},
    {"from": "human", "value": "And at (0.3, 0.4)?"},
    {"from": "gpt", "value": "Its handle."},
]
FILES = {
    "images/a.jpg": "64x48",
    "mgvlid.json": json.dumps(
        [
            {"id": "1", "image": "a.jpg", "conversations": _TURNS},
            {"id": "2", "image": "a.jpg", "conversations": [{"from": "someone", "value": "Hi"}]},
        ]
    ),
}
EXPECTED = {
    "default": {
        "train": [
            {
                "id": "mgvlid:0",
                "group": "a.jpg",
                "task": "conversation",
                "messages": [
                    ("user", ["<image 0>", "What is at [0.1, 0.2, 0.5, 0.6]?"]),
                    ("assistant", ["A cup."]),
                    ("user", ["And at (0.3, 0.4)?"]),
                    ("assistant", ["Its handle."]),
                ],
                "media": [("image", "a.jpg", 64, 48)],
                "meta": '{"id":"1"}',
            }
        ]
    }
}
BAD = {"default": {"train": [("mgvlid.json", 1, "conversations[0].from")]}}
