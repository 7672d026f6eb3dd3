"""cc-sbu-align: ids without padding, a picture that is not there, repeated records, an empty caption, no caption."""

import json

_RECORDS = [
    {"image_id": "2", "caption": "A man fishes on the bank of a river. The sky is cloudy."},
    {"image_id": "07", "caption": "A lamp."},
    {"image_id": "3", "caption": " "},
    {"image_id": "4"},
    {"image_id": "", "caption": "Nothing is named."},
]
FILES = {
    "image/2.jpg": "64x48",
    "filter_cap.json": json.dumps({"annotations": _RECORDS}),
    "filter_cap_FOHE_variant.json": json.dumps({"annotations": [_RECORDS[0]] * 2}),
}


def _sample(file: str, row: int, question: str, record: dict, *size: object) -> dict:
    ref = f"{record['image_id']}.jpg"
    return {
        "id": f"{file}:{row}",
        "group": ref,
        "task": "description",
        "messages": [("user", ["<image 0>", question]), ("assistant", [record["caption"]])],
        "media": [("image", ref, *size)],
    }


_FOHE = "filter_cap_FOHE_variant"
EXPECTED = {
    "default": {
        "train": [
            _sample("filter_cap", 0, "Write a detailed account of what the image shows.", _RECORDS[0], 64, 48),
            _sample("filter_cap", 1, "Could you describe the contents of this image for me?", _RECORDS[1], None, None),
        ],
        "fohe": [
            _sample(_FOHE, 0, "What can be seen in this picture? Be thorough.", _RECORDS[0], 64, 48),
            _sample(_FOHE, 1, "Walk me through the picture, detail by detail.", _RECORDS[0], 64, 48),
        ],
    }
}
BAD = {
    "default": {
        "train": [
            ("filter_cap.json", 2, "caption"),
            ("filter_cap.json", 3, "caption"),
            ("filter_cap.json", 4, "image_id"),
        ]
    }
}
