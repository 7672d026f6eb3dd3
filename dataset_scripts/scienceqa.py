"""ScienceQA: school questions with options, hints, lectures and solutions, half of them with a picture.

Paper: https://arxiv.org/abs/2209.09513. Data: https://github.com/lupantech/ScienceQA.
Reader: lupantech/ScienceQA data/scienceqa/problems.json, the file's own layout.
"""

from functools import partial

from vlit_hub.formats.base_qa import question_answer
from vlit_hub.spec import DatasetSpec, Files, MediaRule

META = tuple("question_id split task grade subject topic category skill lecture solution".split())

SPEC = DatasetSpec(
    name="scienceqa",
    title="ScienceQA",
    paper="Learn to Explain: Multimodal Reasoning via Thought Chains for Science Question Answering",
    arxiv="2209.09513",
    year=2022,
    homepage="https://scienceqa.github.io",
    licence="CC-BY-NC-SA-4.0",
    licence_stated="CC BY-NC-SA 4.0",
    files=tuple(
        Files((("**/problems.json",),), split=split, container="dict", where=("split", name))
        for name, split in {"train": "train", "val": "validation", "test": "test"}.items()
    ),
    convert=partial(
        question_answer,
        image="{key}/{image}",
        optional_image=True,
        context="hint",
        choices="choices",
        correct="answer",
        answer="",
        keyed="question_id",
        meta_keys=META,
    ),
    media=(
        MediaRule(
            "scienceqa",
            (
                "{ref}",
                *(f"{folder}{split}/{{ref}}" for folder in ("", "images/") for split in ("train", "val", "test")),
            ),
        ),
    ),
    meta_keys=META,
    min_typed=0.3,
    picture_sources=("school curricula (IXL)",),
    generator="human",
    size="21,208 questions",
    size_source="paper",
    obtain="Take problems.json from https://github.com/lupantech/ScienceQA and the pictures by its tools/download.sh.",
    kind="base",
    scoring="multiple_choice",
)
