"""lynx: lists of alternatives, a video below images/, a base64 picture, base64 frames, broken base64, no newline."""

import base64
import io
import json

from PIL import Image


def _png(width: int) -> str:
    data = io.BytesIO()
    Image.new("RGB", (width, 6), (9, 90, 20)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


_FACTS = {"dataset": "Open_VQA_images", "index": 33}
_IMAGES = [
    {
        "image": "images/vqav2/val2014/9.jpg",
        "question": "How many?",
        "answer": ["2", "two", "two"],
        "class": "Counting",
        "origin_dataset": "vqav2",
    },
    {"image": _png(8), "question": "Which colour?", "answer": ["green"]},
    {"image": [_png(8), _png(4)], "question": "What moves?", "answer": "nothing"},
    {"image": ["?", _png(4)], "question": "What moves?", "answer": "nothing"},
]
_VIDEO = {"dataset": "Open_VQA_videos", "question": "What is done?", "answer": ["a push"], "index": 1}
FILES = {
    "images/vqav2/val2014/9.jpg": "64x48",
    "data/Open_VQA_images.jsonl": "\n".join(json.dumps(_FACTS | record) for record in _IMAGES),
    "data/Open_VQA_videos.jsonl": json.dumps(_VIDEO | {"video": "images/sthsthv2cap/val/97908.mp4"}) + "\n",
}


def _sample(row: int, media: list, answer: str, **more: object) -> dict:
    pictures = [f"<image {i}>" for i in range(len(media))]
    return {
        "id": f"data/Open_VQA_images:{row}",
        "group": media[0][1] or f"data/Open_VQA_images:{row}",
        "task": "vqa",
        "messages": [("user", [*pictures, _IMAGES[row]["question"]]), ("assistant", [answer])],
        "media": media,
        "meta": '{"dataset":"Open_VQA_images","index":33}',
    } | more


EXPECTED = {
    "default": {
        "test": [
            _sample(
                0,
                [("image", "images/vqav2/val2014/9.jpg", 64, 48)],
                "two",
                answers=["2", "two", "two"],
                meta='{"class":"Counting","dataset":"Open_VQA_images","index":33,"origin_dataset":"vqav2"}',
            ),
            _sample(1, [("image", "", 8, 6)], "green", answers=["green"]),
            _sample(
                2,
                [
                    ("image", "", 8, 6, None, None, "", "image"),
                    ("image", "", 4, 6, None, None, "", "image"),
                ],
                "nothing",
            ),
            {
                "id": "data/Open_VQA_videos:0",
                "group": "images/sthsthv2cap/val/97908.mp4",
                "task": "video_qa",
                "messages": [("user", ["<video 0>", "What is done?"]), ("assistant", ["a push"])],
                "media": [("video", "images/sthsthv2cap/val/97908.mp4", None, None)],
                "answers": ["a push"],
                "meta": '{"dataset":"Open_VQA_videos","index":1}',
            },
        ]
    }
}
BAD = {"default": {"test": [("data/Open_VQA_images.jsonl", 3, "image[0]")]}}
