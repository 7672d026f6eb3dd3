"""OK-VQA: questions about COCO pictures that need outside knowledge.

Paper: https://arxiv.org/abs/1906.00067. Data: https://okvqa.allenai.org/download.html.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/coco_vqa_datasets.py.
"""

from functools import partial

from vlit_hub.formats.base_qa import OFFICIAL_VQA, VQA_META
from vlit_hub.formats.lavis import VQA
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

SPEC = DatasetSpec(
    name="okvqa",
    title="OK-VQA",
    paper="OK-VQA: A Visual Question Answering Benchmark Requiring External Knowledge",
    arxiv="1906.00067",
    year=2019,
    homepage="https://okvqa.allenai.org",
    licence_stated="none found in the abstract or the listings of its copies on the Hub; its site could not be read",
    terms=("COCO/Flickr terms (pictures)",),
    files=tuple(
        entry
        for split, name in {"train": "train", "validation": "val"}.items()
        for entry in (
            Files(((f"**/okvqa_{name}.json",),), split=split),
            Files(
                ((f"**/mscoco_{name}2014_annotations.json",),),
                "official",
                split,
                rows="annotations",
                convert=partial(OFFICIAL_VQA, image=f"COCO_{name}2014_{{image_id:012d}}.jpg"),
            ),
        )
    ),  # fmt: skip
    unique_id=True,
    convert=VQA,
    tables={"questions": Table(("**/OpenEnded_mscoco_*_questions.json",), rows="questions", key="question_id")},
    meta_keys=(*VQA_META, "question_id", "dataset"),
    media=(MediaRule("coco", ("{ref}", "images/{ref}", "train2014/{ref}", "val2014/{ref}")),),
    picture_sources=("COCO 2014",),
    generator="human",
    download=("https://storage.googleapis.com/sfr-vision-language-research/LAVIS/datasets/okvqa/okvqa_train.json",),
    obtain="Take the questions and annotations from https://okvqa.allenai.org/download.html (subset official), or"
    " okvqa_train.json from LAVIS's storage; pictures (media root 'coco') from https://cocodataset.org.",
    min_typed=0.3,
    kind="base",
    scoring="vqa",
)
