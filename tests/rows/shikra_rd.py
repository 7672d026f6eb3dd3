"""shikra-rd: one, several and no boxes per phrase; a record whose marks and lists differ; size from the picture."""

import json

_RECORDS = [
    {
        "img_path": "36979.jpg",
        "boxes": [[10, 20, 110, 220], [200.0, 40.0, 300.0, 240.0], [0, 0, 400, 300]],
        "question": "What are <ph_st>the two men<ph_ed> doing near <ph_st>it<ph_ed>?",
        "question_boxes_seq": [[0, 1], []],
        "cot_with_ans": "<ph_st>They<ph_ed> talk in <ph_st>the room<ph_ed>. The answer is talking.",
        "answer_boxes_seq": [[0, 1], [2]],
        "answer": "talking",
    },
    {
        "img_path": "absent.jpg",
        "boxes": [[1, 2, 3, 4]],
        "question": "Who is <ph_st>this<ph_ed>?",
        "question_boxes_seq": [[0], [0]],
        "cot_with_ans": "A man<ph_ed>.",
        "answer_boxes_seq": [[0]],
    },
]
FILES = {
    "flickr30k-images/36979.jpg": "400x300",
    "GPT4GEN_RD_BoxCoT_train.jsonl": "".join(json.dumps(record) + "\n" for record in _RECORDS),
    "GPT4GEN_BoxCoT_test.jsonl": json.dumps(_RECORDS[1]) + "\n",
}


def _second(file: str, row: int) -> dict:
    return {
        "id": f"{file}:{row}",
        "group": "absent.jpg",
        "task": "grounded_conversation",
        "messages": [("user", ["<image 0>", "Who is this?"]), ("assistant", ["A man", ("", [0]), "."])],
        "media": [("image", "absent.jpg", None, None)],
        "regions": [("box", "pixel", [1.0, 2.0, 3.0, 4.0])],
    }


EXPECTED = {
    "default": {
        "train": [
            {
                "id": "GPT4GEN_RD_BoxCoT_train:0",
                "group": "36979.jpg",
                "task": "grounded_conversation",
                "messages": [
                    ("user", ["<image 0>", "What are ", ("the two men", [0, 1]), " doing near ", ("it", []), "?"]),
                    (
                        "assistant",
                        [("They", [0, 1]), " talk in ", ("the room", [2]), ". The answer is talking."],
                    ),
                ],
                "media": [("image", "36979.jpg", 400, 300)],
                "regions": [
                    ("box", "norm", [0.025, 0.0667, 0.275, 0.7333]),
                    ("box", "norm", [0.5, 0.1333, 0.75, 0.8]),
                    ("box", "norm", [0.0, 0.0, 1.0, 1.0]),
                ],
                "answers": ["talking"],
            },
            _second("GPT4GEN_RD_BoxCoT_train", 1),
        ]
    },
    "boxcot": {"test": [_second("GPT4GEN_BoxCoT_test", 0)]},
}
