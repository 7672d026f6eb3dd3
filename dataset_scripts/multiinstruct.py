"""MultiInstruct: 62 tasks of 21 sets under five human-written instructions each; boxes as numbers in the texts.

Paper: https://arxiv.org/abs/2212.10773. Data: https://github.com/VT-NLP/MultiInstruct.
Reader: VT-NLP/MultiInstruct @772af249d82f2c2f100621ee71df9b63d0d310a2 build_dataset.py:30-110, util.py,
instruction_templates.py:8-45, data_preprocessor/*.py. Rows that build_dataset.py has not given a prompt are refused.
"""

from functools import partial

from vlit_hub.formats.prompted import Medium, prompt_target
from vlit_hub.spec import DatasetSpec, Files, MediaRule

META = ("unique_id", "task_name", "image_source", "answer", "meta_data")

SPEC = DatasetSpec(
    name="multiinstruct",
    title="MultiInstruct 1.0",
    paper="MULTIINSTRUCT: Improving Multi-Modal Zero-Shot Learning via Instruction Tuning",
    arxiv="2212.10773",
    year=2022,
    homepage="https://github.com/VT-NLP/MultiInstruct",
    licence="Apache-2.0",
    licence_stated='repository Apache-2.0 (LICENSE file); "carefully check the licenses for all the datasets"',
    terms=("terms of the 21 source sets; Hateful Memes, VCR, VisDial, WikiHow, VG to be fetched by hand",),
    files=(Files((("train.jsonl",),)), Files((("test.jsonl",),), split="test")),
    convert=partial(
        prompt_target,
        # Some rows hold paths of the authors' machine.
        media=(Medium("image", "{image_path}", tail=r"raw_datasets/.*|(?:medic|wikihow|VQAv2)/.*"),),
        # Prefixes: the full name stays in meta. What is not named here is told by the row's shape.
        tasks={
            "VQA_count": "counting",
            "image_capt": "caption",
            "text_v": "ocr",
            "visual_dia": "visual_dialog",
            "visual_text_ex": "ocr",
            "wikihow_next": "planning",
        },
        meta_keys=META,
    ),
    media=(MediaRule("sources", ("{ref}", "raw_datasets/{ref}", "raw_datasets/MSCOCO2014/train2014/{name}")),),
    meta_keys=META,
    min_typed=0.7,
    survey_category="general/annotation-adaption (templates)",
    picture_sources=("COCO2014", "Visual Genome", "GQA", "RefCOCO+", "COCO-Text", "VQAv2", "TDIUC", "Visual7W")
    + ("VizWiz quality", "WikiHow", "MOCHEG", "Hateful Memes", "TextVQA", "VCR", "NLVR", "VSR", "SNLI-VE", "VisDial")
    + ("MEDIC",),
    generator="human-written instruction templates over human annotations",
    size="62 tasks; train.jsonl 59 + test.jsonl 11 demo records",
    size_source="README; files",
    released="partly",
    substitute="the assembled train.jsonl and test.jsonl: the demo in git, or what the build scripts make",
    obtain="Take train.jsonl and test.jsonl from https://github.com/VT-NLP/MultiInstruct (one record a task), or build"
    " the full ones: process_data.sh, then build_dataset.py without its `break` after the first line. Media root"
    " 'sources': the folder that holds raw_datasets/.",
)
