"""PandaGPT's visual instruction data: LLaVA-Instruct-150K and cc_sbu_align merged again, under other keys.

Paper: https://arxiv.org/abs/2305.16355.
Data: https://huggingface.co/datasets/openllmplayground/pandagpt_visual_instruction_dataset.
Reader: yxuansu/PandaGPT @9b77e0412d42a468362b67d1892ff0f4f659a4f5 code/datasets/sft_dataset.py:36-50 (adds a missing
.jpg) and code/model/openllama.py:32-71 (puts the picture in front of the first turn).
"""

from functools import partial

from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="pandagpt-vid",
    title="PandaGPT visual instruction data",
    paper="PandaGPT: One Model To Instruction-Follow Them All",
    arxiv="2305.16355",
    year=2023,
    homepage="https://panda-gpt.github.io",
    hub_id="openllmplayground/pandagpt_visual_instruction_dataset",
    licence="CC-BY-NC-SA-4.0",
    licence_stated="README: dataset CC BY-NC 4.0, research use; HF card: cc-by-nc-sa-4.0",
    terms=("inherits LLaVA's and MiniGPT-4's terms", "OpenAI terms of use (texts by GPT-4 / ChatGPT)"),
    files=(Files((("pandagpt4_visual_instruction_data.json",),)),),
    convert=partial(conversations, media_key="image_name", turns_key="conversation", meta_keys=()),
    media=(MediaRule("images", ("{ref}", "{ref}.jpg", "images/{ref}", "images/{ref}.jpg", "data/images/{ref}")),),
    survey_category="data-mixing (LLaVA-150K + MiniGPT-4 cc_sbu_align re-merged)",
    picture_sources=("COCO (via LLaVA)", "CC/SBU (via MiniGPT-4)"),
    generator="GPT-4 / ChatGPT (inherited)",
    size="~160K image-language instructions",
    size_source="paper, README",
    download=("hf://datasets/openllmplayground/pandagpt_visual_instruction_dataset/images.zip",),
    obtain="Take pandagpt4_visual_instruction_data.json and images.zip (13.3 GB, as it is; media root 'images') from"
    " https://huggingface.co/datasets/openllmplayground/pandagpt_visual_instruction_dataset.",
)
