"""sparkles-cc: dialogues with and without `raw`, an id that begins another, tags absent, the training view."""

import json

TAG = "<Img><ImageHere></Img>"


def _turn(role: str, content: str, *images: tuple) -> dict:
    listed = {"images": [{"image_id": name, "caption": caption} for name, caption in images]}
    return {"role": role, "content": content, **(listed if role == "user" else {})}


_DIALOGUE = {
    "dialogue": [
        _turn("user", f"Compare IMAGE#1417{TAG} and IMAGE#14{TAG}, then IMAGE#14.", ("14", "a cat"), ("1417", "a dog")),
        _turn("assistant", "IMAGE#14 is a cat."),
        _turn("user", f"And IMAGE#9{TAG}?", ("9", "a cow")),
        _turn("assistant", "A cow."),
    ],
    "raw": [{"prompt": "Write.", "response": "..."}],
}
_UNTAGGED = {"dialogue": [_turn("user", "What is IMAGE#14?", ("14", "a cat")), _turn("assistant", "A cat.")]}
_UNNAMED = {"dialogue": [_turn("user", "What is IMAGE#1417?", ("14", "a cat")), _turn("assistant", "A cat.")]}
_ODD = {"dialogue": [{"role": "user", "content": "Hi", "images": ["14"]}, _turn("assistant", "A cat.")]}
_ASKED = f"What is IMAGE#14{TAG}?"
_SECOND = f"And IMAGE#9{TAG}?"
_TURN1 = {
    "uniform_question": _ASKED,
    "instruction": f"###Human: {_ASKED}###Assistant: ",
    "answer": "A cat",
    "fix_answer": "A cat.",
    "tgt_imgs": [{"image_id": "14", "caption": "a cat"}],
}
_TURN2 = {
    "uniform_question": _SECOND,
    "instruction": f"###Human: {_ASKED}###Assistant: A cat.###Human: {_SECOND}###Assistant: ",
    "answer": "A cow.",
    "tgt_imgs": [{"image_id": "14", "caption": "a cat"}, {"image_id": "9", "caption": "a cow"}],
}
_BARE = {"question": _ASKED, "answer": "A cat.", "tgt_imgs": [{"image_id": "14", "caption": "a cat"}]}
_BROKEN = {**_TURN1, "instruction": f"Human: {_ASKED}"}
FILES = {
    "images/14.jpg": "64x48",
    "annotations/SparklesDialogueCC.json": json.dumps([_DIALOGUE, _UNTAGGED, _UNNAMED, _ODD]),
    "annotations/SparklesDialogueCC_turn1_1img.json": json.dumps([_TURN1, _BARE, _BROKEN]),
    "annotations/SparklesDialogueCC_turn2_2img.json": json.dumps([_TURN2]),
}

CAT = ("image", "14.jpg", 64, 48, None, None, "a cat")
COW = ("image", "9.jpg", None, None, None, None, "a cow")


def _sample(where: str, task: str, messages: list, *media: tuple, **more: object) -> dict:
    where = f"annotations/SparklesDialogueCC{where}"
    return {"id": where, "group": where, "task": task, "messages": messages, "media": list(media), **more}


_USER = ("user", ["What is IMAGE#14", "<image 0>", "?"])
_SAID = ("assistant", ["A cat."])

EXPECTED = {
    "default": {
        "train": [
            _sample(
                ":0",
                "comparison",
                [
                    ("user", ["Compare IMAGE#1417", "<image 0>", " and IMAGE#14", "<image 1>", ", then IMAGE#14."]),
                    ("assistant", ["IMAGE#14 is a cat."]),
                    ("user", ["And IMAGE#9", "<image 2>", "?"]),
                    ("assistant", ["A cow."]),
                ],
                ("image", "1417.jpg", None, None, None, None, "a dog"),
                CAT,
                COW,
                meta='{"raw":[{"prompt":"Write.","response":"..."}]}',
            ),
            _sample(":1", "conversation", [_USER, _SAID], CAT),
            _sample(":2", "conversation", [("user", ["<image 0>", "What is IMAGE#1417?"]), _SAID], CAT),
        ]
    },
    "turns": {
        "train": [
            _sample("_turn1_1img:0", "conversation", [_USER, _SAID], CAT, spans=[("rejected", 1, -1, -1, "A cat")]),
            _sample("_turn1_1img:1", "conversation", [_USER, _SAID], CAT),
            _sample(
                "_turn2_2img:0",
                "comparison",
                [
                    _USER,
                    ("ASSISTANT", ["A cat."]),
                    ("user", ["And IMAGE#9", "<image 1>", "?"]),
                    ("assistant", ["A cow."]),
                ],
                CAT,
                COW,
            ),
        ]
    },
}
BAD = {
    "default": {"train": [("annotations/SparklesDialogueCC.json", 3, "dialogue[0].images[0]")]},
    "turns": {"train": [("annotations/SparklesDialogueCC_turn1_1img.json", 2, "instruction")]},
}
