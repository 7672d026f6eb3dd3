"""vqav2: LAVIS rows; questions with their annotations in a second file; a test question without any."""

import json

from tests.rows.asked import asked

_LAVIS = [
    {"question_id": 1, "question": "What?", "answer": ["a", "b", "b"], "image": "val2014/b.jpg", "dataset": "vqa"},
    {"question_id": 2, "question": None, "answer": ["a"], "image": "val2014/b.jpg", "dataset": "vqa"},
]
_ANSWERS = [{"answer": "net", "answer_confidence": "yes", "answer_id": 1}] * 1
_ANSWERS += [{"answer": "web", "answer_confidence": "maybe", "answer_id": 2}]
_ANNOTATION = {"question_type": "what", "multiple_choice_answer": "web", "answers": _ANSWERS, "image_id": 9}
_ANNOTATION |= {"answer_type": "other", "question_id": 9000}
FILES = {
    "train2014/COCO_train2014_000000000009.jpg": "64x48",
    "vqa_train.json": json.dumps(_LAVIS),
    "v2_OpenEnded_mscoco_train2014_questions.json": json.dumps(
        {"info": {}, "questions": [{"image_id": 9, "question": "What is on her head?", "question_id": 9000}]}
    ),
    "v2_mscoco_train2014_annotations.json": json.dumps(
        {"annotations": [_ANNOTATION, _ANNOTATION | {"question_id": 1}]}
    ),
    "v2_OpenEnded_mscoco_test2015_questions.json": json.dumps(
        {"questions": [{"image_id": 1, "question": "Who?", "question_id": 1000}, {"image_id": "x", "question": "?"}]}
    ),
}
EXPECTED = {
    "default": {
        "train": [
            asked("vqa_train:0", "val2014/b.jpg", "What?", "b")
            | {"answers": ["a", "b", "b"], "meta": '{"dataset":"vqa","question_id":1}'}
        ]
    },
    "official": {
        "train": [
            asked(
                "9000",
                "COCO_train2014_000000000009.jpg",
                "What is on her head?",
                "web",
                size=(64, 48),
                answers=["net", "web"],
                meta='{"answer_confidence":["yes","maybe"],"answer_id":[1,2],"answer_type":"other",'
                '"question_type":"what"}',
            )
        ],
        "test": [asked("1000", "COCO_test2015_000000000001.jpg", "Who?")],
    },
}
BAD = {
    "default": {"train": [("vqa_train.json", 1, "question")]},
    "official": {
        "train": [("v2_mscoco_train2014_annotations.json", 1, "question_id")],
        "test": [("v2_OpenEnded_mscoco_test2015_questions.json", 1, "image_id")],
    },
}
