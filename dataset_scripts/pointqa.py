"""PointQA: questions that say "this" of a place in a Visual Genome picture, in the form that Shikra's authors released.

Paper: https://arxiv.org/abs/2011.13681. Data: https://github.com/shikras/shikra.
Reader: shikras/shikra @1204f1082680d552fc26688a2aa557a39d8ec828 mllm/dataset/single_image_dataset/point_qa.py
(Point_QA_local, Point_QA_twice).
"""

from functools import partial

from vlit_hub.formats.region_qa import region_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPLITS = {"train": "train", "validation": "val", "test": "test"}
QUESTIONS = {"twice_object": "obj_question", "twice_super": "super_question", "twice_general": "general_question"}
ASK = partial(region_qa, image="file_path", point="point")

SPEC = DatasetSpec(
    name="pointqa",
    title="PointQA (Point and Ask)",
    paper="Point and Ask: Incorporating Pointing into Visual Question Answering",
    arxiv="2011.13681",
    year=2020,
    homepage="https://github.com/princetonvisualai/pointingqa",
    licence_stated="none stated (README of princetonvisualai/pointingqa, which has no licence file)",
    files=(
        *(Files(((f"**/pointQA_local_{name}.jsonl",),), split=split) for split, name in SPLITS.items()),
        *(
            Files(
                ((f"**/pointQA_twice_{name}.jsonl",),), subset, split,
                convert=partial(ASK, question=question, meta_keys=[q for q in QUESTIONS.values() if q != question]),
            )
            for subset, question in QUESTIONS.items()
            for split, name in SPLITS.items()
        ),
    ),
    convert=ASK,
    media=(MediaRule("vg", ("{ref}", "VG_100K/{name}", "VG_100K_2/{name}", "images/{name}")),),
    meta_keys=tuple(QUESTIONS.values()),
    min_typed=0.3,
    modalities=("text", "image", "region"),
    picture_sources=("Visual Genome (COCO and YFCC100M)",),
    generator="annotations (Visual Genome) and templates",
    obtain="Take pointQA_{local,twice}_{train,val,test}.jsonl by the links of https://github.com/shikras/shikra"
    " (docs/data.md) and the image archives of Visual Genome (media root 'vg').",
    kind="base",
    scoring="exact",
)  # fmt: skip
