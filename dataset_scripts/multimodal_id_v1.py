"""Multimodal_Instruction_data_v1 (LMEye): about five questions with answers per picture, GPT-3.5 from captions.

Paper: https://arxiv.org/abs/2305.03701. Data: https://huggingface.co/datasets/YunxinLi/Multimodal_Instruction_data_v1.
Reader: YunxinLi/LingCloud @8367a3ab Lmeye/lmeye_dataset.py for version 2; of version 1 none was released with its file
(data/multimodal_data_all_generation.txt @eba2055c). The schema of instruction_data_balanced_m.json is not known.
"""

from functools import partial

from vlit_hub.formats.qa import Medium, flat_qa, listed_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

V2 = partial(flat_qa, media=(Medium("image", "{chunk_belong}/{image_path}"),), meta_keys=("type",))

SPEC = DatasetSpec(
    name="multimodal-id-v1",
    title="Multimodal_Instruction_data_v1 (LMEye)",
    paper="LMEye: An Interactive Perception Network for Large Language Models",
    arxiv="2305.03701",
    year=2023,
    homepage="https://github.com/YunxinLi/LingCloud",
    hub_id="YunxinLi/Multimodal_Instruction_data_v1",
    licence_stated="V1 card: none; V2 card: Apache-2.0; repo Apache-2.0",
    terms=("OpenAI terms of use (texts by GPT-3.5-turbo)", "pictures under the terms of their sources"),
    files=(
        Files((("multimodal_data_all_generation.txt",),), container="json"),
        Files((("Multimodal_Instruction_Data_V2.json",),), subset="v2", convert=V2),
    ),
    convert=partial(listed_qa, media=(Medium("image", "{image_id}.jpg", caption="caption"),)),
    media=(
        MediaRule("images", ("{ref}", "image/{ref}", "images/{ref}")),
        MediaRule("chunks", ("{ref}", "image/{ref}")),
    ),
    meta_keys=("type",),
    min_typed=0.75,
    survey_category="general/self-instruct + data-mixing",
    picture_sources=("MiniGPT-4 cc_sbu subset", "COCO", "Flickr30k", "SemArt"),
    generator="GPT-3.5-turbo from captions (V1)",
    size="3,439 images (multimodal_data_all_generation.txt, counted); V2 ~2M",
    size_source="the file; V2 README",
    download=(
        "hf://datasets/YunxinLi/Multimodal_Instruction_data_v1/image.zip#default",
        "hf://datasets/YunxinLi/Multimodal_Insturction_Data_V2",
    ),
    obtain="Take data/multimodal_data_all_generation.txt from https://github.com/YunxinLi/LingCloud at commit eba2055c"
    " and image.zip (as it is; media root 'images') from the Hub; version 2 from the Hub's"
    " Multimodal_Insturction_Data_V2 [sic], its zip chunks unpacked side by side (media root 'chunks').",
)
