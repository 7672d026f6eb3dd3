"""I4 (renamed DEMON): demonstrative instructions over the pictures of 31 existing datasets.

Paper: https://arxiv.org/abs/2308.04152. Data: https://github.com/DCDmllm/Cheetah (Google Drive).
Reader: DCDmllm/Cheetah @619bd618 i4_cheetah_llama2.py (IDataset), evaluate.py get_choice_list. The instruction of a row
stands in the metadata before the rows; options stand in the context or under choice_list. `core` and `full` are splits.
"""

from functools import partial

from vlit_hub.formats.interleaved import numbered_images
from vlit_hub.spec import DatasetSpec, Files, MediaRule

TASKS = (
    dict.fromkeys(("VIST", "AESOP", "PororoSV", "FlintstonesSV", "DiDeMoSV"), "storytelling")
    | dict.fromkeys(("Spot-the-Diff", "Birds-to-Words", "CLEVR-Change", "IEdit"), "comparison")
    | {"ALFRED": "planning"}
)

SPEC = DatasetSpec(
    name="i4",
    title="I4 benchmark (renamed DEMON)",
    paper="Fine-tuning Multimodal LLMs to Follow Zero-shot Demonstrative Instructions (ICLR 2024)",
    arxiv="2308.04152",
    year=2023,
    homepage="https://github.com/DCDmllm/Cheetah",
    licence="CC-BY-NC-4.0",
    licence_stated="benchmark CC BY-NC 4.0; repository BSD-3-Clause",
    terms=("each source set's own terms",),
    files=tuple(Files(((f"*/{s}/*.json",),), split=s, rows="data") for s in ("core", "full")),
    convert=partial(numbered_images, tasks=TASKS),
    media=(MediaRule("root", ("{ref}",)),),
    meta_keys=("sample_id",),
    min_typed=0.8,
    survey_category="general/annotation-adaption (multi-image, interleaved)",
    modalities=("image", "text"),
    picture_sources=(
        "29-31 existing datasets: VIST, AESOP, RecipeQA, TQA, SlideVQA, DocVQA, ALFRED, nuScenes, NLVR2 ...",
    ),
    generator="task instructions written by people over existing annotations",
    size="core 18,176 instructions, 62,813 images, 29 tasks; full 477,716, 1,769,744, 31 tasks",
    size_source="repository README",
    obtain="Take the Google Drive archive linked at https://github.com/DCDmllm/Cheetah and unpack it:"
    " <Dataset>/{core,full}/*.json with images/ beside each.",
)
