"""VQAv2: questions about COCO pictures with ten answers each.

Paper: https://arxiv.org/abs/1612.00837. Data: https://visualqa.org/download.html.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/coco_vqa_datasets.py.
"""

from functools import partial

from vlit_hub.formats.base_qa import OFFICIAL_VQA, VQA_META, question_answer
from vlit_hub.formats.lavis import VQA
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

NATIVE = {"train": "train2014", "validation": "val2014", "test": "test2015"}
ANSWERED = tuple(
    Files(
        ((f"**/v2_mscoco_{native}_annotations.json",),), "official", split, rows="annotations",
        convert=partial(OFFICIAL_VQA, image=f"COCO_{native}_{{image_id:012d}}.jpg"),
    )
    for split, native in list(NATIVE.items())[:2]
)  # fmt: skip
TEST = partial(question_answer, image="COCO_test2015_{image_id:012d}.jpg", id_key="question_id")

SPEC = DatasetSpec(
    name="vqav2",
    title="VQAv2",
    paper="Making the V in VQA Matter: Elevating the Role of Image Understanding in Visual Question Answering",
    arxiv="1612.00837",
    year=2017,
    homepage="https://visualqa.org",
    licence="CC-BY-4.0",
    licence_stated="annotations CC BY 4.0 (visualqa.org terms)",
    terms=("COCO/Flickr terms (pictures)",),
    files=(
        Files((("**/vqa_train.json",),)),
        Files((("**/vqa_val.json",),), split="validation"),
        *ANSWERED,
        Files((("**/v2_*_test2015_questions.json",),), "official", "test", rows="questions", convert=TEST),
    ),
    tables={"questions": Table(("**/v2_*_questions.json",), rows="questions", key="question_id")},
    unique_id=True,
    convert=VQA,
    media=(MediaRule("coco", ("{ref}", "images/{ref}", *(f"{native}/{{ref}}" for native in NATIVE.values()))),),
    meta_keys=("dataset", "question_id", *VQA_META),
    picture_sources=("COCO 2014, 2015 (test)",),
    generator="human",
    size="443,757 train, 214,354 val questions",
    size_source="visualqa.org",
    download=("https://storage.googleapis.com/sfr-vision-language-research/datasets/vqa_{train,val}.json",),
    obtain="Take the v2 questions and annotations from https://visualqa.org/download.html (subset official), or"
    " vqa_train.json and vqa_val.json from LAVIS's storage; pictures (media root 'coco') from https://cocodataset.org.",
    min_typed=0.3,
    kind="base",
    scoring="vqa",
)
