"""coco-arc: the wrapper object, three types, names with and without extension, a painted region picture."""

import json


def _file(kind: str, ref: object, *turns: str) -> str:
    conversation = [{"from": "gpt" if i % 2 else "human", "value": turn} for i, turn in enumerate(turns)]
    record = {"img_ids": ref, "instruction_type": kind, "conversations": conversation}
    return json.dumps({"image_source": "COCO", "construction_time": "2023-10", "annotations": [record]})


FILES = {
    "images/COCO_train2014_000000000030.jpg": "64x48",
    "region_images/COCO_train2014_000000000030_0.jpg": "64x48",
    "global.json": _file("global", "COCO_train2014_000000000030.jpg", "What is it?", "A vase.", "Where?", "Outside."),
    "negative.json": _file("negative", "COCO_train2014_000000000030", "Is there a dog?", "No, there is only a vase."),
    "region.json": _file("region", ["COCO_train2014_000000000030_0.jpg"], "What is marked?", "The vase."),
}


def _sample(kind: str, ref: str, *turns: str) -> dict:
    messages = [("assistant" if i % 2 else "user", [turn]) for i, turn in enumerate(turns)]
    messages[0] = ("user", ["<image 0>", turns[0]])
    return {
        "id": f"{kind}:0",
        "group": "COCO_train2014_000000000030",
        "task": "conversation",
        "instruction_type": kind,
        "messages": messages,
        "media": [("image", ref, 64, 48)],
    }


_GLOBAL = _sample("global", "COCO_train2014_000000000030.jpg", "What is it?", "A vase.", "Where?", "Outside.")
_NEGATIVE = _sample("negative", "COCO_train2014_000000000030", "Is there a dog?", "No, there is only a vase.")
_REGION = _sample("region", "COCO_train2014_000000000030_0.jpg", "What is marked?", "The vase.")

EXPECTED = {
    "default": {"train": [_GLOBAL, _NEGATIVE, _REGION]},
    "global": {"train": [_GLOBAL]},
    "negative": {"train": [_NEGATIVE]},
    "region": {"train": [_REGION]},
}
