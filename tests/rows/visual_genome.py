"""visual-genome: regions with and without a whole box, questions with and without answer, LAVIS questions."""

import json

from tests.rows.asked import asked
from vlit_hub.formats.templates import draw

_REGION = {
    "region_id": 1382,
    "width": 32,
    "height": 24,
    "image_id": 1,
    "phrase": "the clock is green",
    "y": 12,
    "x": 16,
}
_QA = {"a_objects": [], "question": "What colour?", "image_id": 1, "qa_id": 986768, "answer": "Green.", "q_objects": []}
FILES = {
    "VG_100K/1.jpg": "64x48",
    "region_descriptions.json": json.dumps([{"id": 1, "regions": [_REGION, _REGION | {"x": None}]}]),
    "question_answers.json": json.dumps([{"id": 2, "qas": [_QA, _QA | {"question": 7}, _QA]}, {"id": 3, "qas": None}]),
}
_BEFORE, _, _AFTER = draw("describe_region", "region_descriptions.json:0:0").partition("{phrase}")
_REGIONS = asked("region_descriptions:0:0", "1.jpg", "", "the clock is green", size=(64, 48)) | {
    "task": "region_description",
    "messages": [
        ("user", [piece for piece in ("<image 0>", _BEFORE, ("", [0]), _AFTER) if piece]),
        ("assistant", ["the clock is green"]),
    ],
    "regions": [("box", "norm", [0.25, 0.25, 0.75, 0.75])],
    "meta": '{"image_id":1,"region_id":1382}',
}
_QAS = [
    asked(f"question_answers:0:{k}", "2.jpg", "What colour?", "Green.")
    | {"meta": '{"a_objects":[],"image_id":1,"q_objects":[],"qa_id":986768}'}
    for k in (0, 2)
]
EXPECTED = {
    "default": {"train": [_REGIONS, *_QAS]},
    "regions": {"train": [_REGIONS]},
    "qa": {"train": _QAS},
}
_BAD = [
    ("region_descriptions.json", 0, "regions[1].x, y, width, height"),
    ("question_answers.json", 0, "qas[1].question"),
    ("question_answers.json", 1, "qas"),
]
BAD = {"default": {"train": _BAD}, "regions": {"train": _BAD[:1]}, "qa": {"train": _BAD[1:]}}
