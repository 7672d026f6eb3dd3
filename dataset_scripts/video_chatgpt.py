"""VideoInstruct100K: questions and answers about ActivityNet videos, GPT-3.5 over enriched captions.

Paper: https://arxiv.org/abs/2306.05424. Data: https://huggingface.co/datasets/MBZUAI/VideoInstruct-100K.
Reader: mbzuai-oryx/Video-ChatGPT @659e04b2ce4bb518b663eb06f7db27b4971e8bde
scripts/convert_instruction_json_to_training_format.py:36-52. The ending that marks unfiltered answers: issues #69, #82.
"""

from functools import partial

from vlit_hub.formats.media_dialogue import Slot, media_dialogue, question_answer
from vlit_hub.spec import DatasetSpec, Files, MediaRule

ENDINGS = (".mp4", ".mkv", ".webm")

SPEC = DatasetSpec(
    name="video-chatgpt",
    title="VideoInstruct100K",
    paper="Video-ChatGPT: Towards Detailed Video Understanding via Large Vision and Language Models",
    arxiv="2306.05424",
    year=2023,
    homepage="https://github.com/mbzuai-oryx/Video-ChatGPT",
    hub_id="MBZUAI/VideoInstruct-100K",
    licence="CC-BY-NC-SA-4.0",
    licence_stated="CC BY-SA 4.0 (HF card); repository work CC BY-NC-SA 4.0 (README)",
    terms=("OpenAI terms of use (texts by GPT-3.5-turbo)", "ActivityNet/YouTube terms (videos)"),
    files=(
        Files((("VideoInstruct100K.json",), ("VideoInstruct_Dataset.json",))),
        # What the authors' script makes of it; its `video` names pickled features, which are never read.
        Files(
            (("video_chatgpt_training.json",), ("VideoInstruct_Dataset_Train.json",)),
            subset="training",
            convert=partial(media_dialogue, slots=(Slot("video", "video"),), task="video_qa", meta_keys=("id",)),
        ),
    ),
    convert=partial(
        question_answer,
        slots=(Slot("video_id", "video"),),
        question="q",
        answer="a",
        task="video_qa",
        noise="\nQA_GT_caption_based_noisy",
    ),
    media=(MediaRule("activitynet", tuple(f"{d}{{stem}}{e}" for d in ("", "videos/") for e in ENDINGS), type="video"),),
    meta_keys=("id",),
    min_typed=0.8,
    survey_category="specific/video (self-instruct + human-assisted)",
    modalities=("text", "video"),
    picture_sources=("ActivityNet-200",),
    generator="GPT-3.5-turbo over human-enriched captions and BLIP-2/GRIT/Tag2Text captions",
    size="100k rows",
    size_source="HF viewer page",
    obtain="Take VideoInstruct100K.json from https://huggingface.co/datasets/MBZUAI/VideoInstruct-100K and the"
    " ActivityNet videos (docs/train_video_ids.txt of the repository lists them; media root 'activitynet').",
)
