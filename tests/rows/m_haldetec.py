"""m-haldetec: wrong and right responses, code points beyond ASCII, a segment that differs, no picture, bad offsets."""

import json


def _segment(start: object, end: int, text: str, label: str) -> dict:
    return {"start": start, "end": end, "text": text, "label": label}


_ASKED = "<image>\nDescribe it."
_TRAIN = [
    {
        "question": _ASKED,
        "response": "Ein Café – zu. A dog sits",
        "image": "COCO_val2014_000000292123.jpg",
        "annotations": [_segment(0, 14, "Ein Café – zu.", "ACCURATE"), _segment(15, 24, "A dog sit", "INACCURATE")],
    },
    {
        "question": "Describe it.",
        "response": "A boat. It may rain.",
        "image": "COCO_val2014_000000292123.jpg",
        "annotations": [_segment(0, 7, "A boat", "ACCURATE"), _segment(8, 20, "It may rain.", "UNSURE")],
    },
    {"question": _ASKED, "response": "A boat.", "annotations": []},
    {"question": _ASKED, "response": "A", "image": "a.jpg", "annotations": [_segment(0, 2, "A", "ANALYSIS")]},
    {"question": _ASKED, "response": "A", "image": "a.jpg", "annotations": [_segment("0", 1, "A", "ANALYSIS")]},
    {"question": _ASKED, "response": "A", "image": "a.jpg", "annotations": {"start": 0}},
]
FILES = {"images/COCO_val2014_000000292123.jpg": "64x48", "train_raw.json": json.dumps(_TRAIN)}

_BOAT = {
    "group": "COCO_val2014_000000292123.jpg",
    "task": "hallucination_detection",
    "media": [("image", "COCO_val2014_000000292123.jpg", 64, 48)],
}
EXPECTED = {
    "default": {
        "train": [
            _BOAT
            | {
                "id": "train_raw:0",
                "messages": [("user", ["<image 0>", "Describe it."]), ("ASSISTANT", ["Ein Café – zu. A dog sits"])],
                "spans": [
                    ("hallucination", 1, 0, 14, "ACCURATE"),
                    ("hallucination", 1, 15, 24, "INACCURATE"),
                ],
            },
            _BOAT
            | {
                "id": "train_raw:1",
                "messages": [("user", ["<image 0>", "Describe it."]), ("assistant", ["A boat. It may rain."])],
                "spans": [("hallucination", 1, 0, 7, "ACCURATE"), ("hallucination", 1, 8, 20, "UNSURE")],
            },
            {
                "id": "train_raw:2",
                "group": "train_raw:2",
                "task": "hallucination_detection",
                "messages": [("user", ["Describe it."]), ("assistant", ["A boat."])],
                "media": [],
            },
        ]
    }
}
BAD = {
    "default": {
        "train": [
            ("train_raw.json", 3, "annotations[0].end"),
            ("train_raw.json", 4, "annotations[0].end"),
            ("train_raw.json", 5, "annotations"),
        ]
    }
}
