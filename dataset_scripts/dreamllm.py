"""DreamLLM's instruction data: documents of texts and pictures to be written after an instruction. Never released.

Paper: https://arxiv.org/abs/2309.11499. Data: none (issue RunpeiDong/DreamLLM#16 is unanswered).
Reader: RunpeiDong/DreamLLM @9dc767781b9b omni/data/constants.py:161-239, conversation_it_interleaved_dataset.py:58-75.
The LLaVA halves of its mixture are LLaVA's own files.
"""

from vlit_hub.dataset_scripts.llava_instruct_150k import SPEC as LLAVA

from vlit_hub.formats.interleaved import written_document
from vlit_hub.spec import DatasetSpec, Files, MediaRule

OTHERS = ("llava_v1_5_mix665k", "llava_instruct_80k")

SPEC = DatasetSpec(
    name="dreamllm",
    title="DreamLLM instruction data",
    paper="DreamLLM: Synergistic Multimodal Comprehension and Creation",
    arxiv="2309.11499",
    year=2023,
    homepage="https://github.com/RunpeiDong/DreamLLM",
    licence_stated="code Apache-2.0; data not released",
    terms=("OpenAI terms of use (texts by gpt-3.5)", "MMC4: ODC-BY"),
    files=(
        Files((("mmc4_instruct_filtered224/*.json",),)),
        *(Files(((f"{name}.json",),), subset=name, convert=LLAVA.convert) for name in OTHERS),
    ),
    convert=written_document,
    media=(MediaRule("mmc4", ("{ref}", "images/{ref}", "{name}")), *LLAVA.media),
    meta_keys=("matched_sim", *LLAVA.meta_keys),
    min_typed=0.8,
    survey_category="general/self-instruct",
    modalities=("image", "text"),
    picture_sources=("MMC4-core", "LAION (BLIP-LAION)", "LLaVA's sources"),
    generator="gpt-3.5 from MMC4 documents and captions",
    size="~20K documents (20,321 in the config), 22K BLIP-LAION pairs; LLaVA 665,298 and 80K",
    size_source="omni/data/constants.py (the reader's config)",
    released="never",
    substitute="rows built from MMC4-core in the reader's schema; LLaVA-1.5 665k and 80k by LLaVA's own converter",
    download=("hf://datasets/liuhaotian/LLaVA-Instruct-150K",),
    obtain="The instruction sets were never released. Build json arrays of {instruction, text_list, image_info} from"
    " MMC4-core (https://github.com/allenai/mmc4) in mmc4_instruct_filtered224/; LLaVA's files come from"
    " https://huggingface.co/datasets/liuhaotian/LLaVA-Instruct-150K.",
)
