"""comvint: the forms its unknown keys may have: conversations, flat by name and by numeric id; neither."""

import json

_TURNS = [{"from": "human", "value": "<image>\nWhy is he wet?"}, {"from": "gpt", "value": "It rains."}]
_RECORDS = [
    {"id": 1, "image": "36979.jpg", "conversations": _TURNS},
    {"image": "36979.jpg", "instruction": "Is it cold? Explain.", "output": "Yes, he wears a coat.", "type": "boolean"},
    {"image_id": 2318, "question": "Which tool fits? A. saw B. spoon", "answer": "A. saw"},
    {"picture": "36979.jpg", "prompt": "?"},
]
FILES = {
    "flickr30k-images/36979.jpg": "40x30",
    "VG_100K_2/2318.jpg": "64x64",
    "ComVint.jsonl": "".join(json.dumps(record) + "\n" for record in _RECORDS),
}


def _sample(row: int, ref: str, size: tuple[int, int], question: str, answer: str, meta: str = "") -> dict:
    found: dict = {
        "id": f"ComVint:{row}",
        "group": ref,
        "task": "reasoning",
        "messages": [("user", ["<image 0>", question]), ("assistant", [answer])],
        "media": [("image", ref, *size)],
    }
    return found | ({"meta": meta} if meta else {})


EXPECTED = {
    "default": {
        "train": [
            _sample(0, "36979.jpg", (40, 30), "Why is he wet?", "It rains.", '{"id":1}'),
            _sample(1, "36979.jpg", (40, 30), "Is it cold? Explain.", "Yes, he wears a coat.", '{"type":"boolean"}'),
            _sample(2, "2318", (64, 64), "Which tool fits? A. saw B. spoon", "A. saw"),
        ]
    }
}
BAD = {"default": {"train": [("ComVint.jsonl", 3, "record")]}}
