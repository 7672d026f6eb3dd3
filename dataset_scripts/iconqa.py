"""IconQA: questions about abstract diagrams, answered by a picture, by a text or by filling a blank.

Paper: https://arxiv.org/abs/2110.13214. Data: https://iconqa.github.io (iconqa_data.zip).
Reader: lupantech/IconQA @12a80f79f374b7cc3835113019d4f80d1090b12b run_choose_img/dataset.py, run_choose_txt/dataset.py,
run_fill_in_blank/dataset.py, tools/generate_img_choice_feature.py.
"""

from functools import partial

from vlit_hub.formats.picture_choices import diagram_question
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

META = tuple("question_id split ques_type grade label skill skills unit".split())

SPEC = DatasetSpec(
    name="iconqa",
    title="IconQA",
    paper="IconQA: A New Benchmark for Abstract Diagram Understanding and Visual Language Reasoning",
    arxiv="2110.13214",
    year=2021,
    homepage="https://iconqa.github.io",
    licence="CC-BY-NC-SA-4.0",
    licence_stated="README: CC BY-NC-SA 4.0 (its badge says CC BY-SA 4.0)",
    files=tuple(
        Files((("**/problems.json",),), split=split, container="dict", where=("split", name))
        for split, name in (("train", "train"), ("validation", "val"), ("test", "test"))
    ),
    convert=partial(diagram_question, meta_keys=META),
    tables={"skills": Table(("{folder}/pid2skills.json",))},
    media=(MediaRule("iconqa", ("{ref}", "iconqa/{ref}", "iconqa_data/iconqa/{ref}")),),
    meta_keys=META,
    min_typed=0.3,
    picture_sources=("school curricula (IXL)",),
    generator="human",
    size="107,439 questions: 57,672 of pictures, 31,578 of texts, 18,189 blanks",
    size_source="README",
    download=("https://iconqa2021.s3.us-west-1.amazonaws.com/iconqa_data.zip",),
    obtain="Unpack iconqa_data.zip into RAW: problems.json, pid2skills.json and the pictures below iconqa/.",
    kind="base",
    scoring="multiple_choice",
)
