"""X-LLM: Chinese instructions over pictures, videos and speech, about 10K, plus the captions of its pretraining.

Paper: https://arxiv.org/abs/2305.04160. Data: https://github.com/phellonchen/X-LLM (README_DATA.md).
Reader: phellonchen/X-LLM @ab923aa99578eeb96a32125dadc04e07054a928f xllm/datasets/datasets/{vl,asr,masr,vsd,video}_
instruction.py. Speech is features (.npy, L x D); the instructions stand in the readers: templates of our own.
"""

from functools import partial

from vlit_hub.formats.qa import Medium, flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

ZH = partial(flat_qa, language="zh", question=())
PICTURE, SPEECH = Medium("image", "{image_path}", tail=r"[^/\\]+$"), Medium("audio", "{speech_feats_path}")
# The speech of a spoken dialogue is its question: the transcript is the caption of the sound.
ASKED = Medium("audio", "{speech_feats_path}", caption="question_text")
HEARD = partial(ZH, media=(PICTURE, SPEECH), template="transcribe_speech_zh", task="audio_caption")
ROUNDS = partial(ZH, history="history_text", marks={"问题：": "user", "回复：": "assistant"}, task="visual_dialog")
VSD = partial(ROUNDS, media=(PICTURE, ASKED), answer=("answer_text",), template="answer_speech_zh")
SEEN = partial(ZH, media=(Medium("image", "{image_id}.jpg"),), answer=("caption_zh",), template="describe_image_zh")
FILMED = partial(ZH, media=(Medium("video", "{image_id}.mp4"),), answer=("caption_zh",), template="describe_video_zh")
LINE = partial(ZH, media=(Medium("image", "{image}"),), answer=("caption",), template="caption_short_zh")
META = ("utterance_id", "length", "image_id", "dataset")

SPEC = DatasetSpec(
    name="x-llm",
    title="X-LLM multimodal instruction data (Chinese)",
    paper="X-LLM: Bootstrapping Advanced Large Language Models by Treating Multi-Modalities as Foreign Languages",
    arxiv="2305.04160",
    year=2023,
    homepage="https://x-llm.github.io",
    licence_stated="repository LICENSE Apache-2.0 text (README badge says MIT); no separate data licence",
    terms=("OpenAI terms of use (texts by ChatGPT)", "AISHELL-2 and COCO terms"),
    languages=("zh",),
    files=(
        Files((("chatgpt_filter_cap_zh_check_new.json",),), rows="annotations"),
        Files((("train_fliter_chatgpt_20230422.json",),), convert=partial(FILMED, task="video_caption")),
        Files((("asr_instruction_zh.json",),), convert=partial(HEARD, answer=("target_text",), meta_keys=META)),
        Files((("masr_instruction_zh.json",),), convert=partial(HEARD, answer=("question_text",))),
        Files((("vsd_instruction_zh.json",),), convert=VSD),
        Files((("pretrain_*_zh.json",),), split="pretrain", convert=partial(LINE, task="caption", meta_keys=META)),
    ),
    convert=partial(SEEN, task="description"),
    media=(
        MediaRule("images", ("{ref}", "image/{ref}", "train2014/{name}", "val2014/{name}")),
        MediaRule("videos", ("{ref}", "videos/{ref}"), "video"),
        MediaRule("speech", ("{ref}", "speech/{ref}"), "audio"),
    ),
    meta_keys=META,
    min_typed=0.6,
    survey_category="general/self-instruct (image + video + speech, Chinese)",
    modalities=("text", "image", "video", "speech"),
    picture_sources=("CC/SBU (MiniGPT-4)", "COCO train2014/val2014 (VisDial)", "ActivityNet", "AISHELL-2 speech"),
    generator="ChatGPT filtering and translation + benchmark annotations",
    size="~10K (paper)",
    released="partly",
    substitute="the authors' own files where one has them; else the public pretraining captions (split pretrain)",
    obtain="The instruction files are linked nowhere: ask the authors (https://github.com/phellonchen/X-LLM). Name the"
    " pretraining json of README_DATA.md pretrain_<set>_zh.json. Media roots: images, videos, speech (features).",
)
