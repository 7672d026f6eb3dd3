"""visdial: rounds by number, a last round without answer, a number that is none, no rounds."""

import json

_ROUNDS = [
    {"question": 1, "answer": 0, "gt_index": 1, "answer_options": [1, 0]},
    {"question": 0, "answer": 1, "gt_index": 0, "answer_options": [1, 0]},
]


def _file(*dialogs: dict) -> str:
    data = {"questions": ["is it day", "a dog?"], "answers": ["yes", "no"], "dialogs": dialogs}
    return json.dumps({"data": data, "version": "1.0", "split": "train"})


_DIALOG = {"image_id": 378466, "caption": "a dog", "dialog": _ROUNDS}
FILES = {
    "train2014/COCO_train2014_000000378466.jpg": "64x48",
    "visdial_1.0_train.json": _file(_DIALOG, _DIALOG | {"dialog": [{"question": 5, "answer": 0}]}),
    "visdial_1.0_test.json": _file(
        {"image_id": 7, "caption": "a cat", "dialog": [{"question": 0, "answer_options": [0, 1]}]}, {"image_id": 8}
    ),
}
EXPECTED = {
    "default": {
        "train": [
            {
                "id": "visdial_1.0_train:0",
                "group": "000000378466.jpg",
                "task": "visual_dialog",
                "messages": [
                    ("user", ["<image 0>", "a dog?"]),
                    ("assistant", ["yes"]),
                    ("user", ["is it day"]),
                    ("assistant", ["no"]),
                ],
                "media": [("image", "000000378466.jpg", 64, 48, None, None, "a dog")],
                "meta": '{"dialog":[{"answer_options":[1,0],"gt_index":1},{"answer_options":[1,0],"gt_index":0}]}',
            }
        ],
        "test": [
            {
                "id": "visdial_1.0_test:0",
                "group": "000000000007.jpg",
                "task": "visual_dialog",
                "messages": [("user", ["<image 0>", "is it day"])],
                "media": [("image", "000000000007.jpg", None, None, None, None, "a cat")],
                "meta": '{"dialog":[{"answer_options":[0,1]}]}',
            }
        ],
    }
}
BAD = {
    "default": {
        "train": [("visdial_1.0_train.json", 1, "dialog[0].question")],
        "test": [("visdial_1.0_test.json", 1, "dialog")],
    }
}
