"""Visual Genome: region descriptions with boxes, and questions about the whole picture.

Paper: https://arxiv.org/abs/1602.07332. Data: https://homes.cs.washington.edu/~ranjay/visualgenome/api.html.
Reader: Vision-CAIR/MiniGPT-4 @d94738a7626e (region_descriptions.json); salesforce/LAVIS
@506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/vg_vqa_datasets.py.
"""

from functools import partial

from vlit_hub.formats.base_qa import questions_answers
from vlit_hub.formats.captions import region_captions
from vlit_hub.formats.lavis import VQA
from vlit_hub.spec import DatasetSpec, Files, MediaRule

QA_META = ("qa_id", "image_id", "a_objects", "q_objects")
QA = partial(questions_answers, image="{id}.jpg", items="qas", item_keys=QA_META)
REGIONS = partial(region_captions, image="{id}.jpg", meta_keys=("region_id", "image_id", "synsets"))

SPEC = DatasetSpec(
    name="visual-genome",
    title="Visual Genome",
    paper="Visual Genome: Connecting Language and Vision Using Crowdsourced Dense Image Annotations",
    arxiv="1602.07332",
    year=2016,
    homepage="https://homes.cs.washington.edu/~ranjay/visualgenome",
    licence="CC-BY-4.0",
    licence_stated="CC BY 4.0",
    files=(
        Files((("**/region_descriptions.json",),), convert=REGIONS),
        Files((("**/question_answers.json",),)),
        Files((("**/region_descriptions.json",),), "regions", convert=REGIONS),
        Files((("**/question_answers.json",),), "qa"),
        Files((("**/vg_qa.json",),), "lavis_qa", convert=VQA),
    ),
    convert=QA,
    media=(MediaRule("vg", ("{ref}", "VG_100K/{ref}", "VG_100K_2/{ref}", "images/{ref}", "vg/{ref}")),),
    meta_keys=("region_id", "synsets", "question_id", "dataset", *QA_META),
    min_typed=0.3,
    modalities=("text", "image", "region"),
    picture_sources=("Visual Genome (COCO and YFCC100M)",),
    generator="human",
    size="5.4M region descriptions, 1.7M questions on 108K pictures",
    size_source="paper",
    obtain="Take region_descriptions.json, question_answers.json and the two image archives (VG_100K, VG_100K_2; media"
    " root 'vg') from https://homes.cs.washington.edu/~ranjay/visualgenome/api.html.",
    kind="base",
)
