"""COCO captions: five sentences a picture, in the Karpathy split or as published.

Paper: https://arxiv.org/abs/1504.00325. Data: https://cocodataset.org.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/caption_datasets.py.
"""

from functools import partial

from vlit_hub.formats.captions import KARPATHY, KARPATHY_META, captions
from vlit_hub.formats.lavis import CAPTIONS
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

OFFICIAL = partial(captions, image="{file_name}", join=("images", "image_id"), meta_keys=("id",))
SPLITS = {"train": "train", "restval": "train", "val": "validation", "test": "test"}
FOLDERS = ("train2014", "val2014", "train2017", "val2017")

SPEC = DatasetSpec(
    name="coco-captions",
    title="COCO Captions",
    paper="Microsoft COCO Captions: Data Collection and Evaluation Server",
    arxiv="1504.00325",
    year=2015,
    homepage="https://cocodataset.org",
    licence="CC-BY-4.0",
    licence_stated="annotations CC BY 4.0 (cocodataset.org terms of use)",
    terms=("COCO/Flickr terms (pictures)",),
    files=(
        Files((("**/coco_karpathy_train.json",),)),
        Files((("**/coco_karpathy_val.json",),), split="validation"),
        Files((("**/coco_karpathy_test.json",),), split="test"),
        *(
            Files((("**/dataset_coco.json",),), "karpathy", split, "", "images", ("split", native), KARPATHY)
            for native, split in SPLITS.items()
        ),
        *(
            Files(((f"**/captions_{name}{year}.json",),), year, split, rows="annotations", convert=OFFICIAL)
            for split, name in {"train": "train", "validation": "val"}.items()
            for year in ("2014", "2017")
        ),
    ),
    tables={"images": Table(rows="images", key="id")},
    convert=CAPTIONS,
    media=(MediaRule("coco", ("{ref}", "images/{ref}", *(f"{part}/{{ref}}" for part in FOLDERS))),),
    meta_keys=("id", "image_id", "sentences", *KARPATHY_META),
    min_typed=0.1,
    picture_sources=("COCO",),
    generator="human",
    download=(
        "https://storage.googleapis.com/sfr-vision-language-research/datasets/coco_karpathy_{train,val,test}.json",
    ),
    obtain="Take captions_train2014.json or captions_train2017.json from https://cocodataset.org, or LAVIS's"
    " coco_karpathy_*.json from its storage; pictures (media root 'coco') from https://cocodataset.org.",
    kind="base",
    scoring="caption",
)
