"""valley-instruct: a clip of a whole video, a video already cut, no source, no ending, an empty file, a picture."""

import json


def _record(first: str, **keys: object) -> dict:
    turns = [{"from": "human", "value": first}, {"from": "gpt", "value": "A flute."}]
    return {**keys, "conversations": turns}


_RECORDS = [
    _record(
        "<video>\nWhat does he play?",
        id="VATEX_zkbnKBewRLA_000069_000079",
        v_id="zkbnKBewRLA_000069_000079",
        video="v_zkbnKBewRLA.mp4",
        source="VATEX",
    ),
    _record(
        "What does he play?\n<video>", id="b", v_id="abcdefghijk_000001_000004", video="abcdefghijk_000001_000004.mp4"
    ),
    _record("What does he play?", id="c", v_id="jukin-7", video="987", source="jukinmedia"),
    _record("<video>\nWhat?", id="d", v_id="abcdefghijk_000001_000004", video="v_zkbnKBewRLA", source="VATEX"),
    _record("<image>\nWhat?", id="e", image="train2014/COCO_train2014_000000000009.jpg"),
    _record("<video> <video>", id="f", video="v_x.mp4", source="VATEX"),
    _record("<video>\nWhat?", id="g", video=["a.mp4", 3]),
    {"id": "h", "video": "v_x.mp4", "conversations": []},
]
FILES = {
    "VATEX/v_zkbnKBewRLA.mp4": "....ftypmp42",
    "jukinmedia/987.mp4": "",
    "images/train2014/COCO_train2014_000000000009.jpg": "64x48",
    "valley_instruct_65k.json": json.dumps(_RECORDS),
    "Valley_instruct_73k.json": json.dumps(_RECORDS[:1]),
}


def _sample(file: str, row: int, native: str, asked: list, *media: tuple, meta: str = "") -> dict:
    return {
        "id": f"{file}:{row}",
        "group": media[0][1],
        "task": "video_qa",
        "messages": [("user", asked), ("assistant", ["A flute."])],
        "media": list(media),
        "meta": meta or f'{{"id":"{native}"}}',
    }


_CLIP = ("video", "VATEX/v_zkbnKBewRLA.mp4", None, None, 69.0, 79.0)
_ASKED = "What does he play?"
_NEW = "valley_instruct_65k"
_ID = "VATEX_zkbnKBewRLA_000069_000079"

EXPECTED = {
    "default": {
        "train": [
            _sample(_NEW, 0, _ID, ["<video 0>", _ASKED], _CLIP),
            _sample(
                _NEW, 1, "b", [_ASKED, "<video 0>"], ("video", "webvid/abcdefghijk_000001_000004.mp4", None, None)
            ),
            _sample(
                _NEW, 2, "c", ["<video 0>", _ASKED], ("video", "jukinmedia/987.mp4", None, None),
                meta='{"id":"c","v_id":"jukin-7"}',
            ),
            _sample(_NEW, 3, "d", ["<video 0>", "What?"], (*_CLIP[:4], 1.0, 4.0)),
            _sample(
                _NEW, 4, "e", ["<image 0>", "What?"],
                ("image", "train2014/COCO_train2014_000000000009.jpg", 64, 48),
            ),
        ]
    },
    "73k": {"train": [_sample("Valley_instruct_73k", 0, _ID, ["<video 0>", _ASKED], _CLIP)]},
}  # fmt: skip
BAD = {
    "default": {
        "train": [
            (f"{_NEW}.json", 5, "conversations"),
            (f"{_NEW}.json", 6, "video[1]"),
            (f"{_NEW}.json", 7, "conversations"),
        ]
    }
}
