"""ocr-vqa: covers by key with their split inside, lists that differ in length, LAVIS rows."""

import json

from tests.rows.asked import asked


def _cover(split: int, *answers: str) -> dict:
    found = {"imageURL": "http://x/a.jpg", "questions": ["Who wrote it?", "Title?"], "answers": list(answers)}
    return found | {"title": "Fish", "authorName": "Ann", "genre": "Cookbooks", "split": split}


FILES = {
    "images/761183272.jpg": "30x40",
    "dataset.json": json.dumps(
        {"761183272": _cover(1, "Ann", "Fish"), "2": _cover(3, "Ann", "Fish"), "3": _cover(1, "Ann")}
    ),
    "ocrvqa.json": json.dumps([{"sample_id": "9", "questions": ["Title?"], "answers": ["Fish"]}]),
}
_META = '{"authorName":"Ann","genre":"Cookbooks","imageURL":"http://x/a.jpg","split":%d,"title":"Fish"}'


def _pair(row: int, split: int, ref: str, size: tuple) -> list[dict]:
    pairs = (("Who wrote it?", "Ann"), ("Title?", "Fish"))
    return [asked(f"dataset:{row}:{k}", ref, q, a, size=size, meta=_META % split) for k, (q, a) in enumerate(pairs)]


EXPECTED = {
    "default": {
        "train": _pair(0, 1, "761183272.jpg", (30, 40)),
        "validation": [],
        "test": _pair(1, 3, "2.jpg", (None, None)),
    },
    "lavis": {"train": [asked("ocrvqa:0", "9.jpg", "Title?", "Fish")]},
}
BAD = {"default": {"train": [("dataset.json", 2, "answers")]}}
