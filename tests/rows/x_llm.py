"""x-llm: pictures, a video, speech alone, with a picture, as a question with history; captions, one or several."""

import json

_CAPTIONS = ["浴室里的人", "墙边的人", "浴室里的人"]
_VSD = {
    "speech_feats_path": "/raid/cfl/vsd/feats/q_7.npy",
    "answer_text": "是白色的",
    "question_text": "它是什么颜色",
    "history_text": "问题：有猫吗回复：有一只",
    "image_path": "/raid/cfl/coco/train2014/COCO_train2014_000000000009.jpg",
}
FILES = {
    "train2014/COCO_train2014_000000000009.jpg": "64x48",
    "chatgpt_filter_cap_zh_check_new.json": json.dumps([{"image_id": "2", "caption_zh": "一个人在钓鱼。"}]),
    "train_fliter_chatgpt_20230422.json": json.dumps([{"image_id": "v_1", "caption_zh": "他们在跳舞。"}]),
    "asr_instruction_zh.json": json.dumps(
        [{"speech_feats_path": "/raid/cfl/a/1.npy", "target_text": "你好", "utterance_id": "IC1", "length": 80}]
    ),
    "masr_instruction_zh.json": json.dumps(
        [{"speech_feats_path": "2.npy", "question_text": "有狗吗", "image_path": "val2014/x.jpg"}]
    ),
    "vsd_instruction_zh.json": json.dumps(
        [
            _VSD,
            _VSD | {"history_text": ""},
            _VSD | {"history_text": "回复：有一只问题：有猫吗"},
            _VSD | {"history_text": "有猫吗"},
        ]
    ),
    "pretrain_coco_zh.json": json.dumps(
        [
            {
                "image": "train2014/COCO_train2014_000000000009.jpg",
                "caption": _CAPTIONS,
                "image_id": "a",
                "dataset": "coco_zh",
            }
        ]
    ),
    "pretrain_sbu_zh.json": json.dumps(
        [
            {"image": "/raid/sbu/5e.jpg", "caption": "老树", "image_id": "5e.jpg", "dataset": "sbu_zh"},
            {"image": "/raid/sbu/5e.jpg", "caption": [], "image_id": "5e.jpg", "dataset": "sbu_zh"},
        ]
    ),
}


def _sample(id: str, task: str, media: list, messages: list, **more: object) -> dict:
    return {"id": id, "group": media[0][1], "task": task, "messages": messages, "media": media, "language": "zh"} | more


_PICTURE = ("image", "COCO_train2014_000000000009.jpg", 64, 48)
_ASKED = [_PICTURE, ("audio", "q_7.npy", None, None, None, None, "它是什么颜色")]
EXPECTED = {
    "default": {
        "train": [
            _sample(
                "chatgpt_filter_cap_zh_check_new:0",
                "description",
                [("image", "2.jpg", None, None)],
                [("user", ["<image 0>", "请对这幅图像进行详细的描述。"]), ("assistant", ["一个人在钓鱼。"])],
            ),
            _sample(
                "train_fliter_chatgpt_20230422:0",
                "video_caption",
                [("video", "v_1.mp4", None, None)],
                [("user", ["<video 0>", "请描述视频里的人物、物体和动作。"]), ("assistant", ["他们在跳舞。"])],
            ),
            _sample(
                "asr_instruction_zh:0",
                "audio_caption",
                [("audio", "1.npy", None, None)],
                [("user", ["<audio 0>", "请把听到的话写成汉字。"]), ("assistant", ["你好"])],
                meta='{"length":80,"utterance_id":"IC1"}',
            ),
            _sample(
                "masr_instruction_zh:0",
                "audio_caption",
                [("image", "x.jpg", None, None), ("audio", "2.npy", None, None)],
                [("user", ["<image 0>", "<audio 0>", "请把这段语音转写成文字。"]), ("assistant", ["有狗吗"])],
            ),
            _sample(
                "vsd_instruction_zh:0",
                "visual_dialog",
                _ASKED,
                [
                    ("user", ["<image 0>", "有猫吗"]),
                    ("ASSISTANT", ["有一只"]),
                    ("user", ["<audio 0>", "请利用图中的信息回答语音里的提问。"]),
                    ("assistant", ["是白色的"]),
                ],
            ),
            _sample(
                "vsd_instruction_zh:1",
                "visual_dialog",
                _ASKED,
                [
                    ("user", ["<image 0>", "<audio 0>", "这段录音问了一个关于图片的问题，请回答。"]),
                    ("assistant", ["是白色的"]),
                ],
            ),
        ],
        "pretrain": [
            _sample(
                "pretrain_coco_zh:0",
                "caption",
                [("image", "train2014/COCO_train2014_000000000009.jpg", 64, 48)],
                [("user", ["<image 0>", "给这张照片写一句说明。"]), ("assistant", ["浴室里的人"])],
                answers=_CAPTIONS,
                meta='{"dataset":"coco_zh","image_id":"a"}',
            ),
            _sample(
                "pretrain_sbu_zh:0",
                "caption",
                [("image", "5e.jpg", None, None)],
                [("user", ["<image 0>", "用一句简短的话总结图片内容。"]), ("assistant", ["老树"])],
                meta='{"dataset":"sbu_zh","image_id":"5e.jpg"}',
            ),
        ],
    }
}
BAD = {
    "default": {
        "train": [("vsd_instruction_zh.json", 2, "history_text"), ("vsd_instruction_zh.json", 3, "history_text")],
        "pretrain": [("pretrain_sbu_zh.json", 1, "caption")],
    }
}
