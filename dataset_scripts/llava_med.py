"""LLaVA-Med: conversations about biomedical figures, GPT-4 over captions and mentions in PMC articles.

Paper: https://arxiv.org/abs/2306.00890. Data: https://github.com/microsoft/LLaVA-Med (README v1.0.0, data table).
Reader: microsoft/LLaVA-Med @d406e3fc7c3d1e4c797a7676de18cbfd070b6d2c (tag v1.0.0) llava/train/train.py:345-428 and
llava/instruct/instruct_postprocess.py:23-58. Source captions (fig_captions, image_urls) are not read.
"""

from functools import partial

from vlit_hub.formats.alpaca import alpaca
from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

PARTS = ("60k_inline_mention", "60k", "10k")
EVALUATION = ("question_id", "fig_label", "in_text_mention")
QUESTIONS = partial(
    alpaca, instruction="text", context="", reply="gpt4_answer", image="image", caption="fig_caption", tasks="vqa",
    meta_keys=EVALUATION,
)  # fmt: skip


def _paths(folder: str, *names: str) -> tuple[tuple[str, ...], ...]:
    return tuple((f"{place}llava_med_{name}",) for place in (f"{folder}/", "") for name in names)


SPEC = DatasetSpec(
    name="llava-med",
    title="LLaVA-Med instruction data",
    paper="LLaVA-Med: Training a Large Language-and-Vision Assistant for Biomedicine in One Day",
    arxiv="2306.00890",
    year=2023,
    homepage="https://github.com/microsoft/LLaVA-Med",
    licence="CC-BY-NC-4.0",
    licence_stated="CC BY NC 4.0, research use only (not for clinical care)",
    terms=("OpenAI terms of use (texts by GPT-4)", "figures under PMC open access terms", "no clinical use"),
    files=(
        Files(_paths("instruct", *(f"instruct_{part}.json" for part in PARTS))),
        *(Files(_paths("instruct", f"instruct_{part}.json"), subset=f"instruct_{part}") for part in PARTS),
        Files(_paths("alignment", "alignment_500k.json", "alignment_500k.jsonl"), subset="alignment"),
        Files(_paths("eval", "eval_qa50_qa.jsonl"), subset="qa50", split="test", convert=QUESTIONS),
    ),
    convert=partial(conversations, meta_keys=("id", "domain")),
    media=(MediaRule("images", ("{ref}", "images/{ref}", "data/images/{ref}")),),
    meta_keys=("id", "domain", *EVALUATION),
    min_typed=0.4,
    survey_category="domain/medicine",
    picture_sources=("PMC open-access figures (PMC-15M)",),
    generator="GPT-4",
    size="alignment 500K; instruct 10K / 60K / 60K with inline mentions; evaluation on 50 figures",
    size_source="README v1.0.0, names of its file table",
    obtain="The repository's links to the json files are dead (issue #121): ask the authors or use a copy of"
    " data/instruct and data/alignment. download_images.py builds data/images/<pair_id>.jpg (media root 'images') from"
    " the PMC archives named in llava_med_image_urls.jsonl; some archives are gone (issue #58).",
)
