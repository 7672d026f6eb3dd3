"""GPTVQA (DataEngine-InstData): multiple choice that GPT-4 wrote for a model's weak spots; two generations, one name.

Paper: https://arxiv.org/abs/2308.13566. Data: https://opendatalab.com/OpenDataLab/DataEngine-InstData (first),
https://huggingface.co/datasets/juliozhao/dataengine_llava and .../dataengine_minigpt4 (second).
Readers: opendatalab/MLLM-DataEngine branch pipeline @6bb065d170c3 minigpt4/datasets/datasets/vqa_dataset.py; HEAD
@7d5abb67ac17 engine_vqa_datasets.py:52-119. The first reader throws away rationales that speak of a "description".
"""

from functools import partial

from vlit_hub.formats.listed_choices import listed_choices
from vlit_hub.spec import DatasetSpec, Files, MediaRule

FIRST = partial(
    listed_choices, image="image_id", image_name="{:012d}.jpg", index="correct_choice_idx", rationales="rationales",
    untrained="description", meta_keys=("raw_instructions", "question_type"),
)  # fmt: skip
SECOND = partial(
    listed_choices, question="instruction", choices="options", letter=("choice_answer", "choide_answer"),
    reply="answer", answers="short_answer", seed_type="qtype",
)  # fmt: skip

SPEC = DatasetSpec(
    name="gptvqa",
    title="GPTVQA (DataEngine-InstData)",
    paper="MLLM-DataEngine: An Iterative Refinement Approach for MLLM",
    arxiv="2308.13566",
    year=2023,
    homepage="https://github.com/opendatalab/MLLM-DataEngine",
    hub_id="juliozhao/dataengine_llava",
    licence="Apache-2.0",
    licence_stated="apache-2.0 (Hub cards and repository)",
    terms=("OpenAI terms of use (texts by GPT-4)", "COCO/Flickr and Visual Genome terms (pictures)"),
    files=(
        Files((tuple(f"DataEngine_round{k}_data.json" for k in (1, 2)),)),
        *(Files(((f"dataengine_{m}.json",),), subset=f"v2_{m}", convert=SECOND) for m in ("llava", "minigpt4")),
    ),
    convert=FIRST,
    media=(
        MediaRule("coco", ("train2017/{name}", "val2017/{name}", "{name}", "images/{name}")),
        MediaRule("data", ("{ref}", "data/{ref}")),
    ),
    meta_keys=("raw_instructions", "question_type"),
    survey_category="general/self-instruct",
    picture_sources=("COCO 2017 (first generation)", "Visual Genome and COCO (second)"),
    generator="GPT-4",
    size="second generation: 220K (dataengine_llava), 270K (dataengine_minigpt4); first: not stated",
    size_source="README of the repository",
    download=("hf://datasets/juliozhao/dataengine_minigpt4",),
    obtain="Take DataEngine_round1_data.json and DataEngine_round2_data.json from"
    " https://opendatalab.com/OpenDataLab/DataEngine-InstData, the second generation from the Hub; COCO 2017 (media"
    " root 'coco') and, for the second, the folder that holds vg/VG_100K (media root 'data').",
)
