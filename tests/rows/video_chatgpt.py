"""video-chatgpt: noise at the end of an answer, the derived form with pickled features, an answer missing."""

import json

_VIDEO = "v_GqWH2IYPw6U"
_TURNS = [{"from": "human", "value": "<video>\nWho sings?"}, {"from": "gpt", "value": "A girl."}]
FILES = {
    f"videos/{_VIDEO}.mkv": "\x1aE matroska",
    f"{_VIDEO}.pkl": "a pickle that nothing opens",
    "VideoInstruct100K.json": json.dumps(
        [
            {"q": "Who sings?", "a": "A girl.\nQA_GT_caption_based_noisy", "video_id": _VIDEO},
            {"q": "Where?", "a": "In a city.", "video_id": "v_absent00000"},
            {"q": "Where?", "video_id": _VIDEO},
            {"q": "Where?", "a": "Here.", "video_id": ""},
        ]
    ),
    "video_chatgpt_training.json": json.dumps([{"id": _VIDEO, "video": f"{_VIDEO}.pkl", "conversations": _TURNS}]),
}


def _sample(file: str, row: int, video: str, asked: str, said: str, **more: object) -> dict:
    return {
        "id": f"{file}:{row}",
        "group": video,
        "task": "video_qa",
        "messages": [("user", ["<video 0>", asked]), ("assistant", [said])],
        "media": [("video", video, None, None)],
        **more,
    }


_NOISY = [("critique", 1, -1, -1, "QA_GT_caption_based_noisy")]
EXPECTED = {
    "default": {
        "train": [
            _sample("VideoInstruct100K", 0, _VIDEO, "Who sings?", "A girl.", spans=_NOISY),
            _sample("VideoInstruct100K", 1, "v_absent00000", "Where?", "In a city."),
        ]
    },
    "training": {
        "train": [
            _sample("video_chatgpt_training", 0, f"{_VIDEO}.pkl", "Who sings?", "A girl.", meta=f'{{"id":"{_VIDEO}"}}')
        ]
    },
}
BAD = {"default": {"train": [("VideoInstruct100K.json", 2, "a"), ("VideoInstruct100K.json", 3, "video_id")]}}
