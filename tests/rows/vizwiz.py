"""vizwiz: answers with confidences, a test row without answers, an answer that is no text."""

import json

from tests.rows.asked import asked

_ANSWERS = [{"answer_confidence": "yes", "answer": "basil leaves"}, {"answer_confidence": "no", "answer": "basil"}]
_ROW = {"image": "VizWiz_train_00000000.jpg", "question": "What is it?", "answers": [*_ANSWERS, _ANSWERS[1]]}
_ROW |= {"answer_type": "other", "answerable": 1}
FILES = {
    "train/VizWiz_train_00000000.jpg": "64x48",
    "Annotations/train.json": json.dumps([_ROW, _ROW | {"answers": [{"answer": None}]}]),
    "Annotations/test.json": json.dumps([{"image": "VizWiz_test_00000000.jpg", "question": "Who?"}]),
}
EXPECTED = {
    "default": {
        "train": [
            asked("Annotations/train:0", "VizWiz_train_00000000.jpg", "What is it?", "basil", size=(64, 48))
            | {
                "answers": ["basil leaves", "basil", "basil"],
                "meta": '{"answer_confidence":["yes","no","no"],"answer_type":"other","answerable":1}',
            }
        ],
        "test": [asked("Annotations/test:0", "VizWiz_test_00000000.jpg", "Who?")],
    }
}
BAD = {"default": {"train": [("Annotations/train.json", 1, "answers[0].answer")]}}
