"""okvqa: LAVIS rows; questions with their annotations (raw answers kept) in a second file."""

import json

from tests.rows.asked import asked

_LAVIS = [
    {"question_id": 1, "question": "What?", "answer": ["fire", "fire"], "image": "train2014/a.jpg", "dataset": "okvqa"},
    {"question_id": 2, "question": "What?", "answer": {"a": 1}, "image": "train2014/a.jpg", "dataset": "okvqa"},
]
_ANSWERS = [{"answer_id": 1, "raw_answer": "racing", "answer_confidence": "yes", "answer": "race"}]
FILES = {
    "okvqa_train.json": json.dumps(_LAVIS),
    "OpenEnded_mscoco_val2014_questions.json": json.dumps(
        {"questions": [{"image_id": 51606, "question": "What sport?", "question_id": 516065}]}
    ),
    "mscoco_val2014_annotations.json": json.dumps(
        {"annotations": [{"image_id": 51606, "question_type": "four", "answers": _ANSWERS, "question_id": 516065}]}
    ),
}
EXPECTED = {
    "default": {
        "train": [
            asked("okvqa_train:0", "train2014/a.jpg", "What?", "fire")
            | {"answers": ["fire", "fire"], "meta": '{"dataset":"okvqa","question_id":1}'}
        ]
    },
    "official": {
        "validation": [
            asked(
                "516065",
                "COCO_val2014_000000051606.jpg",
                "What sport?",
                "race",
                answers=["race"],
                meta='{"answer_confidence":["yes"],"answer_id":[1],"question_type":"four","raw_answer":["racing"]}',
            )
        ]
    },
}
BAD = {"default": {"train": [("okvqa_train.json", 1, "answer")]}}
