"""ciem (substitute form): with and without justification, image or image_id, an unknown type, no medium."""

import json

_RECORDS = [
    {"image": "9.jpg", "question": "Is there a cup?", "answer": "Yes", "type": "factual"},
    {"image_id": 7, "question": "Is it red?", "answer": "No.", "cot": "It is blue.", "type": "contrastive"},
    {"image": "9.jpg", "question": "Is it full?", "answer": "No"},
    {"image": "9.jpg", "question": "Is it big?", "answer": "No", "type": "odd"},
    {"question": "Is it big?", "answer": "No"},
]
FILES = {"val2014/9.jpg": "64x48", "ciem.jsonl": "".join(json.dumps(record) + "\n" for record in _RECORDS)}


def _sample(row: int, ref: str, size: tuple, question: str, answer: str, **more: object) -> dict:
    return {
        "id": f"ciem:{row}",
        "group": ref,
        "task": "yes_no",
        "messages": [("user", ["<image 0>", question]), ("assistant", [answer])],
        "media": [("image", ref, *size)],
    } | more


EXPECTED = {
    "default": {
        "train": [
            _sample(0, "9.jpg", (64, 48), "Is there a cup?", "Yes"),
            _sample(
                1,
                "7.jpg",
                (None, None),
                "Is it red?",
                "No. It is blue.",
                answers=["No."],
                instruction_type="negative",
            ),
            _sample(2, "9.jpg", (64, 48), "Is it full?", "No"),
        ]
    }
}
BAD = {"default": {"train": [("ciem.jsonl", 3, "type"), ("ciem.jsonl", 4, "image")]}}
