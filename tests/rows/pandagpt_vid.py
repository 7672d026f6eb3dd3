"""pandagpt-vid: the singular key, names with and without .jpg, text with and without a placeholder."""

import json

FILES = {
    "images/000000000077.jpg": "30x20",
    "pandagpt4_visual_instruction_data.json": json.dumps(
        [
            {
                "image_name": "000000000077",
                "conversation": [
                    {"from": "human", "value": "How many boats are there?"},
                    {"from": "gpt", "value": "Three."},
                    {"from": "human", "value": "Do they sail?"},
                    {"from": "gpt", "value": "One does."},
                ],
            },
            {
                "image_name": "000000000077.jpg",
                "conversation": [
                    {"from": "human", "value": "<image>\nDescribe the sea."},
                    {"from": "gpt", "value": "It is calm."},
                ],
            },
        ]
    ),
}

_NAME = "pandagpt4_visual_instruction_data"
EXPECTED = {
    "default": {
        "train": [
            {
                "id": f"{_NAME}:0",
                "group": "000000000077",
                "task": "conversation",
                "messages": [
                    ("user", ["<image 0>", "How many boats are there?"]),
                    ("assistant", ["Three."]),
                    ("user", ["Do they sail?"]),
                    ("assistant", ["One does."]),
                ],
                "media": [("image", "000000000077", 30, 20)],
            },
            {
                "id": f"{_NAME}:1",
                "group": "000000000077.jpg",
                "task": "conversation",
                "messages": [("user", ["<image 0>", "Describe the sea."]), ("assistant", ["It is calm."])],
                "media": [("image", "000000000077.jpg", 30, 20)],
            },
        ]
    }
}
