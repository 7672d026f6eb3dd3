"""VizWiz-VQA: pictures and spoken questions of blind people, ten answers each.

Paper: https://arxiv.org/abs/1802.08218. Data: https://vizwiz.org/tasks-and-datasets/vqa.
Reader: the files' own layout (vizwiz.org).
"""

from functools import partial

from vlit_hub.formats.base_qa import question_answer
from vlit_hub.spec import DatasetSpec, Files, MediaRule

META = ("answer_type", "answerable")

SPEC = DatasetSpec(
    name="vizwiz",
    title="VizWiz-VQA",
    paper="VizWiz Grand Challenge: Answering Visual Questions from Blind People",
    arxiv="1802.08218",
    year=2018,
    homepage="https://vizwiz.org/tasks-and-datasets/vqa",
    licence="CC-BY-4.0",
    licence_stated="CC BY 4.0 (vizwiz.org)",
    files=(
        Files((("**/train.json",),)),
        Files((("**/val.json",),), split="validation"),
        Files((("**/test.json",),), split="test"),
    ),
    convert=partial(question_answer, answer="answers", meta_keys=META),
    media=(MediaRule("vizwiz", ("{ref}", "train/{ref}", "val/{ref}", "test/{ref}", "images/{ref}")),),
    meta_keys=("answer_confidence", *META),
    min_typed=0.4,
    picture_sources=("VizWiz users",),
    generator="human",
    obtain="Take the annotations and the pictures from https://vizwiz.org/tasks-and-datasets/vqa.",
    kind="base",
    scoring="vqa",
)
