"""Lynx: Open-VQA, human questions over pictures and videos. The training mixture itself was not released.

Paper: https://arxiv.org/abs/2307.02469. Data: https://github.com/bytedance/lynx-llm (data/).
Reader: bytedance/lynx-llm @24680d11 dataset/eval_datasets.py: the medium is a path, base64, or a list of base64 frames.
"""

from functools import partial

from vlit_hub.formats.qa import Medium, flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

META = ("dataset", "index", "origin_dataset", "class")
OPEN_VQA = partial(
    flat_qa,
    media=(Medium("image", "{image}", inline=True), Medium("video", "{video}", inline=True)),
    meta_keys=META,
)

SPEC = DatasetSpec(
    name="lynx",
    title="Lynx training mixture / Open-VQA",
    paper="What Matters in Training a GPT4-Style Language Model with Multimodal Inputs?",
    arxiv="2307.02469",
    year=2023,
    homepage="https://github.com/bytedance/lynx-llm",
    licence="Apache-2.0",
    licence_stated="repo Apache-2.0",
    terms=("media under the terms of their sources",),
    files=(
        Files((("Open_VQA_images.jsonl",),), split="test"),
        Files((("Open_VQA_videos.jsonl",),), split="test", convert=partial(OPEN_VQA, task="video_qa")),
        Files((("lynx_train.jsonl",),)),
    ),
    convert=OPEN_VQA,
    media=(MediaRule("media", ("{ref}", "data/{ref}")), MediaRule("media", ("{ref}", "data/{ref}"), type="video")),
    meta_keys=META,
    min_typed=0.5,
    survey_category="general/annotation-adaption + data-mixing",
    modalities=("image", "video", "text"),
    picture_sources=("VQAv2", "OCR-VQA", "Places365", "Something-Something v2", "NExT-QA", "MSRVTT-QA", "MSVD-QA"),
    generator="templates over existing sets (training); human (Open-VQA)",
    size="Open-VQA: 302 picture and 148 video questions; training over 50 sets, not released",
    size_source="the files; paper",
    released="partly",
    substitute="Open-VQA (split test); the training mixture as lynx_train.jsonl, one's own, of the same keys",
    download=("https://raw.githubusercontent.com/bytedance/lynx-llm/HEAD/data/Open_VQA_{image,video}s.jsonl",),
    obtain="Take data/Open_VQA_images.jsonl and data/Open_VQA_videos.jsonl from https://github.com/bytedance/lynx-llm,"
    " the media by the link in its README (the folder that holds images/; media root 'media'). The training mixture can"
    " only be rebuilt from its sources.",
)
