"""multiinstruct: boxes in prompt, target, options and by name; the authors' paths; lists; rows not assembled yet."""

import json

_COCO = "raw_datasets/MSCOCO2014/train2014/COCO_train2014_000000000009.jpg"
_GIVEN = "10 20 30.5 40"
_TRAIN = [
    {
        "unique_id": "v7w_5",
        "image_source": "Visual7W",
        "task_name": "grounded_VQA",
        "image_path": f"./{_COCO}",
        "region": [_GIVEN],
        "question": "Which is the chair?",
        "options": ["1 2 3 4", _GIVEN],
        "meta_data": {"object": "chair"},
        "target_txt": _GIVEN,
        "prompt": f"Which is the chair?\n\n[Options]: 1 2 3 4||||{_GIVEN}",
        "target": _GIVEN,
    },
    {
        "unique_id": "v7w_5",
        "task_name": "select_region",
        "image_path": "/projects/nlp_lab/x/wikihow/data/a.jpg",
        "text": "a lamp",
        "region": [_GIVEN, "5 6 7 8"],
        "meta_data": {"object_regions": {"person 1": ["0.0 1.0 2.0 3.0"]}},
        "prompt": f'Given {_GIVEN}||||5 6 7 8, where is "a lamp" of person 1 in 0.0 1.0 2.0 3.0? Not 10 20 30.55 40.',
        "target": "near",
        "target_txt": "close",
    },
    {
        "unique_id": "wikihow_1",
        "task_name": "wikihow_next_step",
        "image_path": "/home/someone/b.jpg",
        "context": ["Fold it.", "Cut it."],
        "meta_data": {"method": "Kite"},
        "target_txt": "Fly it.",
        "prompt": "You did\n\nFold it.\nCut it.\nWhat is next?",
        "target": "Fly it.",
    },
    {"task_name": "GC", "image_path": "c.jpg", "region": [_GIVEN], "target_txt": "tile"},
    {"task_name": "GC", "image_path": "c.jpg", "region": [[1, 2, 3, 4]], "prompt": "What?", "target": "tile"},
    {"task_name": "GC", "image_path": "c.jpg", "region": ["1 2 3"], "prompt": "What?", "target": "tile"},
]
_TEST = [
    {
        "task_name": "VQA_object_presence",
        "image_path": "d.jpg",
        "question": "Is it a cup?",
        "answer": "mug",
        "options": ["no", "yes"],
        "target_txt": "maybe",
        "prompt": "Is it a cup?\n\n[Options]: no||||yes",
        "target": "maybe",
    },
    {
        "task_name": "text_vqa",
        "image_path": "d.jpg",
        "question": "Which brand?",
        "meta_data": {"answers": ["dakota", "dakota", "nous"]},
        "target_txt": "dakota",
        "prompt": "Look: which brand?",
        "target": "dakota",
    },
    {"task_name": "GC", "image_path": "d.jpg", "region": [_GIVEN], "prompt": f"Caption {_GIVEN}.", "target": "tile"},
]
FILES = {
    _COCO: "100x50",
    "train.jsonl": "".join(json.dumps(record) + "\n" for record in _TRAIN),
    "test.jsonl": "".join(json.dumps(record) + "\n" for record in _TEST),
}


def _sample(id: str, ref: str, task: str, question: list, answer: list, **more: object) -> dict:
    return {
        "id": id,
        "group": ref,
        "task": task,
        "messages": [("user", ["<image 0>", *question]), ("assistant", answer)],
        "media": [("image", ref, None, None)],
    } | more


EXPECTED = {
    "default": {
        "train": [
            _sample(
                "train:0",
                _COCO,
                "multiple_choice",
                ["Which is the chair?\n\n[Options]: ", ("", [1]), "||||", ("", [0])],
                [("", [0])],
                media=[("image", _COCO, 100, 50)],
                regions=[("box", "norm", [0.1, 0.4, 0.305, 0.8]), ("box", "norm", [0.01, 0.04, 0.03, 0.08])],
                choices=["1 2 3 4", _GIVEN],
                correct=1,
                meta='{"image_source":"Visual7W","meta_data":{"object":"chair"},"task_name":"grounded_VQA",'
                '"unique_id":"v7w_5"}',
            ),
            _sample(
                "train:1",
                "wikihow/data/a.jpg",
                "region_description",
                [
                    "Given ",
                    ("", [1]),
                    "||||",
                    ("", [2]),
                    ', where is "a lamp" of person 1 in ',
                    ("", [0]),
                    "? Not 10 20 30.55 40.",
                ],
                ["near"],
                regions=[
                    ("box", "pixel", [0.0, 1.0, 2.0, 3.0], [], "", None, None, "person 1"),
                    ("box", "pixel", [10.0, 20.0, 30.5, 40.0]),
                    ("box", "pixel", [5.0, 6.0, 7.0, 8.0]),
                ],
                answers=["close"],
                meta='{"task_name":"select_region","unique_id":"v7w_5"}',
            ),
            _sample(
                "train:2",
                "b.jpg",
                "planning",
                ["You did\n\nFold it.\nCut it.\nWhat is next?"],
                ["Fly it."],
                meta='{"meta_data":{"method":"Kite"},"task_name":"wikihow_next_step","unique_id":"wikihow_1"}',
            ),
        ],
        "test": [
            _sample(
                "test:0",
                "d.jpg",
                "yes_no",
                ["Is it a cup?\n\n[Options]: no||||yes"],
                ["maybe"],
                choices=["no", "yes"],
                meta='{"answer":"mug","task_name":"VQA_object_presence"}',
            ),
            _sample(
                "test:1",
                "d.jpg",
                "ocr",
                ["Look: which brand?"],
                ["dakota"],
                answers=["dakota", "dakota", "nous"],
                meta='{"task_name":"text_vqa"}',
            ),
            _sample(
                "test:2",
                "d.jpg",
                "region_description",
                ["Caption ", ("", [0]), "."],
                ["tile"],
                regions=[("box", "pixel", [10.0, 20.0, 30.5, 40.0])],
                meta='{"task_name":"GC"}',
            ),
        ],
    }
}
BAD = {"default": {"train": [("train.jsonl", 3, "prompt"), ("train.jsonl", 4, "region"), ("train.jsonl", 5, "region")]}}
