"""refcoco: an expression with its box, one without, one of an unknown size; the rows of MiniGPT-v2's eval_data."""

import json

from tests.rows.asked import asked
from vlit_hub.formats.templates import draw


def mdetr(*images: dict) -> str:
    box = {"area": 12.0, "iscrowd": 0, "image_id": 0, "category_id": 1, "id": 0, "bbox": [16.0, 12.0, 32.0, 24.0]}
    return json.dumps({"info": [], "licenses": [], "images": images, "annotations": [box], "categories": []})


def picture(number: int, caption: str, **more: object) -> dict:
    found = {"file_name": "COCO_train2014_000000581857.jpg", "height": 48, "width": 64, "id": number}
    return found | {"original_id": 581857, "caption": caption, "dataset_name": "refcoco"} | more


def located(file: str, row: int, phrase: str, **more: object) -> dict:
    name = file.removesuffix(".json")
    question = draw("locate", f"{file}:{row}").format(phrase=phrase)
    found = asked(f"{name}:{row}", "COCO_train2014_000000581857.jpg", question, ("", [0]), task="referring")
    return found | {"regions": [("box", "norm", [0.25, 0.25, 0.75, 0.75])]} | more


_IMAGES = (picture(0, "the lady "), picture(1, "nobody"), picture(0, "the lady", width=None))
_EVAL = {"img_id": "COCO_train2014_000000581857_3", "sents": "left man", "bbox": [16, 12, 32, 24.0]}
FILES = {
    "finetune_refcoco_train.json": mdetr(*_IMAGES),
    "refcoco_testB.json": json.dumps([_EVAL | {"height": 48, "width": 64}, _EVAL | {"bbox": [1, 2, 3]}]),
}
META = '{"dataset_name":"refcoco","original_id":581857}'
EXPECTED = {
    "default": {"train": [located("finetune_refcoco_train.json", 0, "the lady", meta=META)]},
    "eval_data": {
        "testB": [located("refcoco_testB.json", 0, "left man", meta='{"img_id":"COCO_train2014_000000581857_3"}')]
    },
}
BAD = {
    "default": {
        "train": [("finetune_refcoco_train.json", 1, "id"), ("finetune_refcoco_train.json", 2, "width, height")]
    },
    "eval_data": {"testB": [("refcoco_testB.json", 1, "width, height")]},
}
