"""VideoChat instruction data: ChatGPT over dense captions of WebVid videos, with two small picture parts.

Paper: https://arxiv.org/abs/2305.06355. Data: https://github.com/OpenGVLab/InternVideo/tree/main/Data/instruction_data.
Reader: OpenGVLab/Ask-Anything @4dd8210b030374bb0c510a57dfbe916f70d3ef71 video_chat/dataset/it_dataset.py:51-85. A
record has a video or a picture; the later VideoChat2-IT adds instructions `i` and clip ends to the same rows.
"""

from functools import partial

from vlit_hub.formats.media_dialogue import Slot, qa_dialogue
from vlit_hub.spec import DatasetSpec, Files, MediaRule

IMAGES = ("minigpt_caption_3k", "llava_complex_reasoning_2k", "llava_conversation_2k", "llava_complex_reasoning_4k")

SPEC = DatasetSpec(
    name="videochat",
    title="VideoChat instruction data (11K)",
    paper="VideoChat: Chat-Centric Video Understanding",
    arxiv="2305.06355",
    year=2023,
    homepage="https://github.com/OpenGVLab/Ask-Anything",
    licence_stated="not stated for the data; code: Ask-Anything MIT, InternVideo Apache-2.0",
    terms=(
        "OpenAI terms of use (texts by ChatGPT)",
        "WebVid was withdrawn by its owner",
        "COCO/Flickr terms (pictures)",
    ),
    files=(
        Files((("videochat_instruct_11k.json",),)),
        # The reasoning files of 2000 and 4000 are not known to be disjoint: the larger stands apart.
        Files((tuple(f"{name}.json" for name in IMAGES[:3]),)),
        Files((("videochat_instruct_11k.json",),), subset="video"),
        *(Files(((f"{name}.json",),), subset=name) for name in IMAGES),
    ),
    convert=partial(
        qa_dialogue,
        slots=(Slot("video", "video"), Slot("image", "image")),
        tasks=dict(zip(IMAGES, ("description", "reasoning", "conversation", "reasoning"), strict=True)),
    ),
    media=(
        MediaRule("webvid", ("{ref}", "videos/{ref}"), type="video"),
        MediaRule("images", ("{ref}", "images/{ref}", "{name}", "train2014/{name}", "image/{name}")),
    ),
    min_typed=0.9,
    survey_category="specific/video",
    modalities=("text", "video", "image"),
    picture_sources=("WebVid-10M", "COCO train2014", "CC/SBU (MiniGPT-4)"),
    generator="ChatGPT on VideoChat-Text output (dense captions)",
    size="11K (7K descriptions, 4K conversations); picture parts 2000, 4000, 3362",
    size_source="README; counted in the repository",
    download=(
        "https://pjlab-gvm-data.oss-cn-shanghai.aliyuncs.com/data/videochat/videochat_instruct_11k.json",
        "https://raw.githubusercontent.com/OpenGVLab/Ask-Anything/HEAD/video_chat/anno/{minigpt_caption_3,llava_complex_reasoning_2,llava_complex_reasoning_4}k.json",
    ),
    obtain="Take videochat_instruct_11k.json from the link in Data/instruction_data/README.md of InternVideo and the"
    " picture files from video_chat/anno of https://github.com/OpenGVLab/Ask-Anything. WebVid (media root 'webvid') has"
    " been withdrawn: its videos may be unobtainable; COCO train2014 and cc_sbu_align give the root 'images'.",
)
