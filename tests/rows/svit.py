"""svit: several dialogues a picture; marks with one, two, no boxes; broken marks and numbers; an empty description."""

import json


def _dialogue(*texts: str, **more: str) -> dict:
    return {"content": [{"from": ("user", "gpt")[i % 2], "value": t} for i, t in enumerate(texts)], **more}


def _record(image_id: object, *inner: object) -> dict:
    return {"image_id": image_id, "conversations": list(inner)}


_EMPTY = "It seems like your message is empty. How can I help you?"
FILES = {
    "VG_100K/11.jpg": "80x40",
    "data/conversation.json": json.dumps(
        [
            _record(
                11,
                _dialogue("Who sits?", "A boy.", "Where?", "On a wall.", topic="people"),
                _dialogue("Is it day?", "Yes.", topic="time"),
            )
        ]
    ),
    "data/detail_description.json": json.dumps([_record(30, _dialogue("Describe it.", _EMPTY))]),
    "data/referring_qa.json": json.dumps(
        [
            _record(
                11,
                _dialogue(
                    "Where is <st>the boy<ed>?",
                    "<st>The boy<ed> [0.1, 0.25, 0.5, 0.75] is next to <st>dogs<ed> [0, 0.5, 0.2, 1], [0.7,0.5,0.9,1].",
                ),
                _dialogue("What is at [0.125, 0.25, 0.5, 0.75]?", "A <st>boy, I think."),
                _dialogue("And <st>the cat<ed> [0.1, 0.2.5, 0.3, 0.4]?", "Nowhere."),
                {"content": []},
                [],
            ),
            _record(None, _dialogue("Which?", "None.")),
        ]
    ),
    "format/llava-v1.5/SVIT_core_150K.json": json.dumps(
        [
            {
                "id": "11_1",
                "image": "vg/VG_100K/11.jpg",
                "conversations": [
                    {"from": "human", "value": "<image>\nWhere is the boy? Answer with boxes."},
                    {"from": "gpt", "value": "The boy [0.100, 0.375, 0.500, 0.625]"},
                ],
            }
        ]
    ),
}

_MEDIA = [("image", "11.jpg", 80, 40)]
_FIRST = {"group": "11.jpg", "task": "conversation", "media": _MEDIA}
_CONVERSATION = [
    {
        **_FIRST,
        "id": "data/conversation:0:0",
        "messages": [
            ("user", ["<image 0>", "Who sits?"]),
            ("assistant", ["A boy."]),
            ("user", ["Where?"]),
            ("assistant", ["On a wall."]),
        ],
        "meta": '{"topic":"people"}',
    },
    {
        **_FIRST,
        "id": "data/conversation:0:1",
        "messages": [("user", ["<image 0>", "Is it day?"]), ("assistant", ["Yes."])],
        "meta": '{"topic":"time"}',
    },
]
_DETAIL = {
    "id": "data/detail_description:0",
    "group": "30.jpg",
    "task": "description",
    "messages": [("user", ["<image 0>", "Describe it."]), ("ASSISTANT", [_EMPTY])],
    "media": [("image", "30.jpg", None, None)],
}
_GROUNDED = {"group": "11.jpg", "task": "grounded_conversation", "media": _MEDIA}
_REFERRING = [
    {
        **_GROUNDED,
        "id": "data/referring_qa:0:0",
        "messages": [
            ("user", ["<image 0>", "Where is ", ("the boy", []), "?"]),
            ("assistant", [("The boy", [0]), " is next to ", ("dogs", [1, 2]), "."]),
        ],
        "regions": [
            ("box", "norm", [0.1, 0.25, 0.5, 0.75]),
            ("box", "norm", [0.0, 0.5, 0.2, 1.0]),
            ("box", "norm", [0.7, 0.5, 0.9, 1.0]),
        ],
    },
    {
        **_GROUNDED,
        "id": "data/referring_qa:0:1",
        "messages": [("user", ["<image 0>", "What is at ", ("", [0]), "?"]), ("assistant", ["A <st>boy, I think."])],
        "regions": [("box", "norm", [0.125, 0.25, 0.5, 0.75])],
    },
    {
        **_GROUNDED,
        "id": "data/referring_qa:0:2",
        "messages": [
            ("user", ["<image 0>", "And ", ("the cat", []), " [0.1, 0.2.5, 0.3, 0.4]?"]),
            ("assistant", ["Nowhere."]),
        ],
    },
]
_CORE = {
    "id": "format/llava-v1.5/SVIT_core_150K:0",
    "group": "vg/VG_100K/11.jpg",
    "task": "conversation",
    "messages": [
        ("user", ["<image 0>", "Where is the boy? Answer with boxes."]),
        ("assistant", ["The boy ", ("", [0])]),
    ],
    "media": [("image", "vg/VG_100K/11.jpg", 80, 40)],
    # The 80x40 picture fills y 0.25..0.75 of its square.
    "regions": [("box", "norm", [0.1, 0.25, 0.5, 0.75])],
    "meta": '{"id":"11_1"}',
}
EXPECTED = {
    "default": {"train": [*_CONVERSATION, _DETAIL, *_REFERRING]},
    "conversation": {"train": _CONVERSATION},
    "detail_description": {"train": [_DETAIL]},
    "referring_qa": {"train": _REFERRING},
    "core_150k": {"train": [_CORE]},
}
_FILE = "data/referring_qa.json"
_BROKEN = [
    (_FILE, 0, "conversations[3].content"),
    (_FILE, 0, "conversations[4]"),
    (_FILE, 1, "image_id"),
]
BAD = {"default": {"train": _BROKEN}, "referring_qa": {"train": _BROKEN}}
