"""macaw-llm: a COCO record with a caption, AVSD's one id for video and sound, a text the trainer would drop."""

import json

FILES = {
    "train2014/COCO_train2014_000000344896.jpg": "64x48",
    "generated_examples_coco.json": json.dumps(
        {
            "data": [
                {
                    "id": "COCO_train2014_000000344896.jpg",
                    "instruction": "What sport is it?",
                    "response": "It is tennis.",
                    "caption": "She hits a ball.",
                },
                {"id": "x.jpg", "instruction": "Is it a caption?", "response": "That is not known."},
                {"id": "x.jpg", "instruction": "", "response": "Nothing was asked."},
            ]
        }
    ),
    "data/generated_examples_avsd.json": json.dumps(
        {"data": [{"id": "YSBN0", "instruction": "What does he do?", "response": "He reads."}]}
    ),
}
EXPECTED = {
    "default": {
        "train": [
            {
                "id": "generated_examples_coco:0",
                "group": "COCO_train2014_000000344896.jpg",
                "task": "vqa",
                "messages": [("user", ["<image 0>", "What sport is it?"]), ("assistant", ["It is tennis."])],
                "media": [
                    ("image", "COCO_train2014_000000344896.jpg", 64, 48, None, None, "She hits a ball."),
                ],
            },
            {
                "id": "generated_examples_coco:1",
                "group": "x.jpg",
                "task": "vqa",
                "messages": [("user", ["<image 0>", "Is it a caption?"]), ("assistant", ["That is not known."])],
                "media": [("image", "x.jpg", None, None)],
            },
            {
                "id": "data/generated_examples_avsd:0",
                "group": "YSBN0.mp4",
                "task": "video_qa",
                "messages": [
                    ("user", ["<video 0>", "<audio 0>", "What does he do?"]),
                    ("assistant", ["He reads."]),
                ],
                "media": [("video", "YSBN0.mp4", None, None), ("audio", "YSBN0.mp4.wav", None, None)],
            },
        ]
    }
}
BAD = {"default": {"train": [("generated_examples_coco.json", 2, "instruction")]}}
