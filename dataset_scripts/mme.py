"""MME: two yes / no questions a picture, fourteen tasks of perception and cognition.

Paper: https://arxiv.org/abs/2306.13394.
Data: https://github.com/BradyFU/Awesome-Multimodal-Large-Language-Models/tree/Evaluation.
Reader: haotian-liu/LLaVA @c121f0432da27facab705978f83c4ada465e46fd docs/Evaluation.md:89-97 (the release's folders).
"""

from functools import partial

from vlit_hub.formats.benchmarks import yes_no_line
from vlit_hub.spec import DatasetSpec, Files, MediaRule

TASKS = (
    "existence count position color posters celebrity scene landmark artwork OCR commonsense_reasoning"
    " numerical_calculation text_translation code_reasoning"
).split()

SPEC = DatasetSpec(
    name="mme",
    title="MME",
    paper="MME: A Comprehensive Evaluation Benchmark for Multimodal Large Language Models",
    arxiv="2306.13394",
    year=2023,
    homepage="https://github.com/BradyFU/Awesome-Multimodal-Large-Language-Models/tree/Evaluation",
    licence_stated="the release's readme: collected by Xiamen University for academic research only, no commercial use",
    terms=(
        "academic research only, non-commercial",
        "passed on or changed only by agreement of Xiamen University",
        "pictures of landmarks and artworks fetched by hand, under their own licences",
    ),
    files=tuple(
        Files(
            ((f"{task}/questions_answers_YN/*.txt",), (f"{task}/*.txt",)),
            split="test", container="lines",
        )
        for task in TASKS
    ),
    convert=partial(yes_no_line, extensions=(".jpg", ".png")),
    media=(MediaRule("images", ("{ref}",)),),
    meta_keys=("task",),
    generator="human",
    size="2,374 questions in 14 tasks",
    size_source="paper (tasks); lmms-lab/MME on the Hub (questions)",
    obtain="Ask for MME_Benchmark_release_version as the homepage says; its folder is the raw one.",
    kind="benchmark",
    part="task",
    scoring="yes_no",
)  # fmt: skip
