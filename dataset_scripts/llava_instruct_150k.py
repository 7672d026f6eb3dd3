"""LLaVA-Instruct-150K: conversations, descriptions and reasoning that GPT-4 wrote from COCO captions and boxes.

Paper: https://arxiv.org/abs/2304.08485. Data: https://huggingface.co/datasets/liuhaotian/LLaVA-Instruct-150K.
Reader: haotian-liu/LLaVA @c121f0432da27facab705978f83c4ada465e46fd llava/train/train.py:313-327,697-701.
"""

from functools import partial

from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

PARTS = ("conversation_58k", "detail_23k", "complex_reasoning_77k")

SPEC = DatasetSpec(
    name="llava-instruct-150k",
    title="LLaVA-Instruct-150K",
    paper="Visual Instruction Tuning",
    arxiv="2304.08485",
    year=2023,
    homepage="https://llava-vl.github.io",
    hub_id="liuhaotian/LLaVA-Instruct-150K",
    licence="CC-BY-4.0",
    licence_stated="CC BY 4.0 in HF metadata (earlier CC BY-NC 4.0) + OpenAI terms of use",
    terms=("OpenAI terms of use (texts by GPT-4)", "COCO/Flickr terms (pictures)"),
    files=(
        Files((("llava_instruct_150k.json",), tuple(f"{part}.json" for part in PARTS))),
        *(Files(((f"{part}.json",),), subset=part) for part in PARTS),
        Files((("llava_instruct_80k.json",),), subset="llava_instruct_80k"),
        Files((("llava_v1_5_mix665k.json",),), subset="llava_v1_5_mix665k"),
    ),
    convert=partial(
        conversations,
        tasks={"detail_23k": "description", "complex_reasoning_77k": "reasoning"},
        # The boxes of the v1.5 mix are 0-1 of the picture padded to a square: LLaVA issues #606, #822.
        boxes={"llava_v1_5_mix665k": "square"},
    ),
    media=(MediaRule("coco", ("{ref}", "train2017/{ref}", "images/{ref}", "coco/train2017/{ref}")),),
    meta_keys=("id", "model", "conversations"),
    min_typed=0.7,
    survey_category="general/self-instruct",
    picture_sources=("COCO train2017", "v1.5 mix: GQA, OCR-VQA, TextVQA, Visual Genome"),
    generator="GPT-4 (text-only) from COCO captions and boxes",
    size="158K (58K conversation, 23K detail, 77K reasoning); v1.5 mix 665K",
    size_source="HF card; LLaVA README",
    obtain="Take the json files from https://huggingface.co/datasets/liuhaotian/LLaVA-Instruct-150K and COCO train2017"
    " (media root 'coco') from https://cocodataset.org.",
)
