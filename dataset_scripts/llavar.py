"""LLaVAR: conversations about text-rich pictures (book covers, posters), GPT-4 over OCR and captions of LAION.

Paper: https://arxiv.org/abs/2306.17107. Data: https://huggingface.co/datasets/SALT-NLP/LLaVAR.
Reader: SALT-NLP/LLaVAR @2a1b6476 LLaVA/llava/train/train.py:462-466. The release merges LLaVA-Instruct-150K in front
of its own records, whose COCO-like names start with 1 (README.md:25-81); the default subset reads these alone.
"""

from functools import partial

from vlit_hub.formats.alpaca import alpaca
from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

MERGED = "llava_instruct_150k_llavar"
QUERIES = partial(
    alpaca, instruction="text", context="", reply=(), image="image", tasks="ocr", meta_keys=("question_id", "category")
)

SPEC = DatasetSpec(
    name="llavar",
    title="LLaVAR",
    paper="LLaVAR: Enhanced Visual Instruction Tuning for Text-Rich Image Understanding",
    arxiv="2306.17107",
    year=2023,
    homepage="https://github.com/SALT-NLP/LLaVAR",
    hub_id="SALT-NLP/LLaVAR",
    licence="CC-BY-NC-4.0",
    licence_stated="data cc-by-nc-4.0; code Apache-2.0",
    terms=("OpenAI terms of use (texts by GPT-4)", "LAION pictures by URL, redistributed as zip by the authors"),
    files=(
        Files(((f"{MERGED}_16k.json",), (f"{MERGED}_20k.json",))),
        Files(((f"{MERGED}_20k.json",),), subset="20k"),
        Files(((f"{MERGED}_16k.json",),), subset="merged_16k", convert=conversations),
        Files(((f"{MERGED}_20k.json",),), subset="merged_20k", convert=conversations),
        Files((("chat_llavar.json",),), subset="pretrain", convert=conversations),
        Files((("qa50_questions.jsonl",),), subset="qa50", split="test", convert=QUERIES),
    ),
    convert=partial(conversations, only="1"),
    media=(
        MediaRule("finetune", ("{ref}", "finetune/{ref}", "train2017/{ref}", "images/{ref}")),
        MediaRule("pretrain", ("{ref}", "pretrain/{ref}", "images/{ref}")),
    ),
    meta_keys=("id", "question_id", "category"),
    survey_category="specific/text",
    picture_sources=("LAION-5B text-rich pictures (book covers, posters, ...)", "CC3M and COCO (the LLaVA part)"),
    generator="GPT-4 (text-only, OCR + captions); pretraining: OCR text",
    size="16K conversations (20K version too); pretraining 422K noisy OCR",
    size_source="README of the repository",
    download=(
        "hf://datasets/SALT-NLP/LLaVAR/finetune.zip#default,20k,merged_16k,merged_20k",
        "hf://datasets/SALT-NLP/LLaVAR/pretrain.zip#pretrain",
    ),
    obtain="Take the json files, finetune.zip and pretrain.zip (as they are; media roots of these names; merged subsets"
    " need COCO train2017 or CC3M in the same folder) from https://huggingface.co/datasets/SALT-NLP/LLaVAR.",
)
