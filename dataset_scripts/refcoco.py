"""RefCOCO: expressions for objects in COCO pictures, with their boxes (MDETR's json form, no pickles).

Paper: https://arxiv.org/abs/1608.00272. Data: https://github.com/ashkamath/mdetr.
Reader: jshilong/GPT4RoI @00273ade gpt4roi/datasets/refcoco.py (file_name, caption, bbox xywh).
"""

from vlit_hub.formats.captions import EVAL_DATA, MDETR, MDETR_META
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

SPLITS = {"train": "train", "validation": "val", "testA": "testA", "testB": "testB"}

SPEC = DatasetSpec(
    name="refcoco",
    title="RefCOCO",
    paper="Modeling Context in Referring Expressions",
    arxiv="1608.00272",
    year=2016,
    homepage="https://github.com/lichengunc/refer",
    licence_stated="not stated (no licence file in lichengunc/refer)",
    terms=("COCO/Flickr terms (pictures)",),
    files=(
        *(
            Files(((f"**/finetune_refcoco_{name}.json",),), split=split, rows="images")
            for split, name in SPLITS.items()
        ),
        *(
            Files(((f"**/refcoco_{name}.json",),), "eval_data", split, convert=EVAL_DATA)
            for split, name in list(SPLITS.items())[1:]
        ),
    ),
    convert=MDETR,
    tables={"annotations": Table(rows="annotations", key="image_id")},
    media=(MediaRule("coco", ("{ref}", "train2014/{ref}", "images/{ref}", "coco/train2014/{ref}")),),
    meta_keys=("img_id", *MDETR_META),
    min_typed=0.4,
    picture_sources=("COCO train2014",),
    modalities=("text", "image", "region"),
    generator="human (ReferItGame)",
    obtain="Take mdetr_annotations.tar.gz by the link in https://github.com/ashkamath/mdetr and COCO train2014 (media"
    " root 'coco'); subset eval_data: eval_scripts/eval_data of https://github.com/Vision-CAIR/MiniGPT-4.",
    kind="base",
    scoring="iou",
)
