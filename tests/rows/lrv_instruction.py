"""lrv-instruction: object and bare array, negative and other tasks, no task, boxes that stay text, charts, queries."""

import json

_QA = {
    "image_id": "2356371",
    "question": "Is there a dog at X:1 Y:2 Width:3 Height:4?",
    "answer": "No.",
    "task": "negative",
}
_MORE = {"image_id": "1", "question": "What is it?", "answer": "A lamp: blue", "task": "object detection"}
_CHART = {"image_id": "7.png", "question": "Which bar is highest?", "answer": "The second."}
_QUERY = {"image_id": "2356371", "question": "Is there a cat?"}
FILES = {
    "VG_100K_2/2356371.jpg": "64x48",
    "chart_image/7.png": "40x30",
    "filter_cap.json": json.dumps({"annotations": [_QA, _QUERY]}),
    "filter_cap_more1.json": json.dumps([_MORE]),
    "chart_release_update.json": json.dumps([_CHART, _MORE | {"answer": ""}]),
    "Evaluation/evaluation_set.json": json.dumps([_QUERY]),
}


def _sample(id: str, record: dict, ref: str, width: object, height: object) -> dict:
    sample = {
        "id": id,
        "group": ref,
        "task": "conversation",
        "messages": [("user", ["<image 0>", record["question"]])],
        "media": [("image", ref, width, height)],
    }
    if "answer" in record:
        sample["messages"].append(("assistant", [record["answer"]]))
    if "task" in record:
        sample["meta"] = f'{{"task":"{record["task"]}"}}'
    return sample


_NEGATIVE = _sample("filter_cap:0", _QA, "2356371.jpg", 64, 48) | {"instruction_type": "negative"}
_MORE_1 = _sample("filter_cap_more1:0", _MORE, "1.jpg", None, None)
EXPECTED = {
    "default": {"train": [_NEGATIVE, _MORE_1, _sample("chart_release_update:0", _CHART, "7.png", 40, 30)]},
    "no_coordinates": {"train": [_MORE_1]},
    "eval": {"test": [_sample("Evaluation/evaluation_set:0", _QUERY, "2356371.jpg", 64, 48)]},
}
BAD = {"default": {"train": [("filter_cap.json", 1, "answer"), ("chart_release_update.json", 1, "answer")]}}
