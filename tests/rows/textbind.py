"""textbind: pictures in both roles, several in a turn, lists that do not match, a placeholder too many."""

import json


def _turn(role: str, content: str, *names: str, **more: object) -> dict:
    captions, urls = [f"a {name}" for name in names], [f"http://x.org/{name}" for name in names]
    images = [f"{name}.png" for name in names]
    return {"role": role, "content": content, "image_list": images, "caption_list": captions, "url_list": urls, **more}


_GOOD = [
    _turn("user", "<image>\nand <image> differ how?", "1", "2"),
    _turn("assistant", "Like this: <image>", "3"),
    _turn("user", "Thanks"),
    _turn("assistant", "Welcome."),
]
FILES = {
    "images/2.png": "64x48",
    "train.json": json.dumps(
        [
            {"conversation": _GOOD, "image_dir": "./data/mim_images"},
            {"conversation": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
            {"conversation": [_turn("user", "<image> <image>", "1"), _turn("assistant", "Hello")]},
            {"conversation": [_turn("user", "<image>", "1", caption_list=[]), _turn("assistant", "Hello")]},
            {"conversation": [_turn("user", "<image>", "1", url_list=["a", "b"]), _turn("assistant", "Hello")]},
            {"conversation": [{"role": "user", "content": "Hi", "mood": "gay"}]},
        ]
    ),
}

EXPECTED = {
    "default": {
        "train": [
            {
                "id": "train:0",
                "group": "train:0",
                "task": "generation",
                "messages": [
                    ("user", ["<image 0>", "\nand ", "<image 1>", " differ how?"]),
                    ("assistant", ["Like this: ", "<image 2>"]),
                    ("user", ["Thanks"]),
                    ("assistant", ["Welcome."]),
                ],
                "media": [
                    ("image", "1.png", None, None, None, None, "a 1"),
                    ("image", "2.png", 64, 48, None, None, "a 2"),
                    ("image", "3.png", None, None, None, None, "a 3"),
                ],
                "meta": '{"image_dir":"./data/mim_images","media":[{"url":"http://x.org/1"},{"url":"http://x.org/2"},'
                '{"url":"http://x.org/3"}]}',
            },
            {
                "id": "train:1",
                "group": "train:1",
                "task": "conversation",
                "messages": [("user", ["Hi"]), ("assistant", ["Hello"])],
                "media": [],
            },
        ]
    }
}
BAD = {
    "default": {
        "train": [
            ("train.json", 2, "conversation[0].content"),
            ("train.json", 3, "conversation[0].caption_list"),
            ("train.json", 4, "conversation[0].url_list"),
            ("train.json", 5, "conversation"),
        ]
    }
}
