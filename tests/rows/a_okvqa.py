"""a-okvqa: the official row (picture by number), one with a picture name, a test row without answers, a bad index."""

import json

from tests.rows.asked import asked

_ROW = {"split": "train", "image_id": 299207, "question_id": "22MexNk", "question": "Awaits?"}
_ROW |= {"choices": ["skateboarder", "cab"], "correct_choice_idx": 1, "direct_answers": ["ride", "cab", "cab"]}
_ROW |= {"difficult_direct_answer": False, "rationales": ["A train would not be on the street."]}
_TEST = {"split": "test", "image_id": 9, "question_id": "x", "question": "Who?", "choices": ["a", "b"]}
FILES = {
    "train2017/000000299207.jpg": "64x48",
    "aokvqa_v1p0_train.json": json.dumps([_ROW, _ROW | {"correct_choice_idx": 2}, _ROW | {"image": "a/b.jpg"}]),
    "aokvqa_v1p0_test.json": json.dumps([_TEST]),
}
_CHOICE = {
    "task": "multiple_choice",
    "choices": ["skateboarder", "cab"],
    "correct": 1,
    "answers": ["ride", "cab", "cab"],
}
_META = '"question_id":"22MexNk","rationales":["A train would not be on the street."],"split":"train"}'
_ASKED = "Awaits?\nA. skateboarder\nB. cab"
EXPECTED = {
    "default": {
        "train": [
            asked("aokvqa_v1p0_train:0", "000000299207.jpg", _ASKED, "cab", size=(64, 48))
            | _CHOICE
            | {"meta": '{"difficult_direct_answer":false,' + _META},
            asked("aokvqa_v1p0_train:2", "a/b.jpg", _ASKED, "cab")
            | _CHOICE
            | {"meta": '{"difficult_direct_answer":false,"image_id":299207,' + _META},
        ],
        "test": [
            asked("aokvqa_v1p0_test:0", "000000000009.jpg", "Who?\nA. a\nB. b", task="multiple_choice")
            | {"choices": ["a", "b"], "meta": '{"question_id":"x","split":"test"}'}
        ],
    }
}
BAD = {"default": {"train": [("aokvqa_v1p0_train.json", 1, "correct_choice_idx")]}}
