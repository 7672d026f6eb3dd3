"""m3it: list, text, absent, broken and url-safe base64; empty inputs; a drawn instruction; frames; Chinese."""

import json

from tests.rows.mimic_it import _png

_ROWS = [
    {"instruction": "Answer.", "inputs": "What is it?", "image_base64_str": [_png(6, 4)], "outputs": "A bus."},
    {"instruction": "Describe.", "inputs": "", "image_str": "data:image/png;base64," + _png(5, 4), "outputs": "A cup."},
    {"instruction": "Answer.", "inputs": "Why?", "outputs": "Because."},
    {"inputs": None, "image_base64_str": ["iVBORw0KGgo=", _png(3, 3)], "outputs": "Two, one is broken."},
    {"instruction": "Answer.", "inputs": "Who?", "image_base64_str": None, "outputs": 7},
]
_FRAMES = {"instruction": "Ask.", "inputs": "", "image_base64_str": [_png(2, 2), _png(2, 3)], "outputs": "They run."}
_CHINESE = {"instruction": "描述。", "inputs": "", "image_base64_str": [_png(2, 2)], "outputs": "一辆车。"}


def _lines(*rows: dict) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


FILES = {
    "data/kvqa/a-okvqa/train.jsonl": _lines(*_ROWS),
    "data/kvqa/a-okvqa/instructions.json": json.dumps(["Answer the question."]),
    "data/video/msvd-qa/train_0.jsonl": _lines(_FRAMES),
    "data/chinese/coco-cn/test.jsonl": _lines(_CHINESE),
}


def _sample(name: str, task: str, asked: str, said: str, *sizes: tuple, **more: object) -> dict:
    return {
        "id": f"data/{name}",
        "group": f"data/{name}",
        "task": task,
        "messages": [
            ("user", [*(f"<image {i}>" for i in range(len(sizes))), asked]),
            ("assistant", [said]),
        ],
        "media": [("image", "", *size) for size in sizes],
    } | more


_CLIP = (None, None, "", "data/video/msvd-qa/train_0.jsonl:0")
EXPECTED = {
    "default": {
        "train": [
            _sample("kvqa/a-okvqa/train:0", "vqa", "Answer.\nWhat is it?", "A bus.", (6, 4)),
            _sample("kvqa/a-okvqa/train:1", "vqa", "Describe.", "A cup.", (5, 4)),
            _sample("kvqa/a-okvqa/train:2", "vqa", "Answer.\nWhy?", "Because.", (None, None)),
            _sample("kvqa/a-okvqa/train:3", "vqa", "Answer the question.", "Two, one is broken.", (None, None), (3, 3)),
            _sample("video/msvd-qa/train_0:0", "video_qa", "Ask.", "They run.", (2, 2, *_CLIP), (2, 3, *_CLIP)),
        ],
        "test": [_sample("chinese/coco-cn/test:0", "caption", "描述。", "一辆车。", (2, 2), language="zh")],
    }
}
BAD = {"default": {"train": [("data/kvqa/a-okvqa/train.jsonl", 4, "outputs")]}}
