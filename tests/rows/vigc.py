"""vigc: flat QA, alternatives with and without weights, A-OKVQA's names, the raw output, conversations, neither."""

import json

_RECORDS = [
    {"image": "000000000009.jpg", "image_id": 9, "question": "What is it?", "answer": "A cup."},
    {"image": "a.jpg", "image_id": "7", "question": "Colour?", "answer": ["red", "blue"], "weight": [0.5, 0.25]},
    {"image_path": "train/b.jpg", "question": "How many?", "direct_answers": ["2", "two", "two"]},
    {
        "image": "c.jpg",
        "instruction": "Write a question.",
        "question": "Who?",
        "answer": "A man.",
        "original_answer": "A man, 40.",
    },
    {
        "id": 3,
        "image": "d.jpg",
        "conversations": [{"from": "human", "value": "<image>\nHi"}, {"from": "gpt", "value": "Ho"}],
    },
    {"image": "e.jpg", "question": "Why?", "answer": []},
    {"image": "f.jpg", "text": "?"},
    {"question": "Where?", "answer": "Here."},
]
FILES = {
    "train2017/000000000009.jpg": "64x48",
    "VIGC-InstData/part.json": json.dumps(_RECORDS),
}


def _sample(row: int, ref: str, question: str, answer: str, **more: object) -> dict:
    return {
        "id": f"VIGC-InstData/part:{row}",
        "group": ref,
        "task": "vqa",
        "messages": [("user", ["<image 0>", question]), ("assistant", [answer])],
        "media": [("image", ref, None, None)],
    } | more


EXPECTED = {
    "default": {
        "train": [
            _sample(
                0,
                "000000000009.jpg",
                "What is it?",
                "A cup.",
                media=[("image", "000000000009.jpg", 64, 48)],
                meta='{"image_id":9}',
            ),
            _sample(1, "a.jpg", "Colour?", "red", answers=["red", "blue"], meta='{"image_id":"7","weight":[0.5,0.25]}'),
            _sample(2, "train/b.jpg", "How many?", "two", answers=["2", "two", "two"]),
            _sample(
                3,
                "c.jpg",
                "Who?",
                "A man.",
                spans=[("rejected", 1, -1, -1, "A man, 40.")],
                meta='{"instruction":"Write a question."}',
            ),
            _sample(4, "d.jpg", "Hi", "Ho", task="conversation", meta='{"id":3}'),
        ]
    }
}
BAD = {
    "default": {
        "train": [
            ("VIGC-InstData/part.json", 5, "answer"),
            ("VIGC-InstData/part.json", 6, "conversations"),
            ("VIGC-InstData/part.json", 7, "image"),
        ]
    }
}
