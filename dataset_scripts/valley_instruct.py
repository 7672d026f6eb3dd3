"""Valley-Instruct: dialogues about short videos that ChatGPT wrote from dense descriptions.

Paper: https://arxiv.org/abs/2306.07207. Data: https://huggingface.co/datasets/luoruipu1/Valley-Instruct-65k.
Reader: RupertLuo/Valley @83d794f1a18d1f5990528e4289068b9013eab5bc valley/data/dataset.py:46-131. VATEX names the whole
YouTube video, `v_id` the clip in it (issue RupertLuo/Valley#20).
"""

from functools import partial

from vlit_hub.formats.media_dialogue import Slot, media_dialogue
from vlit_hub.spec import DatasetSpec, Files, MediaRule

OLD = ("Valley_instruct_73k.json", "valley_instruct_73k.json")

SPEC = DatasetSpec(
    name="valley-instruct",
    title="Valley-Instruct-73k / -65k",
    paper="VALLEY: Video Assistant with Large Language model Enhanced abilitY",
    arxiv="2306.07207",
    year=2023,
    homepage="https://github.com/RupertLuo/Valley",
    hub_id="luoruipu1/Valley-Instruct-65k",
    licence="CC-BY-NC-4.0",
    licence_stated="CC BY-NC 4.0 (GitHub README) vs apache-2.0 (HF card metadata): conflicting",
    terms=("OpenAI terms of use (texts by ChatGPT)", "VATEX/YouTube and JukinMedia terms (videos)"),
    files=(
        Files((("valley_instruct_65k.json",), ("Valley_instruct_65k.json",), OLD)),
        Files((OLD,), subset="73k"),
    ),
    convert=partial(
        media_dialogue,
        slots=(Slot("video", "video", ".mp4", folder_key="source", folder="webvid"), Slot("image", "image")),
        task="video_qa",
        clip_key="v_id",
        meta_keys=("id",),
    ),
    media=(
        MediaRule("videos", ("{ref}", "videos/{ref}", "{name}"), type="video"),
        MediaRule("images", ("{ref}", "images/{ref}", "{name}")),
    ),
    meta_keys=("id", "v_id"),
    min_typed=0.8,
    survey_category="specific/video (self-instruct)",
    modalities=("text", "video"),
    picture_sources=("VATEX (YouTube clips)", "JukinMedia", "VIOLIN (only in the full file)"),
    generator="ChatGPT from dense descriptions",
    size="73k (old), 65k (corrected 2024-02-21)",
    size_source="GitHub README, HF card",
    obtain="Take valley_instruct_65k.json from https://huggingface.co/datasets/luoruipu1/Valley-Instruct-65k (gated) or"
    " the older 73k file from ShuhuaiRen/TimeIT data/valley. The videos are not released: crawl them (Crawler/README.md"
    " of the repository) into <source>/<video> (media root 'videos').",
)
