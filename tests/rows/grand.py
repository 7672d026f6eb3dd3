"""grand: both forms of a picture's file, ids that are no positions, garbage; GranD-f's three layouts with faults."""

import json

from vlit_hub.formats.templates import draw

_RLE = {"size": [10, 20], "counts": "X3280\\2"}  # rows 4-5 of columns 10-11
_PICTURE = {
    "sa_7.jpg": {
        "objects": [
            {
                "bbox": [20, 10, 100, 60],
                "labels": ["hot-air_balloon", "kite"],
                "score": 1.0,
                "attributes": ["a red balloon", "Assistant: a large one"],
                "id": 3,
                "depth": 33.5,
            },
            {"bbox": [0, 0, 200, 50], "labels": ["sky"], "attributes": "a clear sky", "id": 0, "depth": 1.5},
        ],
        "floating_objects": [
            {"bbox": [1, 2, 3, 4], "labels": [], "attributes": None, "id": 27},
            {"bbox": [1, 2, 3, 5], "labels": ["man"], "attributes": None, "id": 27},
        ],
        "floating_attributes": [{"bbox": [2, 2, 4, 4], "labels": [], "score": 0.5, "attributes": ["white letters"]}],
        "landmark": {"category": "Outdoor scene", "fine_category": "Urban landscape"},
        "affordances": {"Ride": {"description": "Vehicles.", "object_ids": [3], "labels": ["balloon"]}},
        "id_counter": 60,
        "relationships": {
            "object_ids": [3, 0],
            "floating_object_ids": [],
            "grounding": [
                {"phrase": "a hot air balloon", "object_ids": [3]},
                {"phrase": "a serene scene", "object_ids": [0, 99]},
            ],
        },
        "captions": ["A hot air balloon over a river", "a hot air balloon is high"],
    }
}
_MASKED = {
    "sa_8.jpg": {
        "objects": [
            {"bbox": [5, 2, 15, 8], "labels": ["cup"], "score": 0.5, "id": 4, "segmentation": _RLE, "attributes": None}
        ],
        "short_captions": [{"caption": "a cup", "details": [{"phrase": "a cup", "tokens_positive": [0, 5], "id": 4}]}],
        "dense_caption": {
            "caption": "a red cup",
            "details": [{"phrase": "red cup", "tokens_positive": [[2, 9]], "bbox": [5, 2, 15, 8]}],
        },
        "additional_context": "Cups hold drinks.",
    }
}
_HUMAN = {
    "file_name": "ha_1.jpg",
    "height": 10,
    "width": 20,
    "image_id": "a1",
    "caption": '"A cup on a table"',
    "groundings": {
        "A cup": {"token_positives": [0, 5], "rle_masks": [_RLE]},
        "table": {"token_positives": [11, 99], "rle_masks": []},
    },
}
_REF = {"img_file_name": "r.jpg", "caption": "The Man sits."}
FILES = {
    "part_1/part_1_1/sa_7.json": json.dumps(_PICTURE),
    "part_1/part_1_1/sa_8.json": json.dumps(_MASKED),
    "part_1/part_1_1/sa_9.json": json.dumps({"sa_9.jpg": {"objects": [{"bbox": [1, 2], "labels": []}]}}),
    "GranDf_HA_images/train/ha_1.jpg": "20x10",
    "GranDf_HA_GCG_train.json": json.dumps([_HUMAN, {**_HUMAN, "groundings": None}]),
    "RefCOCOg_GCG_train.json": json.dumps(
        [
            {
                "17": _REF
                | {
                    "refs": [
                        {"sentence": "the man", "segmentation": [[1, 1, 5, 1, 5, 5]]},
                        {"sentence": "the dog", "segmentation": [[2, 2, 5, 2, 5, 5]]},
                    ]
                }
            },
            {"18": _REF | {"refs": [{"sentence": "the man", "segmentation": []}]}},
        ]
    ),
    "flickr_mergedGT_GCG_val.json": json.dumps(
        {
            "images": [{"id": 1, "file_name": "36979.jpg", "height": 10, "width": 20, "caption": "Two men talk"}],
            "annotations": [
                {
                    "image_id": 1,
                    "bbox": [2, 1, 8, 5],
                    "area": 40,
                    "tokens_positive": [[0, 7], [8, 12]],
                    "sam_mask": _RLE,
                    "ignore": 0,
                },
                {"image_id": 1, "bbox": [0, 0, 20, 10], "area": 200, "tokens_positive": []},
                {"image_id": 1, "bbox": [0, 0, 9, 9], "area": 81, "tokens_positive": [[0, 3]], "ignore": 1},
            ],
        }
    ),
}


def _asked(name: str, file: str, key: str = "") -> str:
    return draw(name, f"{file}:0{key}")


def _described(file: str, where: str) -> list:
    before, _, after = _asked("describe_region", file, f":{where}").partition("{phrase}")
    return ["<image 0>", *filter(None, (before, ("", [0]), after))]


_SEVEN = "part_1/part_1_1/sa_7.json"
_EIGHT = "part_1/part_1_1/sa_8.json"
_BALLOON = ("box", "pixel", [20.0, 10.0, 100.0, 60.0], [], "", None, None, "hot-air_balloon", 1.0)
_SKY = ("box", "pixel", [0.0, 0.0, 200.0, 50.0], [], "", None, None, "sky")


def _seven(k: int, task: str, messages: list, **more: object) -> dict:
    return {
        "id": f"part_1/part_1_1/sa_7:0:{k}",
        "group": "sa_7.jpg",
        "task": task,
        "messages": messages,
        "media": [("image", "sa_7.jpg", None, None)],
    } | more


def _attribute(k: int, where: str, text: str, region: tuple) -> dict:
    messages = [("user", _described(_SEVEN, where)), ("assistant", [text])]
    return _seven(k, "region_description", messages, regions=[region])


_CUP = ("mask", "norm", [0.25, 0.2, 0.75, 0.8], [], ([10, 20], "X3280\\2"), None, None, "cup", 0.5)


def _eight(k: int, task: str, template: str, said: list, **more: object) -> dict:
    return {
        "id": f"part_1/part_1_1/sa_8:0:{k}",
        "group": "sa_8.jpg",
        "task": task,
        "messages": [("user", ["<image 0>", _asked(template, _EIGHT)]), ("assistant", said)],
        "media": [("image", "sa_8.jpg", 20, 10)],
    } | more


EXPECTED = {
    "default": {
        "train": [
            _seven(
                0,
                "detection",
                [
                    ("user", ["<image 0>", _asked("detect_objects", _SEVEN)]),
                    ("assistant", [("hot-air balloon", [0]), "\n", ("sky", [1]), "\n", ("", [2]), "\n", ("man", [3])]),
                ],
                regions=[
                    _BALLOON,
                    _SKY,
                    ("box", "pixel", [1.0, 2.0, 3.0, 4.0]),
                    ("box", "pixel", [1.0, 2.0, 3.0, 5.0], [], "", None, None, "man"),
                ],
                spans=[
                    ("grounding", 1, 0, 15, "3", [0]),
                    ("grounding", 1, 16, 19, "0", [1]),
                    ("grounding", 1, 20, 20, "27", [2]),
                ],
                meta='{"affordances":{"Ride":{"description":"Vehicles.","labels":["balloon"],"object_ids":[3]}},'
                '"id_counter":60,"landmark":{"category":"Outdoor scene","fine_category":"Urban landscape"},'
                '"regions":[{"depth":33.5,"labels":["kite"]},{"depth":1.5},{"list":"floating_objects"},'
                '{"list":"floating_objects"}],"relationships":{"floating_object_ids":[],"object_ids":[3,0]}}',
            ),
            _seven(
                1,
                "grounded_caption",
                [
                    ("user", ["<image 0>", _asked("caption_grounded", _SEVEN)]),
                    ("assistant", [("A hot air balloon", [0]), " over a river"]),
                ],
                regions=[_BALLOON, _SKY],
                spans=[("grounding", 1, -1, -1, "a serene scene", [1])],
            ),
            _seven(
                2,
                "grounded_caption",
                [
                    ("user", ["<image 0>", _asked("caption_grounded", _SEVEN)]),
                    ("assistant", [("a hot air balloon", [0]), " is high"]),
                ],
                regions=[_BALLOON],
            ),
            _attribute(3, "objects[0].attributes", "a red balloon", _BALLOON),
            _attribute(4, "objects[0].attributes", "a large one", _BALLOON),
            _attribute(5, "objects[1].attributes", "a clear sky", _SKY),
            _attribute(
                6,
                "floating_attributes[0].attributes",
                "white letters",
                ("box", "pixel", [2.0, 2.0, 4.0, 4.0], [], "", None, None, "", 0.5),
            ),
            _eight(
                0,
                "detection",
                "detect_objects",
                [("cup", [0])],
                regions=[_CUP],
                spans=[("grounding", 1, 0, 3, "4", [0])],
            ),
            _eight(1, "grounded_caption", "caption_grounded", [("a cup", [0])], regions=[_CUP]),
            _eight(
                2,
                "grounded_caption",
                "caption_grounded",
                ["a ", ("red cup", [0])],
                regions=[("box", "norm", [0.25, 0.2, 0.75, 0.8], [], "", None, None, "red cup")],
            ),
            _eight(3, "description", "describe_image", ["Cups hold drinks."]),
        ]
    },
    "grand-f": {
        "train": [
            {
                "id": "GranDf_HA_GCG_train:0",
                "group": "ha_1.jpg",
                "task": "grounded_caption",
                "messages": [
                    ("user", ["<image 0>", _asked("caption_grounded", "GranDf_HA_GCG_train.json")]),
                    ("assistant", [("A cup", [0]), " on a table"]),
                ],
                "media": [("image", "ha_1.jpg", 20, 10)],
                "regions": [("mask", "norm", [0.5, 0.4, 0.6, 0.6], [], ([10, 20], "X3280\\2"), None, None, "A cup")],
                "meta": '{"image_id":"a1"}',
            },
            {
                "id": "RefCOCOg_GCG_train:0",
                "group": "r.jpg",
                "task": "grounded_caption",
                "messages": [
                    ("user", ["<image 0>", _asked("caption_grounded", "RefCOCOg_GCG_train.json")]),
                    ("assistant", [("The Man", [0]), " sits."]),
                ],
                "media": [("image", "r.jpg", None, None)],
                "regions": [
                    ("polygon", "pixel", [], [[1.0, 1.0, 5.0, 1.0, 5.0, 5.0]], "", None, None, "the man"),
                    ("polygon", "pixel", [], [[2.0, 2.0, 5.0, 2.0, 5.0, 5.0]], "", None, None, "the dog"),
                ],
                "meta": '{"key":"17"}',
            },
        ],
        "val": [
            {
                "id": "flickr_mergedGT_GCG_val:0",
                "group": "36979.jpg",
                "task": "grounded_caption",
                "messages": [
                    ("user", ["<image 0>", _asked("caption_grounded", "flickr_mergedGT_GCG_val.json")]),
                    ("assistant", [("Two men", [0]), " talk"]),
                ],
                "media": [("image", "36979.jpg", 20, 10)],
                "regions": [
                    ("mask", "norm", [0.1, 0.1, 0.5, 0.6], [], ([10, 20], "X3280\\2")),
                    ("box", "norm", [0.0, 0.0, 1.0, 1.0]),
                ],
            }
        ],
    },
}
BAD = {
    "default": {"train": [("part_1/part_1_1/sa_9.json", 0, "objects[0].bbox")]},
    "grand-f": {
        "train": [
            ("GranDf_HA_GCG_train.json", 1, "groundings"),
            ("RefCOCOg_GCG_train.json", 1, "refs[0].segmentation"),
        ]
    },
}
