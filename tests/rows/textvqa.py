"""textvqa: ten answers, a test row without any, an answer that is no text."""

import json

from tests.rows.asked import asked

_ROW = {"question": "what brand?", "image_id": "0054c91397f2fe05", "image_classes": ["Belt"], "image_width": 64}
_ROW |= {"flickr_original_url": "https://x/o.jpg", "flickr_300k_url": "https://x/z.jpg", "image_height": 48}
_ROW |= {"question_tokens": ["what", "brand"], "question_id": 0, "set_name": "train"}
_TRAIN = _ROW | {"answers": ["nous les gosses", "dakota", "clos culombu", "dakota"]}
FILES = {
    "TextVQA_0.5.1_train.json": json.dumps({"dataset_type": "train", "data": [_TRAIN, _TRAIN | {"answers": [1]}]}),
    "TextVQA_0.5.1_test.json": json.dumps({"data": [_ROW]}),
}
_META = json.dumps({k: _ROW[k] for k in sorted(_ROW) if k not in ("question", "image_id")}, separators=(",", ":"))
EXPECTED = {
    "default": {
        "train": [
            asked("TextVQA_0.5.1_train:0", "0054c91397f2fe05.jpg", "what brand?", "dakota", task="ocr")
            | {"answers": _TRAIN["answers"], "meta": _META}
        ],
        "test": [asked("TextVQA_0.5.1_test:0", "0054c91397f2fe05.jpg", "what brand?", task="ocr", meta=_META)],
    }
}
BAD = {"default": {"train": [("TextVQA_0.5.1_train.json", 1, "answers[0]")]}}
