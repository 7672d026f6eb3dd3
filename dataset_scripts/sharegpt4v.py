"""ShareGPT4V: long captions by GPT4-Vision, a captioner's 1.2M more, and LLaVA's 1.5 mix with captions put in.

Paper: https://arxiv.org/abs/2311.12793. Data: https://huggingface.co/datasets/Lin-Chen/ShareGPT4V.
Reader: ShareGPT4Omni/ShareGPT4V @b6f70e9ac742 share4v/train/train.py:430-435,675,710-715,739 (a first turn that is not
the user's is left out); docs/Data.md for the pictures.
"""

from functools import partial

from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

CAPTIONS = "sharegpt4v_instruct_gpt4-vision_cap100k"
CAPTIONER = "share-captioner_coco_lcs_sam_1246k_1107"
MIX = "sharegpt4v_mix665k_cap23k_coco-ap9k_lcs3k_sam9k_div2k"
PICTURES = (
    "COCO train2017", "LAION/CC/SBU (LCS-558K)", "SA-1B", "GQA", "OCR-VQA", "TextVQA train", "Visual Genome",
    "web-celebrity", "web-landmark", "WikiArt", "share_textvqa",
)  # fmt: skip

SPEC = DatasetSpec(
    name="sharegpt4v",
    title="ShareGPT4V",
    paper="ShareGPT4V: Improving Large Multi-Modal Models with Better Captions",
    arxiv="2311.12793",
    year=2023,
    homepage="https://github.com/ShareGPT4Omni/ShareGPT4V",
    hub_id="Lin-Chen/ShareGPT4V",
    licence="CC-BY-NC-4.0",
    licence_stated='cc-by-nc-4.0 (Hub card); also "should abide by the policy of OpenAI"',
    terms=("OpenAI terms of use (texts by GPT-4V)", "pictures under the terms of their sources (SA-1B: agreement)"),
    files=(
        Files(((f"{CAPTIONS}.json",),)),
        Files(((f"{CAPTIONER}.json",),), subset="share_captioner_1246k"),
        Files(((f"{MIX}.json",),), subset="mix665k"),
    ),
    convert=partial(
        conversations,
        tasks={CAPTIONS: "description", CAPTIONER: "description"},
        boxes={MIX: "square"},  # inherited from LLaVA-1.5
    ),
    media=(
        MediaRule("data", ("{ref}", "data/{ref}", "images/{ref}")),
        MediaRule("coco", ("train2017/{name}",)),
        MediaRule("sam", ("sam/images/{name}", "sam/{name}")),
    ),
    meta_keys=("id", "model", "conversations"),
    survey_category="general/self-instruct",
    picture_sources=PICTURES,
    generator="GPT4-Vision (cap100k); Share-Captioner (1246k); LLaVA-1.5 mix + GPT4-Vision captions (mix665k)",
    size="~102K captions by GPT4-Vision; 1,246K by Share-Captioner; ~665K mix",
    size_source="InternVL data config (length 102025); file names",
    obtain="Take the json files from https://huggingface.co/datasets/Lin-Chen/ShareGPT4V and the pictures of each"
    " corpus as docs/Data.md of the repository says, below one folder (media root 'data').",
)
