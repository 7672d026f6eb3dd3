"""multimodal-id-v1: all prefix variants, blank separators, a spilt caption, missing prefixes, an unpaired text, v2."""

import json

_RECORDS = [
    {
        "image_id": "2",
        "caption": "A man fishes.",
        "questions": [
            "Question: What does he do?",
            "Answer: He fishes.",
            " ",
            "2. Question: Where?",
            "2) Answer: On a bank.",
            "Question 3: Why?",
            "Answer 3: For food.",
        ],
    },
    {
        "image_id": "166",
        "caption": "A lamp stands on",
        "questions": ["a desk.", "Question: What stands there?", "Answer: A lamp."],
    },
    {"image_id": "5", "caption": "A cup.", "questions": ["What is it?", "A cup.", "Question: Full?", "Answer: No."]},
    {"image_id": "6", "caption": "A dog.", "questions": ["Answer: Yes.", "Question: Is it a dog?", "Answer: Yes."]},
    {"image_id": "7", "caption": "A cat.", "questions": ["Question: Is it?", "Question: A cat?", "Answer: Yes."]},
    {"image_id": "8", "caption": "A cat.", "questions": []},
]
FILES = {
    "image/2.jpg": "64x48",
    "data/multimodal_data_all_generation.txt": json.dumps(_RECORDS),
    "Multimodal_Instruction_Data_V2.json": json.dumps(
        [{"chunk_belong": "chunk_1", "image_path": "a.jpg", "question": "What?", "answer": "A vase.", "type": "gqa_qa"}]
    ),
}


def _sample(row: str, question: str, answer: str, caption: str) -> dict:
    ref = f"{_RECORDS[int(row[0])]['image_id']}.jpg"
    size = (64, 48) if ref == "2.jpg" else (None, None)
    return {
        "id": f"data/multimodal_data_all_generation:{row}",
        "group": ref,
        "task": "vqa",
        "messages": [("user", ["<image 0>", question]), ("assistant", [answer])],
        "media": [("image", ref, *size, None, None, caption)],
    }


EXPECTED = {
    "default": {
        "train": [
            _sample("0:0", "What does he do?", "He fishes.", "A man fishes."),
            _sample("0:1", "Where?", "On a bank.", "A man fishes."),
            _sample("0:2", "Why?", "For food.", "A man fishes."),
            _sample("1", "What stands there?", "A lamp.", "A lamp stands on a desk."),
            _sample("2:0", "What is it?", "A cup.", "A cup."),
            _sample("2:1", "Full?", "No.", "A cup."),
            _sample("3:1", "Is it a dog?", "Yes.", "A dog."),
            _sample("4:1", "A cat?", "Yes.", "A cat."),
        ]
    },
    "v2": {
        "train": [
            {
                "id": "Multimodal_Instruction_Data_V2:0",
                "group": "chunk_1/a.jpg",
                "task": "vqa",
                "messages": [("user", ["<image 0>", "What?"]), ("assistant", ["A vase."])],
                "media": [("image", "chunk_1/a.jpg", None, None)],
                "meta": '{"type":"gqa_qa"}',
            }
        ]
    },
}
_FILE = "data/multimodal_data_all_generation.txt"
BAD = {"default": {"train": [(_FILE, 3, "questions[0]"), (_FILE, 4, "questions[0]"), (_FILE, 5, "questions")]}}
