"""MosIT: dialogues that switch between text, pictures, videos and sounds, in questions and in answers.

Paper: https://arxiv.org/abs/2309.05519. Data: https://github.com/NExT-GPT/NExT-GPT (data/IT_data/MosIT_data).
Reader: NExT-GPT/NExT-GPT @60d618b067ee data/README.md "MosIT Data", data/prepare_data.py:415-507, which drops the media
of the human turns: the raw file is preferred.
"""

from vlit_hub.formats.generated import TYPES, generated_media
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="nextgpt-mosit",
    title="MosIT (modality-switching instruction tuning)",
    paper="NExT-GPT: Any-to-Any Multimodal LLM",
    arxiv="2309.05519",
    year=2023,
    files=(
        Files((("mosit.json",), ("mosit_instruction_tuning.json",))),
        Files((("mosit_instruction_tuning.json",),), subset="processed"),
    ),
    homepage="https://github.com/NExT-GPT/NExT-GPT",
    licence="BSD-3-Clause",
    licence_stated="BSD-3-Clause (repository)",
    terms=("OpenAI terms of use (texts by GPT-4)", "media collected from the web: terms unclear"),
    convert=generated_media,
    media=tuple(
        MediaRule(f"{kind}s", (f"{kind}s/{{ref}}", f"MosIT_data/{kind}s/{{ref}}", "{ref}"), type=kind) for kind in TYPES
    ),
    meta_keys=("source_data", "data_source"),
    min_typed=0.8,
    survey_category="general/self-instruct",
    modalities=("image", "video", "audio", "text"),
    picture_sources=("web, YouTube and generated media collected by the authors",),
    generator="GPT-4 with human filtering",
    size="5K dialogues",
    size_source="paper (recalled)",
    download=("https://raw.githubusercontent.com/NExT-GPT/NExT-GPT/HEAD/data/IT_data/MosIT_data/mosit.json",),
    obtain="Take mosit.json from data/IT_data/MosIT_data of https://github.com/NExT-GPT/NExT-GPT and the media by"
    " separate download (data/README.md there; media roots 'images', 'videos', 'audios').",
)
