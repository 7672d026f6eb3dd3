"""MULTIS: ChatBridge's captions, questions and GPT dialogues about pictures, videos and sounds.

Paper: https://arxiv.org/abs/2305.16103. Data: https://github.com/joez17/ChatBridge (Google Drive / Baidu).
Reader: joez17/ChatBridge @a4afcbe4c25831eb45d2094ae006fcf8eef5950c custom_datasets/valor_data/data_task.py:73-188,
data.py:150-240. Its prompts of the task half (task_prompt.json) are replaced by templates of our own.
"""

from functools import partial

from vlit_hub.formats.generated import TYPES
from vlit_hub.formats.media_dialogue import Slot, media_dialogue, question_answer
from vlit_hub.formats.native_media import Medium
from vlit_hub.formats.qa import flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

IDS = ("video_id", "image_id")
IMAGE, VIDEO, AUDIO = (tuple(Slot(key, kind) for key in IDS) for kind in TYPES)
COCO, MSRVTT, SOUND = (tuple(Medium(kind, f"{{{key}}}") for key in IDS) for kind in TYPES)
CAP = partial(flat_qa, question=(), answer=("desc", "caption"), meta_keys=("text",))
QA, TALK = (partial(f, meta_keys=("desc", "caption", "text")) for f in (question_answer, media_dialogue))
GROUPS = {
    ("img_vqa_vqav2", "img_vqa_vg"): partial(QA, slots=IMAGE, task="vqa"),
    ("img_cap_coco",): partial(CAP, media=COCO, template="caption_short", task="caption"),
    ("vid_qa_msrvtt",): partial(QA, slots=VIDEO, task="video_qa"),
    ("vid_cap_msrvtt",): partial(CAP, media=MSRVTT, template="caption_video", task="video_caption"),
    ("aud_cap_audiocaps",): partial(CAP, media=SOUND, template="describe_audio", task="audio_caption"),
    ("llava_complex_reasoning_77k", "llava_detail_23k", "llava_conversation_58k"): partial(TALK, slots=IMAGE),
    ("video_conversation_10k", "video_detail_10k", "video_complex_reasoning_10k"): partial(TALK, slots=VIDEO),
    ("audiovideo_conversation_10k", "audiovideo_detail_10k"): partial(TALK, slots=VIDEO + AUDIO),
}

SPEC = DatasetSpec(
    name="multis",
    title="MULTIS",
    paper="ChatBridge: Bridging Modalities with Large Language Model as a Language Catalyst",
    arxiv="2305.16103",
    year=2023,
    homepage="https://iva-chatbridge.github.io",
    licence_stated="code BSD-3-Clause; no separate licence of the data stated",
    terms=("OpenAI terms of use (dialogues by GPT)", "COCO, VG and AudioSet/YouTube terms (media)"),
    files=tuple(
        Files((tuple(f"{name}.json" for name in names),), convert=convert) for names, convert in GROUPS.items()
    ),
    convert=partial(TALK, slots=IMAGE),
    media=(
        MediaRule("images", ("{ref}", "{ref}.jpg", "{ref}.JPEG")),
        MediaRule("videos", ("{ref}.mp4", "{ref}.mkv", "{ref}.webm", "{ref}"), type="video"),
        MediaRule("audios", ("{ref}", "{ref}.wav", "{ref}.mp3", "{ref}.mkv"), type="audio"),
    ),
    meta_keys=("desc", "caption", "text"),
    min_typed=0.9,
    survey_category="general/self-instruct + annotation-adaption (multi-modal: image, video, audio)",
    modalities=("text", "image", "video", "audio"),
    picture_sources=("COCO", "Visual Genome", "MSRVTT", "AudioCaps", "AudioSet / VALOR"),
    generator="GPT (dialogues); annotations of benchmarks (task half)",
    size="dialogues ~208K by the file names; task half not stated",
    size_source="file names in instructiontuning_configs",
    obtain="Take the json files from the Drive or Baidu links of https://github.com/joez17/ChatBridge. Media come from"
    " COCO, Visual Genome, MSRVTT, AudioCaps and VALOR as files named by their ids (roots images, videos, audios).",
)
