"""gqa: questions by id, the same file as a list (LAVIS), a row without answer."""

import json

from tests.rows.asked import asked

_ROW = {
    "semantic": [{"operation": "select", "dependencies": [], "argument": "sky (2486325)"}],
    "entailed": ["02930159"],
}
_ROW |= {"equivalent": ["02930152"], "question": "Is it dark?", "imageId": "2354786", "isBalanced": True}
_ROW |= {"groups": {"global": None, "local": "06-sky_dark"}, "answer": "yes", "semanticStr": "select: sky (2486325)"}
_ROW |= {"annotations": {"question": {"2": "2486325"}}, "types": {"detailed": "verifyAttr"}}
_ROW |= {"fullAnswer": "Yes, it is dark."}
FILES = {
    "images/2354786.jpg": "64x48",
    "train_balanced_questions.json": json.dumps({"02930152": _ROW, "1": {"question": "?", "answer": "x"}}),
    "val_balanced_questions.json": json.dumps(
        [{"image": "1.jpg", "question": "Who?", "answer": "man", "question_id": "7", "dataset": "gqa"}]
    ),
}
EXPECTED = {
    "default": {
        "train": [
            asked("train_balanced_questions:0", "2354786.jpg", "Is it dark?", "yes", size=(64, 48))
            | {
                "answers": ["Yes, it is dark."],
                "meta": '{"annotations":{"question":{"2":"2486325"}},"entailed":["02930159"],"equivalent":["02930152"],'
                '"groups":{"global":null,"local":"06-sky_dark"},"isBalanced":true,"question_id":"02930152",'
                '"semantic":[{"argument":"sky (2486325)","dependencies":[],"operation":"select"}],'
                '"semanticStr":"select: sky (2486325)","types":{"detailed":"verifyAttr"}}',
            }
        ],
        "validation": [
            asked("val_balanced_questions:0", "1.jpg", "Who?", "man") | {"meta": '{"dataset":"gqa","question_id":"7"}'}
        ],
    }
}
BAD = {"default": {"train": [("train_balanced_questions.json", 1, "image")]}}
