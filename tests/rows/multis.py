"""multis: lists of questions, of captions, a video with its sound, a Chinese mark, unequal lists, no medium."""

import json


def _talk(asked: str, **keys: object) -> dict:
    turns = [{"from": "human", "value": asked}, {"from": "gpt", "value": "A dog."}]
    return {**keys, "conversations": turns}


FILES = {
    "COCO_train2014_000000000009.jpg": "64x48",
    "YMDuoiSY9ms_80.000_90.000.wav": "RIFF....WAVE",
    "video7.mp4": "....ftypmp42",
    "img_vqa_vqav2.json": json.dumps(
        [
            {"image_id": "COCO_train2014_000000000009", "question": ["Who?", "Where?"], "answer": ["a dog", "at home"]},
            {"image_id": "COCO_train2014_000000000009", "question": ["Who?", "Where?"], "answer": ["a dog"]},
            {"question": "Who?", "answer": "a dog"},
        ]
    ),
    "img_cap_coco.json": json.dumps([{"image_id": "gone", "caption": ["A dog.", "One dog."]}]),
    "vid_qa_msrvtt.json": json.dumps([{"video_id": "video7", "question": "Who?", "answer": "a dog"}]),
    "aud_cap_audiocaps.json": json.dumps([{"video_id": "YMDuoiSY9ms_80.000_90.000", "desc": "A dog barks"}]),
    "llava_detail_23k.json": json.dumps([_talk("<image>\nWho?", image_id="COCO_train2014_000000000009")]),
    "video_detail_10k.json": json.dumps([_talk("Who?\n<视频>", video_id="video7", text=["EXIT"])]),
    "audiovideo_conversation_10k.json": json.dumps([_talk("<video>\nWho?", video_id="YMDuoiSY9ms_80.000_90.000")]),
}

_DOG = ("image", "COCO_train2014_000000000009", 64, 48)
_SOUND = ("audio", "YMDuoiSY9ms_80.000_90.000", None, None)
_FILM = ("video", "video7", None, None)


def _sample(where: str, task: str, asked: list, said: str, *media: tuple, **more: object) -> dict:
    return {
        "id": where,
        "group": media[0][1],
        "task": task,
        "messages": [("user", asked), ("assistant", [said])],
        "media": list(media),
        **more,
    }


EXPECTED = {
    "default": {
        "train": [
            _sample("img_vqa_vqav2:0:0", "vqa", ["<image 0>", "Who?"], "a dog", _DOG),
            _sample("img_vqa_vqav2:0:1", "vqa", ["<image 0>", "Where?"], "at home", _DOG),
            _sample(
                "img_cap_coco:0",
                "caption",
                ["<image 0>", "Caption this image."],
                "A dog.",
                ("image", "gone", None, None),
                answers=["A dog.", "One dog."],
            ),
            _sample("vid_qa_msrvtt:0", "video_qa", ["<video 0>", "Who?"], "a dog", _FILM),
            _sample(
                "aud_cap_audiocaps:0",
                "audio_caption",
                ["<audio 0>", "Provide a full description of the recording."],
                "A dog barks",
                _SOUND,
            ),
            _sample("llava_detail_23k:0", "conversation", ["<image 0>", "Who?"], "A dog.", _DOG),
            _sample(
                "video_detail_10k:0", "conversation", ["Who?", "<video 0>"], "A dog.", _FILM, meta='{"text":["EXIT"]}'
            ),
            _sample(
                "audiovideo_conversation_10k:0",
                "conversation",
                ["<audio 0>", "<video 0>", "Who?"],
                "A dog.",
                ("video", *_SOUND[1:]),
                _SOUND,
            ),
        ]
    }
}
BAD = {"default": {"train": [("img_vqa_vqav2.json", 1, "answer"), ("img_vqa_vqav2.json", 2, "video_id")]}}
