"""VSR: true and false sentences about how two things in a COCO picture stand to each other.

Paper: https://arxiv.org/abs/2205.00363. Data: https://github.com/cambridgeltl/visual-spatial-reasoning.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/vsr_datasets.py (1: yes).
"""

from vlit_hub.formats.lavis import VSR, VSR_META
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="vsr",
    title="VSR (Visual Spatial Reasoning)",
    paper="Visual Spatial Reasoning",
    arxiv="2205.00363",
    year=2022,
    homepage="https://github.com/cambridgeltl/visual-spatial-reasoning",
    licence="Apache-2.0",
    licence_stated="repository (data and code): Apache-2.0",
    terms=("COCO/Flickr terms (pictures)",),
    files=(
        Files((("**/random/train.jsonl",), ("train.jsonl",))),
        Files((("**/random/dev.jsonl",), ("dev.jsonl",)), split="validation"),
        Files((("**/random/test.jsonl",), ("test.jsonl",)), split="test"),
    ),
    convert=VSR,
    meta_keys=VSR_META,
    min_typed=0.3,
    media=(MediaRule("coco", ("{ref}", "images/{ref}", "train2017/{ref}", "val2017/{ref}")),),
    picture_sources=("COCO 2017",),
    generator="human",
    download=(
        "https://raw.githubusercontent.com/cambridgeltl/visual-spatial-reasoning/HEAD/data/splits/random/{train,dev,test}.jsonl",
    ),
    obtain="Take data/splits/random/*.jsonl from https://github.com/cambridgeltl/visual-spatial-reasoning, COCO 2017.",
    kind="base",
    scoring="yes_no",
)
