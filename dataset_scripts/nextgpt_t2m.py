"""T2M (T-T+X): requests in words whose answers hold a picture, video or sound to be generated.

Paper: https://arxiv.org/abs/2309.05519. Data: https://github.com/NExT-GPT/NExT-GPT (data/IT_data/T-T+X_data).
Reader: NExT-GPT/NExT-GPT @60d618b067ee data/README.md, data/prepare_data.py. The target medium is usually absent: its
caption is the target. The alignment pairs of stages 1 and 2 (T-X_pair_data) are subsets.
"""

from vlit_hub.formats.generated import TYPES, generated_media
from vlit_hub.spec import DatasetSpec, Files, MediaRule

PAIRS = ("cc3m", "webvid", "audiocap")

SPEC = DatasetSpec(
    name="nextgpt-t2m",
    title="T2M (NExT-GPT text-to-multimodal, T-T+X)",
    arxiv="2309.05519",
    paper="NExT-GPT: Any-to-Any Multimodal LLM",
    files=(
        *(Files(((f"{kind}_instruction_tuning.json",), (f"{kind}_t2x.json",))) for kind in TYPES),
        Files((tuple(f"{name}_comprehension.json" for name in PAIRS),), subset="comprehension"),
        Files((tuple(f"{name}_generation.json" for name in PAIRS),), subset="generation"),
    ),
    year=2023,
    homepage="https://github.com/NExT-GPT/NExT-GPT",
    licence="BSD-3-Clause",
    licence_stated="BSD-3-Clause (repository)",
    terms=("OpenAI terms of use (texts by ChatGPT / GPT-4)", "CC3M, WebVid and AudioCaps terms (captions)"),
    convert=generated_media,
    media=tuple(MediaRule(f"{kind}s", (f"{kind}s/{{ref}}", "{ref}"), type=kind) for kind in TYPES),
    meta_keys=("source_data",),
    min_typed=0.9,
    survey_category="general/self-instruct",
    modalities=("text", "image", "video", "audio"),
    picture_sources=("CC3M captions", "WebVid captions", "AudioCaps captions"),
    generator="ChatGPT / GPT-4 from captions",
    size="audio 9,599 (4,836 unique clips), image 9,467, video 9,626",
    size_source="comments in data/prepare_data.py",
    download=(
        "https://raw.githubusercontent.com/NExT-GPT/NExT-GPT/HEAD/data/IT_data/T-T+X_data/{image,video,audio}_instruction_tuning.json",
    ),
    obtain="Take {image,video,audio}_instruction_tuning.json from data/IT_data/T-T+X_data of"
    " https://github.com/NExT-GPT/NExT-GPT. Media must be fetched from CC3M, WebVid and AudioCaps (media roots"
    " 'images', 'videos', 'audios'); their names do not always fit (issue #36).",
)
