"""pvit: both region forms, several regions, a mark that is broken, an empty dialogue."""

import json


def _row(*turns: str, image: str = "000000000009.jpg") -> dict:
    conversations = [{"from": ("human", "gpt")[i % 2], "value": turn} for i, turn in enumerate(turns)]
    return {"image": image, "conversations": conversations}


FILES = {
    "data/coco2017_train_images/000000000009.jpg": "40x20",
    "stage2/1_small_objects.json": json.dumps(
        [
            _row("<image>\nWhat is <Region><L204><L469><L810><L960></Region>?", "A cup."),
            _row(
                "<image>\nCompare <Region><L0><L0><L500><L1000></Region> and <Region>[0.1, 0.25, 0.5, 0.75]</Region>.",
                "The first is larger.",
            ),
            _row("<image>\nWho is in <Region><L204><L469><L810></Region>?", "Nobody.", image="000000000010.jpg"),
            _row(),
        ]
    ),
    "stage1/region_descriptions.json": json.dumps(
        [_row("<image>\nDescribe <Region><L204><L469><L810><L960></Region>", "a cup", image="VG_100K/2.jpg")]
    ),
}


def _sample(row: int, asked: list, said: str, **more: object) -> dict:
    return {
        "id": f"stage2/1_small_objects:{row}",
        "group": "000000000009.jpg",
        "task": "grounded_conversation",
        "messages": [("user", ["<image 0>", *asked]), ("assistant", [said])],
        "media": [("image", "000000000009.jpg", 40, 20)],
    } | more


_BOX = ("box", "norm", [0.204, 0.469, 0.81, 0.96])

EXPECTED = {
    "default": {
        "train": [
            _sample(0, ["What is ", ("", [0]), "?"], "A cup.", regions=[_BOX]),
            _sample(
                1,
                ["Compare ", ("", [0]), " and ", ("", [1]), "."],
                "The first is larger.",
                regions=[("box", "norm", [0.0, 0.0, 0.5, 1.0]), ("box", "norm", [0.1, 0.25, 0.5, 0.75])],
            ),
            _sample(
                2,
                ["Who is in <Region><L204><L469><L810></Region>?"],
                "Nobody.",
                group="000000000010.jpg",
                media=[("image", "000000000010.jpg", None, None)],
            ),
        ]
    },
    "stage1": {
        "train": [
            _sample(
                0,
                ["Describe ", ("", [0])],
                "a cup",
                id="stage1/region_descriptions:0",
                group="VG_100K/2.jpg",
                media=[("image", "VG_100K/2.jpg", None, None)],
                regions=[_BOX],
            )
        ]
    },
}
BAD = {"default": {"train": [("stage2/1_small_objects.json", 3, "conversations")]}}
