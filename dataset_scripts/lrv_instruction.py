"""LRV-Instruction: positive and negative instructions over Visual Genome captions and boxes, by GPT-4.

Paper: https://arxiv.org/abs/2306.14565. Data: https://github.com/FuxiaoLiu/LRV-Instruction (download.txt).
Reader: FuxiaoLiu/LRV-Instruction @0a5ab538 MiniGPT-4/minigpt4/datasets/datasets/{base_dataset,cc_sbu_dataset}.py; the
names of the files without coordinates: TRI-ML/prismatic-vlms @874c5bbf scripts/additional-datasets/lrv_instruct.py:66.
"""

from functools import partial

from vlit_hub.formats.qa import Medium, flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

# The boxes in the texts ("X:105 Y:350 ...") are GPT-4's and not reliable (issue #17): they stay text. The native task
# stays in meta; "negative" is the survey's own instruction type.
QA = partial(flat_qa, kind="task", kinds={"negat": "negative"}, meta_keys=("task",), task="conversation")
GENOME, CHART = (Medium("image", "{image_id}.jpg"),), (Medium("image", "{image_id}"),)

SPEC = DatasetSpec(
    name="lrv-instruction",
    title="LRV-Instruction",
    paper="Mitigating Hallucination in Large Multi-Modal Models via Robust Instruction Tuning",
    arxiv="2306.14565",
    year=2023,
    homepage="https://github.com/FuxiaoLiu/LRV-Instruction",
    hub_id="VictorSanh/LrvInstruction",
    licence="BSD-3-Clause",
    licence_stated="repo LICENSE.md: BSD-3-Clause (no separate data licence); images under the Visual Genome terms",
    terms=("OpenAI terms of use (texts by GPT-4)", "Visual Genome terms (pictures)", "Statista (chart pictures)"),
    files=(
        # Version 1 and its "more" part, each with boxes in the texts or, the later variant, without.
        Files((("filter_cap.json",), ("filter_cap1.json",)), rows="annotations"),
        Files((("filter_cap_more.json",), ("filter_cap_more1.json",)), rows="annotations"),
        Files((("chart_release_update.json",),), convert=partial(QA, media=CHART)),
        Files((("filter_cap1.json",),), subset="no_coordinates"),
        Files((("filter_cap_more1.json",),), subset="no_coordinates"),
        Files((("evaluation_set.json",),), subset="eval", split="test", convert=partial(QA, media=GENOME, answer=())),
    ),
    convert=partial(QA, media=GENOME),
    media=(
        MediaRule("images", ("{ref}", "image/{ref}", "images/{ref}", "VG_100K/{ref}", "VG_100K_2/{ref}")),
        MediaRule("charts", ("{ref}", "chart_image/{ref}", "chart_images/{ref}")),
    ),
    meta_keys=("task",),
    min_typed=0.7,
    survey_category="general/self-instruct",
    picture_sources=("Visual Genome", "chart images (Statista)"),
    generator="GPT-4 (gpt-4-32k-0314) over VG dense captions and boxes",
    size="v1 150k, v2 +180k",
    size_source="README",
    obtain="Take the json files, image.tar.gz (media root 'images') and chart_image.zip (media root 'charts') by the"
    " Google Drive links in download.txt of https://github.com/FuxiaoLiu/LRV-Instruction; name the second file with"
    " coordinates, whose name is not stated, filter_cap_more.json. The Hub's copy is an older third-party one.",
)
