"""Video-LLaMA's instruction mixture: cc_sbu_align, LLaVA-Instruct-150K and VideoChat, no file of its own.

Paper: https://arxiv.org/abs/2306.02858. Data: the three releases.
Reader: DAMO-NLP-SG/Video-LLaMA @64888c0a77e8e66af606c37629fbbf79c4582959 video_llama/datasets/datasets/
{llava_instruct_dataset,video_instruct_dataset}.py. LLaVA's pictures are read as COCO_train2014_<name> there.
"""

from vlit_hub.dataset_scripts.cc_sbu_align import SPEC as CC_SBU
from vlit_hub.dataset_scripts.llava_instruct_150k import SPEC as LLAVA
from vlit_hub.dataset_scripts.videochat import SPEC as VIDEOCHAT

from vlit_hub.spec import DatasetSpec, Files, MediaRule

COCO = ("COCO_train2014_{ref}", "train2014/COCO_train2014_{ref}", "images/COCO_train2014_{ref}")

SPEC = DatasetSpec(
    name="video-llama",
    title="Video-LLaMA instruction mixture",
    paper="Video-LLaMA: An Instruction-tuned Audio-Visual Language Model for Video Understanding",
    arxiv="2306.02858",
    year=2023,
    homepage="https://github.com/DAMO-NLP-SG/Video-LLaMA",
    licence_stated="code BSD-3-Clause; data of the three sources",
    terms=("LLaVA-Instruct-150K: CC BY-NC 4.0 and OpenAI terms of use", "VideoChat, cc_sbu_align: not stated"),
    files=(
        Files((("filter_cap.json",),), rows="annotations", convert=CC_SBU.convert),
        Files((("llava_instruct_150k.json",),), convert=LLAVA.convert),
        Files((("videochat_instruct_11k.json",),), convert=VIDEOCHAT.convert),
    ),
    convert=VIDEOCHAT.convert,
    media=(MediaRule("coco2014", COCO), *LLAVA.media, *CC_SBU.media, *VIDEOCHAT.media[:1]),
    meta_keys=LLAVA.meta_keys,
    min_typed=0.9,
    survey_category="specific/video, data-mixing",
    modalities=("text", "image", "video"),
    picture_sources=("COCO train2014", "CC/SBU", "WebVid"),
    generator="ChatGPT / GPT-4 (inherited)",
    size="cc_sbu_align ~3.4k, llava_instruct_150k, videochat_instruct_11k",
    size_source="README, Data section",
    released="partly",
    substitute="the three releases side by side, each by its own converter",
    download=(
        "hf://datasets/Vision-CAIR/cc_sbu_align",
        "hf://datasets/liuhaotian/LLaVA-Instruct-150K",
        "https://pjlab-gvm-data.oss-cn-shanghai.aliyuncs.com/data/videochat/videochat_instruct_11k.json",
    ),
    obtain="There is no file of its own: put filter_cap.json of cc_sbu_align, llava_instruct_150k.json and"
    " videochat_instruct_11k.json into the folder (`vlit info` of cc-sbu-align, llava-instruct-150k and videochat says"
    " where from).",
)
