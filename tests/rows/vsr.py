"""vsr: a true and a false sentence, a label that is none."""

import json

from tests.rows.asked import asked
from vlit_hub.formats.templates import draw

_ROW = {"image": "000000085637.jpg", "image_link": "http://x/000000085637.jpg", "caption": "The bed is at the cat."}
_ROW |= {
    "label": 1,
    "relation": "at",
    "annotator_id": 13,
    "vote_true_validator_id": [16],
    "vote_false_validator_id": [],
}
FILES = {
    "train2017/000000085637.jpg": "64x48",
    "data/splits/random/train.jsonl": "".join(json.dumps(_ROW | {"label": n}) + "\n" for n in (1, 0, 2)),
}


def _sample(row: int, said: str) -> dict:
    file = "data/splits/random/train"
    question = draw("true_or_false", f"{file}.jsonl:{row}").format(phrase="The bed is at the cat.")
    meta = '{"annotator_id":13,"image_link":"http://x/000000085637.jpg","relation":"at","vote_false_validator_id":[],'
    meta += '"vote_true_validator_id":[16]}'
    return asked(f"{file}:{row}", "000000085637.jpg", question, said, size=(64, 48), task="yes_no", meta=meta)


EXPECTED = {"default": {"train": [_sample(0, "yes"), _sample(1, "no")]}}
BAD = {"default": {"train": [("data/splits/random/train.jsonl", 2, "label")]}}
