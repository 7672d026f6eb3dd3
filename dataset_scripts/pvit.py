"""PVIT: dialogues whose questions name regions as <Region><L204><L469><L810><L960></Region>, in thousandths.

Paper: https://arxiv.org/abs/2308.13437. Data: https://huggingface.co/datasets/PVIT/pvit_data_stage2 and _stage1.
Reader: PVIT-official/PVIT @686bca25400f pvit/data/multimodal_instruction.py:338-350,554-592,
pvit/model/prompt_model.py:20-39; folders: mapping.yaml of PVIT/pvit_data_stage2 @bbd1ee8.
"""

from functools import partial

from vlit_hub.formats.inline_boxes import boxed_dialogue
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SINGLE = ("1_small_objects", "2_object_relationship", "3_ocr", "4_object_attribute", "5_multi_objects")
STAGE2 = (
    *SINGLE, "general_instruction", "gqa_train_sampled_chat_multiturn", "vcr_chat_multiturn", "vg_v1_0625_66k_filtered",
)  # fmt: skip
STAGE1 = (
    "coco_grounded_object_identification", "region_descriptions", "sbu_grounding", "vg_grounded_object_identification",
)  # fmt: skip
CORPORA = {
    "coco2017": "data/coco2017_train_images",
    "vg": "data/visual_genome_images",
    "gqa": "data/gqa_images",
    "vcr": "data/visual_commonsense_reasoning_images",
    "sbu": "data/sbu_captioned_photo_images",
}

SPEC = DatasetSpec(
    name="pvit",
    title="PVIT",
    paper="Position-Enhanced Visual Instruction Tuning for Multimodal Large Language Models",
    arxiv="2308.13437",
    year=2023,
    homepage="https://github.com/PVIT-official/PVIT",
    hub_id="PVIT/pvit_data_stage2",
    licence="CC-BY-NC-4.0",
    licence_stated="cc-by-nc-4.0 (Hub cards); code Apache-2.0",
    terms=("VCR and SBU pictures under their own terms",),
    files=(
        Files((tuple(f"{name}.json" for name in STAGE2),)),
        Files((tuple(f"{name}.json" for name in STAGE1),), subset="stage1"),
    ),
    convert=partial(boxed_dialogue, dialect="pvit", meta_keys=()),
    media=tuple(MediaRule(name, ("{ref}", f"{folder}/{{ref}}")) for name, folder in CORPORA.items()),
    survey_category="specific/region",
    modalities=("image", "text", "box"),
    picture_sources=("COCO 2017 train", "Visual Genome", "SBU captions", "GQA", "VCR"),
    generator="stage1: templates over VG/COCO/SBU; stage2: ChatGPT (five single-turn types + general) and templates"
    " (GQA, VCR)",
    size="stage1: ~13.7M rows; stage2: 243446",
    size_source="Hub; mapping.yaml",
    download=("hf://datasets/PVIT/pvit_data_stage1",),
    obtain="Take the json files from https://huggingface.co/datasets/PVIT/pvit_data_stage2 (subset stage1: .../"
    "pvit_data_stage1) and the pictures of COCO train2017, Visual Genome, GQA, VCR and SBU (a media root each).",
)
