"""RefCOCOg: long expressions for objects in COCO pictures, with their boxes (MDETR's json form, no pickles).

Paper: https://arxiv.org/abs/1511.02283. Data: https://github.com/ashkamath/mdetr.
Reader: jshilong/GPT4RoI @00273ade gpt4roi/datasets/refcoco.py (file_name, caption, bbox xywh).
"""

from vlit_hub.formats.captions import MDETR, MDETR_META
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

SPEC = DatasetSpec(
    name="refcocog",
    title="RefCOCOg",
    paper="Generation and Comprehension of Unambiguous Object Descriptions",
    arxiv="1511.02283",
    year=2016,
    homepage="https://github.com/mjhucla/Google_Refexp_toolbox",
    files=(
        Files((("**/finetune_refcocog_train.json",),), rows="images"),
        Files((("**/finetune_refcocog_val.json",),), split="validation", rows="images"),
        Files((("**/finetune_refcocog_test.json",),), split="test", rows="images"),
    ),
    convert=MDETR,
    media=(MediaRule("coco", ("{ref}", "train2014/{ref}", "images/{ref}", "coco/train2014/{ref}")),),
    tables={"annotations": Table(rows="annotations", key="image_id")},
    licence_stated="not stated (no licence file in lichengunc/refer)",
    terms=("COCO/Flickr terms (pictures)",),
    meta_keys=MDETR_META,
    modalities=("text", "image", "region"),
    picture_sources=("COCO train2014",),
    min_typed=0.4,
    generator="human (Mechanical Turk)",
    obtain="From https://github.com/ashkamath/mdetr take mdetr_annotations.tar.gz; root 'coco' is COCO train2014.",
    kind="base",
    scoring="iou",
)
