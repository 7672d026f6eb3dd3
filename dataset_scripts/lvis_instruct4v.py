"""LVIS-Instruct4V: conversations and descriptions of LVIS pictures, written by GPT-4V.

Paper: https://arxiv.org/abs/2311.07574. Data: https://huggingface.co/datasets/X2FD/LVIS-Instruct4V.
Readers: TRI-ML/prismatic-vlms @874c5bbff52b scripts/additional-datasets/lvis_instruct_4v.py;
AMD-AIG-AIMA/InstellaVL @9e143b50378c process_json.py (strips the placeholder from all turns and prefixes one).
"""

from functools import partial

from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

# The mixes inherit the boxes of LLaVA-1.5, 0-1 of the padded square.
MIX = partial(conversations, boxes="square")
MIXES = {"mix619k": "mix619k", "mix730k": "mix730k", "mix880k": "llava_instruct_mix880k"}

SPEC = DatasetSpec(
    name="lvis-instruct4v",
    title="LVIS-Instruct4V",
    paper="To See is to Believe: Prompting GPT-4V for Better Visual Instruction Tuning",
    arxiv="2311.07574",
    year=2023,
    homepage="https://github.com/X2FD/LVIS-INSTRUCT4V",
    hub_id="X2FD/LVIS-Instruct4V",
    licence_stated="repository LICENSE: MIT (Fudan Vision and Learning Lab); licence of the data not separately stated",
    terms=("OpenAI terms of use (texts by GPT-4V)", "COCO/Flickr terms (pictures)"),
    files=(
        Files((("lvis_instruct4v_220k.json",), ("lvis_instruct4v_222k.json",))),
        *(Files(((f"lvis_instruct4v_{name}.json",),), subset=mix, convert=MIX) for mix, name in MIXES.items()),
    ),
    convert=conversations,
    media=(
        MediaRule("data", ("{ref}", "data/{ref}")),
        MediaRule("coco", ("train2017/{name}", "val2017/{name}", "images/{name}")),
    ),
    meta_keys=("id", "model", "conversations"),
    survey_category="general/self-instruct",
    picture_sources=("LVIS = COCO train2017 (+ val2017)",),
    generator="GPT-4V",
    size="220K instructions on 110K LVIS images",
    size_source="paper",
    download=(
        "hf://datasets/X2FD/LVIS-Instruct4V-Nodetail-mix619k",
        "hf://datasets/X2FD/LVIS-Instruct4V-mix730k",
        "hf://datasets/X2FD/LVIS-Instruct4V-LLaVA-Instruct-mix880k",
    ),
    obtain="Take lvis_instruct4v_220k.json from https://huggingface.co/datasets/X2FD/LVIS-Instruct4V (the mixes from"
    " X2FD/LVIS-Instruct4V-Nodetail-mix619k, -mix730k and -LLaVA-Instruct-mix880k) and COCO train2017 and val2017"
    " (media root 'coco', or 'data' for the folder that holds coco/train2017) from https://cocodataset.org.",
)
