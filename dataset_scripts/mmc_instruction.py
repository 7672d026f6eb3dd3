"""MMC-Instruction: questions about charts of arXiv papers and public chart sets, GPT-4 from captions and abstracts.

Paper: https://arxiv.org/abs/2311.10774. Data: https://huggingface.co/datasets/xywang1/MMC.
Reader: AMD-AIG-AIMA/InstellaVL @9e143b50378c playground/support/mmc/prepare_json.py. The fields of the alignment
files and of the benchmark's multiple choice were not to be seen: they are read by the names that the other parts use.
"""

from functools import partial

from vlit_hub.formats.qa import Medium, flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

CHART = partial(flat_qa, task="document_qa")
SCORED = partial(CHART, question=("instruction", "question"), answer=("label", "answer"), meta_keys=("task",))
ALIGNED = partial(CHART, question=("question",), answer=("caption", "text", "answer"), template="describe_image")

# Each file has a folder of pictures of its own, and names may repeat between them.
PARTS = (
    ("mmc_instruction_arxiv", "default", "train", CHART),
    ("mmc_instruction_non-arxiv", "default", "train", CHART),
    ("mmc_instruction_arxiv", "arxiv", "train", CHART),
    ("mmc_instruction_non-arxiv", "non-arxiv", "train", CHART),
    ("mmc_chart_text_alignment_arxiv", "alignment", "train", ALIGNED),
    ("mmc_benchmark", "benchmark", "test", partial(SCORED, task="yes_no")),
    ("mmc_benchmark_mqa", "benchmark_mqa", "test", SCORED),
)

SPEC = DatasetSpec(
    name="mmc-instruction",
    title="MMC-Instruction (with MMC-Alignment, MMC-Benchmark)",
    paper="MMC: Advancing Multimodal Chart Understanding with Large-scale Instruction Tuning",
    arxiv="2311.10774",
    year=2023,
    homepage="https://github.com/FuxiaoLiu/MMC",
    hub_id="xywang1/MMC",
    licence="CC-BY-SA-4.0",
    licence_stated="cc-by-sa-4.0 (Hub card)",
    terms=("OpenAI terms of use (texts by GPT-4)", "arXiv figures under their own licences", "Statista and others"),
    files=tuple(
        Files(
            ((f"{name}_text.jsonl",),),
            subset=subset,
            split=split,
            convert=partial(convert, media=(Medium("image", f"{name}_images/{{image_id}}"),)),
        )
        for name, subset, split, convert in PARTS
    ),
    convert=partial(CHART, media=(Medium("image", "{image_id}"),)),
    media=(MediaRule("images", ("{ref}", "MMC-Instruction/{ref}", "MMC-Alignment/{ref}", "MMC-Benchmark/{ref}")),),
    meta_keys=("task",),
    min_typed=0.7,
    survey_category="specific/text",
    modalities=("image", "text"),
    picture_sources=("arXiv figures", "VisText / Statista / other public chart sets"),
    generator="GPT-4 from captions and abstracts (+ reformatted public chart tasks)",
    size="600K (paper)",
    obtain="Take the jsonl files and the image tar.gz (unpacked; media root 'images') from"
    " https://huggingface.co/datasets/xywang1/MMC at its current revision: before commit d0b12ec answers of the"
    " non-arxiv file held placeholders.",
)
