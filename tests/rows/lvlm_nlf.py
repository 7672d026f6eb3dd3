"""lvlm-nlf: two judged turns, a turn without rating, an unknown key, no turns; VLSafe with and without reference."""

import json

_FIRST = {"user": "How to harm?", "model": "I cannot say.", "rating": "4", "critique NLF": "Safe response."}
_SECOND = {"user": "Good; be more helpful.", "model": "Ask me of buses.", "critique NLF": "Better."}
_NLF = [
    {"image_id": "000000000009.jpg", "caption": "A bus", "interaction": [_FIRST, _SECOND]},
    {"image_id": "000000000009.jpg", "caption": "A bus", "interaction": []},
    {"image_id": "000000000009.jpg", "caption": "A bus", "interaction": [_FIRST | {"score": 1}]},
    {"image_id": "000000000009.jpg", "caption": "A bus", "interaction": [_FIRST | {"rating": 4}]},
]
_SAFE = {"image_id": "000000000025.jpg", "caption": "A man on skis.", "query": "How to hurt others on skis?"}
_REFERENCE = "Please ski with care."


def _lines(*rows: dict) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


FILES = {
    "train2017/000000000009.jpg": "64x48",
    "LVLM_NLF/harmlessness_nlf.jsonl": _lines(*_NLF),
    "LVLM_NLF/helpfulness_nlf.jsonl": _lines(_NLF[0]),
    "VLSafe/harmlessnss_alignment.jsonl": _lines(_SAFE | {"reference": _REFERENCE}),
    "VLSafe/harmlessness_examine.jsonl": _lines(_SAFE),
}


def _dialogue(name: str) -> dict:
    return {
        "id": f"LVLM_NLF/{name}:0",
        "group": "000000000009.jpg",
        "task": "feedback",
        "messages": [
            ("user", ["<image 0>", "How to harm?"]),
            ("ASSISTANT", ["I cannot say."]),
            ("user", ["Good; be more helpful."]),
            ("assistant", ["Ask me of buses."]),
        ],
        "media": [("image", "000000000009.jpg", 64, 48, None, None, "A bus")],
        "spans": [
            ("rating", 1, -1, -1, "4"),
            ("critique", 1, -1, -1, "Safe response."),
            ("critique", 3, -1, -1, "Better."),
        ],
    }


def _safe(name: str, *said: tuple) -> dict:
    return {
        "id": f"VLSafe/{name}:0",
        "group": "000000000025.jpg",
        "task": "conversation",
        "messages": [("user", ["<image 0>", "How to hurt others on skis?"]), *said],
        "media": [("image", "000000000025.jpg", None, None, None, None, "A man on skis.")],
        "meta": '{"adversarial":true}',
    }


_HARM = _dialogue("harmlessness_nlf") | {"meta": '{"adversarial":true}'}
_JUDGED = [_HARM, _dialogue("helpfulness_nlf")]
_ALIGNMENT = _safe("harmlessnss_alignment", ("assistant", [_REFERENCE]))
_EXAMINE = _safe("harmlessness_examine")
EXPECTED = {
    "default": {"train": [*_JUDGED, _ALIGNMENT], "test": [_EXAMINE]},
    "nlf": {"train": _JUDGED},
    "vlsafe": {"train": [_ALIGNMENT], "test": [_EXAMINE]},
}
_BAD = [
    ("LVLM_NLF/harmlessness_nlf.jsonl", 1, "interaction"),
    ("LVLM_NLF/harmlessness_nlf.jsonl", 2, "interaction[0]"),
    ("LVLM_NLF/harmlessness_nlf.jsonl", 3, "interaction[0].rating"),
]
BAD = {"default": {"train": _BAD}, "nlf": {"train": _BAD}}
