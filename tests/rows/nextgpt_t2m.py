"""nextgpt-t2m: processed and raw forms, the alignment pairs, targets present and absent, captions that do not match."""

import json

_ASK = {"from": "human", "value": "I need an engine sound.", "input_modality": "text"}


def _answer(text: str, kind: str, caption: str, **more: str) -> dict:
    return {"from": "gpt", "value": text, "caption": caption, "output_modality": kind, **more}


_AUDIO = {
    "audio_captions": ["An engine works"],
    "audio_caption_embeddings": ["34706.wav.npy"],
    "conversations": [_ASK, _answer("Here it is. <audio>", "audio", "An engine works")],
    "source_data": {"audiocap_id": 5},
}
_TWO = {
    "audio_captions": ["a", "b"],
    "audio_caption_embeddings": ["1.wav.npy"],
    "conversations": _AUDIO["conversations"],
}
_NOT_NPY = {**_AUDIO, "audio_caption_embeddings": ["34706.wav"]}
_MORE = {**_AUDIO, "conversations": [_ASK, _answer("<audio> <audio>", "audio", "An engine works")]}
_RAW = {
    "conversation": [
        {"from": "human", "value": "Draw a wolf.", "input_modality": "text"},
        _answer("Sure.", "image", "gray wolf", image_name="t2x00.jpg"),
        {"from": "human", "value": "Thanks", "input_modality": "text"},
        {"from": "gpt", "value": "Welcome.", "output_modality": "text"},
    ],
}
_VIDEO = {"conversation": [_RAW["conversation"][0], _answer("Look.", "video", "a wolf runs", mm_name="t2x01.mp4")]}
_ODD = {"conversation": [_RAW["conversation"][0], _answer("Look.", "smell", "a wolf")]}
FILES = {
    "images/t2x00.jpg": "64x48",
    "audios/106158.wav": "RIFF....WAVE",
    "audio_instruction_tuning.json": json.dumps([_AUDIO, _TWO, _NOT_NPY, _MORE]),
    "image_t2x.json": json.dumps([_RAW]),
    "video_t2x.json": json.dumps([_VIDEO, _ODD]),
    "audiocap_comprehension.json": json.dumps(
        [
            {
                "input_audio": "106158.wav",
                "conversations": [
                    {"from": "human", "value": "<audio>\nWhat is it?"},
                    {"from": "gpt", "value": "A train"},
                ],
            }
        ]
    ),
    "webvid_generation.json": json.dumps(
        [
            {
                "output_video": "001.mp4",
                "video_captions": "Roses",
                "video_caption_embeddings": "001.mp4.npy",
                "conversations": [{"from": "human", "value": "Film roses"}, {"from": "gpt", "value": "Sure! <video>"}],
            }
        ]
    ),
}


def _sample(where: str, task: str, media: tuple, *turns: tuple, **more: str) -> dict:
    return {"id": where, "group": where, "task": task, "messages": list(turns), "media": [media], **more}


EXPECTED = {
    "default": {
        "train": [
            _sample(
                "image_t2x:0",
                "generation",
                ("image", "t2x00.jpg", 64, 48, None, None, "gray wolf"),
                ("user", ["Draw a wolf."]),
                ("assistant", ["Sure.", "<image 0>"]),
                ("user", ["Thanks"]),
                ("assistant", ["Welcome."]),
            ),
            _sample(
                "video_t2x:0",
                "generation",
                ("video", "t2x01.mp4", None, None, None, None, "a wolf runs"),
                ("user", ["Draw a wolf."]),
                ("assistant", ["Look.", "<video 0>"]),
            ),
            _sample(
                "audio_instruction_tuning:0",
                "generation",
                ("audio", "34706.wav", None, None, None, None, "An engine works"),
                ("user", ["I need an engine sound."]),
                ("assistant", ["Here it is. ", "<audio 0>"]),
                meta='{"source_data":{"audiocap_id":5}}',
            ),
        ]
    },
    "comprehension": {
        "train": [
            _sample(
                "audiocap_comprehension:0",
                "conversation",
                ("audio", "106158.wav", None, None),
                ("user", ["<audio 0>", "What is it?"]),
                ("assistant", ["A train"]),
            )
        ]
    },
    "generation": {
        "train": [
            _sample(
                "webvid_generation:0",
                "generation",
                ("video", "001.mp4", None, None, None, None, "Roses"),
                ("user", ["Film roses"]),
                ("assistant", ["Sure! ", "<video 0>"]),
            )
        ]
    },
}
_FILE = "audio_instruction_tuning.json"
BAD = {
    "default": {
        "train": [
            ("video_t2x.json", 1, "conversation[1].output_modality"),
            (_FILE, 1, "audio_captions"),
            (_FILE, 2, "audio_caption_embeddings[0]"),
            (_FILE, 3, "conversations"),
        ]
    }
}
