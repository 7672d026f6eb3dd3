"""grit-ferret: several boxes in a turn, masks, a number without box, a box that is not named, lists that differ."""

import json


def _record(turns: list[str], boxes: list, **more: object) -> dict:
    conversations = [{"from": ("human", "gpt")[i % 2], "value": turn} for i, turn in enumerate(turns)]
    record = {"image": "COCO_train2014_000000000009.jpg", "image_h": 100, "image_w": 200}
    return record | {"conversations": conversations, "box_x1y1x2y2": boxes} | more


_RLE = {"size": [100, 200], "counts": "PPYo01O1"}
_ROWS = [
    _record(
        ["<image>\nWhat is <bbox_location1> doing to <bbox_location0>?", "The dog <bbox_location0> chases the cat."],
        [[[20, 10, 100, 60], [0, 0, 50, 50]], [[0, 0, 50.5, 50]]],
    ),
    _record(
        ["What is <bbox_location0>?\n<image>", "A cat."],
        [[[20, 10, 100, 60]], []],
        id=7,
        masks=[[_RLE], []],
    ),
    _record(["<image>\nIs <bbox_location2> red?", "No."], [[[20, 10, 100, 60]], []]),
    _record(["<image>\nWho is <bbox_location0>?", "Ann."], [[[20, 10, 100, 60]]]),
    _record(["<image>\nWho is <bbox_location0>?", "Ann."], [[[20, 10, 100]], []]),
    _record(["<image>\nWho is <bbox_location0>?", "Ann."], [[[20, 10, 100, 60]], []], masks=[[_RLE, _RLE], []]),
]
FILES = {
    "train2014/COCO_train2014_000000000009.jpg": "200x100",
    "git_instruction.json": json.dumps(_ROWS),
    "train_data_example.json": json.dumps(_ROWS[:1]),
}

_BOX = ("box", "norm", [0.1, 0.1, 0.5, 0.6])


def _sample(file: str, row: int, messages: list, regions: list, **more: object) -> dict:
    sample = {
        "id": f"{file}:{row}",
        "group": "COCO_train2014_000000000009.jpg",
        "task": "grounded_conversation",
        "messages": messages,
        "media": [("image", "COCO_train2014_000000000009.jpg", 200, 100)],
    }
    return sample | ({"regions": regions} if regions else {}) | more


def _first(file: str) -> dict:
    messages = [
        ("user", ["<image 0>", "What is ", ("", [1]), " doing to ", ("", [0]), "?"]),
        ("assistant", ["The dog ", ("", [2]), " chases the cat."]),
    ]
    regions = [_BOX, ("box", "norm", [0.0, 0.0, 0.25, 0.5]), ("box", "norm", [0.0, 0.0, 0.2525, 0.5])]
    return _sample(file, 0, messages, regions)


EXPECTED = {
    "default": {
        "train": [
            _first("git_instruction"),
            _sample(
                "git_instruction",
                1,
                [("user", ["What is ", ("", [0]), "?", "<image 0>"]), ("assistant", ["A cat."])],
                [("mask", "norm", [0.1, 0.1, 0.5, 0.6], [], ([100, 200], "PPYo01O1"))],
                meta='{"id":7}',
            ),
            _sample(
                "git_instruction",
                2,
                [("user", ["<image 0>", "Is <bbox_location2> red?"]), ("assistant", ["No."])],
                [_BOX],
            ),
            _sample(
                "git_instruction",
                3,
                [("user", ["<image 0>", "Who is <bbox_location0>?"]), ("assistant", ["Ann."])],
                [_BOX],
            ),
        ]
    },
    "ferret-ui-example": {"train": [_first("train_data_example")]},
}
BAD = {
    "default": {
        "train": [
            ("git_instruction.json", 4, "box_x1y1x2y2[0][0]"),
            ("git_instruction.json", 5, "masks[0]"),
        ]
    }
}
