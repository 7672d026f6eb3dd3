"""video-llama: the three constituents side by side; a COCO 2014 name, a video of WebVid, a record that is no row."""

import json

FILES = {
    "train2014/COCO_train2014_000000000009.jpg": "64x48",
    "cc_sbu_align/image/2.jpg": "32x24",
    "cc_sbu_align/filter_cap.json": json.dumps({"annotations": [{"image_id": "2", "caption": "A red bus."}]}),
    "llava_instruct_150k.json": json.dumps(
        [
            {
                "id": "9",
                "image": "000000000009.jpg",
                "conversations": [{"from": "human", "value": "<image>\nWho?"}, {"from": "gpt", "value": "A dog."}],
            }
        ]
    ),
    "videochat_instruct_11k.json": json.dumps(
        [{"video": "000001_000050/7.mp4", "QA": [{"q": "Who?", "a": "A girl."}]}, {"video": "7.mp4", "QA": "none"}]
    ),
}


def _sample(where: str, task: str, media: tuple, asked: str, said: str, **more: str) -> dict:
    return {
        "id": where,
        "group": media[1],
        "task": task,
        "messages": [("user", [f"<{media[0]} 0>", asked]), ("assistant", [said])],
        "media": [media],
        **more,
    }


EXPECTED = {
    "default": {
        "train": [
            _sample(
                "cc_sbu_align/filter_cap:0",
                "description",
                ("image", "2.jpg", 32, 24),
                "Walk me through the picture, detail by detail.",
                "A red bus.",
            ),
            _sample(
                "llava_instruct_150k:0",
                "conversation",
                ("image", "000000000009.jpg", 64, 48),
                "Who?",
                "A dog.",
                meta='{"id":"9"}',
            ),
            _sample(
                "videochat_instruct_11k:0",
                "conversation",
                ("video", "000001_000050/7.mp4", None, None),
                "Who?",
                "A girl.",
            ),
        ]
    }
}
BAD = {"default": {"train": [("videochat_instruct_11k.json", 1, "QA")]}}
