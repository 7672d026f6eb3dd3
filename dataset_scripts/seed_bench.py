"""SEED-Bench-1: 19,242 multiple-choice questions along twelve dimensions, nine of them about pictures.

Paper: https://arxiv.org/abs/2307.16125. Data: https://huggingface.co/datasets/AILab-CVC/SEED-Bench.
Reader: AILab-CVC/SEED-Bench @991e849be802b0de1cd4d45d929bf18e249f5b54 eval.py:69-108 (filter_questions, run_inference).
"""

from vlit_hub.formats.benchmarks import SEED_META, seed_question
from vlit_hub.spec import DatasetSpec, Files, MediaRule

VIDEOS = ("{ref}", "task10/{ref}", "task11/{ref}", "task12/{ref}")

SPEC = DatasetSpec(
    name="seed-bench",
    title="SEED-Bench-1",
    paper="SEED-Bench: Benchmarking Multimodal LLMs with Generative Comprehension",
    arxiv="2307.16125",
    year=2023,
    homepage="https://github.com/AILab-CVC/SEED-Bench",
    hub_id="AILab-CVC/SEED-Bench",
    licence="CC-BY-NC-4.0",
    licence_stated="Hub card of AILab-CVC/SEED-Bench: CC BY-NC 4.0; the repository's Apache-2.0 is for its source code",
    terms=("OpenAI terms of use (texts by ChatGPT and GPT-4)",),
    files=(Files((("**/SEED-Bench.json",),), split="test", rows="questions"),),
    convert=seed_question,
    media=(
        MediaRule("cc3m", ("{ref}", "SEED-Bench-image/{ref}")),
        MediaRule("videos", VIDEOS, type="video"),
    ),
    meta_keys=SEED_META,
    modalities=("text", "image", "video"),
    picture_sources=("CC3M", "Charades, SSV2, EPIC-Kitchens, Breakfast (videos)"),
    generator="ChatGPT and GPT-4, checked by people",
    size="19,242 questions, 14,233 of them about pictures",
    size_source="paper; sum of its nine picture dimensions",
    obtain="Take SEED-Bench.json and SEED-Bench-image.zip (media root 'cc3m') from"
    " https://huggingface.co/datasets/AILab-CVC/SEED-Bench; videos (media root 'videos') as its DATASET.md says.",
    kind="benchmark",
    scoring="multiple_choice",
)
