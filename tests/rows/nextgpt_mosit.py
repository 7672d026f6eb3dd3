"""nextgpt-mosit: tags in both roles and cases, one by its caption, one not listed, media no tag names, empty lists."""

import json


def _listed(kind: str, name: str, caption: str) -> dict:
    return {f"{kind}_name": name, "data_source": "mosit", "caption": caption}


def _turns(*texts: str) -> list:
    return [{"from": ("human", "gpt")[i % 2], "value": text} for i, text in enumerate(texts)]


_FULL = {
    "image_list": [_listed("image", "i_00.jpg", "A waterfall"), _listed("image", "i_01.jpg", "A camera")],
    "video_list": [_listed("video", "v_00.mp4", "Water falls")],
    "audio_list": [],
    "conversation": _turns(
        "What is this? <Image>i_01.jpg</Image> Tell me.",
        "A camera. It made <image>A waterfall</image> and <Video>v_00.mp4</Video>",
        "And its sound?",
        "<Audio>a_00.wav</Audio>",
    ),
}
_UNUSED = {**_FULL, "video_list": [], "conversation": _turns("Hello", "Hi")}
_CUT = {"image_list": [{"image_name": "i_00.jpg"}], "conversation": _turns("Hello", "Hi")}
_PROCESSED = {
    "image_captions": ["A camera"],
    "image_caption_embeddings": ["i_01.jpg.npy"],
    "conversations": _turns("Show me a camera.", "Here. <image>"),
}
FILES = {
    "images/i_00.jpg": "64x48",
    "mosit.json": json.dumps([_FULL, _UNUSED, _CUT]),
    "mosit_instruction_tuning.json": json.dumps([_PROCESSED]),
}

_FIRST = ("image", "i_00.jpg", 64, 48, None, None, "A waterfall")
_SECOND = ("image", "i_01.jpg", None, None, None, None, "A camera")

EXPECTED = {
    "default": {
        "train": [
            {
                "id": "mosit:0",
                "group": "mosit:0",
                "task": "generation",
                "messages": [
                    ("user", ["What is this? ", "<image 0>", " Tell me."]),
                    ("assistant", ["A camera. It made ", "<image 1>", " and ", "<video 0>"]),
                    ("user", ["And its sound?"]),
                    ("assistant", ["<audio 0>"]),
                ],
                "media": [
                    _SECOND,
                    _FIRST,
                    ("video", "v_00.mp4", None, None, None, None, "Water falls"),
                    ("audio", "a_00.wav", None, None),
                ],
                "meta": '{"data_source":{"image_list":["mosit","mosit"],"video_list":["mosit"]}}',
            },
            {
                "id": "mosit:1",
                "group": "mosit:1",
                "task": "conversation",
                "messages": [("user", ["Hello"]), ("assistant", ["Hi"])],
                "media": [_FIRST, _SECOND],
                "meta": '{"data_source":{"image_list":["mosit","mosit"]}}',
            },
        ]
    },
    "processed": {
        "train": [
            {
                "id": "mosit_instruction_tuning:0",
                "group": "mosit_instruction_tuning:0",
                "task": "generation",
                "messages": [("user", ["Show me a camera."]), ("assistant", ["Here. ", "<image 0>"])],
                "media": [_SECOND],
            }
        ]
    },
}
BAD = {"default": {"train": [("mosit.json", 2, "caption")]}}
