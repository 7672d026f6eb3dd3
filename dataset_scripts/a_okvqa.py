"""A-OKVQA: multiple choice and free answers with rationales, questions of commonsense about COCO pictures.

Paper: https://arxiv.org/abs/2206.01718. Data: https://github.com/allenai/aokvqa.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/aok_vqa_datasets.py.
"""

from vlit_hub.formats.lavis import AOKVQA, AOKVQA_META
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="a-okvqa",
    title="A-OKVQA",
    paper="A-OKVQA: A Benchmark for Visual Question Answering using World Knowledge",
    arxiv="2206.01718",
    year=2022,
    homepage="https://allenai.org/project/a-okvqa/home",
    licence_stated="repository LICENSE: MIT (code); licence of the data not separately stated",
    terms=("COCO/Flickr terms (pictures)",),
    files=(
        Files((("**/aokvqa_v1p0_train.json",),)),
        Files((("**/aokvqa_v1p0_val.json",),), split="validation"),
        Files((("**/aokvqa_v1p0_test.json",),), split="test"),
    ),
    convert=AOKVQA,
    media=(MediaRule("coco", ("{ref}", "images/{ref}", "train2017/{ref}", "val2017/{ref}", "test2017/{ref}")),),
    meta_keys=(*AOKVQA_META,),
    picture_sources=("COCO 2017",),
    generator="human",
    obtain="Take aokvqa_v1p0_*.json by the link in https://github.com/allenai/aokvqa and COCO 2017 (root coco).",
    kind="base",
    scoring="multiple_choice",
)
