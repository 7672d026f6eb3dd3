"""dreamllm: the substitute form, pictures before their texts, an index beyond the texts; a file of LLaVA's."""

import json


def _picture(name: str, index: int, **more: float) -> dict:
    return {"image_name": name, "matched_text_index": index, **more}


_TEXTS = ["Slice the apples.", "Bake the cake."]
_GOOD = {
    "instruction": "How do I bake a cake?",
    "text_list": _TEXTS,
    "image_info": [_picture("b.jpg", 1, matched_sim=0.25), _picture("a.jpg", 0), _picture("c.jpg", 1, matched_sim=0.5)],
}
_FOLDER = "mmc4_instruct_filtered224"
FILES = {
    "images/a.jpg": "64x48",
    f"{_FOLDER}/part0.json": json.dumps(
        [
            _GOOD,
            {"instruction": "Say it.", "text_list": ["It."], "image_info": []},
            {**_GOOD, "image_info": [_picture("a.jpg", 2)]},
            {**_GOOD, "text_list": []},
        ]
    ),
    "llava_instruct_80k.json": json.dumps(
        [{"id": "1", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}]
    ),
}
_PART = f"{_FOLDER}/part0"

EXPECTED = {
    "default": {
        "train": [
            {
                "id": f"{_PART}:0",
                "group": f"{_PART}:0",
                "task": "generation",
                "messages": [
                    ("user", ["How do I bake a cake?"]),
                    ("assistant", ["<image 0>", "Slice the apples.\n", "<image 1>", "<image 2>", "Bake the cake."]),
                ],
                "media": [("image", "a.jpg", 64, 48), ("image", "b.jpg", None, None), ("image", "c.jpg", None, None)],
                "meta": '{"matched_sim":[0.25,0.5]}',
            },
            {
                "id": f"{_PART}:1",
                "group": f"{_PART}:1",
                "task": "instruction_following",
                "messages": [("user", ["Say it."]), ("assistant", ["It."])],
                "media": [],
            },
        ]
    },
    "llava_instruct_80k": {
        "train": [
            {
                "id": "llava_instruct_80k:0",
                "group": "llava_instruct_80k:0",
                "task": "conversation",
                "messages": [("user", ["Hi"]), ("assistant", ["Hello"])],
                "media": [],
                "meta": '{"id":"1"}',
            }
        ]
    },
}
BAD = {
    "default": {"train": [(f"{_PART}.json", 2, "image_info[0].matched_text_index"), (f"{_PART}.json", 3, "text_list")]}
}
