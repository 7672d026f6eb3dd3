"""refcocog: an expression with its box; a picture with its size in the file; a picture without box."""

from tests.rows.refcoco import META, located, mdetr, picture

FILES = {
    "coco/train2014/COCO_train2014_000000581857.jpg": "64x48",
    "finetune_refcocog_train.json": mdetr(picture(0, "the woman in blue"), picture(5, "nobody")),
}
_MEDIA = [("image", "COCO_train2014_000000581857.jpg", 64, 48)]
EXPECTED = {
    "default": {"train": [located("finetune_refcocog_train.json", 0, "the woman in blue", meta=META, media=_MEDIA)]}
}
BAD = {"default": {"train": [("finetune_refcocog_train.json", 1, "id")]}}
