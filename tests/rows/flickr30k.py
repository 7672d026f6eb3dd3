"""flickr30k: Karpathy's sentences with the split inside, a sentence that is none; LAVIS rows."""

import json

from tests.rows.asked import captioned

_SENTENCES = [{"tokens": ["two"], "raw": "Two men.", "imgid": 0, "sentid": s} for s in (0, 1)]
_SENTENCES[1]["raw"] = "Two guys."
_IMAGE = {"sentids": [0, 1], "imgid": 0, "sentences": _SENTENCES, "split": "train", "filename": "1000092795.jpg"}
_BROKEN = _IMAGE | {"sentences": [{"tokens": []}]}
FILES = {
    "flickr30k-images/1000092795.jpg": "64x48",
    "dataset_flickr30k.json": json.dumps({"images": [_IMAGE, _BROKEN], "dataset": "flickr30k"}),
    "flickr30k_test.json": json.dumps([{"image": "flickr30k-images/1007129816.jpg", "caption": ["A man.", "He."]}]),
}
_META = {"imgid": 0, "sentences": [{"imgid": 0, "sentid": s, "tokens": ["two"]} for s in (0, 1)]}
_META |= {"sentids": [0, 1], "split": "train"}
EXPECTED = {
    "default": {
        "train": [
            captioned("dataset_flickr30k.json", 0, "1000092795.jpg", "Two men.", (64, 48))
            | {"answers": ["Two men.", "Two guys."], "meta": json.dumps(_META, separators=(",", ":"))}
        ],
        "validation": [],
        "test": [],
    },
    "lavis": {
        "test": [
            captioned("flickr30k_test.json", 0, "flickr30k-images/1007129816.jpg", "A man.", answers=["A man.", "He."])
        ]
    },
}
BAD = {"default": {"train": [("dataset_flickr30k.json", 1, "sentences[0]")]}}
