"""POPE: is there an object in the picture? Absent ones drawn at random, by popularity, and by co-occurrence.

Paper: https://arxiv.org/abs/2305.10355. Data: https://github.com/RUCAIBox/POPE.
Reader: RUCAIBox/POPE @3df3ba1b110ecce25696989577fad583b67d4239 evaluate.py:6-7 (one JSON object a line).
"""

from functools import partial

from vlit_hub.formats.base_qa import question_answer
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="pope",
    title="POPE",
    paper="Evaluating Object Hallucination in Large Vision-Language Models",
    arxiv="2305.10355",
    year=2023,
    homepage="https://github.com/RUCAIBox/POPE",
    licence="MIT",
    licence_stated="repository LICENSE: MIT",
    terms=("COCO/Flickr terms (pictures)",),
    files=tuple(
        Files(((f"**/coco_pope_{split}.json",),), split=split, container="jsonl")
        for split in ("random", "popular", "adversarial")
    ),
    convert=partial(
        question_answer, question="text", answer="label", words={"yes": "yes", "no": "no"}, task="yes_no",
        meta_keys=("question_id",),
    ),
    media=(MediaRule("coco", ("{ref}", "val2014/{ref}", "images/{ref}")),),
    meta_keys=("question_id",),
    picture_sources=("COCO val2014",),
    generator="annotations (COCO)",
    size="9,000 questions, 3,000 a split, on 500 pictures",
    size_source="release files",
    obtain="Take output/coco/coco_pope_*.json from https://github.com/RUCAIBox/POPE and COCO val2014 (media root"
    " 'coco') from https://cocodataset.org.",
    kind="benchmark",
    scoring="yes_no",
)  # fmt: skip
