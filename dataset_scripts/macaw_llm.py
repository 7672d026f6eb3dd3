"""Macaw-LLM: instructions over COCO pictures and Charades / AVSD videos with their sound, GPT-3.5 from captions.

Paper: https://arxiv.org/abs/2306.09093. Data: https://github.com/lyuchenyang/Macaw-LLM (data/).
Reader: lyuchenyang/Macaw-LLM @06f6f22bc68159b0ed9c0bacf5702da2da1a68cf preprocess_data_unsupervised.py:42-57,157-195,
294-300. An AVSD id names the video and its sound.
"""

from functools import partial

from vlit_hub.formats.qa import Flag, Medium, flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

WHY = "the trainer drops it for holding 'caption' (or, a response, ' no ' or 'not')"
PAIR = partial(
    flat_qa,
    question=("instruction",),
    answer=("response",),
    flags=(Flag("instruction", "caption", WHY), Flag("response", "caption| no |not", WHY)),
)
COCO = partial(PAIR, media=(Medium("image", "{id}", caption="caption"),))
AVSD = partial(
    PAIR, media=(Medium("video", "{id}.mp4", caption="caption"), Medium("audio", "{id}.mp4.wav")), task="video_qa"
)

SPEC = DatasetSpec(
    name="macaw-llm",
    title="Macaw-LLM instruction dataset (COCO + AVSD)",
    paper="Macaw-LLM: Multi-Modal Language Modeling with Image, Audio, Video, and Text Integration",
    arxiv="2306.09093",
    year=2023,
    homepage="https://github.com/lyuchenyang/Macaw-LLM",
    licence="Apache-2.0",
    licence_stated="repository Apache-2.0 (LICENSE); no separate data licence stated",
    terms=("OpenAI terms of use (texts by GPT-3.5-turbo)", "COCO/Flickr terms (pictures)", "Charades terms (videos)"),
    files=(
        Files((("generated_examples_coco.json",),), rows="data"),
        Files((("generated_examples_avsd.json",),), rows="data", convert=AVSD),
        # A newer generation of the same, by Vicuna.
        Files((("generated_examples_coco_1.json",),), subset="vicuna", rows="data"),
        Files((("generated_examples_avsd_1.json",),), subset="vicuna", rows="data", convert=AVSD),
    ),
    convert=COCO,
    media=(
        MediaRule("coco", ("{ref}", "train2014/{ref}", "images/{ref}", "coco/train2014/{ref}")),
        MediaRule("avsd", ("{ref}", "videos/{ref}", "avsd/videos/{ref}"), type="video"),
        MediaRule("avsd", ("{ref}", "audios/{ref}", "avsd/audios/{ref}"), type="audio"),
    ),
    min_typed=1.0,
    survey_category="general/self-instruct (image+video+audio)",
    modalities=("text", "image", "video", "audio"),
    picture_sources=("COCO train2014", "Charades / AVSD videos"),
    generator="GPT-3.5-turbo from captions",
    size="69,314 (COCO) + 50,656 (AVSD)",
    size_source="assets/dataset_table.png (paper table)",
    download=("https://raw.githubusercontent.com/lyuchenyang/Macaw-LLM/HEAD/data/generated_examples_{coco,avsd}.json",),
    obtain="Take data/generated_examples_coco.json and data/generated_examples_avsd.json from"
    " https://github.com/lyuchenyang/Macaw-LLM, COCO train2014 (media root 'coco') from https://cocodataset.org and the"
    " Charades videos with their sound as <id>.mp4.wav (media root 'avsd') from https://prior.allenai.org/projects/charades.",
)
