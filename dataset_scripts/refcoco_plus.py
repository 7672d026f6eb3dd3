"""RefCOCO+: expressions without words of place, with their boxes (MDETR's json form, no pickles).

Paper: https://arxiv.org/abs/1608.00272. Data: https://github.com/ashkamath/mdetr.
Reader: jshilong/GPT4RoI @00273ade gpt4roi/datasets/refcoco.py (file_name, caption, bbox xywh).
"""

from vlit_hub.formats import captions
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

NAMES = {name: f"finetune_refcoco+_{name}.json" for name in ("train", "val", "testA", "testB")}

SPEC = DatasetSpec(
    name="refcoco-plus",
    title="RefCOCO+",
    year=2016,
    arxiv="1608.00272",
    paper="Modeling Context in Referring Expressions",
    homepage="https://github.com/lichengunc/refer",
    files=tuple(
        Files(((f"**/{file}",),), split="validation" if name == "val" else name, rows="images")
        for name, file in NAMES.items()
    ),
    tables={"annotations": Table(rows="annotations", key="image_id")},
    convert=captions.MDETR,
    media=(MediaRule("coco", ("{ref}", "train2014/{ref}", "images/{ref}", "coco/train2014/{ref}")),),
    modalities=("text", "image", "region"),
    meta_keys=captions.MDETR_META,
    min_typed=0.4,
    terms=("COCO/Flickr terms (pictures)",),
    licence_stated="not stated (no licence file in lichengunc/refer)",
    generator="human (ReferItGame)",
    picture_sources=("COCO train2014",),
    obtain="Take mdetr_annotations.tar.gz by the link in https://github.com/ashkamath/mdetr and COCO train2014.",
    kind="base",
    scoring="iou",
)
