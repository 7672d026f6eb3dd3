"""gpt4roi: COCO-style files with and without captions, VCR's numbers (with side file, without), boxes, a pickle."""

import json

from vlit_hub.formats.templates import draw


def _coco(images: list, annotations: list, **more: object) -> str:
    return json.dumps({"images": images, "annotations": annotations, **more})


_IMAGE = {"id": 1, "file_name": "COCO_train2014_000000000009.jpg", "width": 200, "height": 100}
_BOX = {"id": 8, "image_id": 1, "bbox": [20, 10, 80, 50], "area": 4000}
_VCR = {
    "img_fn": "lsmdc_1/x@0.jpg",
    "metadata_fn": "lsmdc_1/x@0.json",
    "objects": ["person", "cup"],
    "question_orig": "Why does 1 hold 2 ?",
    "answer_orig": "1 is thirsty .",
    "rationale_orig": "2 is one of 7 cups .",
    "annot_id": "train-0",
}
_FOUND = {"filename": "000000000009.jpg", "pred_bboxes": [[0.1, 0.1, 0.5, 0.6, 0.75]], "labels": [12]}
FILES = {
    "coco_all/COCO_train2014_000000000009.jpg": "200x100",
    "mdetr_annotations/finetune_refcoco_train.json": _coco([_IMAGE | {"caption": "the man on the left"}], [_BOX]),
    "coco/instances_train2017.json": _coco(
        [_IMAGE, _IMAGE | {"id": 2}],
        [_BOX | {"category_id": 3}, _BOX | {"category_id": 99}],
        categories=[{"id": 3, "name": "cup"}],
    ),
    "mdetr_annotations/final_flickr_mergedGT_train.json": _coco(
        [{"id": 1, "file_name": "36979.jpg", "width": 200, "height": 100, "caption": "Two men talk"}],
        [_BOX | {"tokens_positive": [[0, 7], [8, 12]]}, _BOX | {"tokens_positive": [[0, 7]], "bbox": [0, 0, 50, 50]}],
    ),
    "visual_genome/train.json": _coco([_IMAGE | {"file_name": "1.jpg"}], [_BOX | {"caption": "a red cup"}]),
    "vcr/train.jsonl": "".join(
        json.dumps(row) + "\n"
        for row in (_VCR, _VCR | {"img_fn": "y.jpg", "metadata_fn": "y.json"}, _VCR | {"objects": "person"})
    ),
    "vcr/vcr1images/lsmdc_1/x@0.json": json.dumps(
        {"boxes": [[20, 10, 100, 60, 0.9], [0, 0, 50, 50, 0.8]], "width": 200, "height": 100}
    ),
    "llava_150k_bbox_pred_results.pkl": "cos\nsystem\n(S'true'\ntR.",
    "llava/llava_instruct_150k.json": json.dumps(
        [
            {
                "id": "9",
                "image": "000000000009.jpg",
                "conversations": [{"from": "human", "value": "What?\n<image>"}, {"from": "gpt", "value": "A cup."}],
            }
        ]
    ),
}

_REGION = ("box", "norm", [0.1, 0.1, 0.5, 0.6])
_COCO = ("image", "COCO_train2014_000000000009.jpg", 200, 100)


def _about(file: str) -> list:
    before, _, after = draw("describe_region", f"{file}.json:0:0").partition("{phrase}")
    return [*filter(None, (before, ("", [0]), after))]


def _one(file: str, task: str, said: str, media: tuple, k: str = "") -> dict:
    return {
        "id": f"{file}:0{k}",
        "group": media[1],
        "task": task,
        "messages": [("user", ["<image 0>", *_about(file)]), ("assistant", [said])],
        "media": [media],
        "regions": [_REGION],
    }


_WHY = draw("why", "vcr/train.jsonl:0")
_MEN = [_REGION, ("box", "norm", [0.0, 0.0, 0.25, 0.5])]
EXPECTED = {
    "default": {
        "train": [
            _one("mdetr_annotations/finetune_refcoco_train", "region_description", "the man on the left", _COCO),
            _one("coco/instances_train2017", "classification", "cup", _COCO, ":0"),
            {
                "id": "mdetr_annotations/final_flickr_mergedGT_train:0",
                "group": "36979.jpg",
                "task": "grounded_caption",
                "messages": [
                    (
                        "user",
                        [
                            "<image 0>",
                            draw("caption_grounded", "mdetr_annotations/final_flickr_mergedGT_train.json:0"),
                        ],
                    ),
                    ("assistant", [("Two men", [0, 1]), " talk"]),
                ],
                "media": [("image", "36979.jpg", 200, 100)],
                "regions": _MEN,
            },
            _one("visual_genome/train", "region_description", "a red cup", ("image", "1.jpg", 200, 100)),
            {
                "id": "vcr/train:0",
                "group": "lsmdc_1/x@0.jpg",
                "task": "reasoning",
                "messages": [
                    ("user", ["<image 0>", "Why does ", ("person", [0]), " hold ", ("cup", [1]), " ?"]),
                    ("assistant", [("person", [0]), " is thirsty ."]),
                    ("user", [_WHY]),
                    ("assistant", [("cup", [1]), " is one of 7 cups ."]),
                ],
                "media": [("image", "lsmdc_1/x@0.jpg", 200, 100)],
                "regions": [
                    (*_MEN[0], [], "", None, None, "person", 0.9),
                    (*_MEN[1], [], "", None, None, "cup", 0.8),
                ],
                "meta": '{"annot_id":"train-0"}',
            },
            {
                "id": "vcr/train:1",
                "group": "y.jpg",
                "task": "reasoning",
                "messages": [
                    ("user", ["<image 0>", "Why does 1 hold 2 ?"]),
                    ("assistant", ["1 is thirsty ."]),
                    ("user", [draw("why", "vcr/train.jsonl:1")]),
                    ("assistant", ["2 is one of 7 cups ."]),
                ],
                "media": [("image", "y.jpg", None, None)],
                "meta": '{"annot_id":"train-0","objects":["person","cup"]}',
            },
            {
                "id": "llava/llava_instruct_150k:0",
                "group": "000000000009.jpg",
                "task": "conversation",
                "messages": [("user", ["What?", "<image 0>"]), ("assistant", ["A cup."])],
                "media": [("image", "000000000009.jpg", None, None)],
                "meta": '{"id":"9"}',
            },
        ]
    }
}
BAD = {
    "default": {
        "train": [
            ("coco/instances_train2017.json", 0, "caption"),
            ("vcr/train.jsonl", 2, "objects"),
            ("llava_150k_bbox_pred_results.pkl", 0, "file"),
        ]
    }
}
