"""detgpt: several records of one picture, an answer without its closing list, a missing answer."""

import json

_RECORDS = [
    {
        "image_id": "000000102331",
        "task": "Find what has wheels.",
        "answer": "There is a bike. Therefore the answer is: [bike]",
    },
    {"image_id": "000000102331", "task": "What does she do?", "answer": "She rides."},
    {"image_id": "000000103723", "task": "Find all animals."},
]
FILES = {
    "val2017/000000102331.jpg": "64x48",
    "coco_task_annotation.json": json.dumps({"annotations": _RECORDS}),
}


def _sample(row: int) -> dict:
    return {
        "id": f"coco_task_annotation:{row}",
        "group": "000000102331.jpg",
        "task": "reasoning",
        "messages": [("user", ["<image 0>", _RECORDS[row]["task"]]), ("assistant", [_RECORDS[row]["answer"]])],
        "media": [("image", "000000102331.jpg", 64, 48)],
    }


EXPECTED = {"default": {"train": [_sample(0), _sample(1)]}}
BAD = {"default": {"train": [("coco_task_annotation.json", 2, "answer")]}}
