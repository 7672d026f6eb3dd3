"""videochat: several turns and a clip, pictures of both prefixes, VideoChat2's instructions, no question."""

import json

_RECORDS = [
    {
        "video": "000001_000050/1066682446.mp4",
        "QA": [{"q": "What happens?", "a": "A man surfs."}, {"q": "Where?", "a": "At sea."}],
        "start": 1.5,
        "end": 4,
    },
    {"video": "000001_000050/7.mp4", "QA": [{"i": "Look closely.", "q": "", "a": "A dog."}]},
    {
        "video": "000001_000050/8.mp4",
        "QA": [{"i": "Be brief.", "q": "Who?", "a": "A girl."}, {"i": "Be brief.", "q": "Why?", "a": "Fun."}],
    },
    {"video": "000001_000050/9.mp4", "QA": []},
    {"video": "000001_000050/9.mp4", "QA": [{"q": "Who?", "answer": "A girl."}]},
    {"video": "000001_000050/9.mp4", "QA": [{"q": "Who?", "a": "A girl."}], "start": "0:01"},
]
FILES = {
    "videos/000001_000050/1066682446.mp4": "....ftypmp42",
    "image/2.jpg": "64x48",
    "videochat_instruct_11k.json": json.dumps(_RECORDS),
    "anno/minigpt_caption_3k.json": json.dumps([{"image": "2.jpg", "QA": [{"q": "Describe it.", "a": "A red bus."}]}]),
    "anno/llava_complex_reasoning_2k.json": json.dumps(
        [{"image": "train2014/COCO_train2014_000000000009.jpg", "QA": [{"q": "Why?", "a": "It rains."}]}]
    ),
}


def _sample(where: str, task: str, media: tuple, *turns: tuple) -> dict:
    return {"id": where, "group": media[1], "task": task, "messages": list(turns), "media": [media]}


_VIDEO = [
    _sample(
        "videochat_instruct_11k:0",
        "conversation",
        ("video", "000001_000050/1066682446.mp4", None, None, 1.5, 4.0),
        ("user", ["<video 0>", "What happens?"]),
        ("assistant", ["A man surfs."]),
        ("user", ["Where?"]),
        ("assistant", ["At sea."]),
    ),
    _sample(
        "videochat_instruct_11k:1",
        "conversation",
        ("video", "000001_000050/7.mp4", None, None),
        ("system", ["Look closely."]),
        ("user", ["<video 0>"]),
        ("assistant", ["A dog."]),
    ),
    _sample(
        "videochat_instruct_11k:2",
        "conversation",
        ("video", "000001_000050/8.mp4", None, None),
        ("system", ["Be brief."]),
        ("user", ["<video 0>", "Who?"]),
        ("assistant", ["A girl."]),
        ("user", ["Why?"]),
        ("assistant", ["Fun."]),
    ),
]
_CAPTION = _sample(
    "anno/minigpt_caption_3k:0",
    "description",
    ("image", "2.jpg", 64, 48),
    ("user", ["<image 0>", "Describe it."]),
    ("assistant", ["A red bus."]),
)
_REASON = _sample(
    "anno/llava_complex_reasoning_2k:0",
    "reasoning",
    ("image", "train2014/COCO_train2014_000000000009.jpg", None, None),
    ("user", ["<image 0>", "Why?"]),
    ("assistant", ["It rains."]),
)
_REFUSED = [("videochat_instruct_11k.json", row, field) for row, field in ((3, "QA"), (4, "QA[0]"), (5, "start"))]

EXPECTED = {
    "default": {"train": [*_VIDEO, _CAPTION, _REASON]},
    "video": {"train": _VIDEO},
    "minigpt_caption_3k": {"train": [_CAPTION]},
}
BAD = {"default": {"train": _REFUSED}, "video": {"train": _REFUSED}}
