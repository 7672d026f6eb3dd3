"""COCO captions: five sentences a picture, in the Karpathy split, as published, or with the objects of the picture.

Paper: https://arxiv.org/abs/1504.00325. Data: https://cocodataset.org.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/caption_datasets.py.
"""

from functools import partial

from vlit_hub.formats.captions import KARPATHY, KARPATHY_META, captions
from vlit_hub.formats.coco_regions import objects_caption
from vlit_hub.formats.lavis import CAPTIONS
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

OFFICIAL = partial(captions, image="{file_name}", join=("images", "image_id"), meta_keys=("id",))
PICTURE_META = ("license", "coco_url", "flickr_url", "date_captured")
KEYS = {"images": "id", "annotations": "image_id", "categories": "id"}
OBJECTS = partial(objects_caption, meta_keys=PICTURE_META)
PUBLISHED = (("captions", "", "annotations", OFFICIAL), ("instances", "objects-", "images", OBJECTS))
LAVIS = {"train": "train", "val": "validation", "test": "test"}
SPLITS = LAVIS | {"restval": "train"}
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
        *(Files(((f"**/coco_karpathy_{name}.json",),), split=split) for name, split in LAVIS.items()),
        *(
            Files((("**/dataset_coco.json",),), "karpathy", split, "", "images", ("split", native), KARPATHY)
            for native, split in SPLITS.items()
        ),
        *(
            Files(((f"**/{file}_{part}.json",),), prefix + part[-4:], SPLITS[part[:-4]], "", rows, convert=convert)
            for file, prefix, rows, convert in PUBLISHED
            for part in FOLDERS
        ),
    ),
    tables={name: Table(rows=name, key=key) for name, key in KEYS.items()}
    | {"captions": Table(("{folder}/captions_*.json",), "annotations", "image_id")},
    convert=CAPTIONS,
    media=(MediaRule("coco", ("{ref}", "images/{ref}", *(f"{part}/{{ref}}" for part in FOLDERS))),),
    meta_keys=("id", "image_id", "sentences", *KARPATHY_META, *PICTURE_META),
    min_typed=0.1,
    picture_sources=("COCO",),
    generator="human",
    download=(
        "https://storage.googleapis.com/sfr-vision-language-research/datasets/coco_karpathy_{train,val,test}.json",
    ),
    obtain="Take captions_*.json (for objects instances_*.json too) of 2014 or 2017 and pictures (media root 'coco')"
    " from https://cocodataset.org, or LAVIS's coco_karpathy_*.json from its storage.",
    kind="base",
    scoring="caption",
)
