"""coco-captions: one caption, a list, none; Karpathy's sentences; captions joined to pictures, objects to both."""

import json

from tests.rows.asked import captioned

_KARPATHY = [
    {"caption": "A bus.", "image": "train2014/COCO_train2014_000000000009.jpg", "image_id": "coco_9"},
    {"image": "train2014/COCO_train2014_000000000009.jpg", "image_id": "coco_9"},
]
_VAL = [
    {"caption": ["A cup.", "One cup."], "image": "val2014/b.jpg", "image_id": "coco_42"},
    {"caption": [], "image": "val2014/b.jpg", "image_id": "coco_42"},
]
_SENTENCE = {"tokens": ["a", "dog"], "raw": "A dog.", "imgid": 0, "sentid": 7}


def _picture(split: str, number: int) -> dict:
    found = {"filepath": "val2014", "sentids": [7], "filename": f"COCO_val2014_{number:012d}.jpg", "imgid": 0}
    return found | {"split": split, "sentences": [_SENTENCE], "cocoid": number}


FILES = {
    "train2014/COCO_train2014_000000000009.jpg": "64x48",
    "coco_karpathy_train.json": json.dumps(_KARPATHY),
    "annotations/coco_karpathy_val.json": json.dumps(_VAL),
    "dataset_coco.json": json.dumps({"images": [_picture("test", 1), _picture("restval", 2)], "dataset": "coco"}),
    "annotations/captions_train2017.json": json.dumps(
        {
            "info": {"year": 2017},
            "licenses": [],
            "images": [{"file_name": "000000000009.jpg", "height": 48, "width": 64, "id": 9}],
            "annotations": [
                {"image_id": 9, "id": 661, "caption": "A red bus."},
                {"image_id": 10, "id": 662, "caption": "Gone."},
                {"image_id": 9, "id": 663, "caption": "One bus."},
            ],
        }
    ),
    "annotations/instances_train2017.json": json.dumps(
        {
            "info": {"year": 2017},
            "licenses": [],
            "images": [
                {"file_name": "000000000009.jpg", "height": 48, "width": 64, "id": 9, "license": 3},
                {"file_name": "000000000011.jpg", "height": 48, "width": 64, "id": 11, "license": 3},
            ],
            "annotations": [
                {"image_id": 9, "id": 1, "category_id": 6, "bbox": [16, 12, 32, 24], "iscrowd": 0, "area": 700.5},
                {"image_id": 9, "id": 2, "category_id": 1, "bbox": [0, 0, 8, 24], "iscrowd": 0, "area": 99.0},
            ],
            "categories": [
                {"supercategory": "person", "id": 1, "name": "person"},
                {"supercategory": "vehicle", "id": 6, "name": "bus"},
            ],
        }
    ),
}
_TRAIN = captioned(
    "coco_karpathy_train.json", 0, "train2014/COCO_train2014_000000000009.jpg", "A bus.", (64, 48),
    meta='{"image_id":"coco_9"}',
)  # fmt: skip
_VALIDATION = captioned(
    "annotations/coco_karpathy_val.json", 0, "val2014/b.jpg", "A cup.", answers=["A cup.", "One cup."],
    meta='{"image_id":"coco_42"}',
)  # fmt: skip


def _inside(row: int, split: str, number: int) -> dict:
    meta = f'{{"cocoid":{number},"imgid":0,"sentences":[{{"imgid":0,"sentid":7,"tokens":["a","dog"]}}],'
    meta += f'"sentids":[7],"split":"{split}"}}'
    return captioned("dataset_coco.json", row, f"val2014/COCO_val2014_{number:012d}.jpg", "A dog.", meta=meta)


_OFFICIAL = captioned(
    "annotations/captions_train2017.json", 0, "000000000009.jpg", "A red bus.", (64, 48), meta='{"id":661}'
)  # fmt: skip
_ALSO = captioned(
    "annotations/captions_train2017.json", 2, "000000000009.jpg", "One bus.", (64, 48), meta='{"id":663}'
)  # fmt: skip
_OBJECTS = captioned(
    "annotations/instances_train2017.json", 0, "000000000009.jpg", "A red bus.", (64, 48),
    answers=["A red bus.", "One bus."], meta='{"license":3}',
    regions=[
        ("box", "norm", [0.25, 0.25, 0.75, 0.75], [], "", None, None, "bus"),
        ("box", "norm", [0.0, 0.0, 0.125, 0.5], [], "", None, None, "person"),
    ],
)  # fmt: skip
EXPECTED = {
    "default": {"train": [_TRAIN], "validation": [_VALIDATION]},
    "karpathy": {"train": [_inside(1, "restval", 2)], "validation": [], "test": [_inside(0, "test", 1)]},
    "2017": {"train": [_OFFICIAL, _ALSO]},
    "objects-2017": {"train": [_OBJECTS]},
}
BAD = {
    "default": {
        "train": [("coco_karpathy_train.json", 1, "caption")],
        "validation": [("annotations/coco_karpathy_val.json", 1, "caption")],
    },
    "2017": {"train": [("annotations/captions_train2017.json", 1, "image_id")]},
    "objects-2017": {"train": [("annotations/instances_train2017.json", 1, "captions")]},
}
