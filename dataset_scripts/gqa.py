"""GQA: compositional questions made from the scene graphs of Visual Genome.

Paper: https://arxiv.org/abs/1902.09506. Data: https://cs.stanford.edu/people/dorarad/gqa/download.html.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/gqa_datasets.py.
"""

from vlit_hub.formats.lavis import GQA, GQA_META
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="gqa",
    title="GQA",
    paper="GQA: A New Dataset for Real-World Visual Reasoning and Compositional Question Answering",
    arxiv="1902.09506",
    year=2019,
    homepage="https://cs.stanford.edu/people/dorarad/gqa",
    licence_stated="none stated in dorarad/gqa; Hub copies disagree (lmms-lab/GQA: MIT, Graphcore/gqa: CC BY 4.0)",
    files=(
        Files((("**/train_balanced_questions.json",),), container="dict"),
        Files((("**/val_balanced_questions.json",),), split="validation", container="dict"),
        Files((("**/testdev_balanced_questions.json",),), split="testdev", container="dict"),
        Files((("**/train_all_questions_*.json",),), "all", container="dict"),
    ),
    convert=GQA,
    media=(MediaRule("gqa", ("{ref}", "images/{ref}", "gqa/images/{ref}")),),
    meta_keys=GQA_META,
    min_typed=0.1,
    picture_sources=("Visual Genome",),
    generator="templates over scene graphs",
    obtain="Take the questions and images from https://cs.stanford.edu/people/dorarad/gqa/download.html.",
    kind="base",
    scoring="exact",
)
