"""pope: one line a question in files that are named .json; a label that is neither."""

import json

from tests.rows.asked import asked

_REF = "COCO_val2014_000000310196.jpg"


def _line(number: int, what: str, label: str) -> str:
    row = {"question_id": number, "image": _REF, "text": f"Is there a {what} in the image?", "label": label}
    return json.dumps(row) + "\n"


FILES = {
    f"val2014/{_REF}": "64x48",
    "coco_pope_random.json": _line(1, "snowboard", "yes") + _line(2, "car", "no") + _line(3, "bus", "maybe"),
    "output/coco/coco_pope_adversarial.json": _line(1, "person", "yes"),
}


def _sample(file: str, row: int, what: str, said: str) -> dict:
    question = f"Is there a {what} in the image?"
    made = asked(f"{file}:{row}", _REF, question, said, size=(64, 48), task="yes_no")
    return made | {"meta": f'{{"question_id":{row + 1}}}'}


EXPECTED = {
    "default": {
        "random": [
            _sample("coco_pope_random", 0, "snowboard", "yes"),
            _sample("coco_pope_random", 1, "car", "no"),
        ],
        "adversarial": [_sample("output/coco/coco_pope_adversarial", 0, "person", "yes")],
    }
}
BAD = {"default": {"random": [("coco_pope_random.json", 2, "label")]}}
