"""anymal (substitute form): a picture, a video with its sound, a sound, and a record of no medium."""

import json

_RECORDS = [
    {"image": "a.jpg", "instruction": "What is it?", "response": "A cup."},
    {"video": "b.mp4", "audio": "b.wav", "instruction": "What happens?", "response": "They talk."},
    {"audio": "c.wav", "image": None, "instruction": "What is heard?", "response": "Rain."},
    {"instruction": "What is heard?", "response": "Rain."},
    {"image": ["a.jpg"], "instruction": "What is it?", "response": "A cup."},
]
FILES = {"images/a.jpg": "64x48", "anymal.jsonl": "".join(json.dumps(record) + "\n" for record in _RECORDS)}


def _sample(row: int, parts: list, *media: tuple) -> dict:
    return {
        "id": f"anymal:{row}",
        "group": media[0][1],
        "task": "conversation",
        "messages": [("user", [*parts, _RECORDS[row]["instruction"]]), ("assistant", [_RECORDS[row]["response"]])],
        "media": list(media),
    }


EXPECTED = {
    "default": {
        "train": [
            _sample(0, ["<image 0>"], ("image", "a.jpg", 64, 48)),
            _sample(1, ["<video 0>", "<audio 0>"], ("video", "b.mp4", None, None), ("audio", "b.wav", None, None)),
            _sample(2, ["<audio 0>"], ("audio", "c.wav", None, None)),
        ]
    }
}
BAD = {"default": {"train": [("anymal.jsonl", 3, "image"), ("anymal.jsonl", 4, "image")]}}
