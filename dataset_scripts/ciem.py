"""CIEM / CIT: factual and contrastive yes / no questions over COCO captions, with a justification. Never released.

Paper: https://arxiv.org/abs/2309.02301. Data: none ("Please contact the authors", https://nips.cc/virtual/2023/79655).
Reader: none. What is read is a form of this project's own, for files of one's own: flat QA as the paper describes it.
"""

from functools import partial

from vlit_hub.formats.qa import Medium, flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="ciem",
    title="CIEM / CIT",
    paper="CIEM: Contrastive Instruction Evaluation Method for Better Instruction Tuning",
    arxiv="2309.02301",
    year=2023,
    homepage="https://nips.cc/virtual/2023/79655",
    licence_stated="none stated (never released)",
    terms=("OpenAI terms of use (texts by ChatGPT)", "COCO/Flickr terms (pictures)"),
    files=(
        Files((("ciem.json", "ciem.jsonl"), ("ciem_train.json", "ciem_train.jsonl"))),
        Files((("ciem_eval.json", "ciem_eval.jsonl"),), split="eval"),
    ),
    convert=partial(
        flat_qa,
        media=(Medium("image", "{image}"), Medium("image", "{image_id}.jpg")),
        reason=("justification", "cot"),
        task="yes_no",
        kind="type",
        kinds={"factual": "none", "contrastive": "negative"},
    ),
    media=(MediaRule("coco", ("{ref}", "train2014/{name}", "val2014/{name}", "train2017/{name}", "val2017/{name}")),),
    min_typed=1.0,
    survey_category="general/self-instruct (hallucination, contrastive)",
    picture_sources=("COCO captions (COCO images)",),
    generator="ChatGPT from human captions",
    size="unknown (never released)",
    released="never",
    substitute="json or jsonl of {image | image_id, question, answer, justification | cot, type: factual |"
    " contrastive}, a form of this project",
    obtain="No file can be had: write to the authors for code and data, or bring questions of your own in the"
    " substitute form as ciem.json (media root 'coco'). LRV-Instruction's negatives are the nearest released set.",
)
