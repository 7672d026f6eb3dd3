"""textcaps: one caption with its references; a row without picture."""

import json

from tests.rows.asked import captioned

_ROW = {"caption_str": "A sign says stop.", "image_id": "0a1b", "image_classes": ["Sign"], "image_width": 64}
_ROW |= {"flickr_original_url": "https://x/o.jpg", "flickr_300k_url": "https://x/z.jpg", "image_name": "0a1b"}
_ROW |= {"image_path": "train/0a1b.jpg", "image_height": 48, "set_name": "train", "caption_id": 3}
_ROW |= {"caption_tokens": ["a", "sign"], "reference_strs": ["A sign says stop.", "Stop."]}
_ROW |= {"reference_tokens": [["a"], ["stop"]]}
FILES = {
    "train_images/0a1b.jpg": "64x48",
    "TextCaps_0.1_train.json": json.dumps({"dataset_name": "textcaps", "data": [_ROW, _ROW | {"image_id": ""}]}),
}
_META = {key: _ROW[key] for key in sorted(_ROW) if key not in ("caption_str", "image_id", "reference_strs")}
EXPECTED = {
    "default": {
        "train": [
            captioned("TextCaps_0.1_train.json", 0, "0a1b.jpg", "A sign says stop.", (64, 48))
            | {"answers": ["A sign says stop.", "Stop."], "meta": json.dumps(_META, separators=(",", ":"))}
        ]
    }
}
BAD = {"default": {"train": [("TextCaps_0.1_train.json", 1, "image_id")]}}
